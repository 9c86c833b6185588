"""Questions to be asked from files: a history (a JSON array), or many questions (JSON lines).

Beside what is read here a line may hold anything: the files of evaluation sets can be asked as they are.
What is not here: what is expected of the answers (cases.py).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import CaseError, QuestionError
from assistant.evaluation.cases import check_date
from assistant.types import Turn


@dataclass(frozen=True, slots=True)
class Question:
    """One line: what is asked, or why it can't be.

    Attributes:
        id: Any JSON value, given back with the answer; None where the line names none.
        problem: Says why there is nothing to ask; None where there is.
    """

    id: Any
    text: str = ""
    history: tuple[Turn, ...] = ()
    as_of: str | None = None
    problem: str | None = None


def read_history(file: Path) -> tuple[Turn, ...]:
    """The turns of a conversation; `-` reads standard input.

    Raises:
        CaseError: The file can't be read, or is no JSON array of turns; the message names it.
    """
    try:
        return _turns(json.loads(_read(file, "history").decode("utf-8-sig")))
    except (ValueError, QuestionError, RecursionError) as error:
        raise CaseError(f"the history {file} can't be used: {_why(error)}") from error


def read_questions(file: Path) -> Iterator[Question]:
    """One question for each line that is not blank, in order; `-` reads standard input.

    Raises:
        CaseError: The file can't be read. (A malformed line is a `Question` with its problem.)
    """
    # Lines end with a line feed alone: U+2028, which other readers divide at, may stand inside a JSON string.
    lines = _read(file, "question file").removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return (_question(line, number) for number, line in enumerate(lines, 1) if line.strip())


def _read(file: Path, what: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CaseError(f"the {what} {file} can't be read ({error.strerror}); check the name") from error


def _question(line: bytes, number: int) -> Question:
    key: Any = None
    try:
        value = json.loads(line.decode("utf-8"))
        if not isinstance(value, Mapping):
            raise ValueError("a line must be a JSON object with id and question")
        key = value.get("id")
        if not isinstance(value.get("question"), str):
            raise ValueError("question is missing or is not text")
        history = _turns(value.get("history") or [])
        for text in (value["question"], *(turn.content for turn in history)):
            text.encode()  # JSON can name half of a surrogate pair, which is no text
        as_of = value.get("as_of")
        if as_of is not None:
            check_date(str(as_of))
        return Question(key, value["question"], history, as_of)
    except (ValueError, QuestionError, RecursionError) as error:
        return Question(key, problem=f"line {number}: {_why(error)}")


def _turns(value: Any) -> tuple[Turn, ...]:
    if not isinstance(value, list):
        raise ValueError("the history must be a JSON array of turns, each with role and content")
    return tuple(Turn.parse(turn) for turn in value)


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON ({error.msg} at line {error.lineno} column {error.colno})"
    if isinstance(error, UnicodeError):
        return "not UTF-8"
    return str(error)
