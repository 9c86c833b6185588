"""The server: one process that carries the chat and tells whether it is up and ready.

What it does not hold: the page itself (`ui.py`), what programs may ask (`api.py`), who may come in (`security.py`).
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import sys
import threading
import webbrowser
from contextlib import suppress

import uvicorn
from fastapi import FastAPI, Request, Security
from fastapi.security import HTTPBearer
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant import __version__
from assistant.assistant import Assistant
from assistant.errors import ServerError
from assistant.evaluation import CASES
from assistant.serving.admission import Admission, let_in
from assistant.serving.api import ask_router, problems
from assistant.serving.asking import Clerk, Desk, Replays
from assistant.serving.audit import Audit
from assistant.serving.bodies import Health, Readiness
from assistant.serving.given import GivenAnswers
from assistant.serving.judging import feedback_router
from assistant.serving.limits import Rates, Turns
from assistant.serving.login import login_router
from assistant.serving.openai import openai_router
from assistant.serving.problems import ProblemError, handle_problems
from assistant.serving.review import review_router
from assistant.serving.security import Cors, Guard, is_loopback
from assistant.serving.visitors import Visitors
from assistant.serving.warming import warm_up
from assistant.settings import Settings
from assistant.store.keys import Scope as KeyScope

_log = logging.getLogger(__name__)
_SECONDS_TO_FINISH = 20
"""How long answers that are being made may take after Ctrl-C."""
_AT_ONCE_WITH_MODEL = 16
"""Answers made at once where a language model elsewhere makes them; else there are as many as processors."""


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
        warming = threading.Thread(target=warm_up, args=(assistant,), daemon=True)
        warming.start()
        app = create_app(settings, assistant)
        warming.join()
        with suppress(KeyboardInterrupt):
            Server(app, listener, open_browser=open_browser).run()


def create_app(settings: Settings, assistant: Assistant) -> FastAPI:
    """The application: the routes for programs, and the chat at `/`; behind keys and a login where there are keys."""
    # The page's module imports Gradio, which takes seconds; a port that is taken is told before.
    from assistant.serving.mcp import McpEndpoint
    from assistant.serving.ui import mount_chat

    visitors, rates = Visitors(settings), Rates()
    turns = Turns(_AT_ONCE_WITH_MODEL if settings.llm else max(2, os.cpu_count() or 2))
    desk = Desk(turns, Audit(settings), lambda _answer: None)
    given, replays = GivenAnswers(), Replays()

    def admit(request: Request | None, needs: str) -> Clerk:
        assert request is not None  # over HTTP there always is one
        return Clerk(desk, let_in(request, assistant, KeyScope(needs)), "mcp", request)

    models = McpEndpoint(admit, settings)
    app = FastAPI(
        title="Corpus Assistant",
        version=__version__,
        summary="Answers from a folder of documents, every sentence proved by an exact quotation.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lambda _: models.run(),
    )
    app.router.routes.append(Route("/mcp", models))  # a mount would redirect to /mcp/, which clients don't follow
    handle_problems(app)
    add_health(app, assistant)
    routers = (
        ask_router(assistant, desk, replays),
        feedback_router(assistant, given, problems(404, 409), lambda _verdict: None),
        openai_router(assistant, desk, replays),
    )
    # Only tells the OpenAPI document of the key; the door is Admission's.
    bearer = Security(HTTPBearer(auto_error=False, description="A key made with `assistant keys add`."))
    for router in routers:
        app.include_router(router, dependencies=[bearer] if visitors.needed else [])
    app.include_router(login_router(visitors, rates))
    app.include_router(review_router(assistant, CASES))
    add_refusals(app)
    mount_chat(app, assistant, given, visitors, rates, desk)

    app.add_middleware(Admission, visitors=visitors, rates=rates, refused=lambda _cause: None)
    app.add_middleware(Cors, origins=lambda: {*settings.cors_origins, *visitors.origins()})
    app.add_middleware(Guard, local_only=lambda: not visitors.needed, hosts=settings.hosts)
    return app


def add_health(app: FastAPI, assistant: Assistant) -> None:
    """Whether the server is up, and whether it can answer; open to everybody."""

    @app.get("/api/health", tags=["server"])
    def health() -> Health:
        """The server runs."""
        return Health()

    @app.get("/api/ready", tags=["server"], responses=problems(503))
    def ready() -> Readiness:
        """The index is open and the models are loaded; 503 otherwise."""
        return Readiness(index_version=assistant.ready())


def add_refusals(app: FastAPI) -> None:
    """What is asked of programs' routes in vain is told in their form; else the chat, mounted at `/`, would answer."""
    routes = list(app.routes)
    methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")

    def is_for(request: Request, method: str) -> bool:
        return any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)

    async def refuse(request: Request) -> None:
        allowed = sorted(method for method in methods if is_for(request, method))
        if allowed:
            detail = f"{request.method} is not for {request.url.path}; use {', '.join(allowed)}"
            raise ProblemError(405, "Wrong method", detail, {"allow": ", ".join(allowed)})
        raise ProblemError(
            404, "No such route", f"there is no {request.url.path}; /api/openapi.json lists what there is"
        )

    for prefix in ("/api", "/v1"):
        app.add_route(prefix + "/{rest:path}", refuse, methods=list(methods), include_in_schema=False)  # type: ignore[arg-type]


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


def _until(ending: asyncio.Event, app: ASGIApp) -> ASGIApp:
    """`app`, told at the end that its visitors have gone.

    Every open page holds a stream that would never end by itself: Ctrl-C would wait for it, then cut it off with a
    traceback.
    """

    async def until(scope: Scope, receive: Receive, send: Send) -> None:
        unfinished = False
        if scope["type"] != "http" or scope["path"].startswith(("/api/", "/v1/")):
            await app(scope, receive, send)  # these end by themselves, and whoever waits for an answer gets it
            return

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
