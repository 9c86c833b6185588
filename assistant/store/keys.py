"""The keys that open the server: who made which, what each may do, and only a digest of the key itself.

A SQLite file beside the catalog, since an index can be built again and a key can't. What is not here: who sent one
(serving/door/visitors.py), and the keys of the setting `api_keys`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from assistant.errors import AccessError
from assistant.ingest.access import checked_labels
from assistant.settings import origin

KEYS = "keys.sqlite3"
WEB_PER_MINUTE = 30
"""Requests a minute of a key that stands in a web page, where it was made without a number."""
_TABLES = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    scopes TEXT NOT NULL,
    access TEXT NOT NULL,
    origins TEXT NOT NULL,
    per_minute INTEGER,
    created TEXT NOT NULL,
    revoked TEXT
);
CREATE TABLE IF NOT EXISTS pepper (value TEXT NOT NULL);
"""
_NAME = re.compile(r"[\w .@-]{1,64}")
_SECRET = re.compile(r"ca_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")


class Scope(StrEnum):
    """What a key may do."""

    ASK = "ask"
    READ = "read"
    MAINTAIN = "maintain"


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret.

    Attributes:
        id: Eight hexadecimal digits, which the key itself begins with.
        access: Labels of the documents that it may see besides those without labels; None for all.
        origins: The web pages' origins that it is bound to; none for a key that is used by programs.
        per_minute: Requests that it may make in a minute; None for any number.
        revoked: When it was, in UTC; None while it is good.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    access: frozenset[str] | None
    origins: tuple[str, ...]
    per_minute: int | None
    created: str
    revoked: str | None = None

    def to_dict(self) -> dict[str, object]:
        """The key as JSON has it; labels and scopes in the order of the alphabet."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": sorted(self.scopes),
            "access": None if self.access is None else sorted(self.access),
            "origins": list(self.origins),
            "per_minute": self.per_minute,
            "created": self.created,
            "revoked": self.revoked,
        }


class KeyStore:
    """The keys of an index folder. Every call opens the file: threads and processes need no more to share it."""

    def __init__(self, index_dir: Path) -> None:
        self.file = index_dir / KEYS

    def make(
        self,
        name: str,
        *,
        scopes: Iterable[str] = (Scope.ASK,),
        access: Iterable[str] | None = (),
        origins: Iterable[str] = (),
        per_minute: int | None = None,
    ) -> tuple[Key, str]:
        """Makes a key.

        Args:
            name: Tells people whose it is; names of keys that are good differ.
            scopes: `ask`, `read`, `maintain`.
            access: Labels of documents; None for all documents.
            origins: Where a web page that holds the key comes from; such a key may only ask.
            per_minute: Requests a minute; for a key with origins 30 if not given.

        Returns:
            The key, and its secret, which is kept nowhere.

        Raises:
            AccessError: A name, scope, label, origin or number can't be used, or the file can't be written.
        """
        name = name.strip()
        if not _NAME.fullmatch(name):
            raise AccessError(f"{name!r} can't name a key; use 1 to 64 letters, digits, spaces and . _ @ -")
        labels = None if access is None else frozenset(access)
        try:
            wanted = frozenset(Scope(scope) for scope in scopes)
            pages = tuple(dict.fromkeys(origin(each) for each in origins))
            labels = frozenset(checked_labels(labels)) if labels else labels
        except ValueError as error:
            raise AccessError(f"{error} (scopes are {', '.join(Scope)})") from error
        if not wanted:
            raise AccessError(f"a key without a scope opens nothing; give it some of {', '.join(Scope)}")
        if pages and wanted != {Scope.ASK}:
            raise AccessError(
                "a key that stands in a web page can be read by everybody: it may only have the scope ask"
            )
        if per_minute is not None and per_minute < 1:
            raise AccessError(f"{per_minute} requests a minute can't be; give 1 or more")
        if pages and per_minute is None:
            per_minute = WEB_PER_MINUTE
        key = Key(secrets.token_hex(4), name, wanted, labels, pages, per_minute, _now())
        secret = f"ca_{key.id}_{secrets.token_urlsafe(32)}"
        with self._open(create=True) as db:
            db.execute("BEGIN IMMEDIATE")
            if db.execute("SELECT 1 FROM keys WHERE name = ? AND revoked IS NULL", (name,)).fetchone():
                raise AccessError(f"there is a key of the name {name!r}; revoke it first, or choose another name")
            row = (key.id, name, _digest(secret), " ".join(sorted(wanted)), _pack(labels), " ".join(pages), per_minute)
            db.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", (*row, key.created))
        return key, secret

    def revoke(self, id_or_name: str) -> Key:
        """Makes a key useless from its next request on.

        Raises:
            AccessError: No good key has that id or name, or the file can't be written.
        """
        good = [key for key in self.all() if key.revoked is None and id_or_name in (key.id, key.name)]
        if not good:
            raise AccessError(f"no good key has the id or name {id_or_name!r}; `assistant keys list` names them")
        with self._open(create=True) as db:
            db.execute("UPDATE keys SET revoked = ? WHERE id = ?", (_now(), good[0].id))
        return next(key for key in self.all() if key.id == good[0].id)

    def all(self) -> list[Key]:
        """Every key that was ever made, oldest first, revoked ones included.

        Raises:
            AccessError: The file is damaged.
        """
        with self._open() as db:
            return [_key(row) for row in db.execute("SELECT * FROM keys ORDER BY rowid")]

    def find(self, secret: str) -> Key | None:
        """The good key that `secret` is, or None.

        Raises:
            AccessError: The file is damaged.
        """
        match = _SECRET.fullmatch(secret)
        if match is None:
            return None
        with self._open() as db:
            row = db.execute("SELECT * FROM keys WHERE id = ?", (match[1],)).fetchone()
        if row is None or row["revoked"] or not hmac.compare_digest(row["digest"], _digest(secret)):
            return None
        return _key(row)

    def by_id(self, key_id: str) -> Key | None:
        """The good key of an id, or None: who logged in with one that was revoked since is out."""
        with self._open() as db:
            row = db.execute("SELECT * FROM keys WHERE id = ? AND revoked IS NULL", (key_id,)).fetchone()
        return None if row is None else _key(row)

    def exist(self) -> bool:
        """Whether any key was ever made: revoking the last one must not open the server to everybody."""
        if not self.file.exists():  # asked for every request; without keys it costs no database
            return False
        with self._open() as db:
            return db.execute("SELECT 1 FROM keys LIMIT 1").fetchone() is not None

    def pepper(self) -> bytes:
        """A secret of this folder, by which digests of questions can be compared and not guessed."""
        with self._open(create=True) as db:
            db.execute("BEGIN IMMEDIATE")
            row = db.execute("SELECT value FROM pepper").fetchone()
            if row is None:
                row = (secrets.token_hex(32),)
                db.execute("INSERT INTO pepper VALUES (?)", row)
        return bytes.fromhex(row[0])

    @contextmanager
    def _open(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        """An open file; with nothing to read an empty one in memory."""
        there = create or self.file.exists()
        try:
            if create and not self.file.exists():
                self.file.parent.mkdir(parents=True, exist_ok=True)
                self.file.touch(mode=0o600)
            with closing(sqlite3.connect(self.file if there else ":memory:", isolation_level=None, timeout=30)) as db:
                db.row_factory = sqlite3.Row
                if create or not there:
                    db.executescript(_TABLES)
                yield db
                if db.in_transaction:
                    db.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            raise AccessError(
                f"the keys in {self.file} can't be read or written ({error}): make the folder writable; a damaged file"
                " has to be removed, and its keys made anew"
            ) from error


def _digest(secret: str) -> str:
    # The secret has 256 random bits: nobody guesses it from a fast digest either, and every request needs one.
    return hashlib.sha256(secret.encode()).hexdigest()


def _pack(labels: frozenset[str] | None) -> str:
    return "*" if labels is None else " ".join(sorted(labels))


def _key(row: sqlite3.Row) -> Key:
    return Key(
        id=row["id"],
        name=row["name"],
        scopes=frozenset(Scope(scope) for scope in row["scopes"].split()),
        access=None if row["access"] == "*" else frozenset(row["access"].split()),
        origins=tuple(row["origins"].split()),
        per_minute=row["per_minute"],
        created=row["created"],
        revoked=row["revoked"],
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
