"""The routes for programs and for the chat's own script: feedback.

What is not here: health and the chat (`server.py`), where feedback is kept (`store/feedback.py`).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator
from starlette.concurrency import run_in_threadpool

from assistant.assistant import Assistant
from assistant.errors import AssistantError, DocumentError, FeedbackError, IndexMissingError
from assistant.evaluation.cases import check_date
from assistant.serving.given import GivenAnswers
from assistant.serving.security import key_fits, of_this_page
from assistant.store.feedback import LONGEST_COMMENT, Complaint, Feedback, FeedbackStore, drawn_from
from assistant.types import Answer, Turn

_LARGEST_BODY = 1_000_000
_ANSWER = TypeAdapter(Answer)
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
"""Chosen by whoever sends: a retry with the same one makes no second record."""


class FeedbackBody(BaseModel):
    """What is sent: one reader's word on one answer.

    Attributes:
        answer_id: Of an answer that the chat gave; question and answer are then the server's own.
        answer: As the client got it. It is not trusted: what is not well-formed or belongs to another question is
            left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Id | None = None
    verdict: Literal["up", "down"]
    reason: Complaint | None = None
    comment: str = Field(default="", max_length=LONGEST_COMMENT)
    answer_id: Id | None = None
    question: str | None = Field(default=None, max_length=4_000, pattern=r"\S")
    answer: Any = None
    index_version: str = Field(default="", max_length=200)
    history: tuple[Any, ...] = Field(default=(), max_length=200)
    as_of: str | None = None

    @field_validator("history", mode="after")
    @classmethod
    def _read_turns(cls, value: tuple[Any, ...]) -> tuple[Turn, ...]:
        try:
            return tuple(Turn.parse(turn) for turn in value)
        except AssistantError as error:
            raise ValueError(str(error)) from error

    @field_validator("as_of")
    @classmethod
    def _is_a_date(cls, value: str | None) -> str | None:
        return value if value is None else check_date(value)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> FeedbackBody:
        if (self.question is None) == (self.answer_id is None):
            raise ValueError("give either question or answer_id")
        if self.reason is not None and self.verdict == "up":
            raise ValueError("a thumb up has no reason; remove it or set verdict to down")
        return self


class _RefusalError(Exception):
    """A request that is answered with a problem."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.response = problem(status, title, detail)


def feedback_router(assistant: Assistant, given: GivenAnswers, logged_in: Callable[[Request], bool]) -> APIRouter:
    """The route that takes feedback.

    Args:
        assistant: Whose index folder keeps it, and whose keys it needs.
        given: What the chat has answered.
        logged_in: Whether a request comes from a visitor whom the chat's login let in.
    """
    router = APIRouter(prefix="/api")
    store = FeedbackStore(assistant.settings.index_dir)

    @router.post("/feedback", status_code=201)
    async def feedback(request: Request) -> JSONResponse:
        try:
            _let_in(request, assistant.settings.api_keys, logged_in)
            body = _parse(await _read(request), request.headers.get("idempotency-key"))
            record = await run_in_threadpool(_record, body, assistant, given)
            if not await run_in_threadpool(store.save, record):
                raise _RefusalError(
                    409, "Said before", "this id belongs to other feedback, or to some that was worked on; send another"
                )
        except _RefusalError as refused:
            return refused.response
        except FeedbackError as error:
            return problem(503, "Feedback not kept", str(error))
        request.state.feedback = record.verdict  # to be counted
        return JSONResponse({"id": record.id}, status_code=201)

    return router


def problem(status: int, title: str, detail: str) -> JSONResponse:
    """An error as `application/problem+json` (RFC 9457)."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(body, status_code=status, media_type="application/problem+json", headers=headers)


def _let_in(request: Request, keys: tuple[str, ...], logged_in: Callable[[Request], bool]) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if keys and scheme.lower() == "bearer" and key_fits(key.strip(), keys):
        return
    if not of_this_page(request.headers):  # a page elsewhere would send in the name of whoever visits it
        raise _RefusalError(403, "Another site", "feedback is taken from the chat's own page, and from programs")
    if keys and not logged_in(request):
        raise _RefusalError(401, "Key needed", "send one of this server's keys as `Authorization: Bearer …`, or log in")


async def _read(request: Request) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _RefusalError(415, "Not JSON", "send a JSON object with content-type application/json")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_BODY:
            raise _RefusalError(413, "Too large", f"feedback has {_LARGEST_BODY:,} bytes at most; leave passages out")
    return bytes(body)


def _parse(body: bytes, key: str | None) -> FeedbackBody:
    try:
        value = json.loads(body)
        json.dumps(value, ensure_ascii=False).encode()  # JSON can name half of a surrogate pair, which is no text
    except (ValueError, RecursionError) as error:
        raise _RefusalError(400, "Not JSON", f"the body is no JSON text in UTF-8 ({error})") from error
    if not isinstance(value, dict):
        raise _RefusalError(422, "Not feedback", "the body must be a JSON object with verdict and question")
    try:
        return FeedbackBody.model_validate({"id": key, **value} if key is not None else value)
    except ValidationError as error:
        said = "; ".join(
            ": ".join((*([".".join(map(str, one["loc"]))] if one["loc"] else []), one["msg"])) for one in error.errors()
        )
        raise _RefusalError(422, "Not feedback", said.replace("Value error, ", "")) from error


def _record(body: FeedbackBody, assistant: Assistant, given: GivenAnswers) -> Feedback:
    """The record of what was sent, with the answer only where its documents are still in the index."""
    feedback = Feedback(
        id=body.id or secrets.token_hex(8),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        verdict=body.verdict,
        question=body.question or "",
        reason=body.reason,
        comment=body.comment.strip(),
        history=body.history,
        as_of=body.as_of,
        index_version=body.index_version,
    )
    if body.answer_id is not None:
        held = given.get(body.answer_id)
        if held is None:
            raise _RefusalError(404, "No such answer", "this answer is not held any more; ask again and judge that one")
        feedback = replace(
            feedback,
            id=f"chat-{body.answer_id}",  # one word on each answer: the last
            question=held.question,
            history=held.history,
            answer=held.answer,
            sources=held.sources,
            index_version=held.answer.index_version,
        )
    else:
        answer = _well_formed(body.answer, feedback.question)
        unknown = any(turn.role == "assistant" for turn in feedback.history)
        feedback = replace(
            feedback,
            answer=answer,
            sources=None if unknown else drawn_from(answer) if answer else (),
            index_version=feedback.index_version or (answer.index_version if answer else ""),
        )
    drawn = {*(feedback.sources or ()), *(drawn_from(feedback.answer) if feedback.answer else ())}
    if not all(_is_there(assistant, path) for path in drawn):
        # It may have been forgotten since the answer was given, and must not come back this way.
        turns = tuple(turn for turn in feedback.history if turn.role == "user")
        return replace(feedback, answer=None, history=turns, sources=())
    return feedback


def _well_formed(value: Any, question: str) -> Answer | None:
    try:
        answer = _ANSWER.validate_python(value)
    except ValidationError:
        return None
    return answer if answer.question == question else None


def _is_there(assistant: Assistant, path: str) -> bool:
    try:
        return assistant.document(path).path == path
    except (DocumentError, IndexMissingError):
        return False
