"""The web component and the page that holds it, for other sites: `/widget.js` and, for an iframe, `/widget`.

What is not here: the component itself (`static/widget.js`), and what it asks (`/api/ask/stream`).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from assistant.serving.etags import is_known

_STATIC = files("assistant.serving.browser") / "static"
_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)
_NOSNIFF = {"x-content-type-options": "nosniff"}
_SECONDS_KEPT = 300
"""How long a browser uses the script without asking; a new release reaches every page within this time."""


def widget_router(frame_ancestors: Callable[[], Sequence[str]]) -> APIRouter:
    """The routes of the widget. They are public: what they give out is the same for everybody and holds no key.

    Args:
        frame_ancestors: The origins whose pages may hold `/widget` in an iframe, besides this server's own;
            asked on every request.
    """
    router = APIRouter(include_in_schema=False)
    script = (_STATIC / "widget.js").read_bytes()
    page = (_STATIC / "widget.html").read_text(encoding="utf-8")
    policy = _policy(page)
    tag = f'"{hashlib.sha256(script).hexdigest()[:32]}"'

    @router.api_route("/widget.js", methods=["GET", "HEAD"])
    def widget_script(request: Request) -> Response:
        headers = {
            **_NOSNIFF,
            "cache-control": f"public, max-age={_SECONDS_KEPT}",
            "etag": tag,
            # Any page may load it: as a script, as a module or with an integrity hash (these two need CORS).
            "access-control-allow-origin": "*",
            "cross-origin-resource-policy": "cross-origin",
        }
        if is_known(tag, request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(script, media_type="text/javascript", headers=headers)

    @router.api_route("/widget", methods=["GET", "HEAD"])
    def widget_page() -> Response:
        ancestors = " ".join(("'self'", *frame_ancestors()))
        headers = {
            **_NOSNIFF,
            "cache-control": "no-cache",  # whom the policy lets hold it may change
            "content-security-policy": f"{policy}; frame-ancestors {ancestors}",
            "cross-origin-resource-policy": "cross-origin",
        }
        return Response(page, media_type="text/html", headers=headers)

    return router


def _policy(page: str) -> str:
    """What the page may do: its own inline script and style by their hashes, the component, its questions."""
    allowed: dict[str, list[str]] = {"script": [], "style": []}
    for kind, text in _INLINE.findall(page):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        allowed[kind].append(f"'sha256-{digest}'")
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {' '.join(allowed['script'])}",
            f"style-src {' '.join(allowed['style'])}",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )
