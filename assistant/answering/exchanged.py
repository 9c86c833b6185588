"""Whether a sentence tells of an act with its two sides exchanged: that Russia accused the United States, where the
question is what the United States accuse Russia of.

Read off the order of the two names and the question's verb, in English; Russian tells it by cases. What is not here:
acts of someone else altogether (premises.py), what a language model wrote (support.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from assistant.answering.wording import STATES
from assistant.retrieval.kin import with_kin
from assistant.store.keywords import WORD, stem

_NAME = r"[A-Z][\w.-]*(?:\s[A-Z][\w.-]*)*"
_DID = r"\b(?:do|does|did|has|have|had|will|would|is|was)\s(?:the\s)?"
_WHO = r"\b(?:who|which country)\s(?:has\s|have\s|had\s)?"
_VERB = r"(?:\w+ly\s|ever\s|first\s|also\s|then\s)?(?P<verb>[a-z]{3,})"
_DONE_TO = rf"(?:\s(?:at|against|on|to|from|for))?(?:\sthe)?\s(?P<done_to>{_NAME})(?!['’]s)\b"
_BY_DOER = rf"(?:\s[a-z]+)?\sby\s(?:the\s)?(?P<doer>{_NAME})(?!['’]s)\b"
_NO_NAME = r"(?!\s(?:at\s|on\s|to\s|from\s|for\s)?(?:the\s)?[A-Z])"
_ACTS = (
    re.compile(rf"{_DID}(?P<doer>{_NAME})\s{_VERB}{_DONE_TO}"),
    re.compile(rf"\b(?:is|are|was|were|been)\s(?:the\s)?(?P<done_to>{_NAME})\s{_VERB}{_BY_DOER}"),
    re.compile(rf"(?i:{_WHO}){_VERB}{_DONE_TO}"),
    re.compile(rf"(?i:\bwhom?\s)(?:do|does|did)\s(?:the\s)?(?P<doer>{_NAME})\s{_VERB}{_NO_NAME}"),
)
_IS_PASSIVE = re.compile(
    r"\b(?:was|were|been|be|being|is|are|stands?|stood)\s(?:\w+ly\s|also\s|then\s)?$", re.IGNORECASE
)
_BORDER = re.compile(r"[.;:|!?]|\b(?:that|which|who|because|after|when|while|and)\b")
_BY = re.compile(r"\bby\s")
_IS_NOUN = re.compile(r"\b(?:the|an?|its|his|her|their|of|first|second|last|this|that|new)\s$", re.IGNORECASE)
_NOBODY = re.compile(r"(?!)")
_FEW = 3  # words between a name and its verb
_REACH = 60  # characters between a name and its verb
# What two do with each other, whoever is named first.
_MUTUAL = frozenset(
    map(stem, ("meet", "marry", "sign", "agree", "talk", "negotiate", "border", "differ", "compare", "relate", "play"))
)
# "Said X" is X said; "did X and Y", "who was X" tell of no act.
_NO_ACT = frozenset("say tell and is are was were has have had do does did will would".split())


def exchanged(question: str, text: str) -> bool:
    """True where the text has the question's act the other way round, and nowhere as the question has it."""
    asked = _sides(question)
    if asked is None:
        return False
    doer, verbs, done_to = asked
    if "|" in text:  # the first cell of a row is who it tells of
        first, _, rest = text.partition("|")
        return _ends(first, done_to) and _begins(rest, doer)
    told = [as_asked for as_asked in _told(text, doer, verbs, done_to) if as_asked is not None]
    return bool(told) and not any(told)


@lru_cache(maxsize=64)  # it is asked of every sentence
def _sides(question: str) -> tuple[re.Pattern[str], frozenset[str], re.Pattern[str]] | None:
    """Who, the stems of what, and whom, where the question takes for granted that a name did something to another."""
    found = (act.search(question) for act in _ACTS)
    match = next((m for m in found if m and m["verb"] not in _NO_ACT), None)
    if match is None or stem(match["verb"]) in _MUTUAL:
        return None
    named = match.groupdict()
    doer, done_to = (_standing_for(named.get(side)) for side in ("doer", "done_to"))
    return None if doer == done_to else (doer, frozenset(with_kin([stem(match["verb"])])), done_to)


def _standing_for(name: str | None) -> re.Pattern[str]:
    """What finds a name: all that stand for the same state, or its last word; nothing for the one who is asked for."""
    if name is None:
        return _NOBODY
    same = next((names for names in STATES if name in names), (name.split()[-1],))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, same))})(?!\w)")


def _told(text: str, doer: re.Pattern[str], verbs: frozenset[str], done_to: re.Pattern[str]) -> Iterator[bool | None]:
    """For each place of the verb: as it is asked, the other way round, or neither."""
    for verb in WORD.finditer(text):
        if stem(verb[0]) not in verbs or _IS_NOUN.search(text[: verb.start()]):
            continue
        left = _BORDER.split(text[max(0, verb.start() - _REACH) : verb.start()])[-1]
        right = _BORDER.split(text[verb.end() : verb.end() + _REACH])[0]
        if _IS_PASSIVE.search(text[: verb.start()]):
            by = _BY.search(right)
            left, right = right[by.end() :] if by else "", left
        elif _BY.search(right):
            continue
        if _ends(left, doer) or _begins(right, done_to):
            yield True
        elif _ends(left, done_to) or _begins(right, doer):
            yield False
        else:
            yield None


def _ends(text: str, name: re.Pattern[str]) -> bool:
    """Whether the last name of a text is this one."""
    found = list(name.finditer(text))
    after = text[found[-1].end() :] if found else ""
    return bool(found) and not re.search(r"[A-Z]", after) and len(after.split()) <= _FEW


def _begins(text: str, name: re.Pattern[str]) -> bool:
    """Whether the first name of a text is this one."""
    text = re.sub(r"^\s*The\s", "", text)
    found = name.search(text)
    if found is None or re.match(r"(?:['’]s)?\s[A-Z]", text[found.end() :]):
        return False
    before = text[: found.start()]
    return not re.search(r"[A-Z]", before) and len(before.split()) <= _FEW
