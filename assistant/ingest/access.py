"""Access labels: what one looks like, and the file that gives labels to paths.

`.assistantaccess` at the corpus root gives labels to files whose format can't name them itself. Nothing in it is
passed over: a line that can't be understood might be the one that keeps a document from somebody. What is not here:
the labels that a file names itself (frontmatter.py), and who sees what (store/limited.py).
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import CorpusError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

ACCESS_FILE = ".assistantaccess"
_MOST_RULES = 1_000_000  # bytes of the file
_LABEL = re.compile(r"[a-z0-9_.-]{1,64}")
_LETTER = re.compile(r"[a-z]")
_NOTHING = frozenset({"null", "none"})  # what YAML and people write for no value


def checked_labels(values: Iterable[object]) -> tuple[str, ...]:
    """Labels as they are compared and stored: in small letters, sorted, each once, at least one.

    Raises:
        ValueError: There is none, or one is no label.
    """
    labels = set()
    for value in values:
        label = value.strip().lower() if isinstance(value, str) else ""
        if not _LABEL.fullmatch(label) or not _LETTER.search(label) or label in _NOTHING:
            raise ValueError(f"{value!r} is no label: one to 64 of a-z, 0-9, `_`, `.` and `-`, a letter among them")
        labels.add(label)
    if not labels:
        raise ValueError("it names no label")
    return tuple(sorted(labels))


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The lines of `.assistantaccess`: patterns, each with its labels."""

    lines: Sequence[tuple[GitIgnoreSpec, tuple[str, ...]]] = ()

    def labels(self, relative_path: str, own: Iterable[str] = ()) -> tuple[str, ...]:
        """All labels of a file, sorted: those of every line that matches its path, and its own."""
        path = unicodedata.normalize("NFC", relative_path)
        given = (label for spec, labels in self.lines if spec.match_file(path) for label in labels)
        return tuple(sorted({*own, *given}))


def read_access_rules(folder: Path) -> AccessRules:
    """The rules of a corpus folder; none where it has no such file.

    Raises:
        CorpusError: The file can't be read, or one of its lines can't be understood.
    """
    file = folder / ACCESS_FILE
    if not os.path.lexists(file):
        return AccessRules()
    try:
        if file.stat().st_size > _MOST_RULES:
            raise CorpusError(f"{file} is larger than {_MOST_RULES // 1_000_000} MB; shorten it")
        data = file.read_bytes()
    except OSError as error:
        raise CorpusError(f"{file} can't be read ({error.strerror}); allow reading it or remove it") from error
    lines = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        try:
            if (text := unicodedata.normalize("NFC", line.decode("utf-8")).strip()) and not text.startswith("#"):
                lines.append(_rule(text))
        except ValueError as error:  # UnicodeDecodeError is one
            raise CorpusError(
                f"{file} can't be used (line {number}: {error}); mend it: `PATTERN: label, label`"
            ) from error
    return AccessRules(tuple(lines))


def _rule(line: str) -> tuple[GitIgnoreSpec, tuple[str, ...]]:
    from pathspec import GitIgnoreSpec

    pattern, colon, labels = line.rpartition(":")
    if not colon or not pattern.strip():
        raise ValueError("a pattern, a colon and labels are needed")
    spec = GitIgnoreSpec.from_lines([pattern.strip()])
    if not all(each.include for each in spec.patterns):
        raise ValueError(f"{pattern.strip()!r} matches nothing by itself")
    return spec, checked_labels(labels.split(","))
