"""The mutants: known ways in which an assistant can be broken, from its search to what it says.

Each is an assistant put together wrongly, a wrapper that changes questions or answers on their way, or an assistant
over a changed copy of the corpus. What is not here: asking them and counting what is caught (mutation.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from assistant.evaluation.bench import Bench, Mutant, Request, Wrapped
from assistant.evaluation.report import Outcome
from assistant.evaluation.subjects import Answering
from assistant.ingest.sentences import split_sentences
from assistant.retrieval.hybrid import Hit, Retriever
from assistant.retrieval.query import Query
from assistant.store.snapshot import Snapshot
from assistant.types import Answer, Citation, Passage, Reason, ShortAnswer

if TYPE_CHECKING:  # langchain takes a second to import
    from langchain_core.language_models import BaseChatModel

_YEAR = re.compile(r"(?<!\d)(1\d{3}|20\d{2})(?!\d)")
_ASKING = re.compile(
    r"\b(who|whom|whose|when|where|why|how many|how much|how long|how|кто|когда|где|почему|сколько|как)\b",
    re.IGNORECASE,
)
_PLAIN_FILES = {".md", ".txt", ".html", ".htm"}  # whose text can be changed without a program for their format


# Retrieval


class _NoKeywords:
    """A snapshot whose keyword search finds nothing."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def __getattr__(self, name: str) -> Any:
        return getattr(self._snapshot, name)

    def keyword_scores(self, *_: object) -> list[tuple[int, float]]:
        return []


class _DenseOnly(Retriever):
    def candidates(self, query: Query, snapshot: Snapshot) -> list[Hit]:
        hits = super().candidates(query, cast(Snapshot, _NoKeywords(snapshot)))
        # Names and coverage are keywords by another way.
        return [replace(hit, keyword=0.0, coverage=0.0, name=0.0) for hit in hits]


class _KeywordsOnly(Retriever):
    def candidates(self, query: Query, snapshot: Snapshot) -> list[Hit]:
        return [replace(hit, dense=0.0) for hit in super().candidates(query, snapshot) if hit.keyword]


class _WorstFirst(Retriever):
    def rank(self, query: Query, snapshot: Snapshot) -> list[Hit]:
        return super().rank(query, snapshot)[::-1]


class _OnePassage(Retriever):
    def passages(self, query: Query, snapshot: Snapshot, top_k: int, as_of: str | None = None) -> list[Passage]:
        return super().passages(query, snapshot, min(top_k, 1), as_of)


# Questions


def _asking(change: Callable[[Request], Request]) -> Callable[[Bench], Answering]:
    return lambda bench: Wrapped(bench.recorded, before=change)


def _without_years(request: Request) -> Request:
    turns = tuple(replace(turn, content=_YEAR.sub("", turn.content)) for turn in request.history)
    return replace(request, question=_YEAR.sub("", request.question), history=turns)


def _without_question_words(request: Request) -> Request:
    return replace(request, question=_ASKING.sub("", request.question))


# Answers


def _saying(change: Callable[[Bench, Answer], Answer]) -> Callable[[Bench], Answering]:
    return lambda bench: Wrapped(bench.recorded, after=partial(change, bench))


def _quoted(bench: Bench, answer: Answer, quote: Callable[[Bench, Citation], Citation]) -> Answer:
    return replace(answer, citations=tuple(quote(bench, citation) for citation in answer.citations))


def _neighbour(bench: Bench, citation: Citation) -> Citation:
    document = bench.recorded.document(citation.document_id)
    others = [s for s in split_sentences(document) if s.end <= citation.start or s.start >= citation.end]
    if not others:
        return citation
    near = min(others, key=lambda s: min(abs(s.start - citation.end), abs(citation.start - s.end)))
    return replace(citation, start=near.start, end=near.end, quote=document.text[near.start : near.end])


def _shifted(_: Bench, citation: Citation) -> Citation:
    return replace(citation, start=citation.start + 1, end=citation.end + 1)


def _refused(_: Bench, answer: Answer) -> Answer:
    if not answer.answered:
        return answer
    return replace(
        answer,
        answered=False,
        text="",
        short_answer=None,
        sentences=(),
        citations=(),
        reason=Reason.NOT_IN_CORPUS,
        explanation="The documents do not say.",
    )


def _uncited(_: Bench, answer: Answer) -> Answer:
    return replace(answer, sentences=tuple(replace(sentence, citations=()) for sentence in answer.sentences))


