"""SQuAD, versions 1.1 and 2.0: questions about paragraphs of articles, with their answers or without any.

An answer's variants are the alternatives of one fact, and its article is the source. What is not here: how such a file
is told from others (datasets.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from assistant.errors import CaseError
from assistant.evaluation.cases import Case, Dataset, case_of, complaints
from assistant.evaluation.foreign import Bundle, file_names, unique


class _Answer(BaseModel):
    text: str


class _Question(BaseModel):
    id: str | int
    question: str
    answers: list[_Answer] = []
    is_impossible: bool = False  # version 1.1 has no such field, and no such question


class _Paragraph(BaseModel):
    context: str
    qas: list[_Question] = []


class _Article(BaseModel):
    title: str = "Untitled"
    paragraphs: list[_Paragraph]


class _Squad(BaseModel):
    data: list[_Article]


def read(value: object, file: Path) -> Bundle:
    """Takes what the file holds as JSON.

    Raises:
        CaseError: It is no SQuAD, or holds no question.
    """
    try:
        articles = _Squad.model_validate(value).data
    except ValidationError as error:
        raise CaseError(f"{file} is no SQuAD file: {complaints(error)}") from error
    names = file_names(article.title for article in articles)
    cases: dict[str, Case] = {}
    for article in articles:
        for question in (question for paragraph in article.paragraphs for question in paragraph.qas):
            name = unique(str(question.id), cases)
            expect = _expected(question, names[article.title])
            tags = ["answerable" if expect["answered"] else "unanswerable"]
            fields = {"id": name, "question": question.question, "expect": expect, "tags": tags}
            cases[name] = case_of(fields, f"{file}: question {name}")
    if not cases:
        raise CaseError(f"{file} holds no question")

    def documents() -> Iterator[tuple[str, str]]:
        # Articles that share a title are one document.
        paragraphs: dict[str, list[str]] = {title: [] for title in names}
        for article in articles:
            paragraphs[article.title] += [paragraph.context for paragraph in article.paragraphs]
        for title, texts in paragraphs.items():
            yield names[title], "\n\n".join([title.replace("_", " "), *texts])

    return Bundle(Dataset(file.stem, tuple(cases.values())), file, documents)


def _expected(question: _Question, source: str) -> dict[str, Any]:
    if question.is_impossible:
        return {"answered": False}
    variants = list(dict.fromkeys(answer.text.strip() for answer in question.answers if answer.text.strip()))
    return {"answered": True, "facts": [variants] if variants else [], "sources": [source]}
