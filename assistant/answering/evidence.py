"""Which sentences are evidence: every sentence of the passages and of their neighbours, judged by features.

Find small, read wide: what answers a question may stand a paragraph after what matches it and share no
word with it, so each sentence is judged together with where it stands. Each feature can be explained to a
person; their weights are a logistic regression (weights.py). What is not here: whether the evidence
suffices (abstention.py), and what is said of it (extractive.py, generative.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.definitions import definition, enumerates
from assistant.answering.exchanged import exchanged
from assistant.answering.features import ASKED_FOR, FEATURES, Features, features_of
from assistant.answering.places import Place, places_of
from assistant.answering.reader import Reader, Reading
from assistant.answering.weights import BIAS, READ_BIAS, READ_WEIGHTS, WEIGHTS
from assistant.answering.windows import read_around
from assistant.retrieval.coverage import rarity_of
from assistant.retrieval.dates import periods
from assistant.retrieval.query import Query
from assistant.store.keywords import stems
from assistant.store.snapshot import Snapshot
from assistant.types import Passage, page_at

_OF_THE_YEAR = 0.5  # how far a sentence or what stands above it must speak of the year asked about to be of it
_IN_PERIOD = 0.3  # the same where a longer period is asked about
_FAR_LESS = (
    0.25  # so much less likely than the best, a sentence with the kind of thing asked for is not preferred to it
)
_IN_FRONT = 2  # passages with the likeliest sentences that come before the others
_LIKELY = 12  # best sentences among which the kind of thing asked for is looked for
# What a sentence's reading adds to its features, where there is a reader: its logits as shares of `_SURE`, and
# whether it was not read, being less likely than those that were.
READINGS = ("read_evidence", "read_answer", "read_whole", "unread")
_SURE = 8.0
_STANDS_OUT = 0.0  # logit of the short answer against none


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sentence judged as evidence. `score` is the probability that it answers; `heading` its path, or empty."""

    document_id: str
    path: str
    title: str
    date: str | None
    url: str | None
    page: int | None
    start: int
    end: int
    text: str
    score: float
    heading: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence with its features and where it stands.

    Attributes:
        reading: What the reader made of it; None where there is none or it was not read.
        context: What stands before it in its section, as far as it was read.
        order: Rank of its passage, offset.
    """

    evidence: Evidence
    features: Features
    reading: Reading | None
    context: str
    order: tuple[int, int]


def judge(query: Query, passages: Sequence[Passage], snapshot: Snapshot, reader: Reader | None = None) -> list[Judged]:
    """All sentences of the passages and of their neighbours, best first.

    Args:
        query: The question, read.
        passages: Best first.
        snapshot: Where they are stored.
        reader: Reads the likeliest sentences in their context (see `can_be_read`); without one the features decide
            alone.
    """
    rarity = rarity_of(query.terms, snapshot)
    best = max((p.score for p in passages), default=0.0) or 1.0
    places = places_of(passages, snapshot)
    features = [features_of(query, place, rarity, best) for place in places]
    readings: dict[int, Reading] = {}
    if reader is not None:
        readings = read_around(query.text, places, [probability(f) for f in features], snapshot, reader)
    judged = []
    for i, (place, known) in enumerate(zip(places, features, strict=True)):
        reading = readings.get(i)
        score = probability(known, reading, read=bool(readings))
        context = " ".join((*place.chunk.headings, *reversed(place.before)))
        order = (place.rank, place.sentence.start)
        judged.append(Judged(_evidence(place, score), known, reading, context, order))
    return sorted(judged, key=lambda j: (-j.evidence.score, j.order))


def likeliest_first(passages: Sequence[Passage], judged: Sequence[Judged]) -> tuple[Passage, ...]:
    """The passages with the two that hold the likeliest sentence in front, the others in the order they were found.

    Judging knows more of a passage than searching; but where no sentence answers, so much less that an order by
    evidence alone loses what was found.
    """

    def likeliest(passage: Passage) -> float:
        inside = (
            j.evidence.score
            for j in judged
            if j.evidence.document_id == passage.document_id
            and passage.start <= j.evidence.start
            and j.evidence.end <= passage.end
        )
        return max(inside, default=0.0)

    front = sorted(passages, key=likeliest, reverse=True)[:_IN_FRONT]
    return (*front, *(p for p in passages if p not in front))


def can_be_read(query: Query) -> bool:
    """Whether the reader should have a say: it learned from single questions in English.

    Of a follow-up with its conversation in front, and of what was so from one year to another, it makes less than the
    features do (half a, cross-validated: timeqa cite_recall .36 with it, .50 without).
    """
    return not query.cyrillic and query.focus == query.text and not query.long_period


def admissible(query: Query, judged: Sequence[Judged]) -> list[Judged]:
    """Those that can answer at all, in the same order; all of them where that would leave none.

    A question answers nothing, nor does a sentence that has who did it to whom the other way round. A sentence
    about another year than the one asked for does not answer, whatever else it shares with the question; neither
    does one that gives no reason where a reason is asked for, nor, among the likely ones, one without a person,
    place, number or date where that is asked for. Where sentences of the very year are left, those that merely
    follow a date are not needed; where a likely one is of the period asked about, or that has one end only ("before
    2014"), those that tell of other times are not either. Of the likely ones with the person, place or number asked
    for, one with the very period asked about is preferred.
    """
    left = [j for j in judged if not j.features.question] or list(judged)
    left = [j for j in left if not exchanged(query.focus, j.evidence.text)] or left
    left = [j for j in left if not j.features.year_other] or left
    if any(period.open for period in query.periods) or any(_is_timely(j) for j in left[:_LIKELY]):
        left = [j for j in left if not _is_untimely(j)] or left
    left = [j for j in left if not j.features.no_reason] or left
    if query.one_year:
        left = [j for j in left if max(j.features.year, j.features.year_section) >= _OF_THE_YEAR] or left
    if defining := [j for j in left if definition(query.focus, j.evidence.text)]:
        return sorted(defining, key=lambda j: -definition(query.focus, j.evidence.text))
    left = _preferred([j for j in left if enumerates(query.focus, j.evidence.text) and _is_of_it(query, j)], left)
    asked = ASKED_FOR.get(query.kind)
    if asked is None:
        return left
    left = _preferred([j for j in left[:_LIKELY] if getattr(j.features, asked)], left)
    # "Quique Setién (2015-17)" says more of who coached from 2015 to 2017 than a sentence on that time.
    return _preferred([j for j in left[:_LIKELY] if query.long_period and _is_of_the_very_period(query, j)], left)


def _preferred(some: list[Judged], left: list[Judged]) -> list[Judged]:
    """Some of those that are left, where the best of them is not far less likely than the best of all."""
    return some if some and some[0].evidence.score >= _FAR_LESS * left[0].evidence.score else left


def _is_of_the_very_period(query: Query, judged: Judged) -> bool:
    return not set(query.periods).isdisjoint(periods(judged.evidence.text))


def words_preferred(judged: Sequence[Judged]) -> dict[tuple[str, int, int], tuple[int, int]]:
    """The words that the reader takes for the short answer, of the sentences that it is sure about.

    Returns:
        The words' span in the document, by the document's id and the sentence's span.
    """
    return {
        (j.evidence.document_id, j.evidence.start, j.evidence.end): j.reading.span
        for j in judged
        if j.reading is not None and j.reading.answer > _STANDS_OUT
    }


def _is_of_it(query: Query, judged: Judged) -> bool:
    e = judged.evidence
    return query.slots <= set(stems(f"{e.title} {e.heading} {judged.context} {e.text}"))


def _is_timely(judged: Judged) -> bool:
    return judged.features.year >= _IN_PERIOD


def _is_untimely(judged: Judged) -> bool:
    return judged.features.span_other == 1.0 and bool(periods(judged.evidence.text))


def probability(features: Features, reading: Reading | None = None, *, read: bool = False) -> float:
    """The probability that a sentence answers: by its features, and where the likeliest were `read`, by its reading."""
    bias, weights = (READ_BIAS, READ_WEIGHTS) if read else (BIAS, WEIGHTS)
    logit = bias + sum(weights[name] * value for name, value in zip(FEATURES, features, strict=True))
    if read:
        logit += sum(weights[name] * value for name, value in zip(READINGS, readings_of(reading), strict=True))
    return 1 / (1 + math.exp(-logit))


def readings_of(reading: Reading | None) -> tuple[float, ...]:
    """The values of `READINGS` for a sentence."""
    if reading is None:
        return (0.0, 0.0, 0.0, 1.0)
    logits = (reading.evidence, reading.answer, reading.whole)
    return (*(max(-1.0, min(1.0, logit / _SURE)) for logit in logits), 0.0)


def _evidence(place: Place, score: float) -> Evidence:
    chunk, sentence = place.chunk, place.sentence
    return Evidence(
        document_id=chunk.document_id,
        path=chunk.path,
        title=chunk.title,
        date=chunk.date,
        url=chunk.url,
        page=page_at(chunk.pages, sentence.start),
        start=sentence.start,
        end=sentence.end,
        text=place.text,
        score=score,
        heading=" > ".join(chunk.headings),
    )
