"""The catalog: documents, sentences, chunks and versions as SQLite rows.

`read()` gives a snapshot that stays the same whatever is published meanwhile; `write()` is one
transaction that becomes visible as a whole or not at all. What is not here: vectors (vectors.py), what a
keyword row holds (keywords.py), who may write (lock.py).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from assistant.errors import DocumentError, IndexingError, IndexMissingError
from assistant.store.keywords import keyword_row
from assistant.types import Block, BlockKind, Chunk, Document, DocumentSummary, Sentence, Skipped, Source

SCHEMA = 1
_T = TypeVar("_T")
_FEW = 500  # bound parameters in one statement; SQLite's own limit is far higher


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the catalog knows of a file: enough to see that it did not change."""

    path: str
    size: int
    mtime_ns: int
    sha256: str
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A published state of the index."""

    number: int
    name: str
    created: str
    documents: int
    chunks: int


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk with what is needed to show and to judge it; `document` is the number of its row, `kind` its first sentence's."""

    number: int
    document: int
    document_id: str
    path: str
    title: str
    date: str | None
    url: str | None
    language: str
    pages: tuple[int, ...]
    ordinal: int
    start: int
    end: int
    section: int
    kind: BlockKind
    headings: tuple[str, ...]


class Snapshot:
    """Reads one state of the catalog."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def meta(self, key: str) -> str | None:
        """A recorded fact of the whole index, such as the embedder's fingerprint."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def version(self) -> Version | None:
        """The published version, or None before the first publish."""
        row = self._db.execute(
            "SELECT number, name, created, documents, chunks FROM versions ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return None if row is None else Version(*row)

    def files(self) -> dict[str, FileRecord]:
        """Every file that was read or skipped, by path."""
        rows = self._db.execute("SELECT path, size, mtime_ns, sha256, NULL FROM documents").fetchall()
        rows += self._db.execute("SELECT path, size, mtime_ns, '', reason FROM skipped").fetchall()
        return {row[0]: FileRecord(*row) for row in rows}

    def skipped(self) -> tuple[Skipped, ...]:
        """Files that did not become documents, by path."""
        return tuple(Skipped(*row) for row in self._db.execute("SELECT path, reason FROM skipped ORDER BY path"))

    def counts(self) -> tuple[int, int]:
        """Number of documents and of chunks."""
        row = self._db.execute("SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM chunks)").fetchone()
        return int(row[0]), int(row[1])

    def documents(self) -> list[DocumentSummary]:
        """All documents without their text, by path."""
        rows = self._db.execute("SELECT document_id, path, title, date, url, language FROM documents ORDER BY path")
        return [DocumentSummary(*row) for row in rows]

    def languages(self) -> dict[str, int]:
        """Number of documents in each language."""
        return dict(self._db.execute("SELECT language, count(*) FROM documents GROUP BY language").fetchall())

    def document(self, id_or_path: str) -> Document:
        """One document, whole.

        Raises:
            DocumentError: There is none of that id or path.
        """
        row = self._db.execute(
            "SELECT document_id, path, title, text, sha256, date, url, language, details FROM documents"
            " WHERE document_id = ?1 OR path = ?1",
            (id_or_path,),
        ).fetchone()
        if row is None:
            raise DocumentError(f"no document {id_or_path!r} in the index; `assistant index` reads new files")
        details = json.loads(row[8])
        return Document(
            *row[:8],
            tags=tuple(details["tags"]),
            sources=tuple(Source(**s) for s in details["sources"]),
            blocks=tuple(Block(s, e, BlockKind(k), level) for s, e, k, level in details["blocks"]),
            pages=tuple(details["pages"]),
        )

    def text(self, document: int, start: int, end: int) -> str:
        """A span of the stored text of the document with that row number."""
        row = self._db.execute(
            "SELECT substr(text, ?, ?) FROM documents WHERE number = ?", (start + 1, end - start, document)
        ).fetchone()
        return str(row[0])

    def span(self, document_id: str, start: int, end: int) -> str | None:
        """A span of a document's stored text, or None where there is no such document."""
        row = self._db.execute(
            "SELECT substr(text, ?, ?) FROM documents WHERE document_id = ?", (start + 1, end - start, document_id)
        ).fetchone()
        return None if row is None else str(row[0])

    def sentences(self, document: int, start: int, end: int) -> list[Sentence]:
        """The sentences that begin inside a span, in text order."""
        rows = self._db.execute(
            "SELECT start, end, kind, section FROM sentences WHERE document = ? AND start >= ? AND start < ?"
            " ORDER BY start",
            (document, start, end),
        )
        return [Sentence(s, e, BlockKind(kind), section) for s, e, kind, section in rows]

    def chunks(self, numbers: Iterable[int]) -> dict[int, StoredChunk]:
        """Chunks by their numbers."""
        return {
            c.number: c for part in _parts(list(numbers)) for c in self._chunks(f"c.number IN ({_marks(part)})", part)
        }

    def chunks_between(self, document: int, first: int, last: int) -> list[StoredChunk]:
        """The chunks of a document with ordinals from `first` to `last`, both included, in order."""
        return self._chunks("c.document = ? AND c.ordinal BETWEEN ? AND ? ORDER BY c.ordinal", (document, first, last))

    def chunks_in(self, document_id: str, start: int, end: int) -> list[StoredChunk]:
        """The chunks of a document that lie inside a span, in order."""
        return self._chunks(
            "d.document_id = ? AND c.start >= ? AND c.end <= ? ORDER BY c.ordinal", (document_id, start, end)
        )

    def opening(self, document: int, section: int) -> str:
        """The first sentence of a section that is not a heading; empty where there is none."""
        row = self._db.execute(
            "SELECT substr(d.text, s.start + 1, s.end - s.start) FROM documents d JOIN sentences s ON s.document ="
            " d.number WHERE d.number = ? AND s.section = ? AND s.kind != 'heading' ORDER BY s.start LIMIT 1",
            (document, section),
        ).fetchone()
        return "" if row is None else str(row[0])

    def chunks_of_vectors(self, vector_ids: Sequence[str]) -> dict[str, list[int]]:
        """Numbers of the live chunks that each vector stands for; vectors of none are left out."""
        found: dict[str, list[int]] = {}
        for part in _parts(vector_ids):
            query = f"SELECT vector_id, chunk FROM vectors WHERE vector_id IN ({_marks(part)})"
            for vector_id, chunk in self._db.execute(query, list(part)):
                found.setdefault(vector_id, []).append(chunk)
        return found

    def vectors_of_chunks(self, numbers: Sequence[int]) -> dict[int, list[str]]:
        """Ids of the vectors that stand for each chunk."""
        found: dict[int, list[str]] = {}
        for part in _parts(numbers):
            query = f"SELECT chunk, vector_id FROM vectors WHERE chunk IN ({_marks(part)})"
            for chunk, vector_id in self._db.execute(query, list(part)):
                found.setdefault(chunk, []).append(vector_id)
        return found

    def vector_ids(self) -> set[str]:
        """Ids of all live vectors."""
        return {row[0] for row in self._db.execute("SELECT DISTINCT vector_id FROM vectors")}

    def keyword_scores(self, match: str, limit: int, weights: tuple[float, float, float]) -> list[tuple[int, float]]:
        """Chunks that match an FTS5 expression, best first, with BM25 as a positive score."""
        rows = self._db.execute(
            "SELECT rowid, -bm25(keywords, ?, ?, ?) AS score FROM keywords WHERE keywords MATCH ?"
            " ORDER BY score DESC, rowid LIMIT ?",
            (*weights, match, limit),
        )
        return [(int(number), float(score)) for number, score in rows]

    def document_frequency(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many chunks each (stemmed) term stands."""
        found = dict.fromkeys(terms, 0)
        for part in _parts(terms):
            found.update(self._db.execute(f"SELECT term, doc FROM terms WHERE term IN ({_marks(part)})", list(part)))
        return found

    def _chunks(self, where: str, values: Sequence[object]) -> list[StoredChunk]:
        rows = self._db.execute(
            "SELECT c.number, c.document, d.document_id, d.path, d.title, d.date, d.url, d.language,"
            " json_extract(d.details, '$.pages'), c.ordinal, c.start, c.end, c.section,"
            " (SELECT kind FROM sentences s WHERE s.document = c.document AND s.start >= c.start LIMIT 1), c.headings"
            f" FROM chunks c JOIN documents d ON d.number = c.document WHERE {where}",
            list(values),
        )
        return [
            StoredChunk(*r[:8], tuple(json.loads(r[8])), *r[9:13], BlockKind(r[13]), tuple(json.loads(r[14])))
            for r in rows
        ]


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
        """A snapshot: everything read through it belongs to one state; a reader inside a reader shares it."""
        active = getattr(self._thread, "active", None)
        if active is not None:
            yield Snapshot(active)
            return
        connection = self._borrow()
        try:
            connection.execute("BEGIN")
            self._thread.active = connection
            try:
                yield Snapshot(connection)
            finally:
                self._thread.active = None
                connection.execute("ROLLBACK")
        finally:
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
    elif "locked" in text:
        remedy = "another process is writing; wait for it and run again"
    else:
        remedy = f"if it persists, remove {file.parent} and index again"
    return IndexingError(f"the catalog {file} can't be used ({text}): {remedy}")


def _parts(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for i in range(0, len(values), _FEW):
        yield values[i : i + _FEW]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
