"""Time as texts write it: years, and the periods that they bound, in English and Russian.

"From 2010 to 2014", "2010–14", "since 2015", "until June 2009", "between 1910 and 1912", "in the 1990s", "с 2013 по
2015 год" are periods; a year alone is one of a single year. What is not here: a document's own date (ingest finds
it), and what a question asks of a period (query.py).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from assistant.errors import QuestionError

# A longer span speaks of an era; listing its years would match everything.
LONGEST_SPAN = 60
# Where a question names one year, a span up to this length still names it.
SHORT_SPAN = 2
# How far a period reaches of which a text names one end only.
REACH = 20
_AS_OF = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
# The ends of a period that has none: "since 2015", "until 2009".
EARLIEST, LATEST = 0, 9999
# How far a period that is not the one asked about can still answer. Of the sentences of half a that name the very
# period asked about two in three answer, of those that name its first year 19 in 49, of all that otherwise touch it
# 12 in 193; where one year is asked about, a longer period is rare in the set, and these are a judgement.
_BEGINS, _HELD, _TOUCHES = 0.9, 0.35, 0.1
_WITHIN, _ENDS = 0.5, 0.25


class Period(NamedTuple):
    """Years from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def open(self) -> bool:
        """True where the text names one end only."""
        return self.first == EARLIEST or self.last == LATEST

    @property
    def length(self) -> int:
        """How many years it holds."""
        return self.last - self.first + 1

    def meets(self, other: Period) -> bool:
        """True where they have a year in common."""
        return self.first <= other.last and other.first <= self.last

    def holds(self, other: Period) -> bool:
        """True where no year of the other one is outside."""
        return self.first <= other.first and other.last <= self.last


class Date(NamedTuple):
    """A date as it stands in a text, `text[start:end]`, as exact as it is said; month and day may be None.

    A decade's period is its ten years, that of "2013–17" the five; neither has a month.
    """

    start: int
    end: int
    period: Period
    month: int | None
    day: int | None

    def agrees(self, other: Date) -> bool:
        """True where both may be the same: September 2020 and the 25th of September 2020 may."""
        if not self.period.meets(other.period):
            return False
        return all(
            one is None or two is None or one == two for one, two in ((self.month, other.month), (self.day, other.day))
        )


