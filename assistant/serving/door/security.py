"""Who may come in: loopback and named hosts, keys, and the headers that keep the page on this machine.

What it does not hold: routes (`server.py`) and what they answer.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Callable, Collection, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.serving.door.ways import FOR_PROGRAMS
from assistant.serving.problems import problem

_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio writes scripts and styles into its page and compiles templates in the browser.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def is_loopback(host: str) -> bool:
    """True where only programs of this machine reach `host`.

    Raises:
        OSError: The name can't be resolved.
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in found)


def key_fits(offered: str, keys: Sequence[str]) -> bool:
    """True where `offered` is one of `keys`; takes the same time whichever it is, and however much of it is right."""
    given = offered.encode()
    fits = False
    for key in keys:  # every key is compared, also after one that fits
        fits |= hmac.compare_digest(given, key.encode())
    return fits


def of_this_page(headers: Headers) -> bool:
    """True where a request comes from a page of this server or from no page at all, as far as the browser tells."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")  # all that is told over plain http from another machine
    return origin is None or urlsplit(origin).netloc == headers.get("host")


class Guard:
    """Middleware: tells the browser to fetch nothing from elsewhere, and serves only under names that it knows.

    Without keys those are this machine's own: else a web page could read the documents through a name of its own that
    it points at 127.0.0.1.

    Args:
        app: What is guarded.
        local_only: Whether only names of this machine are served, as far as `hosts` names no others.
        hosts: The names that are served besides; with none and `local_only` false, all are.
    """

    def __init__(self, app: ASGIApp, *, local_only: Callable[[], bool], hosts: Sequence[str]) -> None:
        self._app = app
        self._local_only = local_only
        self._hosts = frozenset(host.lower().rstrip(".") for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers or passes on one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        name = _host_name(Headers(scope=scope).get("host", ""))
        if self._serves(name) or scope["type"] != "http":
            await self._app(scope, receive, send_with_headers)
        else:
            said = (
                f"this server does not answer to {name}: open http://127.0.0.1, or name it in hosts (ASSISTANT_HOSTS); "
                "without keys (`assistant keys add`) only this machine's own names are served"
            )
            await problem(403, "Host not served", said, scope=scope)(scope, receive, send_with_headers)

    def _serves(self, name: str) -> bool:
        if _is_local_name(name) or name.lower().rstrip(".") in self._hosts:
            return True
        return not self._hosts and not self._local_only()


def _host_name(header: str) -> str:
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]


def _is_local_name(name: str) -> bool:
    if name.lower().rstrip(".") in ("localhost", "") or name.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Cors(CORSMiddleware):
    """Lets pages of some origins use the routes for programs; never with cookies, always with a key.

    Args:
        app: What they may use.
        origins: The origins as they are now.
    """

    def __init__(self, app: ASGIApp, origins: Callable[[], Collection[str]]) -> None:
        super().__init__(
            app,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Request-Id",
                           "Last-Event-ID", "Mcp-Session-Id", "Mcp-Protocol-Version"),
            expose_headers=("ETag", "Retry-After", "X-Request-Id", "Mcp-Session-Id"),
        )  # fmt: skip
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a browser's question whether it may, or passes a request on."""
        if scope["type"] == "http" and scope["path"].startswith(FOR_PROGRAMS):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether pages of an origin may."""
        return origin.lower() in self._origins()
