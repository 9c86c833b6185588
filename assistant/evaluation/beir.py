"""BEIR: a folder with documents, queries, and judgements of which document helps with which query.

Such a set has no answers: a case expects that one of the helpful documents is cited. Queries that are judged helpful by
none are left out, since judgements of a search don't say that there is no answer. What is not here: how such a folder
is told from others (datasets.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, Field

from assistant.errors import CaseError
from assistant.evaluation.cases import Case, Dataset, case_of
from assistant.evaluation.foreign import Bundle, file_names, rows, text_of, unique

CORPUS, QUERIES, JUDGEMENTS = "corpus.jsonl", "queries.jsonl", "qrels"


class _Row(BaseModel):
    id: str | int = Field(alias="_id")
    title: str | None = None
    text: str


def read(folder: Path) -> Bundle:
    """Takes a folder.

    Raises:
        CaseError: A file is missing or malformed, or no query has a helpful document.
    """
    texts = {str(row.id): _text(row) for _, row in rows(folder / CORPUS, _Row)}
    names = file_names(texts)
    cited: dict[str, str] = {}  # of documents with the same text, the first in the alphabet
    for document, text in texts.items():
        cited[text] = min(names[document], cited.get(text, names[document]))
    helpful, splits = _judgements(folder / JUDGEMENTS)
    cases: dict[str, Case] = {}
    lines: dict[str, int] = {}
    queries = folder / QUERIES
    for number, row in rows(queries, _Row):
        query = str(row.id)
        if query not in helpful:
            continue
        where = f"{queries}, line {number}"
        if strange := [document for document in helpful[query] if document not in names]:
            raise CaseError(f"{where}: {strange[0]!r}, judged helpful for it, is no document of {folder / CORPUS}")
        name = unique(query, cases)
        sources = dict.fromkeys(cited[texts[document]] for document in helpful[query])
        expect = {"answered": True, "sources": list(sources)}
        fields = {"id": name, "question": row.text, "expect": expect, "tags": splits[query]}
        cases[name], lines[name] = case_of(fields, where), number
    if not cases:
        raise CaseError(
            f"{folder} holds no query that a document is judged helpful for; look into {folder / JUDGEMENTS}"
        )

    def documents() -> Iterator[tuple[str, str]]:
        return ((names[document], text) for document, text in texts.items() if text)

    return Bundle(Dataset(folder.resolve().name, tuple(cases.values()), lines), queries, documents)


def _text(row: _Row) -> str:
    return "\n\n".join(part for part in (row.title, row.text) if part and part.strip())


def _judgements(folder: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """By query: the helpful documents, and the splits that say so."""
    helpful: dict[str, list[str]] = {}
    splits: dict[str, list[str]] = {}
    files = sorted(folder.glob("*.tsv"))
    if not files:
        raise CaseError(f"{folder} holds no judgements (*.tsv), and a query without them can't be marked")
    for file in files:
        for number, line in enumerate(text_of(file).splitlines(), 1):
            parts = line.split("\t")
            if not line.strip() or (number == 1 and parts[0] == "query-id"):
                continue
            try:
                query, document, score = parts
                is_helpful = float(score) > 0
            except ValueError as error:
                raise CaseError(f"{file}, line {number}: write query, document and score between tabs") from error
            if is_helpful:
                for value, kept in ((document, helpful), (file.stem, splits)):
                    if value not in kept.setdefault(query, []):
                        kept[query].append(value)
    return helpful, splits
