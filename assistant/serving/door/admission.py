"""The door: before a route sees a request it is known who sent it, that it is not too large, and not one too many.

Middleware in front of everything. What is not here: who holds which key (visitors.py), what a route needs of a
visitor (`admitted`, at the end, is what the routes ask), headers and host names (security.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection

from assistant.assistant import Assistant
from assistant.errors import AccessError
from assistant.serving.door.limits import Rates, too_many
from assistant.serving.door.security import of_this_page
from assistant.serving.door.visitors import Visitor, Visitors
from assistant.serving.door.ways import FOR_PROGRAMS
from assistant.serving.problems import ProblemError, problem
from assistant.store.keys import Scope

LARGEST_BODY = 1_000_000
"""Bytes of a request; of one whose key stands in a web page, a tenth."""
_BODY_SECONDS = 20
_FAILURES_PER_MINUTE = 20
"""Wrong keys that one address may send."""
_OPEN = frozenset({"/api/health", "/api/ready", "/api/openapi.json", "/widget.js", "/widget", "/login", "/login.css"})
_WITHOUT_LOGIN = (*FOR_PROGRAMS, "/metrics")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Admitted:
    """A visitor whom a route lets in, and the assistant as far as it may see the documents."""

    visitor: Visitor
    assistant: Assistant


class Admission:
    """Middleware: puts the `Visitor` of each request into `scope["state"]["visitor"]`, or turns the request away.

    Why it does so is left in `scope["state"]["refused"]`: `auth`, `origin`, `rate`, `size` or `timeout`.
    """

    def __init__(self, app: ASGIApp, visitors: Visitors, rates: Rates) -> None:
        self._app = app
        self._visitors = visitors
        self._rates = rates

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Turns one request away or passes it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False
        scope.setdefault("state", {})

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            visitor = await self._admit(scope)
            if visitor is not None:
                scope["state"] |= {"visitor": visitor, "key_name": visitor.name}
            await self._app(scope, self._bounded(scope, receive, visitor), note)
        except ProblemError as error:
            if begun:
                raise
            await self._answer(scope, receive, send, error)

    async def _admit(self, scope: Connection) -> Visitor | None:
        """The visitor; None for what is open to everybody.

        Raises:
            ProblemError: 401, 403 or 429.
        """
        path, headers = scope["path"], Headers(scope=scope)
        if path in _OPEN:
            return None
        address = f"address {(scope.get('client') or ('?',))[0]}"
        if wait := self._rates.wait(address, _FAILURES_PER_MINUTE, spend=False):
            scope["state"]["refused"] = "rate"
            raise too_many(wait)
        try:
            visitor = await run_in_threadpool(self._visitors.of, headers)
        except AccessError as error:
            scope["state"]["refused"] = "origin"
            raise ProblemError(403, "Not this page", str(error)) from error
        for_programs = path.startswith(_WITHOUT_LOGIN)
        if visitor is None:
            if headers.get("authorization"):
                self._rates.wait(address, _FAILURES_PER_MINUTE)
            scope["state"]["refused"] = "auth"
            raise ProblemError(
                401, "Key needed", "send one of this server's keys as `Authorization: Bearer …`, or log in"
            )
        if not visitor.by_key and scope["method"] not in _SAFE and not of_this_page(headers):
            # A page elsewhere would act in the name of whoever visits it.
            scope["state"]["refused"] = "origin"
            raise ProblemError(
                403, "Another site", "without a key, only the server's own pages and programs may do this"
            )
        if visitor.in_page and not for_programs:
            # Everybody can read such a key, and nothing but programs' routes counts what it asks.
            scope["state"]["refused"] = "origin"
            raise ProblemError(403, "Not for web pages", "a key of a web page opens /api/, /v1/ and /mcp only")
        if headers.get("content-type", "").strip().lower().startswith("multipart/"):
            # Gradio would keep the files on the disk for whoever sends them.
            raise ProblemError(415, "No files", "nothing here takes files; send JSON")
        if for_programs and visitor.per_minute and (wait := self._rates.wait(visitor.id, visitor.per_minute)):
            scope["state"]["refused"] = "rate"
            raise too_many(wait)
        return visitor

    def _bounded(self, scope: Connection, receive: Receive, visitor: Visitor | None) -> Receive:
        """`receive` that ends what is too large or takes too long to send."""
        in_page = visitor is not None and visitor.in_page
        most = LARGEST_BODY // 10 if in_page else LARGEST_BODY
        length = Headers(scope=scope).get("content-length", "")
        read, whole, ends = 0, False, 0.0

        async def bounded() -> Message:
            nonlocal read, whole, ends
            if whole:
                return await receive()
            if length.isdecimal() and int(length) > most:
                raise self._too_large(scope, most)
            now = asyncio.get_running_loop().time()
            ends = ends or now + _BODY_SECONDS  # for all of it, however many pieces it comes in
            try:
                async with asyncio.timeout_at(ends):
                    message = await receive()
            except TimeoutError as error:
                scope["state"]["refused"] = "timeout"
                raise ProblemError(408, "Too slow", f"a request must be sent within {_BODY_SECONDS} s") from error
            read += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if read > most:
                raise self._too_large(scope, most)
            return message

        return bounded

    def _too_large(self, scope: Connection, most: int) -> ProblemError:
        scope["state"]["refused"] = "size"
        return ProblemError(413, "Too large", f"a request has {most:,} bytes at most; shorten the history")

    async def _answer(self, scope: Connection, receive: Receive, send: Send, error: ProblemError) -> None:
        headers = Headers(scope=scope)
        wants_page = scope["method"] == "GET" and "text/html" in headers.get("accept", "")
        if error.status_code == 401 and wants_page and not scope["path"].startswith(_WITHOUT_LOGIN):
            await RedirectResponse("/login", 303)(scope, receive, send)
            return
        said = problem(error.status_code, error.title, error.detail, error.headers, scope)
        await said(scope, receive, send)


def admitted(assistant: Assistant, needs: Scope) -> Callable[[Request], Admitted]:
    """What a route depends on: lets visitors in who have the scope `needs`; an AccessError tells the others."""

    def admit(request: Request) -> Admitted:
        return let_in(request, assistant, needs)

    return admit


def let_in(request: Request, assistant: Assistant, needs: Scope) -> Admitted:
    """The visitor behind a request, and what it may see.

    Raises:
        AccessError: The visitor has not the scope `needs`.
    """
    visitor: Visitor = request.scope["state"]["visitor"]
    if not visitor.may(needs):
        raise AccessError(f"this needs a key with the scope {needs}, which {visitor.name!r} has not")
    return Admitted(visitor, visitor.sees(assistant))
