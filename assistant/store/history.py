"""What older versions hold: which files, and each of them whole.

The live rows and the archive together tell every version that is kept. What is not here: writing the archive
(writer.py), and what is made of two versions (assistant/versions.py).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.errors import IndexingError
from assistant.store.likeness import ALIKE, likeness
from assistant.store.snapshot import FileRecord, Snapshot, Version, to_document
from assistant.types import Document, NearDuplicate

# Of many documents made from one form, only a few are compared.
_MET, _COMPARED = 60, 3


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file as an older version has it.

    Attributes:
        record: As the catalog knew the file.
        chunks: Spans of its chunks.
    """

    record: FileRecord
    document: Document
    chunks: tuple[tuple[int, int], ...]


class History:
    """The versions that one state of the catalog keeps."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._db = snapshot.connection

    def version(self, name: str) -> Version:
        """A version that is kept, by its number or its name.

        Raises:
            IndexingError: None is kept under it.
        """
        kept = self._snapshot.versions()
        for version in kept:
            if name in (version.name, str(version.number)) or (name.isdecimal() and int(name) == version.number):
                return version
        names = ", ".join(version.name for version in kept) or "none"
        raise IndexingError(f"no version {name!r} is kept; those that are: {names}")

    def files(self, version: Version) -> dict[str, str]:
        """Path and sha256 of every document of a version."""
        return dict(
            self._db.execute(
                "SELECT path, sha256 FROM documents WHERE since <= ?1 UNION ALL"
                " SELECT path, sha256 FROM copies WHERE since <= ?1 UNION ALL"
                " SELECT path, sha256 FROM archive WHERE since <= ?1 AND until > ?1",
                (version.number,),
            ).fetchall()
        )

    def archived(self, path: str, version: Version) -> ArchivedFile:
        """A file of a version that the live one does not have any more, or has otherwise."""
        row = self._db.execute(
            "SELECT text_sha256, since, record FROM archive WHERE path = ?1 AND since <= ?2 AND until > ?2",
            (path, version.number),
        ).fetchone()
        if row is None:
            raise IndexingError(f"{path} of version {version.name} is not in the archive; run `assistant doctor`")
        text_sha256, since, packed = row
        kept = json.loads(zlib.decompress(packed))
        document = to_document(kept["columns"])
        record = FileRecord(
            path,
            kept["size"],
            kept["mtime_ns"],
            document.sha256,
            text_sha256,
            since,
            access=document.access,
            own_access=tuple(kept["own_access"]),
        )
        return ArchivedFile(record, document, tuple((start, end) for start, end in kept["chunks"]))

    def texts_of(self, path: str) -> set[str]:
        """What tells the stored texts that a file has in the versions that are kept."""
        rows = self._db.execute(
            "SELECT text_sha256 FROM documents WHERE path = ?1 UNION SELECT text_sha256 FROM copies WHERE path = ?1"
            " UNION SELECT text_sha256 FROM archive WHERE path = ?1",
            (path,),
        )
        return {row[0] for row in rows}

    def files_with(self, text_sha256: str) -> set[str]:
        """Paths that have that stored text in any version that is kept."""
        rows = self._db.execute("SELECT path FROM archive WHERE text_sha256 = ?", (text_sha256,))
        return {row[0] for row in rows} | set(self._snapshot.same_text(text_sha256))

    def chunk_texts(self, path: str, version: Version) -> list[str]:
        """The texts of a file's chunks in a version, in order."""
        live = self._snapshot.files().get(path)
        if live is not None and live.skipped is None and live.since <= version.number:
            text, spans = self._snapshot.document(path).text, chunk_spans(self._snapshot, path)
        else:
            archived = self.archived(path, version)
            text, spans = archived.document.text, list(archived.chunks)
        return [text[start:end] for start, end in spans]

    def near_duplicates(self, paths: Sequence[str]) -> list[NearDuplicate]:
        """Those of the live documents that nearly say what another one does, each with the nearest."""
        found = []
        for path in paths:
            row = self._db.execute("SELECT number, text FROM documents WHERE path = ?", (path,)).fetchone()
            if row is None:  # a copy says exactly what another does
                continue
            others = self._db.execute(
                "SELECT d.path, d.text FROM (SELECT other.document FROM likeness mine JOIN likeness other"
                " ON other.band = mine.band AND other.document != mine.document WHERE mine.document = ? LIMIT ?) met"
                " JOIN documents d ON d.number = met.document GROUP BY d.number ORDER BY count(*) DESC, d.path LIMIT ?",
                (row[0], _MET, _COMPARED),
            )
            share, nearest = max(((likeness(row[1], text), other) for other, text in others), default=(0.0, ""))
            if share >= ALIKE:
                found.append(NearDuplicate(path, nearest, round(share, 3)))
        return found


def chunk_spans(snapshot: Snapshot, path: str) -> list[tuple[int, int]]:
    """The spans of the chunks of a live document, or of the one that stands for it, in order."""
    rows: list[tuple[Any, ...]] = snapshot.connection.execute(
        "SELECT start, end FROM chunks WHERE document = (SELECT number FROM documents WHERE path = ?1 UNION ALL"
        " SELECT d.number FROM copies c JOIN documents d ON d.text_sha256 = c.text_sha256 AND d.access = c.access"
        " WHERE c.path = ?1) ORDER BY ordinal",
        (path,),
    ).fetchall()
    return [(start, end) for start, end in rows]


def pack(columns: Sequence[Any], chunks: Sequence[tuple[int, int]], record: FileRecord) -> bytes:
    """The record of a file in the archive."""
    packed = {
        "columns": list(columns),
        "chunks": list(chunks),
        "size": record.size,
        "mtime_ns": record.mtime_ns,
        "own_access": record.own_access,
    }
    return zlib.compress(json.dumps(packed, ensure_ascii=False).encode("utf-8", "surrogatepass"))
