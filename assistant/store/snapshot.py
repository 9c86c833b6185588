"""One state of the catalog, read: files, documents, sentences, chunks, keyword matches, the version.

A snapshot answers from the state that it was opened at, whatever is published meanwhile. What is not here:
opening one, and changing anything (catalog.py).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from assistant.errors import DocumentError
from assistant.store.parts import in_parts
from assistant.types import Block, BlockKind, Document, DocumentSummary, Sentence, Skipped, Source

_VERSION = "number, name, created, added, updated, deleted, documents, chunks"
_FEW = 500  # bound parameters in one statement; SQLite's own limit is far higher


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the catalog knows of a file: enough to see that it did not change.

    Attributes:
        since: Number of the first version that has it with this content.
        is_copy: Whether another file stands for it in the search, having the same stored text.
        skipped: Why it is no document; None where it is one.
        access: Labels of the document, sorted.
        own_access: Those of them that the file itself names.
    """

    path: str
    size: int
    mtime_ns: int
    sha256: str
    text_sha256: str = ""
    since: int = 0
    is_copy: bool = False
    skipped: str | None = None
    access: tuple[str, ...] = ()
    own_access: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """A published state of the index, and what it changed of the one before."""

    number: int
    name: str
    created: str
    added: int
    updated: int
    deleted: int
    documents: int
    chunks: int


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk with what is needed to show and to judge it.

    Attributes:
        document: The number of its document's row.
        kind: Of its first sentence.
    """

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
    """Reads one state of the catalog, through `connection`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = self._db = connection
        self._of_documents: dict[int, dict[str, Any]] = {}  # nothing changes under a snapshot

    def meta(self, key: str) -> str | None:
        """A recorded fact of the whole index, such as the embedder's fingerprint."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def version(self) -> Version | None:
        """The published version, or None before the first publish."""
        row = self._db.execute(f"SELECT {_VERSION} FROM versions ORDER BY number DESC LIMIT 1").fetchone()
        return None if row is None else Version(*row)

    def versions(self) -> list[Version]:
        """The versions that are kept, oldest first; the last one is published."""
        return [Version(*row) for row in self._db.execute(f"SELECT {_VERSION} FROM versions ORDER BY number")]

    def files(self) -> dict[str, FileRecord]:
        """Every file that was read or skipped, by path."""
        query = "SELECT path, size, mtime_ns, sha256, text_sha256, since, {}, NULL, access, own_access FROM {}"
        rows = self._db.execute(query.format(0, "documents")).fetchall()
        rows += self._db.execute(query.format(1, "copies")).fetchall()
        rows += self._db.execute(
            "SELECT path, size, mtime_ns, '', '', 0, 0, reason, '[]', '[]' FROM skipped"
        ).fetchall()
        known = [(*row[:8], tuple(json.loads(row[8])), tuple(json.loads(row[9]))) for row in rows]
        return {row[0]: FileRecord(*row) for row in known}

    def skipped(self) -> tuple[Skipped, ...]:
        """Files that did not become documents, by path."""
        return tuple(Skipped(*row) for row in self._db.execute("SELECT path, reason FROM skipped ORDER BY path"))

    def digest(self) -> str:
        """Of the documents and the embedder: equal digests, equal answers."""
        digest = hashlib.sha256((self.meta("embedder") or "").encode())
        for row in self._db.execute(
            "SELECT path, sha256 FROM documents UNION ALL SELECT path, sha256 FROM copies ORDER BY path"
        ):
            digest.update("\0".join(row).encode())
        return digest.hexdigest()[:10]

    def counts(self) -> tuple[int, int]:
        """Number of documents, copies included, and of chunks."""
        row = self._db.execute(
            "SELECT (SELECT count(*) FROM documents) + (SELECT count(*) FROM copies), (SELECT count(*) FROM chunks)"
        ).fetchone()
        return int(row[0]), int(row[1])

    def documents(self) -> list[DocumentSummary]:
        """All documents without their text, copies included, by path."""
        rows = self._db.execute(
            "SELECT document_id, path, title, date, url, language FROM documents UNION ALL"
            " SELECT document_id, path, title, date, url, language FROM copies ORDER BY path"
        )
        return [DocumentSummary(*row) for row in rows]

    def languages(self) -> dict[str, int]:
        """Number of documents in each language."""
        return dict(self._db.execute("SELECT language, count(*) FROM documents GROUP BY language").fetchall())

    def document(self, id_or_path: str) -> Document:
        """One document, whole.

        Raises:
            DocumentError: There is none of that id or path.
        """
        try:
            row = self._db.execute(
                "SELECT document_id, path, title, text, sha256, date, url, language, details, access, text_sha256"
                " FROM documents WHERE document_id = ?1 OR path = ?1"
                " UNION ALL SELECT c.document_id, c.path, c.title, d.text, c.sha256, c.date, c.url, c.language,"
                " c.details, c.access, c.text_sha256 FROM copies c JOIN documents d"
                " ON d.text_sha256 = c.text_sha256 AND d.access = c.access WHERE c.document_id = ?1 OR c.path = ?1",
                (id_or_path,),
            ).fetchone()
        except UnicodeEncodeError:  # a lone surrogate: bytes on a command line that are no text name nothing
            row = None
        if row is None:
            raise DocumentError(f"no document {id_or_path!r} in the index; `assistant index` reads new files")
        *columns, text_sha256 = row
        copies = tuple(other for other in self.same_text(text_sha256) if other != columns[1])
        return replace(to_document(columns), copies=copies)

    def same_text(self, text_sha256: str) -> list[str]:
        """Paths of the documents with that stored text; of those with the same labels the first is searched."""
        rows = self._db.execute(
            "SELECT path FROM documents WHERE text_sha256 = ?1 UNION ALL SELECT path FROM copies"
            " WHERE text_sha256 = ?1 ORDER BY path",
            (text_sha256,),
        )
        return [str(row[0]) for row in rows]

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

    def sentence_before(self, document_id: str, start: int) -> Sentence | None:
        """The sentence before the one that begins at `start`, in its section; None where that one is the first."""
        rows = self._db.execute(
            "SELECT s.start, s.end, s.kind, s.section FROM sentences s JOIN documents d ON d.number = s.document"
            " WHERE d.document_id = ? AND s.start <= ? ORDER BY s.start DESC LIMIT 2",
            (document_id, start),
        ).fetchall()
        if len(rows) < 2 or rows[0][3] != rows[1][3] or rows[1][2] == BlockKind.HEADING:
            return None
        return Sentence(rows[1][0], rows[1][1], BlockKind(rows[1][2]), rows[1][3])

    def chunks(self, numbers: Iterable[int]) -> dict[int, StoredChunk]:
        """Chunks by their numbers."""
        return {
            c.number: c
            for part in in_parts(list(numbers), _FEW)
            for c in self._chunks(f"c.number IN ({_marks(part)})", part)
        }

    def chunks_between(self, document: int, first: int, last: int) -> list[StoredChunk]:
        """The chunks of a document with ordinals from `first` to `last`, both included, in order."""
        return self._chunks("c.document = ? AND c.ordinal BETWEEN ? AND ? ORDER BY c.ordinal", (document, first, last))

    def chunks_in(self, document_id: str, start: int, end: int) -> list[StoredChunk]:
        """The chunks of a document that lie inside a span, in order."""
        return self._chunks(
            "c.document = (SELECT number FROM documents WHERE document_id = ?) AND c.start >= ? AND c.end <= ?"
            " ORDER BY c.ordinal",
            (document_id, start, end),
        )

    def stems_of(self, numbers: Sequence[int]) -> dict[int, frozenset[str]]:
        """The stems of each chunk's title, headings and text, as the index's own keyword rows keep them."""
        return {
            number: frozenset(words.split())
            for part in in_parts(numbers, _FEW)
            for number, words in self._db.execute(
                "SELECT rowid, title || ' ' || headings || ' ' || text FROM main.keywords"
                f" WHERE rowid IN ({_marks(part)})",
                list(part),
            )
        }

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
        for part in in_parts(vector_ids, _FEW):
            query = f"SELECT vector_id, chunk FROM vectors WHERE vector_id IN ({_marks(part)})"
            for vector_id, chunk in self._db.execute(query, list(part)):
                found.setdefault(vector_id, []).append(chunk)
        return found

    def vectors_of_chunks(self, numbers: Sequence[int]) -> dict[int, list[str]]:
        """Ids of the vectors that stand for each chunk."""
        found: dict[int, list[str]] = {}
        for part in in_parts(numbers, _FEW):
            query = f"SELECT chunk, vector_id FROM vectors WHERE chunk IN ({_marks(part)})"
            for chunk, vector_id in self._db.execute(query, list(part)):
                found.setdefault(chunk, []).append(vector_id)
        return found

    def live_vectors(self) -> list[str]:
        """Ids of the vectors that stand for a chunk."""
        return [row[0] for row in self._db.execute("SELECT DISTINCT vector_id FROM vectors")]

    def kept_vectors(self) -> set[str]:
        """Ids of all vectors that Chroma has to hold: the live ones, and those of older versions that are kept."""
        return {
            row[0]
            for row in self._db.execute("SELECT vector_id FROM vectors UNION SELECT vector_id FROM archived_vectors")
        }

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
        for part in in_parts(terms, _FEW):
            found.update(self._db.execute(f"SELECT term, doc FROM terms WHERE term IN ({_marks(part)})", list(part)))
        return found

    def _chunks(self, where: str, values: Sequence[object]) -> list[StoredChunk]:
        rows = self._db.execute(
            "SELECT c.number, c.document, c.ordinal, c.start, c.end, c.section,"
            " (SELECT kind FROM sentences s WHERE s.document = c.document AND s.start >= c.start"
            " ORDER BY s.start LIMIT 1), c.headings"
            f" FROM chunks c JOIN documents d ON d.number = c.document WHERE {where}",
            list(values),
        ).fetchall()
        self._read_documents({row[1] for row in rows})
        return [
            StoredChunk(
                number=number,
                document=document,
                ordinal=ordinal,
                start=start,
                end=end,
                section=section,
                kind=BlockKind(kind),
                headings=tuple(json.loads(headings)),
                **self._of_documents[document],
            )
            for number, document, ordinal, start, end, section, kind, headings in rows
        ]

    def _read_documents(self, numbers: Set[int]) -> None:
        """Reads what chunks tell of their documents, once for each: the pages lie in a large field."""
        names = ("document_id", "path", "title", "date", "url", "language")
        for part in in_parts(list(numbers - self._of_documents.keys()), _FEW):
            for number, pages, *told in self._db.execute(
                f"SELECT number, json_extract(details, '$.pages'), {', '.join(names)} FROM documents"
                f" WHERE number IN ({_marks(part)})",
                list(part),
            ):
                self._of_documents[number] = dict(zip(names, told, strict=True)) | {"pages": tuple(json.loads(pages))}


def to_document(columns: Sequence[Any]) -> Document:
    """A document of its columns: id, path, title, text, sha256, date, url, language, details, access."""
    document_id, path, title, text, sha256, date, url, language, packed, access = columns
    details = json.loads(packed)
    return Document(
        id=document_id,
        path=path,
        title=title,
        text=text,
        sha256=sha256,
        date=date,
        url=url,
        language=language,
        tags=tuple(details["tags"]),
        sources=tuple(Source(**s) for s in details["sources"]),
        blocks=tuple(Block(s, e, BlockKind(k), level) for s, e, k, level in details["blocks"]),
        pages=tuple(details["pages"]),
        access=tuple(json.loads(access)),
    )


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
