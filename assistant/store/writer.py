"""Changes to the catalog inside one transaction: files that come and go, their archive, the publish.

Nobody else sees any of it before the commit. What is not here: the transaction (catalog.py), what a version
holds (history.py), and which files change (indexing.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from types import MappingProxyType

from assistant.errors import IndexingError
from assistant.store.history import chunk_spans, pack
from assistant.store.keywords import keyword_row
from assistant.store.likeness import bands
from assistant.store.snapshot import FileRecord, Snapshot, Version
from assistant.types import Chunk, Document, Sentence


def text_sha256(text: str) -> str:
    """What tells whether two documents have the same stored text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Writer(Snapshot):
    """Changes the catalog inside one transaction; nobody else sees any of it before the commit."""

    @property
    def number(self) -> int:
        """The number of the version that is being written."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'versions'").fetchone()
        return (int(row[0]) if row else 0) + 1

    def archive(self, record: FileRecord) -> None:
        """Keeps a document for the versions that have it, before it is removed."""
        document = self.document(record.path)
        columns = (document.id, document.path, document.title, document.text, document.sha256, document.date,
                   document.url, document.language, _details(document), json.dumps(document.access))  # fmt: skip
        packed = pack(columns, chunk_spans(self, record.path), record)
        number = self._db.execute(
            "INSERT INTO archive (path, sha256, text_sha256, since, until, record) VALUES (?, ?, ?, ?, ?, ?)",
            (record.path, record.sha256, record.text_sha256, record.since, self.number, packed),
        ).lastrowid
        self._db.execute(
            "INSERT INTO archived_vectors SELECT DISTINCT ?, v.vector_id FROM vectors v JOIN chunks c"
            " ON c.number = v.chunk JOIN documents d ON d.number = c.document WHERE d.text_sha256 = ?",
            (number, record.text_sha256),
        )

    def vectors_of(self, paths: Sequence[str]) -> set[str]:
        """Ids of the vectors of the live documents at those paths."""
        query = (
            "SELECT v.vector_id FROM vectors v JOIN chunks c ON c.number = v.chunk"
            " JOIN documents d ON d.number = c.document WHERE d.path = ?"
        )
        return {row[0] for path in paths for row in self._db.execute(query, (path,))}

    def remove(self, path: str) -> None:
        """Forgets a file: its document with sentences, chunks and keyword rows, or that it was skipped."""
        self._db.execute(
            "DELETE FROM keywords WHERE rowid IN (SELECT c.number FROM chunks c JOIN documents d"
            " ON d.number = c.document WHERE d.path = ?)",
            (path,),
        )
        for table in ("documents", "copies", "skipped"):
            self._db.execute(f"DELETE FROM {table} WHERE path = ?", (path,))

    def add(
        self,
        document: Document,
        sentences: Sequence[Sentence],
        chunks: Sequence[tuple[Chunk, Sequence[str]]],
        *,
        size: int,
        mtime_ns: int,
        since: int | None = None,
        own_access: Sequence[str] = (),
    ) -> None:
        """Adds a document; each chunk comes with the ids of its vectors.

        Args:
            since: The first version that has it, if that is not the one that is being written.
            own_access: Those of its labels that the file itself names.
        """
        number = self._insert("documents", document, size, mtime_ns, since, own_access, {"text": document.text})
        self._db.executemany(
            "INSERT INTO sentences VALUES (?, ?, ?, ?, ?)",
            [(number, s.start, s.end, s.kind, s.section) for s in sentences],
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO likeness VALUES (?, ?)", [(band, number) for band in bands(document.text)]
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

    def add_copy(
        self,
        document: Document,
        *,
        size: int,
        mtime_ns: int,
        since: int | None = None,
        own_access: Sequence[str] = (),
    ) -> None:
        """Adds a file whose stored text and labels another document has already; it is known, and not searched."""
        self._insert("copies", document, size, mtime_ns, since, own_access)

    def skip(self, path: str, reason: str, *, size: int, mtime_ns: int) -> None:
        """Records that a file did not become a document."""
        self._db.execute("INSERT OR REPLACE INTO skipped VALUES (?, ?, ?, ?)", (path, reason, size, mtime_ns))

    def touch(self, path: str, *, size: int, mtime_ns: int) -> None:
        """Records a new time stamp of a file whose content stayed the same."""
        for table in ("documents", "copies"):
            self._db.execute(f"UPDATE {table} SET size = ?, mtime_ns = ? WHERE path = ?", (size, mtime_ns, path))

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Records facts of the whole index."""
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))

    def publish(self, *, added: int, updated: int, deleted: int) -> Version:
        """Makes what was written the version that readers see, once the transaction commits.

        The name holds a digest of the documents and the embedder: equal digests, equal answers.
        """
        name = f"{self.number:04d}-{self.digest()}"
        self._db.execute(
            "INSERT INTO versions (name, created, added, updated, deleted, documents, chunks)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (name, datetime.now(UTC).isoformat(timespec="seconds"), added, updated, deleted, *self.counts()),
        )
        published = self.version()
        if published is None:
            raise IndexingError("the new version was not recorded")
        return published

    def collect(self, keep: int) -> set[str]:
        """Forgets all versions but the newest `keep`, and what only they need; returns the ids of its vectors."""
        oldest = min(version.number for version in self.versions()[-keep:])
        rows = self._db.execute(
            "SELECT vector_id FROM archived_vectors JOIN archive ON number = archived WHERE until <= ?", (oldest,)
        ).fetchall()
        self._db.execute("DELETE FROM versions WHERE number < ?", (oldest,))
        self._db.execute("DELETE FROM archive WHERE until <= ?", (oldest,))
        return {row[0] for row in rows}

    def forget(self, path: str, texts: Collection[str]) -> None:
        """Takes a file, and every other with one of those stored texts, out of the live rows and of the archive."""
        for other in {path, *(other for text in texts for other in self.same_text(text))}:
            self.remove(other)
        self._db.execute("DELETE FROM archive WHERE path = ?", (path,))
        self._db.executemany("DELETE FROM archive WHERE text_sha256 = ?", [(text,) for text in texts])

    def give_up_archived_vectors(self) -> None:
        """Lets go the vectors of older versions, which another embedder made or which are lost."""
        self._db.execute("DELETE FROM archived_vectors")

    def _insert(
        self,
        table: str,
        document: Document,
        size: int,
        mtime_ns: int,
        since: int | None,
        own_access: Sequence[str],
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> int | None:
        row = {
            "document_id": document.id,
            "path": document.path,
            "title": document.title,
            "date": document.date,
            "url": document.url,
            "language": document.language,
            "sha256": document.sha256,
            "text_sha256": text_sha256(document.text),
            "since": self.number if since is None else since,
            "size": size,
            "mtime_ns": mtime_ns,
            "access": json.dumps(document.access),
            "own_access": json.dumps(list(own_access)),
            "details": _details(document),
            **more,
        }
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        return self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values())).lastrowid


def _details(document: Document) -> str:
    """What is kept of a document beside the columns that are asked for, as JSON."""
    details = {
        "tags": document.tags,
        "sources": [asdict(s) for s in document.sources],
        "pages": document.pages,
        "blocks": [(b.start, b.end, b.kind, b.level) for b in document.blocks],
    }
    return json.dumps(details, ensure_ascii=False)
