"""Middleware that watches every request: its id, how long it took, how it ended, what it was answered.

What it does not hold: where that goes (`metrics.py`, `logs.py`, `traces.py`), who may come in (`security.py`).
"""

from __future__ import annotations

import re
import secrets
import time
from asyncio import CancelledError
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.serving.problems import problem
from assistant.serving.watching.finished import CHAT, OTHER, Finished
from assistant.serving.watching.logs import REQUEST_ID, log_request
from assistant.serving.watching.metrics import Metrics
from assistant.serving.watching.traces import Traces

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})
_LEFT = 499
"""The status of a request whose client left before the response began; it is sent to nobody."""


class Observed:
    """Middleware: gives each request an id, counts, times, logs and traces it. To be the outermost of an application.

    Handlers and other middleware tell what it can't see by `scope["state"]` (`request.state`): `answer` is the
    `Answer` that was given, `feedback` the verdict that was kept, `refused` the cause why a request was turned away,
    `key_name` the name of the key that it came with. `request_id` is there for them.

    Args:
        app: What is watched.
        metrics: Where requests are counted.
        traces: Where spans go, if anywhere.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, traces: Traces | None = None) -> None:
        self._app = app
        self._metrics = metrics
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on, and on to the books once it has ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        watched = _Watched(scope, send)
        REQUEST_ID.set(
            watched.id
        )  # every request has a context of its own, and what the server logs after belongs to it
        try:
            await self._app(scope, receive, watched.send)
        except ClientDisconnect:
            watched.status = watched.status or _LEFT
        except CancelledError:
            watched.status = watched.status or _LEFT
            raise
        except Exception as error:
            begun = watched.status is not None
            watched.error = type(error).__name__
            if not begun:
                detail = f"something failed inside the assistant; its log has the details (request {watched.id})"
                await problem(500, "Internal error", detail)(scope, receive, watched.send)
            watched.status = 500
            raise
        finally:
            self._book(watched.finished(), Headers(scope=scope), watched.state)

    def _book(self, request: Finished, headers: Headers, state: dict[str, Any]) -> None:
        self._metrics.request(request.route, request.method, request.status, request.seconds)
        if request.answer is not None:
            self._metrics.answered(request.answer)
        if "feedback" in state:
            self._metrics.feedback(state["feedback"])
        if "refused" in state:
            self._metrics.refused(state["refused"])
        log_request(request)
        if self._traces is not None:
            self._traces.record(request, headers)


class _Watched:
    """A request under way."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._application = scope.get("app")
        self._root = scope.get("root_path", "")
        # Wall time for the trace, a clock that nobody sets for what is measured.
        self._begun = time.time_ns()
        self._clock = time.perf_counter_ns()
        self._ended: int | None = None
        self._answered: int | None = None
        given = Headers(scope=scope).get("x-request-id", "")
        self.id = given if _ID.fullmatch(given) else secrets.token_hex(16)
        self.state: dict[str, Any] = {**scope.get("state", {}), "request_id": self.id}
        scope["state"] = self.state
        self.status: int | None = None
        self.error: str | None = None

    async def send(self, message: Message) -> None:
        """Sends on a part of the response, and notes what it tells."""
        self._note_answer()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)["x-request-id"] = self.id
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._ended = self._now()  # what runs in the background after it is none of the client's time

    def finished(self) -> Finished:
        """What is known of it at the end."""
        self._note_answer()
        route, path = self._route()
        method = self._scope["method"]
        return Finished(
            id=self.id,
            method=method if method in _METHODS else "_OTHER",
            scheme=self._scope.get("scheme", "http"),
            route=route,
            status=self.status if self.status is not None else _LEFT,
            begun=self._begun,
            ended=self._ended if self._ended is not None else self._now(),
            error=self.error,
            path=path,
            key=self.state.get("key_name"),
            answer=self.state.get("answer"),
            answered=self._answered,
        )

    def _now(self) -> int:
        return self._begun + time.perf_counter_ns() - self._clock

    def _note_answer(self) -> None:
        if self._answered is None and "answer" in self.state:
            self._answered = self._now()

    def _route(self) -> tuple[str, str | None]:
        """The label, and the path where the label is a template of our own."""
        below = self._scope.get("root_path", "").removeprefix(self._root)
        if below:  # in an application that is mounted in a folder
            return below, None
        route = getattr(self._scope.get("route"), "path", None)
        if route is None:
            return OTHER, None
        if self._scope.get("app") is not self._application:  # the chat is mounted on the root
            return CHAT, None
        return route, self._scope["path"]
