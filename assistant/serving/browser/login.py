"""The login of the chat: a form that asks for a key, and the cookie of whoever knew one.

What is not here: who is let in (visitors.py), and where somebody without a login is sent to the form (admission.py).
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from assistant.serving.browser.pages import PlainPage, form_of
from assistant.serving.door.limits import Rates, too_many
from assistant.serving.door.security import of_this_page
from assistant.serving.door.visitors import COOKIE, Visitors
from assistant.serving.problems import ProblemError

_TRIES_PER_MINUTE = 10
_LONGEST_FORM = 4_000


def login_router(visitors: Visitors, rates: Rates) -> APIRouter:
    """The routes of the form."""
    router = APIRouter(include_in_schema=False)
    page = PlainPage("login", router)

    @router.get("/login")
    def show() -> Response:
        return page.filled(said="") if visitors.needed else RedirectResponse("/", 303)

    @router.post("/login")
    async def log_in(request: Request) -> Response:
        if not of_this_page(request.headers):
            raise ProblemError(403, "Another site", "log in on the server's own page")
        wants_page = "text/html" in request.headers.get("accept", "")
        address = f"login {request.client.host if request.client else '?'}"
        if wait := rates.wait(address, _TRIES_PER_MINUTE):
            if wants_page:
                return page.filled(429, said=f"Too many tries; wait {wait:.0f} seconds.")
            raise too_many(wait)
        form = await form_of(request, _LONGEST_FORM)
        cookie = await run_in_threadpool(visitors.log_in, form.get("password", "").strip())
        if cookie is None:
            if wants_page:
                return page.filled(400, said="That is none of this server's keys, or one that is meant for web pages.")
            raise ProblemError(400, "Wrong key", "password: none of this server's keys that may ask")
        response: Response = RedirectResponse("/", 303) if wants_page else JSONResponse({"success": True})
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, cookie, httponly=True, samesite="lax", secure=secure, path="/")
        return response

    @router.post("/logout")
    async def log_out(request: Request) -> Response:
        visitors.log_out(request.headers)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE)
        return response

    return router
