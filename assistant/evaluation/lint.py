"""Lint: cases that measure nothing, that no answer can meet, or that say twice (or against each other) what is asked.

It reads the cases and the documents, and asks nobody: there is no index here and no model. What is not here: whether a
case is well-formed (cases.py), which questions are the same (sameness.py).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assistant.errors import DocumentError
from assistant.evaluation.cases import Case, Dataset
from assistant.evaluation.metrics import contains
from assistant.evaluation.sameness import Pair, pairs
from assistant.ingest import load_document, walk_corpus
from assistant.retrieval.dates import is_later
from assistant.types import Document

# What stands in nine of ten documents stands in nearly any answer.
_NEARLY_ALL = 0.9

Texts = Mapping[str, Document]
"""The documents of a corpus by their paths."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a case.

    Attributes:
        line: Where it stands in its file; None where cases have no lines of their own.
        problem: With what it is about.
        remedy: What can be done.
    """

    id: str
    line: int | None
    problem: str
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.id}: {self.problem}; {self.remedy}"


def lint(dataset: Dataset, texts_of: Callable[[str], Texts]) -> list[Finding]:
    """Looks all cases over.

    Args:
        dataset: The cases.
        texts_of: The documents of the corpus of that name (`Case.corpus`); asked once for each.

    Returns:
        The findings in the order of the cases; empty where nothing is wrong.
    """
    texts = cache(texts_of)
    found: dict[str, list[tuple[str, str]]] = {
        case.id: list(_look_at(case, texts(case.corpus))) for case in dataset.cases
    }
    for pair in pairs(dataset.cases):
        found[pair.later.id].append(_told(pair, dataset))
    return [
        Finding(name, dataset.lines.get(name), problem, remedy)
        for name, each in found.items()
        for problem, remedy in each
    ]


def read_documents(folder: Path) -> Texts:
    """The documents of a folder, by their paths; what can't be read as one is left out, as the index leaves it out.

    Raises:
        CorpusError: The folder can't be read.
    """
    documents = {}
    for file in walk_corpus(folder):
        if file.problem is None:
            try:
                documents[file.relative_path] = load_document(file.path, file.relative_path)
            except DocumentError:  # `assistant index` says why; a case that expects the file is told that it is missing
                continue
    return documents


def _look_at(case: Case, texts: Texts) -> Iterator[tuple[str, str]]:
    yield from _unknown_sources(case, texts)
    yield from _never_met(case, texts)
    yield from _too_early(case, texts)
    yield from _never_missed(case, texts)


def _unknown_sources(case: Case, texts: Texts) -> Iterator[tuple[str, str]]:
    for path in case.expect.sources:
        if path not in texts:
            close = difflib.get_close_matches(path, texts, n=1)
            remedy = f"did you mean {close[0]}?" if close else "name documents by their paths below the corpus folder"
            yield f"the source {path} is no document of the corpus", remedy
        elif (first := _first_copy(path, texts)) not in case.expect.sources:
            yield f"the source {path} is never cited: it is a copy of {first}, which is", f"name {first} in its place"


def _first_copy(path: str, texts: Texts) -> str:
    """The document that is cited where several have the same text: the first in the alphabet."""
    return min(other for other, document in texts.items() if document.text == texts[path].text)


def _never_met(case: Case, texts: Texts) -> Iterator[tuple[str, str]]:
    """Expectations that no answer can meet, since answers are made of sentences of the documents."""
    expect = case.expect
    for fact in expect.facts:
        banned = [words for words in expect.must_not if all(contains(each, words) for each in fact)]
        if banned:
            yield f"it forbids {banned[0]!r}, which the fact {_listed(fact)} cannot do without", "take one of them out"
    known = [texts[path] for path in expect.sources if path in texts]
    if expect.sources and not known:
        return  # said already
    where = "any of its sources" if expect.sources else "the corpus"
    wanted = [("fact", fact) for fact in expect.facts] + [("quotation", (words,)) for words in expect.quote_contains]
    wanted += [("short answer", expect.short_answer)] if expect.short_answer else []
    for what, alternatives in wanted:
        if not any(contains(document.text, words) for document in known or texts.values() for words in alternatives):
            remedy = "write it letter for letter as the document does" + (", or add its source" if known else "")
            yield f"the {what} {_listed(alternatives)} does not stand in {where}", remedy


def _too_early(case: Case, texts: Texts) -> Iterator[tuple[str, str]]:
    if not case.expect.answered:
        return
    known = [texts[path] for path in case.expect.sources if path in texts] if case.expect.sources else [*texts.values()]
    if known and all(is_later(document.date, case.as_of) for document in known):
        first = min(document.date or "" for document in known)
        what = "its sources" if case.expect.sources else "the documents"
        yield f"as of {case.as_of}, all of {what} are left out: the first is of {first}", "ask as of a later date"


def _never_missed(case: Case, texts: Texts) -> Iterator[tuple[str, str]]:
    """Expectations that nearly any answer meets."""
    expect = case.expect
    if not expect.answered or not texts:
        return
    echoes = [fact for fact in expect.facts if any(_is_echo(words, case, texts) for words in fact)]
    for fact in echoes:
        yield (
            f"the fact {_listed(fact)} stands in the question and in nearly every document, so that it proves nothing",
            "name what only a right answer says",
        )
    # What stands nowhere in the corpus can't get into an answer, and forbidding it asks nothing.
    forbidden = any(_share(words, texts.values()) for words in expect.must_not)
    asks_more = len(echoes) < len(expect.facts) or bool(expect.short_answer or expect.quote_contains) or forbidden
    known = [path for path in expect.sources if path in texts]
    if expect.sources and not asks_more and len(known) >= _NEARLY_ALL * len(texts):
        yield (
            f"any answer is right: its sources are {len(known)} of the {len(texts)} documents, and it asks for no more",
            "give a fact that a right answer contains",
        )


def _is_echo(words: str, case: Case, texts: Texts) -> bool:
    return contains(case.question, words) and _share(words, texts.values()) >= _NEARLY_ALL


def _share(words: str, documents: Iterable[Document]) -> float:
    """Of documents, how many hold the words."""
    hits = [contains(document.text, words) for document in documents]
    return sum(hits) / len(hits)


def _told(pair: Pair, dataset: Dataset) -> tuple[str, str]:
    line = dataset.lines.get(pair.earlier.id)
    other = f"{pair.earlier.id} (line {line})" if line else pair.earlier.id
    if pair.quarrel:
        return f"{other} asks the same and expects something else: {pair.quarrel}", "keep the one that is right"
    return f"{other} asks the same", "keep one of them, or ask for something else"


def _listed(alternatives: Sequence[str]) -> str:
    return " / ".join(repr(words) for words in alternatives)
