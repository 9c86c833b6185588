"""One writer at a time: a lock on the index folder that a crash of its holder releases by itself."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assistant.errors import IndexingError


@contextmanager
def writer_lock(index_dir: Path) -> Iterator[None]:
    """Holds the right to write to an index.

    Raises:
        IndexingError: Another process holds it, or the folder can't be written.
    """
    file = index_dir / "writer.lock"
    try:
        index_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise IndexingError(
            f"{index_dir} can't be written ({error.strerror}); make it writable or choose another with --index"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            raise IndexingError(
                f"{index_dir} is being written by another process (pid {holder}); run again when it is done"
            ) from error
        with suppress(OSError):  # the number is for the message above; a full disk is told where it hurts
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
