"""OpenAI's chat protocol over the assistant: `/v1/chat/completions` and `/v1/models`.

A client of that protocol works unchanged. The text carries numbered marks and the quotations as footnotes; the same
citations stand in a field `citations` of the message, and the whole answer in `answer` of the completion. What is not
here: how a question is answered (asking.py).
"""

# Without `from __future__ import annotations`: FastAPI reads the annotations, which name what the router was made for.
import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from assistant.assistant import Assistant
from assistant.errors import AssistantError
from assistant.serving.asking import Desk, Replays, begun, until_answered
from assistant.serving.door.admission import Admitted, admitted
from assistant.serving.problems import ProblemError, body_of
from assistant.serving.programs.api import Replay, problems
from assistant.store.keys import Scope
from assistant.types import Answer, Turn

MODEL = "corpus-assistant"
# The tokens of a language model that an extractive answer takes: none.
_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


class Part(BaseModel):
    """A part of a message; only text is read."""

    type: str
    text: str | None = None


class ChatMessage(BaseModel):
    """A message; those of `system`, `developer` and `tool` are left out, since nothing but documents is believed."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def text(self) -> str:
        """What it says, its parts joined."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text" and part.text)
        return self.content or ""


class StreamOptions(BaseModel):
    """Options of a stream."""

    include_usage: bool = False


class ResponseFormat(BaseModel):
    """The form of the reply; only `text` can be had."""

    type: str


class Completion(BaseModel):
    """What is asked. Fields that steer a language model's sampling are accepted and make no difference.

    Attributes:
        messages: The last one that a user wrote is the question; those before it are the conversation.
    """

    model: str = MODEL
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=500)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = None
    response_format: ResponseFormat | None = None

    def conversation(self) -> tuple[str, list[Turn]]:
        """The question and the turns before it.

        Raises:
            ProblemError: 400, it asks for what can't be had.
        """
        if (self.n or 1) != 1:
            raise ProblemError(400, "Not supported", "n: there is one answer to a question; leave n out or send 1")
        if self.response_format is not None and self.response_format.type != "text":
            raise ProblemError(400, "Not supported", "response_format: answers are quotations; only text can be had")
        spoken = [message for message in self.messages if message.role in ("user", "assistant")]
        if not spoken or spoken[-1].role != "user":
            raise ProblemError(400, "No question", "messages: the last message must be the user's question")
        turns = [Turn.parse({"role": message.role, "content": message.text()}) for message in spoken[:-1]]
        return spoken[-1].text(), turns


def openai_router(assistant: Assistant, desk: Desk, replays: Replays) -> APIRouter:
    """The routes over an assistant."""
    router = APIRouter(prefix="/v1", tags=["OpenAI"], responses=problems())
    asker = Annotated[Admitted, Depends(admitted(assistant, Scope.ASK))]

    stream = {"text/event-stream": {"schema": {"description": "Chunks, where `stream` is true."}}}
    answers: dict[int | str, dict[str, Any]] = {200: {"description": "The completion", "content": stream}}

    @router.post("/chat/completions", responses=problems(409) | answers, operation_id="create_chat_completion")
    async def complete(request: Request, sent: Completion, who: asker, key: Replay = None) -> Any:
        """Answers the last message of a conversation."""
        question, turns = sent.conversation()
        frame = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": sent.model}
        if sent.stream:
            answering = await begun(desk.ask(who, "openai", request, question, turns, None))
            usage = sent.stream_options is not None and sent.stream_options.include_usage
            steps = _steps(request, answering, frame, usage=usage)
            return StreamingResponse(steps, media_type="text/event-stream", headers={"cache-control": "no-store"})

        async def make() -> dict[str, Any]:
            answer = await desk.ask(who, "openai", request, question, turns, None)
            cited, text = _citations(answer), "".join(pieces(answer))
            message = {"role": "assistant", "content": text, "refusal": None, "citations": cited}
            choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
            whole = {"answer": answer.to_dict(), "citations": cited}
            return {**frame, "object": "chat.completion", "choices": [choice], "usage": _USAGE, **whole}

        return JSONResponse(await replays.once(who.visitor.id, key, ["v1", sent.model_dump()], make))

    @router.get("/models", operation_id="list_models")
    async def models(_who: asker) -> dict[str, Any]:
        """The one model there is."""
        return {"object": "list", "data": [_model()]}

    @router.get("/models/{model}", responses=problems(404), operation_id="get_model")
    async def model(_who: asker, model: str) -> dict[str, Any]:
        """The one model there is."""
        if model != MODEL:
            raise ProblemError(404, "No such model", f"there is no model {model!r}; the only one is {MODEL}")
        return _model()

    return router


def pieces(answer: Answer) -> Iterator[str]:
    """The answer as text for people: sentences with marks, then a footnote for each citation."""
    if not answer.answered:
        yield answer.explanation or "The documents do not answer this."
        return
    for number, sentence in enumerate(answer.sentences):
        marks = "".join(f"[{mark}]" for mark in sentence.citations)
        yield f"{' ' if number else ''}{sentence.text} {marks}"
    for note in answer.notes:
        yield f"\n\n{note}"
    for citation in answer.citations:
        source = [
            citation.title,
            citation.date,
            citation.page and f"page {citation.page}",
            citation.url or citation.path,
        ]
        quote = " ".join(citation.quote.split())
        yield f"\n\n[{citation.number}] “{quote}” ({', '.join(str(part) for part in source if part)})"


async def _steps(
    request: Request, answering: asyncio.Future[Answer], frame: dict[str, Any], *, usage: bool
) -> AsyncIterator[str]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _written({**frame, "object": "chat.completion.chunk", "choices": [choice], **more})

    try:
        yield chunk({"role": "assistant", "content": ""})
        async for comment in until_answered(answering):
            yield comment
        answer = await answering
        for piece in pieces(answer):
            yield chunk({"content": piece})
        yield chunk({"citations": _citations(answer)}, "stop", answer=answer.to_dict(), citations=_citations(answer))
        if usage:
            yield _written({**frame, "object": "chat.completion.chunk", "choices": [], "usage": _USAGE})
    except (AssistantError, ProblemError) as error:
        yield _written(body_of(error, request.scope))
    finally:
        answering.cancel()
    yield "data: [DONE]\n\n"


def _citations(answer: Answer) -> list[dict[str, Any]]:
    return [citation.to_dict() for citation in answer.citations]


def _written(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": "corpus-assistant"}
