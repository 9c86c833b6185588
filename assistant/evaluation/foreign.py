"""What the readers of other people's data sets share: rows of JSON lines, ids and file names that stand once.

What is not here: the formats (squad.py, beir.py, question_sets.py), and which of them a file has (datasets.py).
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from assistant.errors import CaseError
from assistant.evaluation.cases import Dataset, complaints

Row = TypeVar("Row", bound=BaseModel)
_LONGEST = 60  # characters of a file's name: no file system takes more than 255 bytes, and a letter may have four


@dataclass(frozen=True, slots=True)
class Bundle:
    """Cases, and the documents that come with them.

    Attributes:
        file: Where the cases stand.
        documents: File names and texts of the documents, read anew at each call; None where there are none.
        folder: Where the documents lie already; None where they don't.
    """

    dataset: Dataset
    file: Path
    documents: Callable[[], Iterator[tuple[str, str]]] | None = None
    folder: Path | None = None


def text_of(file: Path) -> str:
    """What a file of a data set holds.

    Raises:
        CaseError: It can't be read.
    """
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CaseError(f"{file} can't be read ({what}); name a data set with --cases") from error


def rows(file: Path, kind: type[Row]) -> Iterator[tuple[int, Row]]:
    """The rows of a file of JSON lines with their numbers.

    Raises:
        CaseError: The file can't be read, or a row is malformed.
    """
    for number, line in enumerate(text_of(file).split("\n"), 1):
        if line.strip():
            yield number, checked(line, kind, f"{file}, line {number}")


def checked(line: str, kind: type[Row], where: str) -> Row:
    """One row.

    Raises:
        CaseError: It is malformed; the message says where, and what is wrong.
    """
    try:
        return kind.model_validate(json.loads(line))
    except ValidationError as error:
        raise CaseError(f"{where}: {complaints(error)}") from error
    except ValueError as error:
        raise CaseError(f"{where}: not JSON ({error})") from error


def unique(name: str, taken: Container[str]) -> str:
    """An id that no case has yet."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def file_names(keys: Iterable[str]) -> dict[str, str]:
    """A file name for each title or id; no two are alike, in whatever letter case a file system may see them."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for key in dict.fromkeys(keys):
        stem = re.sub(r"[^\w-]+", "_", unicodedata.normalize("NFC", key)).strip("_")
        own = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        # Of a name that was cut, and of one that is taken, the digest tells which it is.
        if not stem or len(stem) > _LONGEST or stem.casefold() in taken:
            stem = f"{stem[:_LONGEST]}-{own[:8]}".lstrip("-")
        while stem.casefold() in taken:
            stem = f"{own[:16]}-{len(taken)}"
        taken.add(stem.casefold())
        names[key] = f"{stem}.txt"
    return names
