"""Question sets with a folder of documents: `questions.jsonl` beside `docs/`.

A row has `id, question, answers, doc_ids, answerable, history`, and where an answer has several parts `answer_groups`.
Its evidence becomes no expected quotation: another sentence of the same document may prove an answer just as well. A
long answer becomes no fact, since no answer says it in these words; there the documents are what is expected.
What is not here: how such a file is told from others (datasets.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from assistant.errors import CaseError
from assistant.evaluation.cases import Case, Dataset, case_of
from assistant.evaluation.foreign import Bundle, rows, unique

QUESTIONS, DOCUMENTS = "questions.jsonl", "docs"
_LONG = 40  # words; the longest that a set of short answers has is 25


class Row(BaseModel):
    """A question of such a set; fields that are not named here are ignored."""

    id: str | int
    question: str
    answerable: bool
    doc_ids: list[str]
    answers: list[str] = []
    answer_groups: list[list[str]] = []
    answer_type: str = ""
    history: list[Any] = []
    label: str = ""


def read(file: Path) -> Bundle:
    """Takes the file of the questions.

    Raises:
        CaseError: A row is malformed, or there is none.
    """
    cases: dict[str, Case] = {}
    lines: dict[str, int] = {}
    for number, row in rows(file, Row):
        name = unique(str(row.id), cases)
        tags = [row.label.lower() or ("answerable" if row.answerable else "unanswerable")]
        fields = {
            "id": name,
            "question": row.question,
            "history": row.history,
            "expect": _expected(row),
            "tags": [*tags, "follow-up"] if row.history else tags,
        }
        cases[name], lines[name] = case_of(fields, f"{file}, line {number}"), number
    if not cases:
        raise CaseError(f"{file} holds no question")
    folder = file.parent / DOCUMENTS
    dataset = Dataset(file.resolve().parent.name, tuple(cases.values()), lines)
    return Bundle(dataset, file, folder=folder if folder.is_dir() else None)


def _expected(row: Row) -> dict[str, Any]:
    if not row.answerable:
        return {"answered": False}
    groups = [[words for words in group if words.strip()] for group in row.answer_groups or [row.answers]]
    long = row.answer_type == "long" or any(len(words.split()) > _LONG for group in groups for words in group)
    return {"answered": True, "facts": [] if long else [g for g in groups if g], "sources": row.doc_ids}
