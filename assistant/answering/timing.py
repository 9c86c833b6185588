"""Which evidence holds at the time that is asked about: nothing later than a given day, the latest where it is wanted.

What is not here: reading dates (retrieval/dates.py), how far a sentence fits the years of a question (evidence.py),
telling two states of a thing (disagreement.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.evidence import Judged
from assistant.retrieval.dates import EARLIEST, periods
from assistant.retrieval.query import Query

# Sentences this likely, compared with the best, and with this share of its words of the question, are its equals.
_EQUAL = 0.6
_EQUALLY_ON_IT = 0.9
# What is foreseen is no fact of a later year: it could be said before it.
_FORESEEN = re.compile(
    r"\b(will|would|shall|expect\w*|due|plan\w*|intend\w*|schedul\w*|is to|are to|until|by"
    r"|будет|будут|ожида\w+|план\w+|намерен\w*|предсто\w+|должн\w+|до|к)\b",
    re.IGNORECASE,
)


def held_by(judged: Sequence[Judged], as_of: str | None) -> list[Judged]:
    """Those that may have been said by a day: sentences that tell of later years as of facts are left out.

    An undated document may hold them, and one of that very year.
    """
    if as_of is None:
        return list(judged)
    year = int(as_of[:4])
    return [j for j in judged if not _is_later(j, year)]


def _is_later(judged: Judged, year: int) -> bool:
    text = judged.evidence.text
    told = periods(text)
    if not told:
        told = periods(judged.evidence.heading)
    return bool(told) and all(period.first > year for period in told) and not _FORESEEN.search(text)


def latest_first(query: Query, judged: Sequence[Judged]) -> list[Judged]:
    """Where the latest state is asked for: the best sentence and its equals, the latest first, before the others."""
    if not query.latest or not judged:
        return list(judged)
    best = judged[0]
    equals = [j for j in judged if _is_equal(j, best)]
    others = [j for j in judged if not _is_equal(j, best)]
    return [*sorted(equals, key=_time, reverse=True), *others]


def _is_equal(judged: Judged, best: Judged) -> bool:
    on_it = judged.features.coverage + judged.features.above
    enough = _EQUALLY_ON_IT * (best.features.coverage + best.features.above)
    return judged.evidence.score >= _EQUAL * best.evidence.score and on_it >= enough


def _time(judged: Judged) -> str:
    """Of when a sentence is, as a string that sorts: by its own dates, else its heading's, else its document's."""
    evidence = judged.evidence
    for source in (evidence.text, evidence.heading):
        if told := periods(source):
            return f"{max(period.last if period.first == EARLIEST else period.first for period in told):04}"
    return evidence.date or ""
