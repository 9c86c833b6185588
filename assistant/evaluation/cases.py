"""Cases: questions whose right answers are known, read from a JSON-lines file and checked line by line.

What is not here: how an answer is judged against them (metrics.py).
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from assistant.errors import CaseError, QuestionError
from assistant.types import Reason, Turn

_DATE = re.compile(r"\d{4}(-\d{2}){0,2}", re.ASCII)
Words = Annotated[str, Field(pattern=r"\S")]
"""Text that is not blank: a blank string stands in every answer and would prove nothing."""


def check_date(text: str) -> str:
    """Returns a date as it came, if it is a year, a month or a day as ISO 8601 writes them.

    Raises:
        ValueError: It is none; the message says how to write one.
    """
    try:
        if _DATE.fullmatch(text):
            date.fromisoformat(text + "-01" * (2 - text.count("-")))
            return text
    except ValueError:
        pass
    raise ValueError(f"{text!r} is no date; write it as YYYY, YYYY-MM or YYYY-MM-DD")


class Expectation(BaseModel):
    """What a right answer is.

    Attributes:
        answered: Whether the corpus answers the question.
        facts: Each a list of alternatives, one of which must stand in the displayed answer.
        must_not: What must not stand in it.
        sources: Paths of documents, at least one of which must be cited.
        reason: Of a refusal; None where more than one is right.
        quote_contains: What must stand in one of the quotations.
        short_answer: The accepted short answers; one must stand in the one given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    answered: bool
    facts: tuple[Annotated[tuple[Words, ...], Field(min_length=1)], ...] = ()
    must_not: tuple[Words, ...] = ()
    sources: tuple[Words, ...] = ()
    reason: Reason | None = None
    quote_contains: tuple[Words, ...] = ()
    short_answer: tuple[Words, ...] = ()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Expectation:
        if self.answered and self.reason:
            raise ValueError("an answered question has no reason; remove it or set answered to false")
        if self.answered and not (self.facts or self.sources):
            raise ValueError("an answered question needs facts or sources, or any answer would be right")
        of_answers = ("facts", "must_not", "sources", "quote_contains", "short_answer")
        if not self.answered and (given := [name for name in of_answers if getattr(self, name)]):
            raise ValueError(f"a question that is not answered has no {given[0]}; remove it or set answered to true")
        return self


class Case(BaseModel):
    """One question with what is expected of its answer.

    Attributes:
        corpus: Folder of the documents it is asked over, relative to the file of cases; empty for the corpus that
            the settings name.
        tags: Kinds of question. What a tag means for the gate stands in its rules (gate.toml).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Words
    question: Words
    history: tuple[Turn, ...] = ()
    as_of: str | None = None
    corpus: str = ""
    expect: Expectation
    tags: tuple[Words, ...] = ()
    note: str = ""

    @field_validator("history", mode="before")
    @classmethod
    def _read_turns(cls, value: object) -> object:
        if not isinstance(value, list):
            raise ValueError("write it as a list of turns, each with role and content")
        try:
            return tuple(Turn.parse(turn) for turn in value)
        except QuestionError as error:
            raise ValueError(str(error)) from error

    @field_validator("as_of")
    @classmethod
    def _is_a_date(cls, value: str | None) -> str | None:
        return value if value is None else check_date(value)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Cases under a name.

    Attributes:
        lines: Where each stands in its file, by its id; empty where cases have no lines of their own.
    """

    name: str
    cases: tuple[Case, ...]
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags, in the order in which the cases bring them up."""
        return tuple(dict.fromkeys(tag for case in self.cases for tag in case.tags))


def load_cases(path: Path) -> Dataset:
    """Reads an evaluation set.

    Raises:
        CaseError: The file is missing or empty, a line is malformed, or an id stands twice; the message
            names the file and the line.
    """
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CaseError(f"the cases {path} can't be read ({what}); name a file of cases with --cases") from error
    cases: list[Case] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        case = _read(line, f"{path}, line {number}")
        if case.id in seen:
            raise CaseError(f"{path}, line {number}: id {case.id!r} stands in line {seen[case.id]} already; rename one")
        seen[case.id] = number
        cases.append(case)
    if not cases:
        raise CaseError(f"{path} holds no case; write one JSON object a line")
    return Dataset(path.stem, tuple(cases), seen)


def case_of(value: object, where: str) -> Case:
    """Checks one case.

    Raises:
        CaseError: It is malformed; the message says where, and what is wrong.
    """
    try:
        return Case.model_validate(value)
    except ValidationError as error:
        raise CaseError(f"{where}: {complaints(error)}") from error


def complaints(error: ValidationError) -> str:
    """What is wrong with data that came from outside, field by field."""
    return "; ".join(_describe(problem) for problem in error.errors())


def _read(line: str, where: str) -> Case:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise CaseError(f"{where}: not JSON ({error.msg} at column {error.colno})") from error
    return case_of(value, where)


def _describe(problem: Any) -> str:
    place: Sequence[str | int] = problem["loc"]
    name = ".".join(str(part) for part in place)
    if problem["type"] == "extra_forbidden":
        return f"{name} is no field of a case{_hint(place)}"
    if problem["type"] == "missing":
        return f"{name} is missing"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "string_pattern_mismatch":
        message = "is blank"
    return f"{name}: {message}" if name else message


def _hint(place: Sequence[str | int]) -> str:
    fields = (Expectation if place[0] == "expect" and len(place) > 1 else Case).model_fields
    close = difflib.get_close_matches(str(place[-1]), fields, n=1)
    return f"; did you mean {close[0]}?" if close else f"; the fields are {', '.join(fields)}"
