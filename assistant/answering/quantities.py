"""Numbers of a sentence that could answer how many, how much, how long, how old, how often, what share.

A number counts with its unit or with the noun that it counts; dates, and numbers that are part of a name, are none.
English and Russian patterns over one sentence. What is not here: which of them answers (short_answer.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from assistant.answering.wording import CURRENCIES, FUNCTION_WORDS, NUMBER_WORDS, SCALES, UNITS
from assistant.store.keywords import WORD, stem

Span = tuple[int, int]


class Measure(StrEnum):
    """What sort of quantity is asked for."""

    OFTEN = "often"
    AGE = "age"
    SHARE = "share"
    TIME = "time"
    LENGTH = "length"
    MONEY = "money"
    SIZE = "size"
    COUNT = "count"


_MEASURES = {
    Measure.OFTEN: r"\b(how (often|frequently)|как часто)\b",
    Measure.AGE: r"\b(how old|сколько лет было|в каком возрасте)\b",
    Measure.SHARE: r"\b(percent|percentage|proportion|share|fraction|процент\w*|доля|долю)\b",
    Measure.TIME: (
        r"\b(how long (did|do|does|has|have|had|will|would|were|ago|after|before|until)"
        r"|how (many|much) (more )?(time|years|months|weeks|days|hours|minutes|seconds|centuries|decades)"
        r"|сколько (времени|лет|месяцев|недель|дней|часов|минут|веков))\b"
    ),
    Measure.LENGTH: (
        r"\b(how (far|tall|high|deep|wide)|how (many|much) (miles|kilomet(re|er)s|met(re|er)s|feet)"
        r"|сколько (километров|метров))\b"
    ),
    Measure.MONEY: (
        r"\bhow much\b.*\b(money|costs?|pays?|paid|spend|spent|worth|price|earn\w*|sold|sell|fund\w*|invest\w*"
        r"|donat\w*|budget)\b|\bhow many (dollars|euros|pounds)\b|\bсколько (денег|сто(ит|ил)\w*|заплат\w*)"
    ),
    Measure.SIZE: r"\bhow (large|big|long|much|heavy)\b",
}
_MEASURE_PATTERNS = tuple((measure, re.compile(pattern, re.IGNORECASE)) for measure, pattern in _MEASURES.items())
_OF_TIME = frozenset({"s", "min", "h", "d", "wk", "mo", "yr", "c"})
_OF_LENGTH = frozenset({"km", "m", "cm", "mm", "mi", "ft", "in"})
_OF_MONEY = frozenset({"usd", "eur", "rub"})
_FAR = 4  # words from a number to the noun that it counts

_NUMBER_WORDS = "|".join(sorted((word for word, n in NUMBER_WORDS.items() if n > 1 or word == "one"), key=len)[::-1])
_SCALES = "|".join(sorted(SCALES, key=len)[::-1])
_SYMBOLS = "".join(map(re.escape, CURRENCIES))
_FIGURE = r"(?:\d{1,3}(?:[,\u00a0\u202f\u2009\ ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
_QUANTITY = re.compile(
    rf"""(?<![\w.,/-])
    (?:(?:more\ than|over|about|around|approximately|at\ least|at\ most|nearly|almost|up\ to|less\ than|fewer\ than
        |roughly|an\ estimated|as\ many\ as|as\ much\ as|some|only|just
        |более(?:\ чем)?|свыше|около|почти|не\ менее|примерно|больше|приблизительно)\s+)?
    (?P<number>
      (?:US)?(?P<symbol>[{_SYMBOLS}])\s?\d[\d,.]*(?<=\d)(?:[-\s](?:{_SCALES})\b)?
    | (?P<fraction>(?:one|two|three|four|five)[-\s](?:half|third|quarter|fifth|sixth|eighth|tenth)s?\b
        |a\ (?:third|quarter)\b|half\b|половин\w+|треть\w*|четверть\w*)
    | {_FIGURE}(?![\w/])(?:\s?(?:[-–—]|to|до)\s?{_FIGURE}(?![\w/]))?(?:[-\s](?:{_SCALES})\b)?
    | (?:(?:a|several|{_NUMBER_WORDS})[-\s])?(?:{_SCALES})s?\b
    | (?:{_NUMBER_WORDS})(?:[-\s](?:{_NUMBER_WORDS}))?(?:[-\s](?:{_SCALES}))?(?!-(?:sided|party|way|time))\b
    )(?P<percent>\s?%|\s(?:percent|per\ cent|percentage\ points?|процент\w*)\b)?""",
    re.VERBOSE | re.IGNORECASE,
)
_OFTEN = re.compile(
    r"\b(?:(?:once|twice|(?:one|two|three|four|five|six|\d+|several) times) (?:a|an|per|every|each) \w+"
    r"|every (?:(?:other|two|three|four|five|six|ten|\d+) )?(?:hour|day|week|month|year|decade)s?"
    r"|daily|weekly|monthly|annually|yearly|quarterly"
    r"|(?:(?:один|два|три|четыре|\d+) раза? в|дважды в|раз в) \w+|кажд(?:ый|ую|ые) \w+"
    r"|ежегодно|ежемесячно|еженедельно|ежедневно)\b",
    re.IGNORECASE,
)
_AGE = re.compile(
    rf"\b(?:aged?(?: of)? (?P<aged>\d{{1,3}}|{_NUMBER_WORDS})|(?P<old>\d{{1,3}}(?:[-\s]years?[-\s]old| years of age))"
    r"|в возрасте (?P<russian>\d{1,3} (?:лет|года?)))\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"[-\s]?(?:(?:square|cubic|metric|nautical|consecutive|full|more|квадратных|кубических)\s)?(?P<word>[^\W\d_]+)"
)
_DECADES = frozenset("decade decades десятилетие десятилетия десятилетий".split())
_WORD = re.compile(r"[-\s]+([^\W\d_][\w'’-]*)")
_HOW_MANY = re.compile(r"\b(?:how many|what number of|сколько|какое количество)\s+(?P<words>[^?.,;:]+)", re.IGNORECASE)
# What is counted stands in the plural: English nouns, and of Russian words those that are no adjectives.
_PLURAL = re.compile(r"[\w-]+(?<!s)s|people|men|women|children|[а-яё]+(?<![ыи]х)", re.IGNORECASE)
_PEOPLE = frozenset(map(stem, ("people", "persons", "individuals", "людей", "человек")))
_NAME_BEFORE = re.compile(r"\w\W+(?:[A-ZА-ЯЁ][\w-]+|№)\s$")
# "ten most visited", "four out of five", a note's "[N 4]": the number is no answer by itself.
_NOT_BARE = re.compile(r"\s(?:of|out of|most|more|times)\b|\]|\.\d")
_CONVERTED = re.compile(r"[\d\w]\s?\((?:about |approximately |around |or )?$")


def quantities(text: str, question: str, dates: Sequence[Span]) -> list[Span]:
    """The numbers of the sort asked for, each with its unit or noun.

    Where things are counted, those that count another thing are left out, but not bare numbers ("winning three").

    Args:
        text: A sentence.
        question: That is asked.
        dates: Of the sentence; their numbers count nothing.
    """
    measure = next((measure for measure, pattern in _MEASURE_PATTERNS if pattern.search(question)), Measure.COUNT)
    if measure is Measure.OFTEN:
        return [m.span() for m in _OFTEN.finditer(text)]
    if measure is Measure.AGE:
        return [m.span(m.lastgroup or 0) for m in _AGE.finditer(text)]
    found = []
    for match in _QUANTITY.finditer(text):
        if any(start < match.end() and match.start() < end for start, end in dates):
            continue
        end = _end(text, match, measure, question)
        if end is not None:
            found.append((match.start(), end))
    return found


def _end(text: str, match: re.Match[str], measure: Measure, question: str) -> int | None:
    """Where a quantity ends with its unit or noun; None where it is not of the sort asked for."""
    end, unit = _unit(text, match.end())
    named = frozenset(UNITS[w] for w in WORD.findall(question.lower()) if len(w) > 2 and w in UNITS)
    if named and unit not in named and measure in (Measure.LENGTH, Measure.SIZE):
        return None
    if not named and _CONVERTED.search(text[: match.start()]):
        return None  # "10 yuan (1.4 dollars)"
    share, money = match["percent"] or match["fraction"], match["symbol"] or unit in _OF_MONEY
    of_the_sort = {
        Measure.SHARE: share,
        Measure.MONEY: money,
        Measure.TIME: unit in _OF_TIME,
        Measure.LENGTH: unit in _OF_LENGTH,
        Measure.SIZE: unit and unit not in _OF_TIME,
    }
    if measure is not Measure.COUNT:
        return end if of_the_sort[measure] else None
    if share or money or match["number"].lower() == "one":
        return None
    if match["number"][0].isdigit() and _NAME_BEFORE.search(text[: match.start()]):
        return None  # "Article 5"
    return _counted(text, match.end(), question)


def _unit(text: str, end: int) -> tuple[int, str]:
    """Where the unit after a number ends, and its normal form; `square miles` is one."""
    match = _UNIT.match(text, end)
    word = match["word"].lower() if match else ""
    unit = "yr" if word in _DECADES else UNITS.get(word, "")
    # "in" and "с" after a number are prepositions.
    return (match.end(), unit) if match and unit and word not in ("in", "c") else (end, "")


def _counted(text: str, end: int, question: str) -> int | None:
    """Where the noun asked for ends, if the number before `end` counts it; `end` of a bare number; else None."""
    asked = _HOW_MANY.search(question)
    words = WORD.findall(asked["words"])[:_FAR] if asked else []
    noun = next((stem(word) for word in words if _PLURAL.fullmatch(word)), "")
    last = end
    for _ in range(_FAR):
        match = _WORD.match(text, last)
        if match is None or match[1].lower() in FUNCTION_WORDS:
            break
        last = match.end()
        if stem(match[1]) == noun or {stem(match[1]), noun} <= _PEOPLE:
            return last
    return end if last == end and not _NOT_BARE.match(text, end) else None
