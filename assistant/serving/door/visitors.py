"""Who asks: the key of a request or the login of a browser, what it may do, and what it may see.

What is not here: how keys are kept (store/keys.py), and which route needs what (the routes say it).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from assistant.assistant import Assistant
from assistant.errors import AccessError
from assistant.serving.door.security import key_fits, of_this_page
from assistant.settings import Settings
from assistant.store.keys import Key, KeyStore, Scope

COOKIE = "assistant_session"
_SESSION_SECONDS = 12 * 3600
_SESSIONS = 10_000
_EVERYTHING = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever sent a request.

    Attributes:
        id: Of the key; limits count by it, the audit log names it.
        name: For people.
        access: Labels of the documents that the visitor may see besides those without labels; None for all.
        per_minute: Requests in a minute; None for any number.
        in_page: Whether the key stands in a web page, where everybody can read it.
        by_key: Whether the request itself carries a key; otherwise a browser was let in before.
    """

    id: str
    name: str
    scopes: frozenset[Scope] = _EVERYTHING
    access: frozenset[str] | None = None
    per_minute: int | None = None
    in_page: bool = False
    by_key: bool = True

    @property
    def is_known(self) -> bool:
        """False for whoever sits at the machine of a server without keys."""
        return self.id != OWNER.id

    def may(self, scope: Scope) -> bool:
        """True where the visitor has that scope."""
        return scope in self.scopes

    def sees(self, assistant: Assistant) -> Assistant:
        """The assistant as far as this visitor may see its documents."""
        return assistant if self.access is None else assistant.seeing(self.access)


OWNER = Visitor("owner", "owner", by_key=False)
"""Whoever sits at the machine of a server without keys."""


class Visitors:
    """Tells who sent a request, by the keys of the settings, those that were made, and logins.

    Args:
        settings: The keys that may do everything, and the index folder with the others.
    """

    def __init__(self, settings: Settings) -> None:
        self._keys = settings.api_keys
        self._store = KeyStore(settings.index_dir)
        self._sessions: OrderedDict[str, tuple[Visitor, float]] = OrderedDict()
        self._guard = threading.Lock()

    @property
    def needed(self) -> bool:
        """Whether a key is needed at all."""
        return bool(self._keys) or self._store.exist()

    def of(self, headers: Headers) -> Visitor | None:
        """The visitor who sent a request with such headers; None where it has no good key and no login.

        Raises:
            AccessError: The key is good and the page that sends it is not one of its own.
        """
        if not self.needed:
            return OWNER
        kind, _, offered = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self._of_key(offered.strip(), headers)
        return self.of_session(headers)

    def of_session(self, headers: Headers) -> Visitor | None:
        """The visitor who logged in with a browser."""
        if not self.needed:
            return OWNER
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        with self._guard:
            visitor, ends = self._sessions.get(cookie, (None, 0.0))
            if visitor is None or ends < time.monotonic():
                self._sessions.pop(cookie, None)
                return None
        return visitor if visitor.id.startswith("settings-") or self._store.by_id(visitor.id) else None

    def log_in(self, secret: str) -> str | None:
        """A new session's cookie for whoever knows a key that may ask and is not meant for web pages; else None."""
        visitor = self._of_settings(secret, by_key=False)
        if visitor is None and (key := self._store.find(secret)) and not key.origins and Scope.ASK in key.scopes:
            visitor = _visitor(key, by_key=False)
        if visitor is None:
            return None
        cookie = secrets.token_urlsafe(32)
        with self._guard:
            self._sessions[cookie] = (visitor, time.monotonic() + _SESSION_SECONDS)
            while len(self._sessions) > _SESSIONS:
                self._sessions.popitem(last=False)
        return cookie

    def log_out(self, headers: Headers) -> None:
        """Ends the session of a browser."""
        with self._guard:
            self._sessions.pop(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""), None)

    def origins(self) -> Sequence[str]:
        """The origins that good keys are bound to."""
        return sorted({each for key in self._store.all() if key.revoked is None for each in key.origins})

    def _of_key(self, offered: str, headers: Headers) -> Visitor | None:
        if visitor := self._of_settings(offered, by_key=True):
            return visitor
        key = self._store.find(offered)
        if key is None:
            return None
        if key.origins and not _from(key.origins, headers):
            raise AccessError(
                f"the key {key.name!r} is bound to pages of {', '.join(key.origins)}; make another for other pages, or "
                "one without origins for programs"
            )
        return _visitor(key, by_key=True)

    def _of_settings(self, offered: str, *, by_key: bool) -> Visitor | None:
        if not self._keys or not key_fits(offered, self._keys):
            return None
        # By a digest, so that the audit log tells keys of the settings apart and holds none of them.
        tag = hmac.new(b"settings", offered.encode(), hashlib.sha256).hexdigest()[:8]
        return Visitor(f"settings-{tag}", f"key {tag} of the settings", by_key=by_key)


def _visitor(key: Key, *, by_key: bool) -> Visitor:
    return Visitor(key.id, key.name, key.scopes, key.access, key.per_minute, bool(key.origins), by_key)


def _from(origins: Sequence[str], headers: Headers) -> bool:
    """True where a request comes from a page of one of these origins, or of the server's own that is framed there."""
    sent = headers.get("origin", "").lower()
    own = bool(sent) and urlsplit(sent).netloc == headers.get("host", "").lower() and of_this_page(headers)
    return sent in origins or own
