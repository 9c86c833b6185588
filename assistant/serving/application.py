"""The application: every way in over HTTP, and what stands in front of all of them.

What is not here: what a route does (`api.py`, `openai.py`, `mcp.py`, `judging.py`, `ui.py`, …), and the socket
(`server.py`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Security
from fastapi.responses import Response
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.routing import Match, Route

from assistant import __version__
from assistant.assistant import Assistant
from assistant.errors import AssistantError
from assistant.evaluation import CASES
from assistant.serving.asking import Clerk, Desk, Replays
from assistant.serving.browser.login import login_router
from assistant.serving.browser.review import review_router
from assistant.serving.browser.widget import widget_router
from assistant.serving.door.admission import Admission, admitted, let_in
from assistant.serving.door.limits import Rates, Turns
from assistant.serving.door.security import Cors, Guard
from assistant.serving.door.visitors import Visitors
from assistant.serving.given import GivenAnswers
from assistant.serving.problems import ProblemError, handle_problems
from assistant.serving.programs.api import ask_router, problems
from assistant.serving.programs.bodies import Health, Ready
from assistant.serving.programs.judging import feedback_router
from assistant.serving.programs.openai import openai_router
from assistant.serving.readiness import Readiness, alive
from assistant.serving.watching.audit import Audit
from assistant.serving.watching.metrics import Metrics
from assistant.serving.watching.observing import Observed
from assistant.serving.watching.traces import open_traces
from assistant.settings import Settings
from assistant.store.keys import Scope
from assistant.versions import versions

_log = logging.getLogger(__name__)
_AT_ONCE_WITH_MODEL = 16
"""Answers made at once where a language model elsewhere makes them; else there are as many as processors."""


def create_app(settings: Settings, assistant: Assistant) -> FastAPI:
    """The application: the routes for programs, and the chat at `/`; behind keys and a login where there are keys."""
    # The page's module imports Gradio, which takes seconds; a port that is taken is told before.
    from assistant.serving.browser.ui import mount_chat
    from assistant.serving.programs.mcp import McpEndpoint

    visitors, rates, traces = Visitors(settings), Rates(), open_traces(settings)
    turns = Turns(_AT_ONCE_WITH_MODEL if settings.llm else max(2, os.cpu_count() or 2))
    metrics = Metrics(published=lambda: versions(settings)[-1], waiting=lambda: turns.waiting)
    desk = Desk(turns, Audit(settings), metrics.waited)
    given, replays = GivenAnswers(told=metrics.answered), Replays()

    def admit(request: Request | None, needs: Scope) -> Clerk:
        assert request is not None  # over HTTP there always is one
        return Clerk(desk, let_in(request, assistant, needs), "mcp", request)

    def origins() -> list[str]:
        return sorted({*settings.cors_origins, *visitors.origins()})

    models = McpEndpoint(admit, settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with models.run():
            yield
        if traces is not None:
            await run_in_threadpool(traces.close)

    app = FastAPI(
        title="Corpus Assistant",
        version=__version__,
        summary="Answers from a folder of documents, every sentence proved by an exact quotation.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.router.routes.append(Route("/mcp", models))  # a mount would redirect to /mcp/, which clients don't follow
    handle_problems(app)
    add_health(app, assistant, metrics, visitors)
    routers = (
        ask_router(assistant, desk, replays),
        feedback_router(assistant, given, problems(404, 409)),
        openai_router(assistant, desk, replays),
    )
    # Only tells the OpenAPI document of the key; the door is Admission's.
    bearer = Security(HTTPBearer(auto_error=False, description="A key made with `assistant keys add`."))
    for router in routers:
        app.include_router(router, dependencies=[bearer] if visitors.needed else [])
    app.include_router(login_router(visitors, rates))
    app.include_router(review_router(assistant, CASES))
    app.include_router(widget_router(origins))
    add_refusals(app)
    mount_chat(app, assistant, given, visitors, rates, desk)

    app.add_middleware(Admission, visitors=visitors, rates=rates)
    # Without keys there is nothing that a page elsewhere could show to be let in.
    app.add_middleware(Cors, origins=lambda: origins() if visitors.needed else ())
    app.add_middleware(Guard, local_only=lambda: not visitors.needed, hosts=settings.hosts)
    app.add_middleware(Observed, metrics=metrics, traces=traces)  # the last one added is the outermost
    return app


def add_health(app: FastAPI, assistant: Assistant, metrics: Metrics, visitors: Visitors) -> None:
    """Whether the server is up, whether it can answer, and its numbers."""
    readiness, admit = Readiness(assistant), admitted(assistant, Scope.MAINTAIN)

    @app.get("/api/health", tags=["server"], operation_id="health", responses=problems(503))
    async def health() -> Health:
        """The server runs, and its threads do their work."""
        if not await alive():
            raise ProblemError(503, "Not well", "the threads that answer requests are stuck; restart the server")
        return Health()

    @app.get("/api/ready", tags=["server"], operation_id="ready", responses=problems(503))
    def ready(request: Request) -> Ready:
        """The index is open, the models are loaded, a search works, and feedback can be kept; 503 otherwise."""
        try:
            version = readiness.check(ending=getattr(request.state, "ending", False))
            # Where there are keys, who asks here is a stranger: it is told of changes that a key without labels sees.
            stranger = assistant.seeing(())
            hides = visitors.needed and len(stranger.documents()) < len(assistant.documents())
            return Ready(index_version=stranger.ready() if hides else version)
        except AssistantError as error:
            _log.warning("not ready: %s", error)
            detail = "the server's log says why" if visitors.needed else str(error)  # it may name folders
            raise ProblemError(503, "Not ready", detail) from error

    @app.get("/metrics", include_in_schema=False)
    def numbers(request: Request) -> Response:
        sees_all = admit(request).visitor.access is None
        body, content_type = metrics.text(request.headers.get("accept", ""), index=sees_all)
        return Response(body, headers={"content-type": content_type})


def add_refusals(app: FastAPI) -> None:
    """What is asked of programs' routes in vain is told in their form; else the chat, mounted at `/`, would answer."""
    routes = list(app.routes)
    methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")

    def is_for(request: Request, method: str) -> bool:
        return any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)

    async def refuse(request: Request) -> None:
        allowed = sorted(method for method in methods if is_for(request, method))
        if allowed:
            detail = f"{request.method} is not for {request.url.path}; use {', '.join(allowed)}"
            raise ProblemError(405, "Wrong method", detail, {"allow": ", ".join(allowed)})
        raise ProblemError(
            404, "No such route", f"there is no {request.url.path}; /api/openapi.json lists what there is"
        )

    for prefix in ("/api", "/v1"):
        app.add_route(prefix + "/{rest:path}", refuse, methods=list(methods), include_in_schema=False)  # type: ignore[arg-type]
