"""Asking on behalf of a visitor, the same for every way in: in turn, in time, counted, and noted in the audit log.

What is not here: the protocols (api.py, openai.py, mcp.py, ui.py).
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import anyio.from_thread
from starlette.requests import Request

from assistant.errors import ServerError
from assistant.serving.door.admission import Admitted
from assistant.serving.door.limits import Turns
from assistant.serving.door.visitors import Visitor
from assistant.serving.problems import ProblemError
from assistant.serving.watching.audit import Audit
from assistant.types import Answer, Document, DocumentSummary, Passage, Turn

_T = TypeVar("_T")
_ANSWER_SECONDS = 120
"""How long an answer may take before whoever asked is told; a language model can be slow."""
_AT_ONCE = 1.0
_HEARTBEAT = 10.0
_REPLAYS = 1_000
_THREADS = 32
"""More than answers that are made at once: one that took too long goes on without anybody waiting."""


class Desk:
    """Where questions are asked.

    Args:
        turns: How many are answered at once.
        audit: Takes a line for each, where keys are needed at all.
        waited: Is told how many seconds each question waited for its turn.
    """

    def __init__(self, turns: Turns, audit: Audit, waited: Callable[[float], None]) -> None:
        self.turns = turns
        self._audit = audit
        self._waited = waited
        # Threads of its own: those that serve requests may all be waiting for an answer.
        self._pool = ThreadPoolExecutor(_THREADS, "answer")

    async def ask(
        self, admitted: Admitted, way: str, request: Request, question: str, history: Sequence[Turn], as_of: str | None
    ) -> Answer:
        """Answers a question when its turn comes.

        Raises:
            ProblemError: 429, too many wait; 504, it took too long.
            AssistantError: As `Assistant.ask`.
        """
        async with self._turn(request):
            answer = await self._in_time(lambda: admitted.assistant.ask(question, history=history, as_of=as_of))
            request.state.answer = answer  # it is counted there
            self.note(admitted.visitor, way, answer, request_id(request))
            return answer

    def note(self, visitor: Visitor, way: str, answer: Answer, request_id: str | None = None) -> None:
        """Notes who got an answer."""
        if visitor.is_known:
            self._audit.answered(visitor, way, answer, request_id)

    async def search(
        self, admitted: Admitted, way: str, request: Request, question: str, top_k: int, as_of: str | None
    ) -> list[Passage]:
        """Searches when its turn comes; raises as `ask` does."""
        async with self._turn(request):
            found = await self._in_time(lambda: admitted.assistant.search(question, top_k=top_k, as_of=as_of))
        if admitted.visitor.is_known:
            paths = [passage.path for passage in found]
            self._audit.found(admitted.visitor, way, question, paths, request_id(request))
        return found

    def was_read(self, admitted: Admitted, way: str, request: Request, path: str) -> None:
        """Notes that a visitor was given a whole document."""
        if admitted.visitor.is_known:
            self._audit.read(admitted.visitor, way, path, request_id(request))

    @asynccontextmanager
    async def _turn(self, request: Request) -> AsyncIterator[None]:
        begun = time.perf_counter()
        try:
            async with self.turns.turn():
                self._waited(time.perf_counter() - begun)
                yield
        except ProblemError as error:
            request.state.refused = "queue" if error.status_code == 429 else "timeout"
            raise

    async def _in_time(self, work: Callable[[], _T]) -> _T:
        context = contextvars.copy_context()
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: context.run(work))
        except TimeoutError as error:
            raise ProblemError(504, "Too slow", f"no answer within {_ANSWER_SECONDS} s; ask again") from error


async def begun(work: Coroutine[Any, Any, _T]) -> asyncio.Future[_T]:
    """An answer in the making, for a stream; what fails at once is raised while the response can still be an error."""
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=_AT_ONCE)
    if task.done() and task.exception() is not None:
        await task
    return task


async def until_answered(answering: asyncio.Future[Any]) -> AsyncIterator[str]:
    """Comments for a stream that has nothing to tell yet, lest something on its way ends it."""
    while not (await asyncio.wait({answering}, timeout=_HEARTBEAT))[0]:
        yield ": waiting\n\n"


class Clerk:
    """Asks at the desk for one visitor, on behalf of handlers that run in anyio's threads.

    Args:
        way: As in the audit log.
        request: Which the visitor sent.
    """

    def __init__(self, desk: Desk, admitted: Admitted, way: str, request: Request) -> None:
        self._desk = desk
        self._admitted = admitted
        self._way = way
        self._request = request

    def ask(
        self, question: str, *, history: Sequence[Turn | Mapping[str, Any]] = (), as_of: str | None = None
    ) -> Answer:
        """As `Assistant.ask`; a ServerError where too much is asked at once."""
        turns = [Turn.parse(turn) for turn in history]
        return self._wait(partial(self._desk.ask, self._admitted, self._way, self._request, question, turns, as_of))

    def search(self, question: str, *, top_k: int = 5, as_of: str | None = None) -> list[Passage]:
        """As `Assistant.search`; a ServerError where too much is asked at once."""
        return self._wait(partial(self._desk.search, self._admitted, self._way, self._request, question, top_k, as_of))

    def document(self, id_or_path: str) -> Document:
        """As `Assistant.document`."""
        found = self._admitted.assistant.document(id_or_path)
        self._desk.was_read(self._admitted, self._way, self._request, found.path)
        return found

    def documents(self) -> list[DocumentSummary]:
        """As `Assistant.documents`."""
        return self._admitted.assistant.documents()

    def _wait(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        try:
            return anyio.from_thread.run(work)
        except ProblemError as error:
            raise ServerError(error.detail) from error


class Replays:
    """Answers to requests that came with an `Idempotency-Key`, so that a retry costs nothing and gets the same."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[str, asyncio.Future[Any]]] = OrderedDict()

    async def once(self, who: str, key: str | None, body: object, make: Callable[[], Awaitable[Any]]) -> Any:
        """What `make` makes, or made when the same visitor sent the same key before; failures are not kept.

        Raises:
            ProblemError: 409, the key came with another body before.
        """
        if key is None:
            return await make()
        place = f"{who} {key}"
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode("utf-8", "replace")).hexdigest()
        if place in self._held:
            before, made = self._held[place]
            if before != digest:
                raise ProblemError(
                    409, "Key used before", "this Idempotency-Key came with another body; send another key"
                )
            return await asyncio.shield(made)
        future = asyncio.ensure_future(make())
        self._held[place] = (digest, future)
        while len(self._held) > _REPLAYS:
            self._held.popitem(last=False)
        try:
            return await asyncio.shield(future)
        finally:
            if not future.done() or future.cancelled() or future.exception():
                future.add_done_callback(lambda done: done.cancelled() or done.exception())
                self._held.pop(place, None)


def request_id(request: Request) -> str | None:
    """The id of a request, as its response and the logs have it."""
    found = getattr(request.state, "request_id", None)
    return None if found is None else str(found)
