"""One embedded Chroma for many processes: they take turns, and who was overtaken opens it anew.

Chroma is made for one process a folder. What it has read of its graph stays in memory, and what it writes of it goes
into the files in place: a reader beside a writer meets half of a graph, which ends in a crash of the interpreter,
or saves its own older graph over the writer's. So every use of the folder is a turn: nobody else is at work in it,
in this process or another, and a client that was opened before the last change is opened again. A turn is as long
as one call to Chroma; a crash of its holder ends it. What is not here: what is asked of Chroma (vectors.py).
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

DATABASE = "chroma.sqlite3"
_TURN = "turn.lock"  # is locked during a turn, and names the last change


@dataclass(frozen=True, slots=True)
class _Opened:
    """A client, and the state of the folder that it knows: the database's device and inode, the last change."""

    client: ClientAPI
    state: tuple[int, int, bytes]


_opened: dict[str, _Opened] = {}  # by folder, the one opened last at the end
_MOST_OPENED = 8  # folders; one that is not among the last is opened anew, and gives its memory back until then


@contextmanager
def turn(folder: Path, *, changes: bool = False) -> Iterator[ClientAPI]:
    """A client that knows the folder as it is, and the right to work with it.

    Not to be taken inside another turn on the same folder.

    Args:
        folder: Where Chroma keeps its files; made if missing.
        changes: Whether something will be written, so that every other process opens the folder anew.

    Raises:
        OSError: The folder can't be used. Opening Chroma raises Chroma's own errors.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _TURN, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        client = _current(folder, descriptor)
        if changes:  # noted before the change: one that is killed half way has changed something as well
            os.pwrite(descriptor, uuid.uuid4().hex.encode(), 0)
            _opened[str(folder)] = _Opened(client, _state(folder, descriptor))
        yield client
    finally:
        os.close(descriptor)


def _current(folder: Path, descriptor: int) -> ClientAPI:
    known = _opened.get(str(folder))
    if known is None or known.state != _state(folder, descriptor):
        client = _open(folder)
        known = _Opened(client, _state(folder, descriptor))
        _opened.pop(str(folder), None)
        _opened[str(folder)] = known
        for oldest in list(_opened)[:-_MOST_OPENED]:
            _opened.pop(oldest, None)
    return known.client


def _open(folder: Path) -> ClientAPI:
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings as ChromaSettings

    # Chroma's own cache would serve a folder from what was opened before, even where that failed.
    SharedSystemClient.clear_system_cache()
    return chromadb.PersistentClient(path=str(folder), settings=ChromaSettings(anonymized_telemetry=False))


def _state(folder: Path, descriptor: int) -> tuple[int, int, bytes]:
    change = os.pread(descriptor, 32, 0)
    try:
        status = (folder / DATABASE).stat()
    except FileNotFoundError:
        return (0, 0, change)
    return (status.st_dev, status.st_ino, change)
