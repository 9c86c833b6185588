"""Which cases ask the same, and whether they then expect what can't both be right.

A question that is asked of another corpus, as of another date or after other turns is another question. So is one that
differs in a single name or number: that is what a near miss is made of, and how alike the words are says nothing of it.
What is not here: everything else that can be wrong with a case (lint.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from assistant.evaluation.cases import Case, Expectation
from assistant.evaluation.metrics import contains
from assistant.store.keywords import stem, stems
from assistant.store.likeness import ALIKE, likeness

# Words that can be left out of a question, and it asks the same. No question word and no preposition is among them.
_FILLING = {stem(word) for word in "a an the is are was were did do does has have had please exactly же ли".split()}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two cases that ask the same, in the order in which they stand.

    Attributes:
        quarrel: How what they expect can't both be right; empty where it can.
    """

    earlier: Case
    later: Case
    quarrel: str = ""


def pairs(cases: Sequence[Case]) -> Iterator[Pair]:
    """All cases that ask what one before them asks, each with the first such."""
    told: set[str] = set()
    for group in _groups(cases, by_words=True):
        for earlier, later in combinations(group, 2):
            # Two that quarrel are told of even where both repeat a third.
            quarrel = _quarrel(earlier.expect, later.expect)
            if quarrel or later.id not in told:
                told.add(later.id)
                yield Pair(earlier, later, quarrel)
    for group in _groups(cases, by_words=False):
        for earlier, later in combinations(group, 2):
            if later.id not in told and _nearly(earlier.question, later.question):
                told.add(later.id)
                yield Pair(earlier, later)


def _groups(cases: Sequence[Case], *, by_words: bool) -> list[list[Case]]:
    """Cases asked under the same circumstances, in the same words or for the same facts."""
    found: dict[object, list[Case]] = {}
    for case in cases:
        if by_words or case.expect.facts:
            what: object = _words(case.question) if by_words else frozenset(map(frozenset, case.expect.facts))
            found.setdefault((case.corpus, case.as_of, case.history, what), []).append(case)
    return [group for group in found.values() if len(group) > 1]


def _words(question: str) -> tuple[str, ...]:
    words = stems(question)
    return tuple(word for word in words if word not in _FILLING) or tuple(words)


def _nearly(one: str, other: str) -> bool:
    """Of two questions with the same answer: whether the second adds nothing."""
    return sorted(_words(one)) == sorted(_words(other)) or likeness(one, other) >= ALIKE


def _quarrel(one: Expectation, other: Expectation) -> str:
    if one.answered != other.answered:
        return "one is to be answered, the other refused"
    if one.reason and other.reason and one.reason != other.reason:
        return f"one is refused with {one.reason}, the other with {other.reason}"
    for mine, yours in ((one, other), (other, one)):
        for words in mine.must_not:
            if any(all(contains(each, words) for each in fact) for fact in yours.facts):
                return f"one forbids {words!r}, the other asks for it"
    if one.short_answer and other.short_answer and not _agree(one.short_answer, other.short_answer):
        return f"the short answer is {one.short_answer[0]!r} or {other.short_answer[0]!r}"
    return ""


def _agree(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether one text can hold an alternative of both."""
    return any(contains(a, b) or contains(b, a) for a in some for b in others)