def _first_sentence(_: Bench, answer: Answer) -> Answer:
    kept = answer.sentences[:1]
    numbers = {number for sentence in kept for number in sentence.citations}
    citations = tuple(citation for citation in answer.citations if citation.number in numbers)
    return replace(answer, sentences=kept, citations=citations, text=" ".join(s.text for s in kept))


def _other_numbers(_: Bench, answer: Answer) -> Answer:
    sentences = tuple(replace(s, text=re.sub(r"\d+", _plus_one, s.text)) for s in answer.sentences)
    return replace(answer, sentences=sentences, text=" ".join(s.text for s in sentences))


def _everything(_: Bench, answer: Answer) -> Answer:
    return replace(answer, text=" ".join(passage.text for passage in answer.passages)) if answer.answered else answer


def _one_reason(_: Bench, answer: Answer) -> Answer:
    return answer if answer.answered else replace(answer, reason=Reason.NOT_IN_CORPUS)


def _first_word_short(_: Bench, answer: Answer) -> Answer:
    if not answer.citations:
        return answer
    first = answer.citations[0]
    word = first.quote.split()[0]
    short = ShortAnswer(word, first.document_id, first.start, first.start + len(word), first.number)
    return replace(answer, short_answer=short)


def _plus_one(match: re.Match[str]) -> str:
    return str(int(match[0]) + 1)


# Documents


def _renamed(bench: Bench) -> Answering | None:
    first, *others = bench.cited or ("",)
    second = next((path for path in others if Path(path).suffix == Path(first).suffix), None)
    if second is None:
        return None

    def swap(corpus: Path) -> None:
        one, two = corpus / first, corpus / second
        contents = one.read_bytes(), two.read_bytes()
        two.write_bytes(contents[0])
        one.write_bytes(contents[1])

    return bench.over(swap)


def _dropped(bench: Bench) -> Answering | None:
    if len(bench.cited) < 2:  # what is left must be an index
        return None
    return bench.over(lambda corpus: (corpus / bench.cited[0]).unlink())


def _stale(bench: Bench) -> Answering | None:
    """The index knows a document as it was before the sentences came in that are quoted from it."""
    for path in bench.cited:
        text = _text_in(bench.settings.corpus_dir / path)
        former = _without(text, bench.quotations(path))
        if former.strip() and former != text:
            stale = bench.over(partial(_write, path=path, text=former))
            # Citations are looked up in the documents as they are now.
            return Wrapped(bench.recorded, ask=stale.ask)
    return None


def _other_years(bench: Bench) -> Answering:
    def change(corpus: Path) -> None:
        for file in corpus.rglob("*"):
            if text := _text_in(file):
                file.write_text(_YEAR.sub(_plus_one, text), "utf-8")

    return bench.over(change)


def _write(corpus: Path, path: str, text: str) -> None:
    (corpus / path).write_text(text, "utf-8")


def _text_in(file: Path) -> str:
    """The text of a file that is text; empty of any other."""
    if file.suffix.lower() not in _PLAIN_FILES or not file.is_file():
        return ""
    return file.read_bytes().decode("utf-8", "ignore")


def _without(text: str, quotes: Iterable[str]) -> str:
    for quote in quotes:
        text = re.sub(r"\s+".join(map(re.escape, quote.split())), "", text)
    return text


# Language models


def _inventing(bench: Bench) -> Answering:
    return bench.chain(model=_inventor())


def _inventor() -> BaseChatModel:
    """A chat model that says what no document holds, and cites the last of what it was given."""
    from langchain_core.language_models import SimpleChatModel
    from langchain_core.messages import BaseMessage

    class Inventor(SimpleChatModel):
        @property
        def _llm_type(self) -> str:
            return "inventor"

        def _call(self, messages: Sequence[BaseMessage], *_: Any, **__: Any) -> str:
            numbers = re.findall(r"^\[(\d+)\]", str(messages[-1].text), re.MULTILINE)
            return f"King Zog of Ruritania banned 417 submarines in 1742 [{numbers[-1] if numbers else 1}]."

    return Inventor()


# What each aims at


def _of_first(bench: Bench, outcome: Outcome) -> bool:
    """The cases that rest on the document which a mutant of the corpus changes."""
    return outcome.case.expect.sources == bench.cited[:1]


def _mixed_up(bench: Bench) -> Answering:
    """Answers a question with what the one before it was answered, as a cache without the right key does."""
    last: list[Answer] = []

    def swap(answer: Answer) -> Answer:
        last.append(answer)
        return last[-2] if len(last) > 1 else answer

    return Wrapped(bench.recorded, after=swap)


