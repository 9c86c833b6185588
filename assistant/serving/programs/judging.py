"""The route that takes what readers say of answers, from the chat's own script and from programs.

What is not here: where feedback is kept (`store/feedback.py`), and what becomes of it (`review.py`).
"""

# Without `from __future__ import annotations`: FastAPI reads the annotations, which name what the router was made for.
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator, model_validator
from starlette.concurrency import run_in_threadpool

from assistant.assistant import Assistant
from assistant.errors import AssistantError, DocumentError, IndexMissingError
from assistant.retrieval.query import LONGEST
from assistant.serving.door.admission import Admitted, admitted
from assistant.serving.given import GivenAnswers
from assistant.serving.problems import ProblemError
from assistant.serving.programs.bodies import Sent
from assistant.store.feedback import LONGEST_COMMENT, Complaint, Feedback, FeedbackStore, drawn_from
from assistant.store.keys import Scope
from assistant.types import Answer, Turn

_ANSWER = TypeAdapter(Answer)
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
"""Chosen by whoever sends: a retry with the same one makes no second record."""


class FeedbackBody(Sent):
    """What is sent: one reader's word on one answer.

    Attributes:
        answer_id: Of an answer that the chat gave; question and answer are then the server's own.
        answer: As the client got it. It is not trusted: what is not well-formed or belongs to another question is
            left out.
    """

    id: Id | None = None
    verdict: Literal["up", "down"]
    reason: Complaint | None = None
    comment: str = Field(default="", max_length=LONGEST_COMMENT)
    answer_id: Id | None = None
    question: str | None = Field(default=None, max_length=LONGEST, pattern=r"\S")
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

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if (self.question is None) == (self.answer_id is None):
            raise ValueError("give either question or answer_id")
        if self.reason is not None and self.verdict == "up":
            raise ValueError("a thumb up has no reason; remove it or set verdict to down")
        return self


class Kept(BaseModel):
    """What was kept, by its id."""

    id: str


def feedback_router(assistant: Assistant, given: GivenAnswers, errors: dict[int | str, dict[str, Any]]) -> APIRouter:
    """The route that takes feedback.

    Args:
        assistant: Whose index folder keeps it.
        given: What the chat has answered.
        errors: Of the route, for the OpenAPI document.
    """
    router = APIRouter(prefix="/api", tags=["feedback"])
    store = FeedbackStore(assistant.settings.index_dir)

    @router.post("/feedback", status_code=201, response_model=Kept, responses=errors, operation_id="give_feedback")
    async def feedback(
        request: Request,
        sent: FeedbackBody,
        who: Annotated[Admitted, Depends(admitted(assistant, Scope.ASK))],
        key: Annotated[Id | None, Header(alias="Idempotency-Key")] = None,
    ) -> Kept:
        """Keeps a reader's word on an answer; when this returns, it is on the disk."""
        if key is not None and sent.id is None:
            sent = sent.model_copy(update={"id": key})
        record = await run_in_threadpool(_record, sent, who.assistant, given)
        if not await run_in_threadpool(store.save, record):
            said = "this id belongs to other feedback, or to some that was worked on; send another"
            raise ProblemError(409, "Said before", said)
        request.state.feedback = record.verdict
        return Kept(id=record.id)

    return router


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
            raise ProblemError(404, "No such answer", "this answer is not held any more; ask again and judge that one")
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
