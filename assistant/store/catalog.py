"""The catalog: documents, sentences, chunks and versions as SQLite rows.

`read()` gives a snapshot that stays the same whatever is published meanwhile; `write()` is one transaction that
becomes visible as a whole or not at all; `limited()` is the same catalog for who may not see all of it. What is not
here: how a state is read (reading.py, limited.py), what can be asked of it (snapshot.py, history.py), what is changed
(writer.py), vectors (vectors.py), who may write (lock.py).
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from weakref import WeakValueDictionary

from assistant.errors import IndexingError, IndexMissingError
from assistant.store.limited import LimitedCatalog
from assistant.store.reading import CatalogReader, connect, trouble
from assistant.store.writer import Writer

SCHEMA = 3


class Catalog(CatalogReader):
    """The catalog's file, for who may see all of it. Readers share a few connections; writing opens its own.

    Attributes:
        outdated: An older release wrote it: nothing can be read but `meta`, and whoever writes begins with `renew`.

    Raises:
        IndexMissingError: The file does not exist and `create` is false.
        IndexingError: The file can't be opened, or was written by another release of the assistant.
    """

    def __init__(self, file: Path, *, create: bool = False) -> None:
        if not file.is_file() and not create:
            raise IndexMissingError(f"no index in {file.parent}; run `assistant index` first")
        super().__init__(file)
        self._unpublished: sqlite3.Connection | None = None
        self._limited: WeakValueDictionary[frozenset[str], LimitedCatalog] = WeakValueDictionary()
        try:
            if create:
                file.parent.mkdir(parents=True, exist_ok=True)
                self._create()
            with self.read() as snapshot:
                schema = snapshot.meta("schema")
        except (OSError, sqlite3.Error) as error:
            raise trouble(file, error) from error
        self.outdated = (schema or "").isdecimal() and int(schema or 0) < SCHEMA
        if self.outdated and not create:
            raise IndexingError(
                f"{file} was written by an older release (schema {schema}); run `assistant index`, which builds it anew"
            )
        if schema != str(SCHEMA) and not self.outdated:
            raise IndexingError(
                f"{file} was written by another release (schema {schema}); remove {file.parent} and index again"
            )

    def limited(self, labels: frozenset[str]) -> LimitedCatalog:
        """What a reader of those labels sees of it; while one of those labels is in use, the same one."""
        with self._guard:
            limited = self._limited.get(labels)
            if limited is None:
                limited = self._limited[labels] = LimitedCatalog(self.file, labels)
            return limited

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """One transaction: committed at the end of the block, rolled back if it raises.

        Raises:
            IndexingError: The disk is full, the folder read-only, or another process writes.
        """
        try:
            connection = connect(self.file)
        except sqlite3.Error as error:
            raise trouble(self.file, error) from error
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
            raise trouble(self.file, error) from error
        finally:
            connection.close()

    @contextmanager
    def seen_by(self, writer: Writer) -> Iterator[None]:
        """Inside, readers of this object see what the writer has written, though it is not published yet.

        In whatever thread they are: SQLite lets them take turns at the writer's connection.
        """
        self._unpublished = writer.connection
        try:
            yield
        finally:
            self._unpublished = None

    def renew(self, writer: Writer) -> None:
        """Makes an empty catalog of this release's kind out of one that an older release wrote.

        Nothing of it is seen before the writer's transaction commits. Versions count on, and the index keeps its name.
        """
        db = writer.connection
        index, number = writer.meta("index"), writer.number
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        virtual = f"{tables} AND sql LIKE 'CREATE VIRTUAL%' ORDER BY name DESC"  # terms, which reads keywords, first
        for query in (virtual, tables):  # the tables that a virtual one keeps go with it
            for (name,) in db.execute(query).fetchall():
                db.execute(f"DROP TABLE IF EXISTS {name}")
        _fill(db, index or uuid.uuid4().hex[:12])
        db.execute("INSERT INTO sqlite_sequence VALUES ('versions', ?)", (number - 1,))
        self.outdated = False

    def erase(self) -> None:
        """Leaves nothing in any file of the catalog of what was deleted from its tables.

        Raises:
            IndexingError: Somebody goes on reading what was deleted, or there is no room for a second catalog.
        """
        self.close()
        try:
            connection = connect(self.file)
            try:
                connection.execute("INSERT INTO keywords (keywords) VALUES ('rebuild')")
                connection.execute("VACUUM")
                read_by_others = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise trouble(self.file, error) from error
        if read_by_others:
            raise IndexingError(
                f"what was deleted still stands in {self.file}-wal, since another process reads it; stop that one and"
                " run `assistant index`, which erases it"
            )

    def close(self) -> None:
        """Closes the idle connections, of limited readers too; one that is reading goes on, the next one opens anew."""
        super().close()
        with self._guard:
            limited = list(self._limited.values())
        for each in limited:
            each.close()

    def _reading(self) -> sqlite3.Connection | None:
        return super()._reading() or self._unpublished

    def _create(self) -> None:
        connection = connect(self.file)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                _fill(connection, uuid.uuid4().hex[:12])
            connection.execute("COMMIT")
        finally:
            connection.close()


def _fill(connection: sqlite3.Connection, index: str) -> None:
    """Makes the tables of an empty catalog."""
    for statement in _statements():
        connection.execute(statement)
    connection.executemany("INSERT INTO meta VALUES (?, ?)", [("schema", str(SCHEMA)), ("index", index)])


def _statements() -> Iterator[str]:
    """The statements of schema.sql; a script would commit behind our transaction's back."""
    statement = ""
    for line in files("assistant.store").joinpath("schema.sql").read_text("utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
