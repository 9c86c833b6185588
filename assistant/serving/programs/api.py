"""The REST routes: ask, ask as a stream, search, documents.

Described by the OpenAPI document at `/api/openapi.json`. What is not here: feedback (judging.py), other protocols
(openai.py, mcp.py), who may come in (admission.py).
"""

# Without `from __future__ import annotations`: FastAPI reads the annotations, which name what the router was made for.
import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from assistant.assistant import Assistant
from assistant.errors import AssistantError
from assistant.serving.asking import Desk, Replays, begun, until_answered
from assistant.serving.door.admission import Admitted, admitted
from assistant.serving.etags import is_known
from assistant.serving.problems import Problem, ProblemError, body_of
from assistant.serving.programs.bodies import AskBody, Documents, Passages, SearchBody, StoredDocument
from assistant.serving.programs.paging import page_of
from assistant.store.keys import Scope
from assistant.types import Answer, events

_PAGE = 100
Replay = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=200, description="A retry with the same key gets the same answer."),
]
KnownVersion = Annotated[str | None, Header(alias="If-None-Match", description="The ETag of what is there already.")]


_EVENT = {
    "type": "object",
    "description": "One event; its data is JSON.",
    "properties": {
        "event": {"enum": ["citation", "sentence", "done", "error"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, as the OpenAPI document has them."""
    about = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    every = (400, 401, 403, 408, 413, 415, 422, 429, 500, 503, 504, *statuses)
    return {status: {"model": Problem, "content": about, "description": "A problem"} for status in sorted(set(every))}


def ask_router(assistant: Assistant, desk: Desk, replays: Replays) -> APIRouter:
    """The routes over an assistant."""
    router = APIRouter(prefix="/api", tags=["questions"], responses=problems())
    asker = Annotated[Admitted, Depends(admitted(assistant, Scope.ASK))]
    reader = Annotated[Admitted, Depends(admitted(assistant, Scope.READ))]

    @router.post("/ask", response_model=Answer, responses=problems(409), operation_id="ask")
    async def ask(request: Request, sent: AskBody, who: asker, key: Replay = None) -> JSONResponse:
        """Answers a question with quotations. A refusal is an answer as well, with `answered` false and a reason."""

        async def make() -> dict[str, Any]:
            answer = await desk.ask(who, "api", request, sent.question, sent.turns(), sent.as_of)
            return answer.to_dict()

        made = await replays.once(who.visitor.id, key, ["ask", sent.model_dump()], make)
        return JSONResponse(made)

    @router.post(
        "/ask/stream",
        response_class=StreamingResponse,
        responses={200: {"description": "The events", "content": {"text/event-stream": {"schema": _EVENT}}}},
        operation_id="ask_stream",
    )
    async def stream(request: Request, sent: AskBody, who: asker) -> StreamingResponse:
        """The same as server-sent events: `citation` and `sentence` in their order, then `done` with the answer.

        An event `error` holds a problem. Nothing is sent that has to be taken back.
        """
        answering = await begun(desk.ask(who, "api", request, sent.question, sent.turns(), sent.as_of))
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(_steps(request, answering), media_type="text/event-stream", headers=headers)

    @router.post("/search", response_model=Passages, operation_id="search")
    async def search(request: Request, sent: SearchBody, who: reader) -> JSONResponse:
        """The passages nearest to a question, best first."""
        found = await desk.search(who, "api", request, sent.question, sent.top_k, sent.as_of)
        return JSONResponse({"question": sent.question, "passages": [passage.to_dict() for passage in found]})

    @router.get("/documents", response_model=Documents, responses=_UNCHANGED, operation_id="list_documents")
    async def documents(
        who: reader,
        limit: Annotated[int, Query(ge=1, le=1000)] = _PAGE,
        cursor: Annotated[str | None, Query(max_length=4_000, description="`next_cursor` of the page before.")] = None,
        known: KnownVersion = None,
    ) -> Response:
        """The documents without their text, by path, a page at a time."""
        version = await run_in_threadpool(who.assistant.ready)
        if unchanged := _unchanged(version, known):
            return unchanged
        every = await run_in_threadpool(who.assistant.documents)
        try:
            page, following = page_of(every, cursor, limit)
        except ValueError as error:
            said = "cursor: send the next_cursor of the page before, or none"
            raise ProblemError(422, "Not understood", said) from error
        return _tagged(Documents(documents=page, next_cursor=following), version)

    @router.get(
        "/documents/{document_id}",
        response_model=StoredDocument,
        responses=problems(404) | _UNCHANGED,
        operation_id="get_document",
    )
    async def document(
        request: Request,
        who: reader,
        document_id: Annotated[str, Path(description="The id, or the path with its slashes escaped.")],
        known: KnownVersion = None,
    ) -> Response:
        """One document with its stored text."""
        version = await run_in_threadpool(who.assistant.ready)
        found = await run_in_threadpool(who.assistant.document, document_id)
        if unchanged := _unchanged(version, known):
            return unchanged
        desk.was_read(who, "api", request, found.path)
        return _tagged(StoredDocument.of(found), version)

    return router


async def _steps(request: Request, answering: asyncio.Future[Answer]) -> AsyncIterator[str]:
    try:
        async for comment in until_answered(answering):
            yield comment
        for event in events(await answering):
            yield _written(event.kind, event.data.to_dict())
    except (AssistantError, ProblemError) as error:
        yield _written("error", body_of(error, request.scope))
    finally:
        answering.cancel()


def _written(kind: str, data: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


# Pages and versions

_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Unchanged since the version of If-None-Match"}}


def _tagged(content: BaseModel, version: str) -> Response:
    return JSONResponse(content.model_dump(), headers=_tag(version))


def _unchanged(version: str, known: str | None) -> Response | None:
    """The reply to a client that has that version; None where it has another, or none."""
    headers = _tag(version)
    return Response(status_code=304, headers=headers) if known and is_known(headers["etag"], known) else None


def _tag(version: str) -> dict[str, str]:
    return {"etag": f'"{version}"', "cache-control": "private, no-cache", "vary": "Authorization, Cookie"}
