"""Plain pages of our own, without scripts: a template and its style, and the form that comes back.

What is not here: what stands on them (login.py, review.py), the chat (ui.py), and the widget's frame (widget.py).
"""

from __future__ import annotations

import html
from importlib.resources import files
from string import Template
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


class PlainPage:
    """One page: `static/NAME.html`, filled in, with `static/NAME.css` on a route of its own.

    Args:
        name: Of the two files.
        router: Gets the route of the style.
    """

    def __init__(self, name: str, router: APIRouter) -> None:
        static = files("assistant.serving.browser") / "static"
        self._template = Template((static / f"{name}.html").read_text("utf-8"))
        style = (static / f"{name}.css").read_text("utf-8")

        @router.get(f"/{name}.css")
        def css() -> Response:
            return Response(style, media_type="text/css", headers={"cache-control": "max-age=3600"})

    def filled(self, status: int = 200, parts: str = "", **texts: str) -> HTMLResponse:
        """The page.

        Args:
            status: Of the response.
            parts: HTML for the template's `$parts`; whoever makes it has escaped what is in it.
            texts: Plain texts for the template's other places.
        """
        escaped = {name: html.escape(text) for name, text in texts.items()}
        headers = {"content-security-policy": _POLICY, "cache-control": "no-store"}
        return HTMLResponse(self._template.substitute(escaped, parts=parts), status, headers)


async def form_of(request: Request, longest: int) -> dict[str, str]:
    """The fields of a form that was sent, each once; what stands after `longest` bytes is not read."""
    sent = parse_qs((await request.body())[:longest].decode("utf-8", "replace"))
    return {name: values[0] for name, values in sent.items()}
