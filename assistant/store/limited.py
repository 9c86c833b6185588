"""The catalog for a reader who may not see all of it.

A snapshot's connection here has temporary objects of the names of the catalog's tables, and SQLite resolves a name
to the temporary object first: whatever a query asks, it can only reach the rows of documents that the reader may see.
Counts and document frequencies are those of an index that never held the others, and the version's name tells of a
change only where the reader can see it. What is not here: where labels come from (ingest/access.py), and vectors,
which mean nothing but by the rows that name them.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from assistant.store.reading import CatalogReader
from assistant.store.snapshot import Snapshot

_SEEN = """access = '[]' OR EXISTS (SELECT 1 FROM json_each(access) label
    WHERE label.value IN (SELECT value FROM json_each(?)))"""
# Facts of the index that are the same whatever documents it holds, and say nothing of what is being written.
_FACTS = "'schema', 'index', 'embedder', 'embedder_name', 'pipeline', 'limits', 'chroma_url'"
_ROWS = {
    "documents": "number IN (SELECT number FROM temp.visible)",
    "copies": "path IN (SELECT path FROM temp.visible_copies)",
    "sentences": "document IN (SELECT number FROM temp.visible)",
    "likeness": "document IN (SELECT number FROM temp.visible)",
    "chunks": "number IN (SELECT number FROM temp.visible_chunks)",
    "vectors": "chunk IN (SELECT number FROM temp.visible_chunks)",
    "meta": f"key IN ({_FACTS})",
    "archive": "0",
    "archived_vectors": "0",
    "skipped": "0",
}


class LimitedCatalog(CatalogReader):
    """A catalog's file, for a reader who sees documents without labels and those with one of `labels`.

    What it may see is worked out when a version is first read through a connection, which takes a second for some ten
    thousand chunks, and keeps the keywords of what is seen in memory; after that, reading costs what it always does.
    A version that is reviewed before its publish is not seen.

    Args:
        file: Of the catalog; exists.
        labels: In small letters.
    """

    most_idle = 4

    def __init__(self, file: Path, labels: frozenset[str]) -> None:
        super().__init__(file)
        self.labels = labels

    def _open(self) -> sqlite3.Connection:
        connection = super()._open()
        connection.execute("PRAGMA temp_store = MEMORY")  # no file tells what was read
        return connection

    def _settle(self, connection: sqlite3.Connection) -> None:
        """Fixes the state that is read, and what of it is seen, unless the connection knows that of this version."""
        published = connection.execute("SELECT number, name FROM main.versions ORDER BY number DESC LIMIT 1").fetchone()
        built = connection.execute("SELECT 1 FROM sqlite_temp_master WHERE name = 'built'").fetchone()
        if built and connection.execute("SELECT number, name FROM temp.built").fetchall() == [published or (0, "")]:
            return
        connection.execute("PRAGMA query_only = 0")
        try:
            _forget_built(connection)
            self._build(connection)
            connection.execute("CREATE TABLE temp.built (number, name)")
            connection.execute("INSERT INTO temp.built VALUES (?, ?)", published or (0, ""))
        finally:
            connection.execute("PRAGMA query_only = 1")

    def _build(self, connection: sqlite3.Connection) -> None:
        labels = json.dumps(sorted(self.labels))
        connection.execute("CREATE TABLE temp.visible (number INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE temp.visible_copies (path TEXT PRIMARY KEY) WITHOUT ROWID")
        connection.execute("CREATE TABLE temp.visible_chunks (number INTEGER PRIMARY KEY)")
        connection.execute(f"INSERT INTO temp.visible SELECT number FROM main.documents WHERE {_SEEN}", (labels,))
        connection.execute(f"INSERT INTO temp.visible_copies SELECT path FROM main.copies WHERE {_SEEN}", (labels,))
        connection.execute(
            "INSERT INTO temp.visible_chunks SELECT number FROM main.chunks WHERE document IN temp.visible"
        )
        for table, condition in _ROWS.items():
            _shadow(connection, table, condition)
        _index_keywords(connection)
        _name_version(connection)


def _shadow(connection: sqlite3.Connection, table: str, condition: str) -> None:
    """Puts a view of some of its rows before a table of the catalog."""
    columns = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
    # How many versions came before a document tells how often others changed.
    shown = ", ".join("1 AS since" if column == "since" else f'"{column}"' for column in columns)
    connection.execute(f"CREATE TEMP VIEW {table} AS SELECT {shown} FROM main.{table} WHERE {condition}")


def _index_keywords(connection: sqlite3.Connection) -> None:
    """An index of the keywords that are seen: BM25 weighs a word by how many chunks have it."""
    (made,) = connection.execute("SELECT sql FROM main.sqlite_master WHERE name = 'keywords'").fetchone()
    columns = made[made.index("(") + 1 :]
    connection.execute(f"CREATE VIRTUAL TABLE temp.keywords USING fts5 (content = '', {columns}")
    connection.execute(
        "INSERT INTO temp.keywords (rowid, title, headings, text) SELECT rowid, title, headings, text"
        " FROM main.keywords WHERE rowid IN (SELECT number FROM temp.visible_chunks)"
    )
    connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab ('temp', 'keywords', 'row')")


def _name_version(connection: sqlite3.Connection) -> None:
    """One version, which is named for what is seen, and is as old as the newest file that is seen."""
    connection.execute("CREATE TEMP TABLE versions AS SELECT * FROM main.versions WHERE 0")
    if not connection.execute("SELECT 1 FROM main.versions").fetchone():
        return
    snapshot = Snapshot(connection)
    documents, chunks = snapshot.counts()
    (newest,) = connection.execute(
        "SELECT max(mtime_ns) FROM (SELECT mtime_ns FROM documents UNION ALL SELECT mtime_ns FROM copies)"
    ).fetchone()
    created = datetime.fromtimestamp((newest or 0) // 10**9, UTC).isoformat(timespec="seconds")
    connection.execute(
        "INSERT INTO temp.versions (number, name, created, added, updated, deleted, documents, chunks)"
        " VALUES (1, ?, ?, 0, 0, 0, ?, ?)",
        (f"seen-{snapshot.digest()}", created, documents, chunks),
    )


def _forget_built(connection: sqlite3.Connection) -> None:
    """Drops what was built for another version."""
    for table in ("terms", "keywords", "built", "versions", "visible", "visible_copies", "visible_chunks"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    for view in _ROWS:
        connection.execute(f"DROP VIEW IF EXISTS temp.{view}")