_YEAR = r"(?:1[0-9]{3}|20[0-9]{2})"
_MONTHS = (
    "jan(?:uary)?|январ[ьяе]", "feb(?:ruary)?|феврал[ьяе]", "mar(?:ch)?|март[ае]?", "apr(?:il)?|апрел[ьяе]",
    "may|ма[йяе]", "june?|июн[ьяе]", "july?|июл[ьяе]", "aug(?:ust)?|август[ае]?", "sept?(?:ember)?|сентябр[ьяе]",
    "oct(?:ober)?|октябр[ьяе]", "nov(?:ember)?|ноябр[ьяе]", "dec(?:ember)?|декабр[ьяе]",
)  # fmt: skip
_MONTH_PATTERNS = tuple(re.compile(month, re.IGNORECASE) for month in _MONTHS)
_MONTH = rf"(?:{'|'.join(_MONTHS)})\.?"
_DATE = re.compile(
    rf"""
    (?<!\d)(?:(?P<iso>{_YEAR})-(?P<iso_month>\d\d)-(?P<iso_day>\d\d)
              |(?P<dotted_day>\d{{1,2}})[./](?P<dotted_month>\d{{1,2}})[./](?P<dotted>{_YEAR}))(?!\d)
    |(?<![\d.,])
     (?:\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+)?(?P<month>{_MONTH})
        (?:\s+(?P<day_after>\d{{1,2}})(?:st|nd|rd|th)?)?\s*,?\s+)?
     (?P<year>{_YEAR})
     (?:(?P<decade>s\b|-?(?:е|х|ые|ых)\b)|[-–—/](?P<short>\d\d)(?!\d|-))?
     (?!\d|[.,]\d)
     (?:\s*(?:год\w{{0,2}}\b|гг?\b\.?))?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_JOINED = re.compile(r"\s*(?:[-–—/]|\b(?:to|until|till|through|up to|and until|по|до))\s*(?:the\s+)?", re.IGNORECASE)
# "and" joins a span only after "between": "the attempts of 2013 and 2017" are two years.
_ALSO = re.compile(r"\s*,?\s*\b(?:and|и)\s+(?:the\s+)?", re.IGNORECASE)
_PART = r"(?:the\s+)?(?:(?:early|late|mid|beginning of|end of|summer of|начала|конца)[\s-]+)?(?:the\s+)?"
_BEFORE_IT = re.compile(
    rf"""\b(?:(?P<between>between|между)|(?P<since>since(?:\s+at\s+least)?|starting\s+in|(?<![^\W\d_]\s)from|с|начиная\s+с)
    |(?P<until>until|till|up\s+to|prior\s+to|before|до)|(?P<after>after|после))\s+{_PART}$""",
    re.IGNORECASE | re.VERBOSE,
)
_STILL = re.compile(
    r"\s*(?:[-–—]\s*(?=$|[)\],;\n]|present\b|now\b|today\b)|to\s+(?:the\s+)?(?:present|date|today|now)\b"
    r"|onwards?\b|по\s+(?:настоящее|н\.))",
    re.IGNORECASE,
)
_NEAR = 30  # characters before a date in which the word that governs it stands
# "(28 January 1910 – 31 May 2001)" after a name: a life, which dates nothing that the sentence tells.
_LIFE = re.compile(r"\([^()\d]{0,12}$")
_A_LIFE = 15  # years at least


@lru_cache(maxsize=4096)  # a chunk is read when it is found, its sentences again with each that follows them
def periods(text: str) -> tuple[Period, ...]:
    """The periods that a text names, in its order; a year alone is a period of one.

    A period of which one end is named reaches to `EARLIEST` or `LATEST`, and holds the year that is named:
    "before 2013" and "after 2013" both speak of 2013 too.
    """
    dates = dates_in(text)
    found: list[Period] = []
    i = 0
    while i < len(dates):
        date, following = dates[i], dates[i + 1] if i + 1 < len(dates) else None
        governed = _BEFORE_IT.search(text, max(0, date.start - _NEAR), date.start)
        kind = governed.lastgroup if governed else None
        if following and following.period.last >= date.period.first:
            glue = text[date.end : following.start]
            if _JOINED.fullmatch(glue) or (kind == "between" and _ALSO.fullmatch(glue)):
                if not _is_a_life(date, following, text):
                    found.append(Period(date.period.first, following.period.last))
                i += 2
                continue
        found.append(_bounded(date, kind, text))
        i += 1
    return tuple(found)


def fit(asked: Period, said: Period) -> float:
    """How far a text that speaks of one period can answer a question about another, within [0, 1].

    Of the very same years all of it; a text mostly tells when something began ("in 1901 he joined" answers for 1901
    to 1908), so that a common first year says much, a year inside little. A longer period says that it was so all the
    while, unless only its last or first year is asked about: a term of office "(2009-2017)" says little about 2017.
    "Until 2023" says nothing about 1987: what has no end is taken to reach `REACH` years.
    """
    if not asked.meets(_within_reach(said)):
        return 0.0
    if said == asked or (asked.length == 1 and not said.open and said.length <= SHORT_SPAN + 1):
        return 1.0
    at_first, at_last = said.first == asked.first, said.last == asked.last
    if at_first and (said.length == 1 or said.open):
        return _BEGINS
    if asked.length == 1:
        return _ENDS if (at_first or at_last) and not said.open else _WITHIN
    if said.length == 1 and not asked.open:
        return _TOUCHES
    if at_first or at_last or said.holds(asked) or asked.holds(said):
        return _HELD
    return _TOUCHES


def years(text: str, longest_span: int = LONGEST_SPAN) -> set[int]:
    """The years that a text names; of a span ("2013 to 2017", "2008–09") every year in it.

    Args:
        text: In English or Russian.
        longest_span: In years. A longer span is left out whole, its ends included: a term of office
            "(2009-2017)" says little about 2017. Of "since 2015" the year itself is named.
    """
    found: set[int] = set()
    for first, last in periods(text):
        if first == EARLIEST or last == LATEST:
            found.add(last if first == EARLIEST else first)
        elif last - first <= longest_span:
            found.update(range(first, last + 1))
    return found


def _within_reach(said: Period) -> Period:
    first = said.last - REACH if said.first == EARLIEST else said.first
    return Period(first, said.first + REACH if said.last == LATEST else said.last)


def dates_in(text: str) -> list[Date]:
    """The dates that a text holds, each alone, in its order; years, months and days, no days without a year."""
    return [_date(match) for match in _DATE.finditer(text)]


def _date(match: re.Match[str]) -> Date:
    first = last = int(match["iso"] or match["dotted"] or match["year"])
    if match["decade"]:
        last = first + (99 if first % 100 == 0 and first != 2000 else 9)
    elif match["short"]:
        end = first // 100 * 100 + int(match["short"])
        last = end if end >= first else first + 1 if end + 100 == first + 1 else first
    named = next((n for n, month in enumerate(_MONTH_PATTERNS, 1) if match["month"] and month.match(match["month"])), 0)
    month = int(match["iso_month"] or match["dotted_month"] or named)
    day = int(match["iso_day"] or match["dotted_day"] or match["day"] or match["day_after"] or 0)
    return Date(match.start(), match.end(), Period(first, last), month or None, day or None)


def _is_a_life(born: Date, died: Date, text: str) -> bool:
    long_enough = died.period.last - born.period.first >= _A_LIFE
    return bool(long_enough and born.day and died.day and _LIFE.search(text, max(0, born.start - _NEAR), born.start))


def _bounded(date: Date, kind: str | None, text: str) -> Period:
    """A date that no second one follows: open at one end where the words around it say so."""
    first, last = date.period
    if kind == "until":
        return Period(EARLIEST, last)
    if kind in ("since", "after") or _STILL.match(text, date.end):
        return Period(first, LATEST)
    return date.period


def read_as_of(date: object) -> str | None:
    """The date up to which documents are searched, as it came in; None for all.

    Raises:
        QuestionError: It is no date.
    """
    if date is None:
        return None
    if isinstance(date, str) and _AS_OF.fullmatch(date):
        return date
    raise QuestionError(f"as_of is {date!r}; write a date as 2022, 2022-03 or 2022-03-25")


def is_later(date: str | None, as_of: str | None) -> bool:
    """Whether a document of that date is left out as of another.

    Compared at the coarser of the two precisions: a document of 2022 is not later than March 2022. What has no date is
    never later.
    """
    if date is None or as_of is None:
        return False
    known = min(len(date), len(as_of))
    return date[:known] > as_of[:known]
