"""How the support check reads a text: its numbers in one spelling, its words with their stems.

"Five per cent", "5 percent" and "5%" read the same; so do "3 million" and "3,000,000", "1990-х" and
"1990s". What is not here: what follows from a reading, which is `support.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import MAX_PREC, Context, Decimal

import Stemmer

from assistant.answering.wording import (
    CLAUSE_BREAKS,
    FUNCTION_WORDS,
    HEDGES,
    NEGATIONS,
    NOT_NEGATING,
    NUMBER_WORDS,
    ORDINAL_ENDINGS_RU,
    ORDINAL_STEMS_RU,
    ORDINAL_WORDS,
    SCALES,
    UNITS,
)

# How many words after a negation or a hedge it is taken to govern.
_SCOPE = 3


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written, case-folded without possessive, stemmed; `initial` where a sentence begins with it."""

    raw: str
    folded: str
    stem: str
    initial: bool
    start: int

    @property
    def capitalised(self) -> bool:
        """True for Paris, NASA, iPhone."""
        return any(letter.isupper() for letter in self.raw)

    @property
    def cyrillic(self) -> bool:
        """True for a word in Cyrillic letters."""
        return "а" <= self.folded[0] <= "я"

    @property
    def function(self) -> bool:
        """True for a word that makes no claim of its own, also with a capital; US and IT are names."""
        all_capitals = len(self.raw) > 1 and self.raw.isupper()
        known = self.folded in FUNCTION_WORDS or self.folded in NEGATIONS
        return known and not all_capitals


