"""Whether the evidence answers the question, and how sure that is.

The probability is a logistic regression over what the best evidence looks like, fitted on the
development sets; below a threshold the assistant says that the corpus does not answer. What is not here:
judging single sentences (evidence.py), what a person is told (explanation.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from assistant.answering.contrary import is_contrary
from assistant.answering.definitions import definition, thing_asked
from assistant.answering.evidence import Judged, readings_of
from assistant.answering.exchanged import exchanged
from assistant.answering.features import ASKED_FOR
from assistant.answering.weights import ANSWER_BIAS, ANSWER_WEIGHTS, READ_ANSWER_BIAS, READ_ANSWER_WEIGHTS
from assistant.embedding import Embedder
from assistant.retrieval.kin import with_kin
from assistant.retrieval.query import Kind, Query
from assistant.store.keywords import stems

# The confidence below which nothing is answered, for each setting of `caution`. Chosen on half a of the development
# sets; `balanced` as the best balance of answers given and refusals right (docs/RESULTS.md has the curve).
THRESHOLDS = {"bold": 0.45, "balanced": 0.55, "careful": 0.7}
BALANCED = THRESHOLDS["balanced"]
# A sentence less likely than this is not evidence: on half a, 2 of 243 answerable questions have none above it, and
# 7 of 122 others.
LEAST = 0.05
# Where most documents are in a language that can't be reached, what lacks more of the question's words than this is not
# about it: it only is what could be read.
_ABOUT_IT = 0.5


class Sufficiency(NamedTuple):
    """What speaks for and against the evidence as a whole; shares, cosines and readings within [-1, 1].

    Attributes:
        best, second: The scores of the best two sentences as evidence: facts that are there are seldom said once only.
            Of a single sentence its own.
        cosine: Of the embedded question and best sentence; `cosine_within` of that with what stands before it.
        reason: Asked why or what became of it, and the best sentence gives one.
        lacks_kind: Asked for a person, place, date or number, and the best sentence holds none.
        missing_word: Share of the question's words that stand neither in the best sentence nor above it.
        unheard: One of them stands in no sentence that was found.
        missing_name: Share of the question's names and numbers that stand nowhere near.
        missing_year: The question names one year, and nothing dates the best sentences by it.
        missing_span: The question names a span of years, and nothing dates them by one of those.
        contrary: The question says the opposite of the best sentence ("the last line of defence", "is not known for"),
            or has who did it to whom the other way round.
        defined: Asked what or who something is, and the best sentence says so; less where it does in passing.
        passage: The best passage's retrieval score; `lead` how far it is above the third one's, if any.
        follow_up: The question needed the conversation to be understood.
        long_period: It asks about a longer period; `timely`, then, how far the best sentence, its section or the last
            dated sentence before it speak of that one; `best_then` is `best` then: words alone say less there.
        read_evidence, read_answer: What the reader makes of the best sentence; nothing without a reader.
        read_most, read_whole: Its highest logit of any sentence, and of any stretch of text.
    """

    best: float
    second: float
    cosine: float
    cosine_within: float
    reason: float
    lacks_kind: float
    missing_word: float
    unheard: float
    missing_name: float
    missing_year: float
    missing_span: float
    contrary: float
    defined: float
    passage: float
    lead: float
    follow_up: float
    long_period: float
    timely: float
    best_then: float
    read_evidence: float = 0.0
    read_answer: float = 0.0
    read_most: float = 0.0
    read_whole: float = 0.0


SUFFICIENCY = Sufficiency._fields
NEAR = 3  # best sentences that count as near
# Where the evidence is of a kind that need not resemble the question, the cosine takes the development sets' mean, and
# the reader is not heard. Where the embedder can't read the question, the features that are left say less, and a
# higher value stands for it, from which nine in ten answerable questions in Russian are answered (half a of xquad_ru).
_NEUTRAL, _UNREADABLE = 0.55, 0.65
_CONTEXT = 25  # words before the best sentence that are embedded with it; 50 cost time and told less (docs/RESULTS.md)


def sufficiency(query: Query, judged: Sequence[Judged], scores: Sequence[float], embedder: Embedder) -> Sufficiency:
    """Measures the evidence for a question.

    Args:
        query: The question, read.
        judged: Sentences, best first; not empty.
        scores: Of the passages, best first.
        embedder: Of the same index.
    """
    best = judged[0]
    f = best.features
    near = _near(judged)
    present = set(stems(near))
    dated = any(j.features.year or j.features.year_section for j in judged[:NEAR])
    slots = query.slots
    terms = {t for t in query.terms if t not in query.numbers}  # a year is met by a period that holds it
    e = best.evidence
    here = with_kin(stems(" ".join((e.title, e.heading, best.context, e.text))))
    if best.features.effect:  # it tells how something ended, in whatever words
        here |= query.outcomes
    missing = terms - here
    unlike = _is_end_of_its_year(query, best)
    cosine = within = _NEUTRAL if unlike else _UNREADABLE
    if embedder.knows(query.focus) and not unlike:
        before = " ".join(best.context.split()[-_CONTEXT:])
        vectors = embedder.embed([best.evidence.text, f"{before} {best.evidence.text}"])
        cosine, within = (vectors @ embedder.embed_query(query.focus)).tolist()
    read = [] if unlike else [readings_of(j.reading) for j in judged if j.reading is not None]
    of_best = readings_of(None if unlike else best.reading)
    return Sufficiency(
        best=best.evidence.score,
        second=judged[min(1, len(judged) - 1)].evidence.score,
        cosine=cosine,
        cosine_within=within,
        reason=float(f.cause > 0 or f.effect > 0),
        lacks_kind=_lacks_kind(query, best),
        missing_word=len(missing) / len(terms) if terms else 0.0,
        unheard=float(_is_unheard(missing, judged)),
        missing_name=len(slots - present) / len(slots) if slots else 0.0,
        missing_year=float(len(query.years) == 1 and not dated),
        missing_span=float(len(query.years) > 1 and not dated),
        contrary=float(is_contrary(query, e.text) or exchanged(query.focus, e.text)),
        defined=definition(query.focus, e.text),
        passage=scores[0],
        lead=scores[0] - (scores[2] if len(scores) > 2 else 0.0),
        follow_up=float(query.focus != query.text),
        long_period=float(query.long_period),
        timely=max(f.year, f.year_section, f.year_before) if query.long_period else 0.0,
        best_then=best.evidence.score if query.long_period else 0.0,
        read_evidence=of_best[0],
        read_answer=of_best[1],
        read_most=max((r[0] for r in read), default=0.0),
        read_whole=max((r[2] for r in read), default=0.0),
    )


def confidence(judged: Sequence[Judged], measured: Sufficiency) -> float:
    """The probability that the evidence answers the question, as fitted; 0 where no sentence is likely evidence."""
    if judged[0].evidence.score < LEAST:
        return 0.0
    read = any(j.reading is not None for j in judged)
    bias, weights = (READ_ANSWER_BIAS, READ_ANSWER_WEIGHTS) if read else (ANSWER_BIAS, ANSWER_WEIGHTS)
    logit = bias + sum(weights.get(name, 0.0) * value for name, value in zip(SUFFICIENCY, measured, strict=True))
    return 1 / (1 + math.exp(-logit))


def is_all_that_could_be_read(measured: Sufficiency) -> bool:
    """Whether the evidence stands there for want of better: asked where most documents are in another language.

    The confidence can't tell, since it was fitted on corpora in the question's own language.
    """
    return measured.missing_word > _ABOUT_IT


def _is_end_of_its_year(query: Query, best: Judged) -> bool:
    """True where it is asked how something of one year ended, and the sentence tells an end, in a section of that year.

    Such a sentence ("influential members reacted with harsh criticism") resembles the question in nothing.
    """
    of_the_year = best.features.year or best.features.year_section
    of_its_end = query.kind is Kind.FATE or (query.kind is Kind.WHY and query.outcomes)
    return len(query.years) == 1 and bool(of_its_end and of_the_year and best.features.effect)


def _is_unheard(missing: set[str], judged: Sequence[Judged]) -> bool:
    """True where one of the words stands in no sentence; reads no further than it must."""
    left = set(missing)
    for item in judged:
        if not left:
            break
        left.difference_update(with_kin(stems(item.evidence.text)))
    return bool(left)


def _lacks_kind(query: Query, best: Judged) -> float:
    asked = (
        None if thing_asked(query.focus)[0] else ASKED_FOR.get(query.kind)
    )  # "who is Daniel?" asks for no other name
    return 0.0 if asked is None else 1.0 - getattr(best.features, asked)


def _near(judged: Sequence[Judged]) -> str:
    """The best evidence with what stands above it."""
    top = [j.evidence for j in judged[:NEAR]]
    return " ".join(" ".join((e.title, e.heading, e.date or "", e.text)) for e in top)