MUTANTS: tuple[Mutant, ...] = (
    Mutant("no-keyword-search", "searches by meaning alone", lambda b: b.chain(retriever=_DenseOnly),
           "add a case that asks for a rare name or number",
           lambda _, o: o.case.expect.answered and re.search(r"\d|\b[A-Z]{2,}", o.case.question)),
    Mutant("no-dense-search", "searches by words alone", lambda b: b.chain(retriever=_KeywordsOnly),
           "add a case in words that the documents do not use, or in another language",
           lambda _, o: o.case.expect.answered and not {"paraphrase", "cross-language"}.isdisjoint(o.case.tags)),
    Mutant("worst-passages", "judges the worst passages instead of the best", lambda b: b.chain(retriever=_WorstFirst),
           "add a case that only one of several documents answers"),
    Mutant("one-passage", "reads the first passage only", lambda b: b.chain(retriever=_OnePassage),
           "add a case whose facts stand in several documents", lambda _, o: len(o.case.expect.facts) > 1),
    Mutant("ignores-history", "hears only the last question", _asking(lambda r: replace(r, history=())),
           "add a case with a history that its question points back to", lambda _, o: o.case.history),
    Mutant("ignores-as-of", "answers as of today, whatever the date asked for",
           _asking(lambda r: replace(r, as_of=None)), "add a case with as_of, before a document that says otherwise",
           lambda _, o: o.case.as_of),
    Mutant("ignores-years", "overhears the years in questions", _asking(_without_years),
           "add a case whose answer depends on the year that it asks about",
           lambda _, o: _YEAR.search(o.case.question)),
    Mutant("ignores-question-words", "does not tell who from when", _asking(_without_question_words),
           "add a case that asks when, of what the documents also say where",
           lambda _, o: o.case.expect.short_answer),
    Mutant("always-answers", "answers whatever it finds", lambda b: b.chain(threshold=0.0),
           "add a case that the documents do not answer", lambda _, o: not o.case.expect.answered),
    Mutant("never-answers", "refuses every question", _saying(_refused), "add a case that the documents answer"),
    Mutant("one-reason", "refuses with one reason, whatever it is", _saying(_one_reason),
           "add a case with a false premise, and its reason", lambda _, o: o.case.expect.reason),
    Mutant("cites-neighbours", "quotes the sentence beside the one that it rests on",
           _saying(partial(_quoted, quote=_neighbour)), "add a case with quote_contains",
           lambda _, o: o.case.expect.quote_contains),
    Mutant("shifted-quotations", "places quotations one character too late", _saying(partial(_quoted, quote=_shifted)),
           "add a case that the documents answer"),
    Mutant("uncited", "says sentences without a citation", _saying(_uncited), "add a case that the documents answer"),
    Mutant("first-sentence-only", "stops after the first sentence", _saying(_first_sentence),
           "add a case with facts of several sentences", lambda _, o: len(o.case.expect.facts) > 1),
    Mutant("other-numbers", "says other numbers than it quotes", _saying(_other_numbers),
           "add a case whose facts hold a number",
           lambda _, o: any(re.search(r"\d", words) for fact in o.case.expect.facts for words in fact)),
    Mutant("says-everything", "says all passages that it found", _saying(_everything),
           "add a case with must_not: what stands beside the answer and is none",
           lambda _, o: o.case.expect.must_not),
    Mutant("wrong-short-answer", "lets the wrong words stand out", _saying(_first_word_short),
           "add a case with a short_answer", lambda _, o: o.case.expect.short_answer),
    Mutant("mixed-up-answers", "answers the question before", _mixed_up, "add cases about other things"),
    Mutant("swapped-names", "has the names of two documents the wrong way round", _renamed,
           "add a case with sources", lambda b, o: set(o.case.expect.sources) <= set(b.cited[:2])),
    Mutant("dropped-document", "has lost a document", _dropped,
           "add a case that one document alone answers", _of_first),
    Mutant("stale-index", "knows a document as it was before the sentences that answer", _stale,
           "add a case that one document alone answers", _of_first),
    Mutant("other-years", "has read every year one too late", _other_years, "add a case whose facts hold a year",
           lambda _, o: any(_YEAR.search(words) for fact in o.case.expect.facts for words in fact)),
    Mutant("inventing-model", "lets a language model say what no document holds", _inventing,
           "add a case with facts", lambda _, o: len(o.case.expect.facts) > 1),
)  # fmt: skip
"""All of them; an assistant that has one of these faults must fail a case."""
