"""Whether the evidence answers the question, how sure that is, and what a person is told if not.

The probability is a logistic regression over what the best evidence looks like, calibrated on the
development sets; below `THRESHOLD` the assistant says that the corpus does not answer. What is not here:
judging single sentences (evidence.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np

from assistant.answering.evidence import Judged
from assistant.answering.weights import ANSWER_BIAS, ANSWER_WEIGHTS
from assistant.retrieval.dates import years
from assistant.retrieval.query import Query, names_in
from assistant.retrieval.words import STOPWORDS
from assistant.store.catalog import Snapshot
from assistant.store.keywords import WORD, stem, stems

# Chosen on half a of the development sets as the best balance of answers given and refusals right
# (docs/RESULTS.md has the curve).
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """What speaks for and against the evidence as a whole; shares and cosines within [0, 1].

    Attributes:
        best: The best sentence's probability; `second` the next one's.
        cosine: The best sentence's; `coverage` its share of the question's words.
        together: Share of the question's words in the best three sentences with headings and title.
        missing_rare: Rarity of the rarest word of the question that stands nowhere near, within [0, 1].
        missing_name: Share of the question's names and numbers that stand nowhere near.
        missing_year: The question names years and none of them stands near.
        passage: The best passage's retrieval score; `lead` how far it is above the third one's.
        short_question: Fewer than three content words.
        follow_up: The question needed the conversation to be understood.
    """

    best: float
    second: float
    cosine: float
    coverage: float
    together: float
    missing_rare: float
    missing_name: float
    missing_year: float
    passage: float
    lead: float
    short_question: float
    follow_up: float


SUFFICIENCY = tuple(f.name for f in fields(Sufficiency))


def sufficiency(query: Query, judged: Sequence[Judged], scores: Sequence[float], snapshot: Snapshot) -> Sufficiency:
    """Measures the evidence for a question.

    Args:
        judged: Sentences, best first; not empty.
        scores: Of the passages, best first.
    """
    best = judged[0]
    near = _near(judged)
    present = set(stems(near))
    frequency = snapshot.document_frequency(query.terms)
    total = max(2, snapshot.counts()[1])
    rarity = {t: float(np.log(total / (1 + frequency[t])) / np.log(total)) for t in query.terms}
    absent = [max(0.0, rarity[t]) for t in query.terms if t not in present]
    asked = query.names | {n for n in query.numbers if not (n.isdigit() and int(n) in query.years)}
    return Sufficiency(
        best=best.evidence.score,
        second=judged[1].evidence.score if len(judged) > 1 else 0.0,
        cosine=best.features.cosine,
        coverage=best.features.coverage,
        together=1 - sum(absent) / (sum(max(0.0, r) for r in rarity.values()) or 1.0),
        missing_rare=max(absent, default=0.0),
        missing_name=len(asked - present) / len(asked) if asked else 0.0,
        missing_year=float(bool(query.years) and not query.years & years(near)),
        passage=scores[0],
        lead=scores[0] - scores[min(2, len(scores) - 1)],
        short_question=float(len(query.terms) < 3),
        follow_up=float(query.focus != query.text),
    )


def confidence(measured: Sufficiency) -> float:
    """The calibrated probability that the evidence answers the question."""
    logit = ANSWER_BIAS + sum(w * v for w, v in zip(ANSWER_WEIGHTS, astuple(measured), strict=True))
    return float(1 / (1 + np.exp(-logit)))


def explain(query: Query, judged: Sequence[Judged]) -> str:
    """Says in a sentence or two what was looked for and what of it is missing."""
    near = _near(judged) if judged else ""
    present = set(stems(near))
    missing_years = sorted(query.years - years(near))
    missing_words = [w for w in _words(query) if stem(w) not in present and not w.isdigit()]
    missing = [str(y) for y in missing_years] + missing_words
    found_years = sorted(years(near))
    if query.cyrillic:
        text = "Корпус не отвечает на этот вопрос."
        if missing:
            text += f" В ближайших местах не упоминается: {_listed(missing, 'и')}."
        if missing_years and found_years:
            text += f" Там речь идёт о годах: {_listed([str(y) for y in found_years[:6]], 'и')}."
        return text
    text = "The corpus does not answer this."
    if missing:
        text += f" The nearest passages do not mention {_listed([f'“{m}”' for m in missing], 'or')}."
    if missing_years and found_years:
        text += f" They speak of {_listed([str(y) for y in found_years[:6]], 'and')}."
    if not missing:
        text += " The nearest passages mention what you asked about, but no sentence in them states the answer."
    return text


def _near(judged: Sequence[Judged]) -> str:
    """The best evidence with what stands above it."""
    top = [j.evidence for j in judged[:3]]
    return " ".join(" ".join((e.title, e.heading, e.date or "", e.text)) for e in top)


def _words(query: Query) -> list[str]:
    """Content words of what is asked, as written, names first."""
    names = names_in(query.focus)
    rest = [w for w in WORD.findall(query.focus) if w.lower() not in STOPWORDS and w not in names]
    return list(dict.fromkeys(names + rest))[:4]


def _listed(items: Sequence[str], joiner: str) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joiner} {items[-1]}"
