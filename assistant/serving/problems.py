"""Errors as programs get them: `application/problem+json` (RFC 9457), for every route and whatever went wrong.

What is not here: when something is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import Scope

from assistant.errors import (
    AccessError,
    AssistantError,
    DocumentError,
    FeedbackError,
    IndexingError,
    IndexMissingError,
    QuestionError,
)

_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[AssistantError], int, str], ...] = (
    (QuestionError, 422, "Question not usable"),
    (DocumentError, 404, "No such document"),
    (AccessError, 403, "Not allowed"),
    (IndexMissingError, 503, "No index"),
    (IndexingError, 503, "Index not usable"),
    (FeedbackError, 503, "Feedback not kept"),
    (AssistantError, 500, "Failed"),
)


class Problem(BaseModel):
    """The body of every error.

    Attributes:
        detail: For people: what is wrong and what to do.
        request_id: Also in the header `x-request-id` and in the server's log.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str | None = None


class ProblemError(HTTPException):
    """A request that is answered with a problem."""

    def __init__(self, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.title = title


def problem(
    status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, scope: Scope | None = None
) -> JSONResponse:
    """A problem as a response; `scope` is the request's, whose id it then names."""
    given = dict(headers or {})
    if status == 401:
        given.setdefault("www-authenticate", "Bearer")
    return JSONResponse(body(status, title, detail, scope), status_code=status, media_type=_TYPE, headers=given)


def body(status: int, title: str, detail: str, scope: Scope | None = None) -> dict[str, Any]:
    """A problem as JSON; below `/v1` with OpenAI's `error` object, which is all that its clients read."""
    request_id = (scope or {}).get("state", {}).get("request_id")
    made = Problem(title=title, status=status, detail=detail, request_id=request_id).model_dump(exclude_none=True)
    if scope is not None and scope["path"].startswith("/v1/"):
        kind = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}.get(status)
        kind = kind or ("invalid_request_error" if status < 500 else "server_error")
        made["error"] = {"message": detail, "type": kind, "param": None, "code": None}
    return made


def of_error(error: AssistantError) -> ProblemError:
    """An error of the assistant as a problem."""
    status, title = next((status, title) for kind, status, title in _STATUS if isinstance(error, kind))
    return ProblemError(status, title, str(error))


def body_of(error: AssistantError | ProblemError, scope: Scope) -> dict[str, Any]:
    """An error as a problem's JSON, for where a response has begun and can't have another status."""
    said = error if isinstance(error, ProblemError) else of_error(error)
    return body(said.status_code, said.title, said.detail, scope)


def handle_problems(app: FastAPI) -> None:
    """Makes every error of an application's routes a problem."""

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        title = getattr(error, "title", HTTPStatus(error.status_code).phrase)
        return problem(error.status_code, title, error.detail, error.headers, request.scope)

    @app.exception_handler(RequestValidationError)
    async def validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        found = error.errors()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and any(one["loc"][:1] == ("body",) for one in found):
            detail = "send a JSON object with content-type application/json"
            return problem(415, "Not JSON", detail, scope=request.scope)
        if any(one["type"] == "json_invalid" for one in found):
            return problem(400, "Not JSON", "the body is no JSON text in UTF-8", scope=request.scope)
        return problem(422, "Not understood", said(found), scope=request.scope)

    @app.exception_handler(AssistantError)
    async def ours(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, AssistantError)
        return await http(request, of_error(error))


def said(errors: Sequence[Any]) -> str:
    """What pydantic found, in one line: which field, and what is wrong with it. Never what was sent."""
    lines = []
    for one in errors:
        if one["loc"] == ("body",) and one["type"] != "value_error":
            lines.append("the body must be a JSON object")
            continue
        place = ".".join(str(part) for part in one["loc"] if part not in ("body", "query", "path"))
        lines.append(f"{place}: {one['msg']}" if place else one["msg"])
    return "; ".join(lines).replace("Value error, ", "")
