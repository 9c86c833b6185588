"""The server: a bound socket, the application behind it, and an end that leaves no answer unfinished.

What it does not hold: the application (`application.py`), who may come in (`admission.py`, `security.py`).
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.assistant import Assistant
from assistant.errors import ServerError
from assistant.serving.application import create_app
from assistant.serving.door.security import is_loopback
from assistant.serving.door.visitors import Visitors
from assistant.serving.door.ways import FOR_PROGRAMS
from assistant.serving.warming import warm_up
from assistant.serving.watching.logs import log_start, set_up_logs
from assistant.settings import Settings

_SECONDS_TO_FINISH = 20
"""How long answers that are being made may take after Ctrl-C."""


def serve(settings: Settings, assistant: Assistant, *, open_browser: bool = False) -> None:
    """Serves the chat until Ctrl-C, and prints its address on stderr once it answers.

    Args:
        settings: Host, port and keys.
        assistant: Answers the questions; loads its models before the address is printed.
        open_browser: Also opens the page in the browser of this machine.

    Raises:
        ServerError: The port is taken, or the host is open to other machines and there are no keys.
    """
    set_up_logs(settings)
    with listen(settings) as listener:
        # Both take seconds, one in the processor and one on the disk for the most part.
        warming = threading.Thread(target=warm_up, args=(assistant,), daemon=True)
        warming.start()
        app = create_app(settings, assistant)
        warming.join()
        with suppress(KeyboardInterrupt):
            Server(app, listener, open_browser=open_browser).run()


def check_address(settings: Settings) -> None:
    """Refuses an address that can't be served, before anything that takes long is done.

    Raises:
        ServerError: As `serve` does.
    """
    listen(settings).close()


def listen(settings: Settings) -> socket.socket:
    """The socket to serve on; a browser that comes early waits until the page is there.

    Raises:
        ServerError: The port is taken or may not be used, the host is unknown, or it is open without keys.
    """
    host, port = settings.host, settings.port
    try:
        if not is_loopback(host) and not Visitors(settings).needed:
            raise ServerError(
                f"host {host} can be reached from other machines and there are no keys: make one with `assistant keys "
                "add`, or set api_keys (ASSISTANT_API_KEYS), so that the chat asks for one; or set host "
                "(ASSISTANT_HOST) to 127.0.0.1"
            )
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ServerError(
            f"host {host} is not known ({error.strerror}); set host (ASSISTANT_HOST, --host) to 127.0.0.1 or another "
            "address of this machine"
        ) from error
    listener = socket.socket(family, kind, protocol)
    try:
        # A port that was served a moment ago is free again at once.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ServerError(_why_not(host, port, error)) from error
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; choose another with --port or ASSISTANT_PORT, or stop the other program"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has; choose one above 1023 with --port or ASSISTANT_PORT"
    return f"can't serve on {host} port {port}: {error.strerror}; choose another with --host and --port"


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _until(ending: asyncio.Event, app: ASGIApp, is_leaving: Callable[[], bool]) -> ASGIApp:
    """`app`, told at the end that its visitors have gone, and with each request whether the end has begun.

    Every open page holds a stream that would never end by itself: Ctrl-C would wait for it, then cut it off with a
    traceback.
    """

    async def until(scope: Scope, receive: Receive, send: Send) -> None:
        unfinished = False

        async def receive_or_end() -> Message:
            message, end = asyncio.ensure_future(receive()), asyncio.ensure_future(ending.wait())
            try:
                done, _ = await asyncio.wait((message, end), return_when=asyncio.FIRST_COMPLETED)
                return message.result() if message in done else {"type": "http.disconnect"}
            finally:
                message.cancel()
                end.cancel()

        async def send_and_note(message: Message) -> None:
            nonlocal unfinished
            unfinished = message["type"] == "http.response.start" or bool(message.get("more_body"))
            await send(message)

        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        scope["state"] = {**scope.get("state", {}), "ending": is_leaving()}
        if scope["path"].startswith(FOR_PROGRAMS):
            await app(scope, receive, send)  # and whoever waits for an answer gets it
            return
        await app(scope, receive_or_end, send_and_note)
        if unfinished and ending.is_set():
            await send({"type": "http.response.body", "body": b""})

    return until


class Server(uvicorn.Server):
    """Serves an application on a bound socket; tells where once it answers, and ends its streams before it ends.

    Attributes:
        address: Where the page is; with the port that was found where the setting is 0.
    """

    def __init__(self, app: ASGIApp, listener: socket.socket, *, open_browser: bool = False) -> None:
        self.address = _address(listener)
        self._listener = listener
        self._ending = asyncio.Event()
        self._open_browser = open_browser
        config = uvicorn.Config(
            _until(self._ending, app, lambda: self.should_exit),
            log_config=None,  # its records go where all others go
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
        super().__init__(config)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        super().run(sockets=sockets or [self._listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            log_start(self.address)
            if self._open_browser:
                webbrowser.open(self.address)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending.set()
        await super().shutdown(sockets=sockets)
