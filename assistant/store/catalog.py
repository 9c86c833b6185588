"""The catalog: documents, sentences, chunks and versions as SQLite rows.

`read()` gives a snapshot that stays the same whatever is published meanwhile; `write()` is one
transaction that becomes visible as a whole or not at all. What is not here: what can be asked of a
snapshot (snapshot.py), vectors (vectors.py), what a keyword row holds (keywords.py), who may write (lock.py).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from assistant.errors import IndexingError, IndexMissingError
from assistant.store.keywords import keyword_row
from assistant.store.snapshot import Snapshot, Version
from assistant.types import Chunk, Document, Sentence

SCHEMA = 1


class Writer(Snapshot):
    """Changes the catalog inside one transaction; nobody else sees any of it before the commit."""

    def remove(self, path: str) -> None:
        """Forgets a file: its document with sentences, chunks and keyword rows, or that it was skipped."""
        self._db.execute(
            "DELETE FROM keywords WHERE rowid IN (SELECT c.number FROM chunks c JOIN documents d"
            " ON d.number = c.document WHERE d.path = ?)",
            (path,),
        )
        self._db.execute("DELETE FROM documents WHERE path = ?", (path,))
        self._db.execute("DELETE FROM skipped WHERE path = ?", (path,))

    def add(
        self,
        document: Document,
        sentences: Sequence[Sentence],
        chunks: Sequence[tuple[Chunk, Sequence[str]]],
        *,
        size: int,
        mtime_ns: int,
    ) -> None:
        """Adds a document; each chunk comes with the ids of its vectors."""
        details = {
            "tags": document.tags,
            "sources": [asdict(s) for s in document.sources],
            "pages": document.pages,
            "blocks": [(b.start, b.end, b.kind, b.level) for b in document.blocks],
        }
        number = self._db.execute(
            "INSERT INTO documents (document_id, path, title, date, url, language, sha256, size, mtime_ns, details,"
            " text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (document.id, document.path, document.title, document.date, document.url, document.language,
             document.sha256, size, mtime_ns, json.dumps(details, ensure_ascii=False), document.text),
        ).lastrowid  # fmt: skip
        self._db.executemany(
            "INSERT INTO sentences VALUES (?, ?, ?, ?, ?)",
            [(number, s.start, s.end, s.kind, s.section) for s in sentences],
        )
        for ordinal, (chunk, vector_ids) in enumerate(chunks):
            row = self._db.execute(
                "INSERT INTO chunks (document, ordinal, start, end, section, headings) VALUES (?, ?, ?, ?, ?, ?)",
                (number, ordinal, chunk.start, chunk.end, chunk.section, json.dumps(chunk.headings)),
            ).lastrowid
            self._db.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", [(row, v) for v in vector_ids])
            keywords = keyword_row(document.title, chunk.headings, document.text[chunk.start : chunk.end])
            self._db.execute(
                "INSERT INTO keywords (rowid, title, headings, text) VALUES (?, ?, ?, ?)", (row, *keywords)
            )

    def skip(self, path: str, reason: str, *, size: int, mtime_ns: int) -> None:
        """Records that a file did not become a document."""
        self._db.execute("INSERT OR REPLACE INTO skipped VALUES (?, ?, ?, ?)", (path, reason, size, mtime_ns))

    def touch(self, path: str, *, size: int, mtime_ns: int) -> None:
        """Records a new time stamp of a file whose content stayed the same."""
        self._db.execute("UPDATE documents SET size = ?, mtime_ns = ? WHERE path = ?", (size, mtime_ns, path))

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Records facts of the whole index."""
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))

    def publish(self, *, added: int, updated: int, deleted: int) -> Version:
        """Makes what was written the version that readers see, once the transaction commits.

        The name holds a digest of the documents and the embedder: equal names, equal answers.
        """
        digest = hashlib.sha256((self.meta("embedder") or "").encode())
        for row in self._db.execute("SELECT path, sha256 FROM documents ORDER BY path"):
            digest.update("\0".join(row).encode())
        last = self.version()
        name = f"{(last.number if last else 0) + 1:04d}-{digest.hexdigest()[:10]}"
        self._db.execute(
            "INSERT INTO versions (name, created, added, updated, deleted, documents, chunks)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (name, datetime.now(UTC).isoformat(timespec="seconds"), added, updated, deleted, *self.counts()),
        )
        published = self.version()
        if published is None:
            raise IndexingError("the new version was not recorded")
        return published


