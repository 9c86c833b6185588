"""Two real servers for the web component: one that answers over `/api/ask/stream`, one that holds a strict page."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import StreamingResponse

from assistant import Answer, Assistant, Settings
from assistant.serving.browser.widget import widget_router
from assistant.serving.door.security import Guard
from assistant.serving.problems import problem
from assistant.serving.server import listen

Fault = Literal["busy", "locked", "broken", "cut", "slow"]


@dataclass
class AskServer:
    """What was asked, and how the next questions go wrong. `ancestors` may hold the widget in an iframe."""

    assistant: Assistant
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    origins: list[str | None] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    ancestors: list[str] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)


def _frames(events: Iterator[Any]) -> Iterator[bytes]:
    """Server-sent events, written as awkwardly as the format allows: CRLF, comments, JSON over several lines."""
    for event in events:
        data = event.data.to_dict() if isinstance(event.data, Answer) else asdict(event.data)
        lines = json.dumps(data, ensure_ascii=False, indent=1).splitlines()
        yield "".join(
            [": waiting\r\n", f"event: {event.kind}\r\n", *(f"data: {x}\r\n" for x in lines), "\r\n"]
        ).encode()


async def _in_pieces(frames: Iterator[bytes], fault: Fault | None, server: AskServer) -> AsyncIterator[bytes]:
    """Cuts chunks anywhere, also inside a character and between CR and LF."""
    try:
        for number, frame in enumerate(frames):
            if number == 2 and fault == "broken":
                body = {"title": "Out of order", "status": 500, "detail": "the model <b>failed</b>"}
                yield f"event: error\ndata: {json.dumps(body)}\n\n".encode()
                return
            if number == 2 and fault == "cut":
                yield frame[:20]
                await asyncio.sleep(0.3)  # what came before is read: a broken stream forgets what waits in it
                raise ConnectionError("the test says so")
            if number == 2 and fault == "slow":
                await asyncio.sleep(30)
            for start in range(0, len(frame), 37):
                yield frame[start : start + 37]
                await asyncio.sleep(0)
    except asyncio.CancelledError:
        server.gone.set()
        raise


@contextmanager
def ask_server(assistant: Assistant) -> Iterator[AskServer]:
    """Serves the widget and what it asks, on a port that is free."""
    server = AskServer(assistant)
    app = FastAPI()
    app.include_router(widget_router(lambda: server.ancestors))

    @app.post("/api/ask/stream")
    async def stream(request: Request) -> Response:
        body = await request.json()
        server.asked.append(body)
        server.origins.append(request.headers.get("origin"))
        server.keys.append(request.headers.get("authorization"))
        fault = server.faults.popleft() if server.faults else None
        if fault == "busy":
            refused = problem(429, "Too many questions", "this key may ask twice a minute")
            refused.headers["retry-after"] = "1"
            return refused
        if fault == "locked":
            return problem(401, "Key needed", "send a key of this server")
        events = list(assistant.stream(body["question"], history=body["history"]))
        return StreamingResponse(_in_pieces(_frames(iter(events)), fault, server), media_type="text/event-stream")

    app.add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_headers=["*"], allow_methods=["*"], expose_headers=["Retry-After"]
    )
    app.add_middleware(Guard, local_only=lambda: True, hosts=())
    with listen(Settings(port=0)) as listener:
        uvicorn_server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not uvicorn_server.started:
            assert time.monotonic() < deadline, "the server is slow to start"
            time.sleep(0.02)
        server.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield server
        finally:
            uvicorn_server.should_exit = True
            thread.join(10)


class PageServer(ThreadingHTTPServer):
    """Pages of another site; each under the policy that it is given."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _PageHandler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.pages: dict[str, tuple[str, str]] = {}

    def put(self, body: str, policy: str) -> str:
        """Serves a page, and tells where."""
        path = f"/{len(self.pages)}"
        page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Another site</title>{body}'
        self.pages[path] = page, policy
        return self.url + path


class _PageHandler(BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        page, policy = self.server.pages.get(self.path, ("", "default-src 'none'"))
        body = page.encode()
        self.send_response(200 if page else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-security-policy", policy)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is written."""


@contextmanager
def page_server() -> Iterator[PageServer]:
    """A web site of another origin."""
    with PageServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
