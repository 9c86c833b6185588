"""Whether two texts say the opposite of each other, by their negations and by words that exclude one another.

A near miss of a question ("the last line of defence") is met by a sentence that has all of its words but one, and the
opposite of that one. What is not here: the words (wording.py), and what follows (support.py, abstention.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from assistant.answering.reading import Reading, read, stems
from assistant.answering.wording import BEGINS, ENDS, NEGATIVE_PREFIXES, OPPOSITES, STATES
from assistant.retrieval.query import Kind, Query

_SHORTEST = 4  # letters of a word that a prefix turns round: "it" makes no "unit"


def opposed(said: Reading, proofs: Sequence[Reading]) -> bool:
    """True where a text has a word that the others lack, and those its opposite."""
    words, known = _words(said), frozenset[str]().union(*map(_words, proofs))
    for pair in _pairs():
        for one, other in (pair, pair[::-1]):
            if one in words and one not in known and other in known:
                return True
    known_stems = {word.stem for proof in proofs for word in proof.words}
    return any(_turned(stem, known_stems) for stem in {word.stem for word in said.words} - known_stems)


def is_contrary(query: Query, sentence: str) -> bool:
    """True where the question has the opposite of a word of the sentence, or denies what the sentence affirms.

    Likewise where it asks for the Russian negotiator, and the sentence speaks of the American one only.

    Not so where it asks why something is not: what explains that need not deny it.
    """
    asked, told = read(query.focus), read(sentence)
    if opposed(asked, [told]) or _of_another_state(query.focus, sentence):
        return True
    if query.kind is Kind.WHEN and _is_of_the_other_end(_words(asked), _words(told)):
        return True
    if query.kind in (Kind.WHY, Kind.FATE):
        return False
    affirmed = {word.stem for word in told.words}.difference(*told.negated)
    return any(scope & affirmed for scope in asked.negated)


def denies(query: Query, sentence: str) -> bool:
    """True where the sentence denies a word that the question affirms: who voted, of "without a vote"."""
    asked = read(query.focus)
    affirmed = {word.stem for word in asked.words if not word.function}.difference(*asked.negated)
    return any(scope & affirmed for scope in read(sentence).negated)


def _is_of_the_other_end(asked: frozenset[str], told: frozenset[str]) -> bool:
    """True where it is asked of a beginning, and only an end is told, or the reverse."""
    pairs = ((BEGINS, ENDS), (ENDS, BEGINS))
    return any(asked & one and not told & one and told & other for one, other in pairs)


def _of_another_state(question: str, sentence: str) -> bool:
    for of_state in _states():
        asked = {stems([m["thing"]])[0] for m in of_state.finditer(question) if m["thing"]}
        if not asked or of_state.search(sentence):
            continue
        for other in _states():
            if any(m["thing"] and stems([m["thing"]])[0] in asked for m in other.finditer(sentence)):
                return True
    return False


@cache
def _states() -> tuple[re.Pattern[str], ...]:
    """What finds the names of one state, and the thing said to be of it."""
    return tuple(
        re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})(?!\w)(?:\s(?P<thing>[a-z]\w{{2,}}))?") for names in STATES
    )


@cache
def _pairs() -> tuple[tuple[str, str], ...]:
    """The opposites, Russian ones by their stems: an English one in another form is often another word ("lasted")."""
    return tuple((_form(one), _form(other)) for one, other in OPPOSITES)


def _words(reading: Reading) -> frozenset[str]:
    """The forms that opposites are known by; of ordinals only "first" has one."""
    first = {"first", _form("первый")} if any(number.value == "#1" for number in reading.numbers) else set()
    return frozenset(word.stem if word.cyrillic else word.folded for word in reading.words) | first


def _form(word: str) -> str:
    return stems([word])[0] if "а" <= word[:1] <= "я" else word


def _turned(stem: str, known: set[str]) -> bool:
    """Whether the stem with a negative prefix is known, or without the one that it has."""
    for prefix in NEGATIVE_PREFIXES:
        bare = stem.removeprefix(prefix)
        if len(stem) >= _SHORTEST and prefix + stem in known:
            return True
        if bare != stem and len(bare) >= _SHORTEST and bare in known:
            return True
    return False
