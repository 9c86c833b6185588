"""Questions of what or who something is, and the sentences that say so.

"The OEWG is a working group of the United Nations" answers *what is the OEWG?*; a table row on who supports it names it
just as often. What is not here: how likely a sentence is otherwise (evidence.py).
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.store.keywords import WORD, stem

_LONGEST = 6  # words of what is asked about
_ARTICLE = r"(?:(?:[Aa]n?|[Tt]he)\s+)?"
_SO_THEN = r"(?:(?:so|and|but|ok|then),?\s+)?"
_ASKS = re.compile(
    rf"{_SO_THEN}(?:(?:who|what)(?:['’]s|\s+(?:is|are|was|were))|define|(?:кто|что)\s+(?:такой|такая|такое|такие|это))"
    rf"\s+{_ARTICLE}(?P<thing>[^,;?.]+?)\s*[?.]*",
    re.IGNORECASE,
)
_MEANS = re.compile(
    rf"{_SO_THEN}what\s+(?:does|do|did)\s+{_ARTICLE}(?P<thing>[^,;?.]+?)\s+(?:mean|stand for|refer to)\s*[?.]*",
    re.IGNORECASE,
)
_WHO = re.compile(rf"{_SO_THEN}(?:who|кто)\b", re.IGNORECASE)
# What may stand before the thing: "The American diplomat ", "The GGE (...) and the ".
_FIRST = re.compile(rf"\W*{_ARTICLE}(?:[A-ZА-ЯЁ][\w.’'-]*\s+){{0,2}}")
_WITH = re.compile(rf"\W*{_ARTICLE}\w[\w-]*(?:\s+\([^()]*\))?(?:,|\s+and|\s+и)\s+{_ARTICLE}")
_IN_BRACKETS = r"(?:\s*\([^()]*\)|\s*\[[^\]]*\])*"
_ASIDE = r"(?:,[^,;]+,|,[^,;]+,[^,;]+,)?"
_SOMETHING = r"(?:(?:an?|the|one|two|three|four|five|six|several|its|their|his|her|another|any|some)\b|[A-ZА-ЯЁ]|\d)"
_IS_ONE = re.compile(
    rf"""{_IN_BRACKETS}{_ASIDE}(?:
      \s*\|\s*                                                              # a row of a table, its first cell
    | \s+(?:is|are|was|were)\s+(?:(?:also|still|now|both)\s+)?(?={_SOMETHING})
    | \s+(?:are|were)\s+(?!\w+(?:ed|ing)\b|not\b)(?=[a-zа-яё])              # "intents are purposes"
    | \s+(?:means?|meant|refers?\ to|stands?\ for|denotes?|является|являлся|это)\b
    | \s+(?:is|are|was|were|has\ been)\s+(?:also\s+)?(?:described|known|named|called|defined|introduced|referred\ to)\b
    | \s+(?:(?:serves?|served)\ as|(?:holds?|held)\ the\ (?:office|post|position|title|rank))\b
    | \s*[—–]\s+
    | \s*:\s+(?={_SOMETHING})
    )""",
    re.VERBOSE,
)
_ROLES = (
    r"president|prime|minister|deputy|secretary|special|director|head|chief|ambassador|foreign|senior|general|chair\w*"
    r"|envoy|adviser|advisor|spokes\w+|commissioner|professor|coordinator|author|founder|представител\w+|министр\w*"
    r"|директор\w*|глава|замест\w+|президент\w*|посол|советник\w*|секретар\w+"
)
_BESIDE = re.compile(rf"{_IN_BRACKETS},\s+(?:an?|the|its|then|now|former|first|{_ROLES})\b", re.IGNORECASE)
_CALLED = re.compile(
    rf"\b(?:calls?|called|describes?|described|defines?|defined|называ\w+)\s+{_ARTICLE}$", re.IGNORECASE
)
_SO = re.compile(r"\s+(?:as|an?|the)\b|\s*[\"“«]", re.IGNORECASE)
_ITS_ROLE = re.compile(
    r"(?:president|minister|secretary(?:-general)?|director|advis[oe]r|envoy|ambassador|representative|chair(?:wo)?m[ae]n"
    r"|chair|head|chief|commissioner|coordinator|spokes\w+|professor|diplomat|negotiator|official|expert|министр"
    r"|президент|посол|директор|представитель|дипломат|советник|секретарь)\s+(?:[A-ZА-ЯЁ][\w.’'-]*\s+)?$",
    re.IGNORECASE,
)
# Around the thing: "Open-ended Working Group (OEWG)", "OEWG (Open-ended Working Group)", "..., or OEWG for short".
_SPELLED_OUT = re.compile(r"\w\s+\(\0\)|\0\s+\((?=[A-ZА-ЯЁ])|,\s+or\s+\0\s+for short")
_WHICH_ONES = re.compile(
    rf"{_SO_THEN}(?:who|what|which)\s+(?:are|were)\s+the\s+(?:\w+\s+)?(?P<things>\w+s)\b", re.IGNORECASE
)
_ARE_THESE = re.compile(
    r"[^.;:|]{0,50}?(?:\s(?:are|were|includ\w+)\s|:\s)[^.;|]{0,200}?\w,\s[^.;|]{0,200}?(?:,\s|\sand\s)"
)
# How well a sentence defines: "the thing is a ..."; "they call the thing a ...", "the thing, head of ..."; in passing.
_IS, _BESIDES, _PASSING = 1.0, 0.7, 0.35
_BY_SURNAME = 0.15  # less, where a person is named by the last name only: there may be two of it


def definition(question: str, text: str) -> float:
    """How well a sentence says what or who something is, within [0, 1]; 0 where the question does not ask that."""
    thing, surname = thing_asked(question)
    by_surname = _defines(surname, text) - _BY_SURNAME if surname else 0.0
    return max(_defines(thing, text), by_surname) if thing else 0.0


def enumerates(question: str, text: str) -> bool:
    """True where it is asked who or what the members are, and the sentence says who: "the members were A, B and C"."""
    asked = _WHICH_ONES.match(question.strip())
    if asked is None:
        return False
    things = (m for m in WORD.finditer(text) if stem(m.group()) == stem(asked["things"]))
    return any(_ARE_THESE.match(text, thing.end()) for thing in things)


@lru_cache(maxsize=256)
def thing_asked(question: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a question wants defined and, of a person asked about by the full name, the last one; as stems, or empty."""
    match = _ASKS.fullmatch(question.strip()) or _MEANS.fullmatch(question.strip())
    words = WORD.findall(match["thing"]) if match else []
    if len(words) > _LONGEST:
        return (), ()
    named = len(words) > 1 and _WHO.match(question) and all(word[0].isupper() for word in words)
    return tuple(stem(word) for word in words), (stem(words[-1]),) if named else ()


@lru_cache(maxsize=4096)
def _defines(thing: tuple[str, ...], text: str) -> float:
    words = list(WORD.finditer(text))
    found = [stem(word.group()) for word in words]
    best = 0.0
    for i in range(len(found) - len(thing) + 1):
        if tuple(found[i : i + len(thing)]) != thing:
            continue
        before, after = text[: words[i].start()], text[words[i + len(thing) - 1].end() :]
        if (_FIRST.fullmatch(before) or _WITH.fullmatch(before)) and _IS_ONE.match(after):
            return _IS
        if before.endswith("(") and after.startswith(")") and _IS_ONE.match(after[1:]):  # "The Full Name (FN) is a ..."
            return _IS
        if (_CALLED.search(before) and _SO.match(after)) or _BESIDE.match(after):
            best = _BESIDES
        elif _ITS_ROLE.search(before) or _SPELLED_OUT.search(f"{before[-30:]}\0{after[:20]}"):
            best = max(best, _PASSING)
    return best