class Catalog:
    """The catalog's file. Readers share a few connections; writing opens its own.

    Raises:
        IndexMissingError: The file does not exist and `create` is false.
        IndexingError: The file can't be opened, or was written by another release of the assistant.
    """

    def __init__(self, file: Path, *, create: bool = False) -> None:
        if not file.is_file() and not create:
            raise IndexMissingError(f"no index in {file.parent}; run `assistant index` first")
        self.file = file
        self._thread = threading.local()
        self._idle: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        try:
            if create:
                file.parent.mkdir(parents=True, exist_ok=True)
                self._create()
            with self.read() as snapshot:
                schema = snapshot.meta("schema")
        except (OSError, sqlite3.Error) as error:
            raise _trouble(file, error) from error
        if schema != str(SCHEMA):
            raise IndexingError(
                f"{file} was written by another release (schema {schema}); remove {file.parent} and index again"
            )

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """A snapshot: everything read through it belongs to one state; a reader inside a reader shares it.

        Raises:
            IndexingError: The file is damaged or can't be opened.
        """
        active = getattr(self._thread, "active", None)
        if active is not None:
            yield Snapshot(active)
            return
        try:
            connection = self._borrow()
        except sqlite3.Error as error:
            raise _trouble(self.file, error) from error
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # BEGIN alone fixes no state yet
            self._thread.active = connection
            yield Snapshot(connection)
        except sqlite3.Error as error:
            raise _trouble(self.file, error) from error
        finally:
            self._thread.active = None
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            with self._guard:
                self._idle.append(connection)

    def _borrow(self) -> sqlite3.Connection:
        """An idle connection, or a new one: as many as there were readers at once, whatever threads come and go."""
        with self._guard:
            if self._idle:
                return self._idle.pop()
        connection = _connect(self.file)
        connection.execute("PRAGMA query_only = 1")
        return connection

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """One transaction: committed at the end of the block, rolled back if it raises.

        Raises:
            IndexingError: The disk is full, the folder read-only, or another process writes.
        """
        try:
            connection = _connect(self.file)
        except sqlite3.Error as error:
            raise _trouble(self.file, error) from error
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Writer(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise _trouble(self.file, error) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Closes the idle connections; one that is reading goes on, and the next reader opens anew."""
        with self._guard:
            while self._idle:
                self._idle.pop().close()

    def _create(self) -> None:
        connection = _connect(self.file)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                for statement in _statements():
                    connection.execute(statement)
                connection.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA),))
                connection.execute("INSERT INTO meta VALUES ('index', ?)", (uuid.uuid4().hex[:12],))
            connection.execute("COMMIT")
        finally:
            connection.close()


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, timeout=30, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _statements() -> Iterator[str]:
    """The statements of schema.sql; a script would commit behind our transaction's back."""
    statement = ""
    for line in files("assistant.store").joinpath("schema.sql").read_text("utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _trouble(file: Path, error: Exception) -> IndexingError:
    text = str(error)
    if "full" in text:
        remedy = "free some disk space and run again; what was published before is untouched"
    elif "readonly" in text or "unable to open" in text or "Permission" in text or "Read-only" in text:
        remedy = "make the folder writable or choose another with --index"
    elif "disk I/O" in text:
        remedy = "look after the disk (is it full?) and run again; what was published before is untouched"
    elif "locked" in text:
        remedy = "another process is writing; wait for it and run again"
    else:
        remedy = f"if it persists, remove {file.parent} and index again"
    return IndexingError(f"the catalog {file} can't be used ({text}): {remedy}")