@dataclass(frozen=True, slots=True)
class Number:
    """A number in normal form (`5`, `-5`, `5%`, `#3` for an ordinal, `1990s`, `b52`) and the words around it."""

    value: str
    before: str
    noun: str
    start: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the check compares of a text."""

    folded: str
    numbers: tuple[Number, ...]
    words: tuple[Word, ...]
    negated: tuple[frozenset[str], ...]
    hedged: tuple[frozenset[str], ...]


def fold(text: str) -> str:
    """Case-folded, with `е` for `ё` and a plain apostrophe."""
    return text.replace("’", "'").casefold().replace("ё", "е")


def stems(words: Iterable[str]) -> list[str]:
    """Stems of folded words, each by the stemmer of its letters.

    The stemmers are made anew for each call: they are cheap, and not safe to share between threads.
    """
    english, russian = Stemmer.Stemmer("english"), Stemmer.Stemmer("russian")
    return [(russian if "а" <= word[:1] <= "я" else english).stemWord(word) for word in words]


# One apostrophe, one `е`; Turkish i's, which match an English one where case is ignored but don't fold to it.
_SPELLING = str.maketrans("’ёЁİı", "'еЕIi")


def read(text: str) -> Reading:
    """Reads a sentence or a quotation."""
    text = _in_digits(text.translate(_SPELLING))
    numbers, rest = _numbers(text)
    return Reading(
        folded=fold(text),
        numbers=numbers,
        words=_words(text, rest),
        negated=_scopes(rest, NEGATIONS),
        hedged=_scopes(rest, HEDGES),
    )


# --- numbers -------------------------------------------------------------------------------------------------


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_TENS = {word: value for word, value in NUMBER_WORDS.items() if value >= 20}
_ONES = {word: value for word, value in NUMBER_WORDS.items() if 1 <= value <= 9}
_IGNORE = re.IGNORECASE
_COMPOUND_ORDINAL = re.compile(rf"\b({_alternatives(_TENS)})[-\s]({_alternatives(ORDINAL_WORDS)})\b", _IGNORE)
_COMPOUND = re.compile(rf"\b({_alternatives(_TENS)})[-\s]({_alternatives(_ONES)})\b", _IGNORE)
_HOW_OFTEN = {"once": 1, "twice": 2, "thrice": 3, "дважды": 2, "трижды": 3}
# "Once" without a measure of time is a point in it.
_TIMES = re.compile(r"\b(twice|thrice|дважды|трижды|once(?=\s(?:a|an|per|every|each)\b))", _IGNORE)
# "one of them", "no one", "один из": no number is meant.
_CARDINAL = re.compile(
    rf"(?<!\bno )\b({_alternatives(NUMBER_WORDS)})\b(?!(?<=one)\s+(?:of|another|day)\b)(?!\s+из\b)", _IGNORE
)
# "5 second", "per second": the unit.
_ORDINAL = re.compile(rf"\b(?!(?:(?<=\d )|(?<=\d-)|(?<=per ))second\b)({_alternatives(ORDINAL_WORDS)})\b", _IGNORE)
_ORDINAL_RU = re.compile(rf"\b({_alternatives(ORDINAL_STEMS_RU)})(?:{ORDINAL_ENDINGS_RU})\b", _IGNORE)
_DECADE_RU = re.compile(r"\b(\d*0)-?(?:е|х|ые|ых)\b", _IGNORE)
_ORDINAL_SUFFIX_RU = re.compile(r"\b(\d+)-(?:й|го|му|м|я|ю|ой|ое|е|ая|ый|ий|ом|х)\b", _IGNORE)
_GLUED_UNIT = re.compile(rf"(?<=\d)(?=(?:{_alternatives([*UNITS, *SCALES])})\b)", _IGNORE)

_NUMBER = re.compile(
    rf"""
    (?P<code>(?<![^\W_])(?=[^\W_]*\d)(?=[^\W_]*[^\W\d_])[^\W_]+)          # 3rd, 1990s, B52
    |(?P<sign>(?<![\w)])[-−]|\b(?:minus|минус)\s)?
     (?P<digits>\d{{1,3}}(?:[,\u00a0\u202f\u2009 ]\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?)
     (?:[\s-]*(?P<scale>{_alternatives(SCALES)})\b\.?)?
     (?:\s*(?P<percent>%|percent\b|per\scent\b|процент\w*))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_GROUPED = re.compile(r"\d{1,3}(?:[,\u00a0\u202f\u2009 ]\d{3})+(?:[.,]\d+)?")
_NEXT_WORD = re.compile(r"[-\s]*([^\W\d_]+)")
_LAST_WORD = re.compile(r"([^\W\d_]+)[-\s]*$")


def _in_digits(text: str) -> str:
    """Spelled-out numbers up to ninety-nine in digits; ordinals and decades as `3th`, `1990s`."""
    text = _COMPOUND_ORDINAL.sub(lambda m: f"{_TENS[fold(m[1])] + ORDINAL_WORDS[fold(m[2])]}th", text)
    text = _COMPOUND.sub(lambda m: str(_TENS[fold(m[1])] + _ONES[fold(m[2])]), text)
    text = _TIMES.sub(lambda m: f"{_HOW_OFTEN[fold(m[1])]} times", text)
    text = _CARDINAL.sub(lambda m: str(NUMBER_WORDS[fold(m[1])]), text)
    text = _ORDINAL.sub(lambda m: f"{ORDINAL_WORDS[fold(m[1])]}th", text)
    text = _ORDINAL_RU.sub(lambda m: f"{ORDINAL_STEMS_RU[fold(m[1])]}th", text)
    text = _DECADE_RU.sub(r"\1s", text)
    text = _ORDINAL_SUFFIX_RU.sub(r"\1th", text)
    return _GLUED_UNIT.sub(" ", text)


def _numbers(text: str) -> tuple[tuple[Number, ...], str]:
    """The numbers of a text, and the text with blanks in their place."""
    found: list[Number] = []
    rest = text
    for match in _NUMBER.finditer(text):
        after = _NEXT_WORD.match(text, match.end())
        before = _LAST_WORD.search(text, 0, match.start())
        noun = "" if match["percent"] or after is None else after[1]
        found.append(Number(_normal(match), fold(before[1]) if before else "", noun, match.start()))
        rest = rest[: match.start()] + " " * len(match[0]) + rest[match.end() :]
    return tuple(found), rest


_EXACT = Context(prec=MAX_PREC)


def _normal(match: re.Match[str]) -> str:
    if match["code"]:
        code = fold(match["code"])
        ordinal = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", code)
        return f"#{ordinal[1].lstrip('0')}" if ordinal else code
    digits = match["digits"]
    if _GROUPED.fullmatch(digits):
        whole, point, fraction = digits, "", ""
        if tail := re.search(r"[.,](\d{1,2}|\d{4,})$|(?<=[,\s]\d{3})\.(\d+)$", digits):
            whole, point, fraction = digits[: tail.start()], ".", tail[1] or tail[2]
        digits = re.sub(r"\D", "", whole) + point + fraction
    value = (
        f"{_EXACT.multiply(Decimal(digits.replace(',', '.')), SCALES[fold(match['scale'])] if match['scale'] else 1):f}"
    )
    if "." in value:
        value = value.rstrip("0").rstrip(".")
    return ("-" if match["sign"] else "") + value + ("%" if match["percent"] else "")


# --- words ---------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_STEP = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|[.,;:!?()—–]")
_OPENING = " \t\n\"'“”‘«»„([*—–-"


def _words(text: str, rest: str) -> tuple[Word, ...]:
    matches = list(_WORD.finditer(rest))
    folded = [fold(match[0]).removesuffix("'s") for match in matches]
    found = []
    for match, word, stem in zip(matches, folded, stems(folded), strict=True):
        before = text[: match.start()].rstrip(_OPENING)
        found.append(Word(match[0], word, stem, not before or before[-1] in ".!?:…", match.start()))
    return tuple(found)


def _scopes(text: str, markers: frozenset[str]) -> tuple[frozenset[str], ...]:
    """For each marker (a negation, a hedge) the stems of the words that it governs: the next few in its clause."""
    # "May" with a capital is the month.
    steps = [step if step == "May" else fold(step) for step in _STEP.findall(text)]
    found = []
    for index, step in enumerate(steps):
        if step not in markers and not (markers is NEGATIONS and step.endswith("n't")):
            continue
        following = steps[index + 1 : index + 2]
        if markers is NEGATIONS and following and following[0] in NOT_NEGATING:
            continue
        scope: list[str] = []
        for word in steps[index + 1 :]:
            if len(scope) == _SCOPE or not word[0].isalpha() or word in CLAUSE_BREAKS:
                break
            if word not in FUNCTION_WORDS and word not in markers:
                scope.append(fold(word).removesuffix("'s"))
        found.append(frozenset(stems(scope)))
    return tuple(found)
