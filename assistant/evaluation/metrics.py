"""Evaluators: each says one thing about how well answers do, as marks that add up to a figure.

An evaluator is a value; the runner is given a list of them and knows none by name. What is not here:
asking (runner.py), adding up and showing (report.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from assistant.evaluation.cases import Case
from assistant.evaluation.summaries import Summary, calibration_error, mean, median, percentile_95
from assistant.types import Answer

StoredText = Callable[[str], str]
"""The stored text of a document by its id."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One observation: a share is made of zeros and ones, a median of seconds or words.

    `complaint` says what was wrong, in words that stand without the figure; empty where nothing was, or
    where another evaluator says it. `claim` is the probability that was claimed of the observation, where
    calibration is measured.
    """

    value: float
    complaint: str = ""
    claim: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluator:
    """One figure of a report.

    Attributes:
        name: As in the report and in the baseline.
        says: What the figure means, for people.
        measure: The marks of one answer; none where the evaluator has nothing to say about the case.
        summary: From all marks to the figure, and to those of resamples.
        better: Which way is up; decides whether a baseline's value is a floor or a ceiling.
    """

    name: str
    says: str
    measure: Callable[[Case, Answer, StoredText], Sequence[Mark]]
    summary: Summary = mean
    better: Literal["higher", "lower"] = "higher"


def contains(text: str, words: str) -> bool:
    """Whether `words` stand in `text`, whatever the letter case, white space and form of quotation marks.

    They begin where a word begins and may end inside one ("attack" stands in "attacks"), but no number ends
    inside another: 25 stands neither in 125 nor in 250.
    """
    wanted = _plain(words)
    before = r"(?<!\w)" if wanted[:1].isalnum() else ""
    after = r"(?!\d)" if wanted[-1:].isdigit() else ""
    return re.search(before + re.escape(wanted) + after, _plain(text)) is not None


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().translate({ord("’"): "'", ord("“"): '"', ord("”"): '"'})
    return " ".join(folded.split())


# What an answer says


def _facts(case: Case, answer: Answer, _: StoredText) -> list[Mark]:
    found = [any(contains(answer.text, words) for words in fact) for fact in case.expect.facts]
    # A refusal has one thing wrong with it, and `refusal_precision` says it.
    return [
        Mark(float(hit), "" if hit or not answer.answered else f"fact missing: {' / '.join(fact)}")
        for hit, fact in zip(found, case.expect.facts, strict=True)
    ]


def _nothing_forbidden(case: Case, answer: Answer, _: StoredText) -> list[Mark]:
    hits = [words for words in case.expect.must_not if contains(answer.text, words)]
    if not case.expect.must_not or not answer.answered:
        return []
    return [Mark(float(not hits), f"says what it must not: {', '.join(hits)}" if hits else "")]


def _short_answer(case: Case, answer: Answer, _: StoredText) -> list[Mark]:
    if not case.expect.short_answer:
        return []
    given = answer.short_answer.text if answer.short_answer else ""
    hit = any(contains(given, words) for words in case.expect.short_answer)
    complaint = f"short answer is {given!r}, expected {' / '.join(case.expect.short_answer)}"
    return [Mark(float(hit), "" if hit or not answer.answered else complaint)]


# What it found


def _ranked(measure: str, name: str, case: Case, answer: Answer, _: StoredText) -> list[Mark]:
    """A figure of pytrec_eval over the passages; ranks count passages, each expected document counts once."""
    if not case.expect.sources:
        return []
    import pytrec_eval

    paths = [passage.path for passage in answer.passages]
    seen: set[str] = set()
    run: dict[str, float] = {}
    for rank, path in enumerate(paths):
        # A further passage of a document keeps its rank and finds nothing new; no path has a line feed.
        run[f"{rank}\n" if path in seen else path] = float(len(paths) - rank)
        seen.add(path)
    judged = {case.id: dict.fromkeys(case.expect.sources, 1)}
    figures = pytrec_eval.RelevanceEvaluator(judged, {measure}).evaluate({case.id: run})
    return [Mark(float(figures[case.id][name]))]


def _confidence(case: Case, answer: Answer, _: StoredText) -> list[Mark]:
    return [Mark(float(case.expect.answered), claim=answer.confidence)]


# What it cites


def _citation_recall(case: Case, answer: Answer, _: StoredText) -> list[Mark]:
    if not case.expect.sources:
        return []
    cited = dict.fromkeys(c.path for c in answer.citations)
    hit = any(path in case.expect.sources for path in cited)
    complaint = f"cites {', '.join(cited) or 'nothing'}, expected {' / '.join(case.expect.sources)}"
    return [Mark(float(hit), "" if hit or not answer.answered else complaint)]


def _citation_precision(case: Case, answer: Answer, _: StoredText) -> list[Mark]:
    if not case.expect.sources:
        return []
    return [Mark(float(c.path in case.expect.sources)) for c in answer.citations]


def _quote_contains(case: Case, answer: Answer, _: StoredText) -> list[Mark]:
    return [
        Mark(float(hit), "" if hit or not answer.answered else f"no quotation says: {words}")
        for words in case.expect.quote_contains
        for hit in [any(contains(c.quote, words) for c in answer.citations)]
    ]


def _quote_exact(_: Case, answer: Answer, stored_text: StoredText) -> list[Mark]:
    exact = [stored_text(c.document_id)[c.start : c.end] == c.quote != "" for c in answer.citations]
    return [
        Mark(float(ok), "" if ok else f"quotation {c.number} does not stand in {c.path} at {c.start}")
        for ok, c in zip(exact, answer.citations, strict=True)
    ]


def _every_sentence_cited(_: Case, answer: Answer, __: StoredText) -> list[Mark]:
    numbers = {c.number for c in answer.citations}
    proven = [bool(s.citations) and numbers.issuperset(s.citations) for s in answer.sentences]
    return [
        Mark(float(ok), "" if ok else f"sentence without a citation: {s.text}")
        for ok, s in zip(proven, answer.sentences, strict=True)
    ]


# What it refuses


def _refusal_precision(case: Case, answer: Answer, _: StoredText) -> list[Mark]:
    if answer.answered:
        return []
    wrong = case.expect.answered
    return [Mark(float(not wrong), f"refused ({answer.reason}), but the corpus answers it" if wrong else "")]


def _refusal_recall(case: Case, answer: Answer, _: StoredText) -> list[Mark]:
    if case.expect.answered:
        return []
    return [Mark(float(not answer.answered), "answered, but the corpus does not" if answer.answered else "")]


def _reason(case: Case, answer: Answer, _: StoredText) -> list[Mark]:
    if answer.answered or case.expect.reason is None:
        return []
    hit = answer.reason == case.expect.reason
    return [Mark(float(hit), "" if hit else f"refused with {answer.reason}, expected {case.expect.reason}")]


# The whole

FACTS = Evaluator("facts", "expected facts that stand in the answer", _facts)
FORBIDDEN = Evaluator("nothing_forbidden", "answers free of what they must not say", _nothing_forbidden)
SHORT_ANSWER = Evaluator("short_answer", "short answers that are right", _short_answer)
CITATION_RECALL = Evaluator("citation_recall", "answerable questions with an expected source cited", _citation_recall)
CITATION_PRECISION = Evaluator("citation_precision", "citations from an expected source", _citation_precision)
QUOTE_CONTAINS = Evaluator("quote_contains", "expected words that stand in a quotation", _quote_contains)
QUOTE_EXACT = Evaluator("quote_exact", "quotations equal to the stored text", _quote_exact)
SENTENCES_CITED = Evaluator("sentences_cited", "displayed sentences with a citation", _every_sentence_cited)
REFUSAL_PRECISION = Evaluator("refusal_precision", "refusals of what the corpus does not answer", _refusal_precision)
REFUSAL_RECALL = Evaluator("refusal_recall", "unanswerable questions refused", _refusal_recall)
REASON = Evaluator("reason", "refusals with the expected reason", _reason)

RANKING = tuple(
    Evaluator(name, says, partial(_ranked, measure, key))
    for name, says, measure, key in (
        ("recall@1", "expected sources that the first passage is of", "recall.1", "recall_1"),
        ("recall@3", "expected sources among the first three passages", "recall.3", "recall_3"),
        ("recall@5", "expected sources among the first five passages", "recall.5", "recall_5"),
        ("ndcg@10", "how far up in the first ten passages the expected sources stand", "ndcg_cut.10", "ndcg_cut_10"),
        ("mrr", "one by the rank of the first passage of an expected source", "recip_rank", "recip_rank"),
    )
)

# A further source beside an expected one is no mistake, so that precision of citations is not among them.
_EXPECTATIONS = (
    FACTS, FORBIDDEN, SHORT_ANSWER, CITATION_RECALL, QUOTE_CONTAINS, QUOTE_EXACT, SENTENCES_CITED, REFUSAL_PRECISION,
    REFUSAL_RECALL, REASON,
)  # fmt: skip


def _right(case: Case, answer: Answer, stored_text: StoredText) -> list[Mark]:
    marks = [mark for evaluator in _EXPECTATIONS for mark in evaluator.measure(case, answer, stored_text)]
    return [Mark(float(all(mark.value == 1 for mark in marks)))]


def _follow_up_right(case: Case, answer: Answer, stored_text: StoredText) -> Sequence[Mark]:
    return _right(case, answer, stored_text) if case.history else []


def _seconds(_: Case, answer: Answer, __: StoredText) -> list[Mark]:
    return [Mark(answer.seconds.total)]


def _words(_: Case, answer: Answer, __: StoredText) -> list[Mark]:
    return [Mark(float(len(answer.text.split())))] if answer.answered else []


EVALUATORS: tuple[Evaluator, ...] = (
    Evaluator("right", "cases that meet every expectation", _right),
    Evaluator("follow_ups_right", "the same, of questions with a history", _follow_up_right),
    FACTS,
    FORBIDDEN,
    SHORT_ANSWER,
    CITATION_RECALL,
    CITATION_PRECISION,
    QUOTE_CONTAINS,
    QUOTE_EXACT,
    SENTENCES_CITED,
    REFUSAL_PRECISION,
    REFUSAL_RECALL,
    REASON,
    *RANKING,
    Evaluator(
        "calibration_error", "distance of confidence from the share answerable", _confidence, calibration_error, "lower"
    ),
    Evaluator("seconds", "median time to answer", _seconds, median, "lower"),
    Evaluator("seconds_p95", "95 of 100 answers take no longer", _seconds, percentile_95, "lower"),
    Evaluator("words", "median words of an answer", _words, median, "lower"),
)
