"""Questions that fit several things: "the group", where the corpus has one of 2013 and one of 2017.

What is asked back names the readings. A question is ambiguous only where nothing in it, or in the conversation, tells
them apart, and the evidence for each is about as good. What is not here: the wording (explanation.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.evidence import Judged
from assistant.answering.mentions import mentions, years_beside
from assistant.answering.presupposed import takes_for_granted
from assistant.retrieval.query import Kind, Query
from assistant.retrieval.words import OUTCOMES, STOPWORDS
from assistant.store.keywords import WORD, stem
from assistant.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Readings:
    """What a question may mean: the thing as written, and the years of those that there are."""

    thing: str
    years: tuple[int, ...]


_THE = re.compile(
    r"\b(?:did|does|was|were|is|happened to|became of|of|in|chaired|led|headed|announced)\s+(?P<the>the\s+)"
)
_ABOUT_AS_GOOD = 0.8  # of the best evidence's score
_OFTEN = 2  # sentences that date a thing so, before it counts as one
_READ = 20  # best sentences whose years are looked for where the thing's words stand everywhere
_READINGS = 3  # with more there is no question to put back
_KINDS = frozenset({Kind.WHY, Kind.FATE, Kind.WHO, Kind.WHEN, Kind.WHERE, Kind.HOW})


def readings(query: Query, judged: Sequence[Judged], snapshot: Snapshot) -> Readings | None:
    """The things that the question may mean, if there are several and nothing tells them apart."""
    if query.focus != query.text or query.slots or query.years or query.kind not in _KINDS:
        return None
    if not takes_for_granted(query.text) or not judged:
        return None
    told = {year for j in judged[:_READ] for year in _years_of(query, j)}
    for text, phrase in _things(query.text):
        found = mentions(phrase, snapshot) or mentions(phrase, snapshot, told)
        dated: dict[int, int] = {}
        for mention in found or ():
            for year in years_beside(mention.text, phrase, small=True):
                dated[year] = dated.get(year, 0) + 1
        several = sorted(year for year, often in dated.items() if often >= _OFTEN)
        if not 1 < len(several) <= _READINGS:
            continue
        fit = {
            year: max((j.evidence.score for j in judged if year in _years_of(query, j)), default=0) for year in several
        }
        best = max(fit.values())
        likely = tuple(year for year in several if fit[year] >= _ABOUT_AS_GOOD * best)
        return Readings(text, likely) if best and len(likely) > 1 else None
    return None


def _years_of(query: Query, judged: Judged) -> set[int]:
    evidence = judged.evidence
    return query.years_in(evidence.text) or query.years_in(f"{evidence.title} {evidence.heading}")


def _things(question: str) -> list[tuple[str, tuple[str, ...]]]:
    """What stands after "the": up to three words in small letters, the longest reading first."""
    match = _THE.search(question)
    if match is None:
        return []
    words: list[re.Match[str]] = []
    for word in WORD.finditer(question, match.end()):
        joined = question[words[-1].end() if words else match.end() : word.start()]
        lowered = word.group()
        if joined.strip(" ") or not lowered.islower() or lowered in STOPWORDS or lowered in OUTCOMES or len(words) > 2:
            break
        words.append(word)
    made = (words[:n] for n in range(len(words), 0, -1))
    return [(question[w[0].start() : w[-1].end()], tuple(stem(m.group()) for m in w)) for w in made]
