"""The chain: understand the question, retrieve, answer. A LangChain `Runnable` over a `BaseRetriever`.

`AnswerChain.answer` reads as the way of the data: understand, find, judge, decide, compose, verify. What
is not here: how each step does it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from assistant.answering.absent import is_unheard_of
from assistant.answering.abstention import BALANCED, confidence, is_all_that_could_be_read, sufficiency
from assistant.answering.ambiguity import readings
from assistant.answering.antecedents import with_antecedents
from assistant.answering.citations import Statement, cite
from assistant.answering.disagreement import both_sides, differences
from assistant.answering.evidence import (
    Evidence,
    Judged,
    admissible,
    can_be_read,
    judge,
    likeliest_first,
    words_preferred,
)
from assistant.answering.explanation import (
    contradicted,
    empty_corpus,
    explain,
    foreign_language,
    nothing_dated,
    which_one,
)
from assistant.answering.extractive import select, state
from assistant.answering.languages import barrier
from assistant.answering.premises import false_premise
from assistant.answering.reader import Reader
from assistant.answering.short_answer import short_answer
from assistant.answering.small_talk import reply_to
from assistant.answering.timing import held_by, latest_first
from assistant.embedding import Embedder
from assistant.errors import LanguageModelError, QuestionError
from assistant.retrieval.dates import read_as_of
from assistant.retrieval.query import Query, analyse, read_question
from assistant.retrieval.retriever import CorpusRetriever, to_passages
from assistant.retrieval.rewriting import Standalone, depends, standalone
from assistant.store.reading import CatalogReader
from assistant.store.snapshot import Snapshot
from assistant.types import Answer, Passage, Reason, Seconds, Turn

if TYPE_CHECKING:  # only with a language model set
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable, RunnableConfig

PASSAGES = 10  # read for evidence
SHOWN = 8  # of them returned with the answer
OFFERED = 12  # sentences of evidence that a language model is given


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it came in, read, and as it is sent to the index."""

    question: str
    standalone: str
    query: Query
    as_of: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A question with the passages found for it."""

    asked: Asked
    passages: tuple[Passage, ...]
    seconds: float


class AnswerChain:
    """Answers questions from one opened index; thread-safe.

    Args:
        retriever: Whose documents carry the spans of their passages.
        catalog: Of the same index.
        embedder: Of the same index.
        model: A language model for generative answers; None for extractive ones.
        reader: Judges the likeliest sentences in their context; None to decide on features alone.
        threshold: The confidence below which nothing is answered.
    """

    def __init__(
        self,
        retriever: CorpusRetriever,
        catalog: CatalogReader,
        embedder: Embedder,
        model: BaseChatModel | None = None,
        reader: Reader | None = None,
        threshold: float = BALANCED,
    ) -> None:
        self._retriever = retriever
        self._catalog = catalog
        self._embedder = embedder
        self._model = model
        self._reader = reader
        self._threshold = threshold

    def as_runnable(self) -> Runnable[Any, Answer]:
        """The steps as a LangChain runnable: a question, or `{"question", "history", "as_of"}`, to an `Answer`."""
        from langchain_core.runnables import RunnableLambda

        return (
            RunnableLambda(self._begin, name="understand")
            | RunnableLambda(self.find, name="retrieve")
            | RunnableLambda(self.answer, name="answer")
        )

    def ask(self, question: str, history: Sequence[Turn] = (), as_of: str | None = None) -> Answer:
        """Answers one question, all from one state of the index.

        Raises:
            QuestionError: The question is empty or too long.
        """
        return self.invoke({"question": question, "history": history, "as_of": as_of})

    def invoke(self, given: str | Mapping[str, Any], config: RunnableConfig | None = None) -> Answer:
        """Answers what the runnable takes, all from one state of the index.

        Args:
            given: A question, or `{"question", "history", "as_of"}`.
            config: LangChain's, for each step.

        Raises:
            QuestionError: The question is missing, empty or too long, or a turn or the date is malformed.
        """
        begun = time.perf_counter()
        with self._catalog.read():
            answer = self.as_runnable().invoke(given, config)
        total = time.perf_counter() - begun
        return replace(answer, seconds=replace(answer.seconds, total=round(total, 4)))

    def understand(self, question: str, history: Sequence[Turn], as_of: str | None) -> Asked:
        """Reads a question and makes a follow-up stand alone."""
        question = read_question(question)
        alone, notes = self._standalone(question, history)
        return Asked(question, alone.text, analyse(alone.text, alone.focus), as_of, notes)

    def find(self, asked: Asked, config: RunnableConfig | None = None) -> Found:
        """Retrieves the passages that may answer."""
        begun = time.perf_counter()
        if reply_to(asked.question):
            return Found(asked, (), 0.0)
        documents = self._retriever.invoke(
            asked.standalone, config, k=PASSAGES, as_of=asked.as_of, focus=asked.query.focus
        )
        return Found(asked, tuple(to_passages(documents)), time.perf_counter() - begun)

    def answer(self, found: Found) -> Answer:
        """Judges the evidence, decides, composes, verifies."""
        begun = time.perf_counter()
        with self._catalog.read() as snapshot:
            answer = self._decide(found, snapshot)
            version = snapshot.version()
        compose = time.perf_counter() - begun
        return replace(
            answer,
            index_version=version.name if version else "",
            seconds=Seconds(round(found.seconds, 4), round(compose, 4), round(found.seconds + compose, 4)),
        )

    def _begin(self, given: str | Mapping[str, Any]) -> Asked:
        if isinstance(given, str):
            given = {"question": given}
        question = given.get("question")
        if not isinstance(question, str):
            raise QuestionError("the chain takes a question, or a mapping with question, history and as_of")
        as_of = read_as_of(given.get("as_of"))
        return self.understand(question, [Turn.parse(t) for t in given.get("history") or ()], as_of)

    def _standalone(self, question: str, history: Sequence[Turn]) -> tuple[Standalone, tuple[str, ...]]:
        by_rules = standalone(question, history)
        if self._model is None or not history or not depends(question) or reply_to(question):
            return by_rules, ()
        from assistant.answering.generative import rewrite

        try:
            text = rewrite(question, history, self._model)
        except LanguageModelError as error:
            return by_rules, (f"The follow-up was read by rules, because {error}.",)
        return Standalone(text, text), ()

    def _decide(self, found: Found, snapshot: Snapshot) -> Answer:
        asked, query = found.asked, found.asked.query
        shown = found.passages[:SHOWN]
        blank = Answer(asked.question, asked.standalone, answered=False, passages=shown, notes=asked.notes)
        reply = reply_to(asked.question)
        if reply is not None:
            return replace(blank, reason=Reason.SMALL_TALK, explanation=reply)
        if not snapshot.counts()[0]:
            return replace(blank, reason=Reason.EMPTY_CORPUS, explanation=empty_corpus(query))
        across = barrier(query, snapshot, self._embedder)
        if across and across.unreadable == across.of:
            return replace(blank, reason=Reason.LANGUAGE, explanation=foreign_language(query))
        reader = self._reader if can_be_read(query) else None
        every = judge(query, found.passages, snapshot, reader)
        shown = likeliest_first(found.passages, every)[:SHOWN]
        blank = replace(blank, passages=shown)
        judged = admissible(query, held_by(every, asked.as_of))
        if not judged:
            return replace(blank, reason=Reason.NOT_IN_CORPUS, explanation=nothing_dated(query, asked.as_of))
        # What nothing says up to a date may be said after it: with one, no premise is called false.
        if asked.as_of is None and (premise := false_premise(query, every, snapshot)):
            return replace(blank, reason=Reason.FALSE_PREMISE, explanation=contradicted(query, premise))
        if several := readings(query, judged, snapshot):
            return replace(blank, reason=Reason.AMBIGUOUS, explanation=which_one(several))
        scores = [p.score for p in found.passages]
        measured = sufficiency(query, judged, scores, self._embedder)
        by_chance = across is not None and (bool(across.names) or is_all_that_could_be_read(measured))
        sure = 0.0 if by_chance else round(confidence(judged, measured), 4)
        if sure >= self._threshold and not is_unheard_of(query, snapshot):
            statements, mode, notes = self._compose(query, latest_first(query, judged), snapshot)
            statements, differing = _with_both_sides(query, statements, judged)
            notes += differing
            sentences, citations = cite(statements, snapshot)
            if sentences:
                return replace(
                    blank,
                    answered=True,
                    text=" ".join(s.text for s in sentences),
                    short_answer=short_answer(query, citations, words_preferred(judged)),
                    sentences=tuple(sentences),
                    citations=tuple(citations),
                    confidence=sure,
                    mode=mode,
                    notes=asked.notes + notes,
                )
            blank = replace(blank, notes=asked.notes + notes, mode=mode)
        reason = Reason.LANGUAGE if across and across.names else Reason.NOT_IN_CORPUS
        return replace(blank, confidence=sure, reason=reason, explanation=explain(query, shown, across))

    def _compose(
        self, query: Query, judged: Sequence[Judged], snapshot: Snapshot
    ) -> tuple[list[Statement], Any, tuple[str, ...]]:
        """What is said and on which evidence; a language model that fails leaves the extractive answer and a note."""

        def quoted() -> list[Statement]:
            return state(with_antecedents(query, select(query, judged), snapshot))

        if self._model is None:
            return quoted(), "extractive", ()
        from assistant.answering.generative import compose

        offered: list[Evidence] = [j.evidence for j in judged[:OFFERED]]
        try:
            draft = compose(query.text, offered, self._model)
        except LanguageModelError as error:
            return quoted(), "extractive", (f"Answered without the language model: {error}.",)
        statements = [Statement(s.text, tuple(offered[i] for i in s.evidence_indices)) for s in draft.sentences]
        if not statements:
            return [], "generative", (*draft.notes, "The language model found no answer in the evidence.")
        return statements, "generative", draft.notes


def _with_both_sides(
    query: Query, statements: list[Statement], judged: Sequence[Judged]
) -> tuple[list[Statement], tuple[str, ...]]:
    """Adds what contradicts the statements, or tells of another time, and says where they differ."""
    shown = [evidence for statement in statements for evidence in statement.evidence]
    found = differences(query, shown, judged)
    added = state(both_sides(shown, found))
    return [*statements, *added], tuple(difference.told(russian=query.cyrillic) for difference in found)
