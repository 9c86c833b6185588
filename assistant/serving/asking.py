"""Asking on behalf of a visitor, the same for every way in: in turn, in time, counted, and noted in the audit log.

What is not here: the protocols (api.py, openai.py, mcp.py, ui.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.types import Scope

from assistant.serving.admission import Admitted
from assistant.serving.audit import Audit
from assistant.serving.limits import Turns
from assistant.serving.problems import ProblemError
from assistant.serving.visitors import Visitor
from assistant.types import Answer, Passage, Turn

_ANSWER_SECONDS = 120
"""How long an answer may take before whoever asked is told; a language model can be slow."""
_REPLAYS = 1_000


class Desk:
    """Where questions are asked.

    Args:
        turns: How many are answered at once.
        audit: Takes a line for each, where keys are needed at all.
        told: Is given every answer, to be counted.
    """

    def __init__(self, turns: Turns, audit: Audit, told: Callable[[Answer], None]) -> None:
        self.turns = turns
        self._audit = audit
        self._told = told

    async def ask(
        self, admitted: Admitted, way: str, request: Request, question: str, history: Sequence[Turn], as_of: str | None
    ) -> Answer:
        """Answers a question when its turn comes.

        Raises:
            ProblemError: 429, too many wait; 504, it took too long.
            AssistantError: As `Assistant.ask`.
        """
        async with self.turns.turn():
            answer: Answer = await _in_time(lambda: admitted.assistant.ask(question, history=history, as_of=as_of))
            self.note(admitted.visitor, way, request.scope, answer)
            return answer

    def note(self, visitor: Visitor, way: str, scope: Scope, answer: Answer) -> None:
        """Counts an answer, and notes who got it."""
        scope.setdefault("state", {})["answer"] = answer
        self._told(answer)
        if visitor.is_known:
            self._audit.answered(visitor, way, answer, request_id(scope))

    async def search(
        self, admitted: Admitted, way: str, request: Request, question: str, top_k: int, as_of: str | None
    ) -> list[Passage]:
        """Searches when its turn comes; raises as `ask` does."""
        async with self.turns.turn():
            found: list[Passage] = await _in_time(lambda: admitted.assistant.search(question, top_k=top_k, as_of=as_of))
        if admitted.visitor.is_known:
            paths = [passage.path for passage in found]
            self._audit.found(admitted.visitor, way, question, paths, request_id(request.scope))
        return found

    def was_read(self, admitted: Admitted, way: str, request: Request, path: str) -> None:
        """Notes that a visitor was given a whole document."""
        if admitted.visitor.is_known:
            self._audit.read(admitted.visitor, way, path, request_id(request.scope))


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


def request_id(scope: Scope) -> str | None:
    """The id of a request, as its response and the logs have it."""
    found = scope.get("state", {}).get("request_id")
    return None if found is None else str(found)


async def _in_time(work: Callable[[], Any]) -> Any:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
    except TimeoutError as error:
        raise ProblemError(504, "Too slow", f"no answer within {_ANSWER_SECONDS} s; ask again") from error
