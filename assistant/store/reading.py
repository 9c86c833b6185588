"""Reading the catalog's file: connections, and one state after the other through them.

What is not here: which rows a reader sees (catalog.py: all, limited.py: some), and what can be asked (snapshot.py).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import IndexingError
from assistant.store.snapshot import Snapshot


class CatalogReader:
    """Gives snapshots of a catalog's file. Readers share a few connections."""

    most_idle: int | None = None
    """How many connections are kept for the next readers; as many as there were at once where it is None."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._thread = threading.local()
        self._idle: list[sqlite3.Connection] = []
        self._guard = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """A snapshot: everything read through it belongs to one state; a reader inside a reader shares it.

        Raises:
            IndexingError: The file is damaged or can't be opened.
        """
        active = self._reading()
        if active is not None:
            yield Snapshot(active)
            return
        try:
            connection = self._borrow()
        except sqlite3.Error as error:
            raise trouble(self.file, error) from error
        settled = False
        try:
            connection.execute("BEGIN")
            self._settle(connection)
            settled = True
            self._thread.active = connection
            yield Snapshot(connection)
        except sqlite3.Error as error:
            raise trouble(self.file, error) from error
        finally:
            self._thread.active = None
            self._give_back(connection, usable=settled)

    def close(self) -> None:
        """Closes the idle connections; one that is reading goes on, and the next reader opens anew."""
        with self._guard:
            while self._idle:
                self._idle.pop().close()

    def _reading(self) -> sqlite3.Connection | None:
        """The connection that this thread reads through already."""
        active: sqlite3.Connection | None = getattr(self._thread, "active", None)
        return active

    def _open(self) -> sqlite3.Connection:
        """A new connection."""
        connection = connect(self.file)
        connection.execute("PRAGMA query_only = 1")
        return connection

    def _settle(self, connection: sqlite3.Connection) -> None:
        """Fixes the state that is read."""
        connection.execute("SELECT 1 FROM main.sqlite_master").fetchone()  # BEGIN alone fixes none yet

    def _borrow(self) -> sqlite3.Connection:
        """An idle connection, or a new one, whatever threads come and go."""
        with self._guard:
            if self._idle:
                return self._idle.pop()
        return self._open()

    def _give_back(self, connection: sqlite3.Connection, *, usable: bool) -> None:
        if usable and connection.in_transaction:
            connection.execute("COMMIT")  # nothing was written but what a reader keeps for itself
        with self._guard:
            if usable and (self.most_idle is None or len(self._idle) < self.most_idle):
                self._idle.append(connection)
                return
        connection.close()


def connect(file: Path) -> sqlite3.Connection:
    """A connection that begins no transaction by itself."""
    connection = sqlite3.connect(file, isolation_level=None, timeout=30, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def trouble(file: Path, error: Exception) -> IndexingError:
    """What is wrong with the catalog, in words that help."""
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
