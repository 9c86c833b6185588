"""A local HTTP server that speaks OpenAI's chat completions from a script: replies, and every way to fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Failure:
    """An HTTP error in OpenAI's form."""

    status: int = 500
    message: str = "the script says so"


@dataclass(frozen=True)
class Hang:
    """No reply until the server is closed."""


@dataclass(frozen=True)
class Raw:
    """Status 200 with this body, whatever it is."""

    body: str = "{not json"
    content_type: str = "application/json"


Step = str | Failure | Hang | Raw
Script = Sequence[Step] | Callable[[dict[str, Any]], Step]


class OpenAIServer:
    """`with OpenAIServer(["Reply one.", Failure(500)]) as server: server.base_url`.

    A list is used up one step a request, the last one again and again; a function gets the request's JSON.
    `requests` holds what was asked, `authorizations` the header that came with it.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.authorizations: list[str | None] = []
        self._closing = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def base_url(self) -> str:
        return f"{self.root}/v1"

    def __enter__(self) -> OpenAIServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def next_step(self, request: dict[str, Any]) -> Step:
        self.requests.append(request)
        if callable(self.script):
            return self.script(request)
        return self.script[min(len(self.requests), len(self.script)) - 1]

    def wait_for_closing(self) -> None:
        self._closing.wait(60)


def _handler(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:  # type: ignore[override]
            """Quiet."""

        def do_GET(self) -> None:
            if self.path != "/v1/models":
                self._json(404, {"error": {"message": "no such path"}})
                return
            self._json(200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path != "/v1/chat/completions":
                self._json(404, {"error": {"message": f"no such path {self.path}"}})
                return
            request = json.loads(body)
            server.authorizations.append(self.headers.get("Authorization"))
            match server.next_step(request):
                case Failure(status, message):
                    self._json(status, {"error": {"message": message, "type": "scripted", "code": None}})
                case Hang():
                    server.wait_for_closing()
                    self.close_connection = True
                case Raw(text, content_type):
                    self._send(200, text.encode(), content_type)
                case str(text) if request.get("stream"):
                    self._send(200, _events(text, request).encode(), "text/event-stream")
                case str(text):
                    self._json(200, _completion(text, request))

        def _json(self, status: int, value: dict[str, Any]) -> None:
            self._send(status, json.dumps(value).encode(), "application/json")

        def _send(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _completion(text: str, request: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 0,
        "model": request.get("model", "scripted"),
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def _events(text: str, request: dict[str, Any]) -> str:
    """The reply word by word, as server-sent events."""
    words = [word + " " for word in text.split(" ")]
    deltas: list[dict[str, str]] = [{"role": "assistant", "content": ""}, *({"content": word} for word in words), {}]
    deltas[-2]["content"] = deltas[-2]["content"].removesuffix(" ")
    chunks = [
        {
            "id": "chatcmpl-scripted",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": request.get("model", "scripted"),
            "choices": [{"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}],
        }
        for delta in deltas
    ]
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
