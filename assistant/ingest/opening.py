"""A file's bytes, taken as if somebody were changing the folder meanwhile.

Between the walk and the reading a file may become a pipe, a device or a link, and it may grow while it is read:
nothing here waits for ever or reads more than it was told. What the bytes mean is the loaders' question.
"""

from __future__ import annotations

import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path

from assistant.errors import DocumentError


def read_file(path: Path, relative_path: str, most: int) -> bytes:
    """The bytes of a regular file.

    Args:
        path: The file; not a link, the walk has followed it.
        relative_path: Names it in errors.
        most: Bytes that it may have.

    Raises:
        DocumentError: It is no regular file, can't be read, or is larger.
    """
    try:
        with _open(path, relative_path) as file:
            data = b"" if os.fstat(file.fileno()).st_size > most else file.read(most + 1)
            size = max(len(data), os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise DocumentError(
            f"{relative_path} can't be read ({error.strerror}); allow reading it, or list it in .assistantignore"
        ) from error
    if size > most:
        raise DocumentError(
            f"{relative_path} is larger than {most / 1e6:g} MB; divide it into parts, raise ASSISTANT_MAX_FILE_MB, or"
            " list it in .assistantignore"
        )
    return data


def sha256_of(path: Path, relative_path: str) -> str:
    """The hash of a regular file's content.

    Raises:
        DocumentError: It is no regular file.
        OSError: It can't be read.
    """
    with _open(path, relative_path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(path: Path, relative_path: str) -> BufferedReader:
    # Opening a pipe waits for its writer without O_NONBLOCK; a link that was put in since the walk may lead anywhere.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DocumentError(f"{relative_path} is not a regular file; remove it, or list it in .assistantignore")
    return open(descriptor, "rb")
