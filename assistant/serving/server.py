"""The server: one process that carries the chat and tells whether it is up and ready.

What it does not hold: the page itself (`ui.py`), what programs may ask (`api.py`), who may come in (`security.py`).
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.assistant import Assistant
from assistant.errors import AssistantError, IndexMissingError, ServerError
from assistant.serving.api import feedback_router, problem
from assistant.serving.given import GivenAnswers
from assistant.serving.security import Guard, is_loopback, key_fits
from assistant.serving.widget import widget_router
from assistant.settings import Settings

_log = logging.getLogger(__name__)
_SECONDS_TO_FINISH = 5
"""How long open requests may go on after Ctrl-C."""


def serve(settings: Settings, assistant: Assistant, *, open_browser: bool = False) -> None:
    """Serves the chat until Ctrl-C, and prints its address on stderr once it answers.

    Args:
        settings: Host, port and keys.
        assistant: Answers the questions; loads its models before the address is printed.
        open_browser: Also opens the page in the browser of this machine.

    Raises:
        ServerError: The port is taken, or the host is open to other machines and there are no keys.
    """
    with listen(settings) as listener:
        # Both take seconds, one in the processor and one on the disk for the most part.
        warming = threading.Thread(target=_warm_up, args=(assistant,), daemon=True)
        warming.start()
        app = create_app(settings, assistant)
        warming.join()
        with suppress(KeyboardInterrupt):
            Server(app, listener, open_browser=open_browser).run()


def create_app(settings: Settings, assistant: Assistant) -> FastAPI:
    """The application: health, readiness, feedback, and the chat at `/`, behind a login where there are keys."""
    # The page's module imports Gradio, which takes seconds; a port that is taken is told before.
    import gradio as gr

    from assistant.serving.ui import build_chat, looks

    app = FastAPI(title="Corpus Assistant", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/api/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/api/ready")
    def ready() -> JSONResponse:
        try:
            return JSONResponse({"status": "ready", "index_version": assistant.ready()})
        except IndexMissingError as error:
            return problem(503, "Not ready", str(error))

    def may_enter(_name: str, password: str) -> bool:
        return key_fits(password, settings.api_keys)

    def logged_in(request: Request) -> bool:
        names = (f"access-token-{chat.cookie_id}", f"access-token-unsecure-{chat.cookie_id}")
        return any(request.cookies.get(name) in chat.tokens for name in names)

    given = GivenAnswers()
    app.include_router(feedback_router(assistant, given, logged_in))
    app.include_router(widget_router(lambda: settings.cors_origins))
    gr.mount_gradio_app(
        app,
        build_chat(assistant, given),
        path="/",
        server_name=settings.host,
        server_port=settings.port,
        auth=may_enter if settings.api_keys else None,
        auth_message="Any name will do; the password is one of the keys of this server.",
        show_error=False,
        max_file_size="1kb",  # nothing is uploaded here
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        **looks(),
    )
    chat: Any = next(route.app for route in app.routes if isinstance(route, Mount))
    app.add_middleware(Guard, local_only=not settings.api_keys)
    return app


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
        if not settings.api_keys and not is_loopback(host):
            raise ServerError(
                f"host {host} can be reached from other machines and there are no keys: set api_keys "
                "(ASSISTANT_API_KEYS) so that the chat asks for one, or host (ASSISTANT_HOST) to 127.0.0.1"
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


def _warm_up(assistant: Assistant) -> None:
    """Loads the models by a search, so that the first question is as fast as the next."""
    try:
        assistant.search("warm up", top_k=1)
    except AssistantError as error:  # no index yet, say: the page tells each visitor
        _log.debug("nothing to warm up: %s", error)


def _until(ending: asyncio.Event, app: ASGIApp) -> ASGIApp:
    """`app`, told at the end that its visitors have gone.

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
            _until(self._ending, app),
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
            sys.stderr.write(f"Corpus Assistant is at {self.address} (Ctrl-C stops it)\n")
            sys.stderr.flush()
            if self._open_browser:
                webbrowser.open(self.address)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending.set()
        await super().shutdown(sockets=sockets)
