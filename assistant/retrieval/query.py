"""A question, read: its content words, names, numbers and years, its language, and what kind of thing it asks for.

What is not here: finding (hybrid.py) and the carrying over of a conversation (rewriting.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from assistant.errors import QuestionError
from assistant.retrieval.dates import LONGEST_SPAN, SHORT_SPAN, Period, fit, periods, years
from assistant.retrieval.words import OUTCOMES, STOPWORDS
from assistant.store.keywords import WORD, stem, stems

LONGEST = 4_000  # characters of a question; a longer one is a document, not a question


class Kind(StrEnum):
    """What kind of thing a question asks for."""

    WHO = "who"
    WHEN = "when"
    WHERE = "where"
    HOW_MANY = "how_many"
    WHY = "why"
    FATE = "fate"
    HOW = "how"
    LIST = "list"
    YES_NO = "yes_no"
    WHAT = "what"


@dataclass(frozen=True, slots=True)
class Query:
    """What is sent to the index for a question.

    Attributes:
        text: The standalone question.
        focus: What is asked now; of a follow-up without the earlier question that was put in front.
        terms: Stems of its content words, in order, without duplicates.
        names: Stems of its capitalised words that stand inside the sentence.
        numbers: Its numbers as written, years included.
        years: Its years, ranges filled in.
        periods: The periods that it asks about; a year alone is one, "since 2015" has no end.
        latest: It asks for how things stand now, or stood last.
        outcomes: Those of its terms that say that something came to an end, where it asks why or what became of it.
        cyrillic: True where most of its letters are Cyrillic.
    """

    text: str
    focus: str
    terms: tuple[str, ...]
    names: frozenset[str]
    numbers: frozenset[str]
    years: frozenset[int]
    periods: tuple[Period, ...]
    kind: Kind
    latest: bool
    outcomes: frozenset[str]
    cyrillic: bool

    @property
    def slots(self) -> frozenset[str]:
        """Its names and its numbers that are no years: what a passage about something else would lack."""
        return self.names | {n for n in self.numbers if not (n.isdigit() and int(n) in self.years)}

    @property
    def asked_now(self) -> tuple[str, ...]:
        """Of a follow-up, the terms that stand in what is asked now."""
        if self.focus == self.text:
            return ()
        now = set(stems(self.focus))
        return tuple(term for term in self.terms if term in now)

    @property
    def one_year(self) -> bool:
        """True where it asks about a single year: what happened in another one does not answer."""
        return len(self.periods) == 1 and self.periods[0].length == 1

    @property
    def long_period(self) -> bool:
        """True where it asks about more than a single year: who held an office from 2010 to 2014, not "before 2014"."""
        return any(period.length > 1 and not period.open for period in self.periods)

    def years_in(self, text: str) -> set[int]:
        """The years of a text as far as they can answer: long spans count only where a span is asked about."""
        return years(text, LONGEST_SPAN if len(self.years) > 1 else SHORT_SPAN)

    def timing(self, text: str) -> float:
        """How far a text speaks of the periods asked about, within [0, 1]; 0 where none is.

        What has been so "since 2011" is no event of 2019: it does not count where the fate of something is asked.
        """
        if not self.periods:
            return 0.0
        said = periods(text)
        if self.one_year and self.kind in (Kind.WHY, Kind.FATE):
            said = tuple(period for period in said if not period.open or self.years & set(period))
        best = [max((fit(asked, period) for period in said), default=0.0) for asked in self.periods]
        return sum(best) / len(best)


_KINDS = {
    Kind.WHY: (
        r"\b(why|how come|what (caused|led to|made|prompted|killed|doomed|ended"
        r"|stopped|derailed|sank|undid)|for what reasons?|what (was|were|is"
        r"|are) the (reasons?|causes?)|what is the (reason|cause)|почему|зачем|отчего|по какой причине"
        r"|из-за чего|причин[аыу])\b"
    ),
    Kind.FATE: (
        # "What happened after the summit" asks for what else there was.
        r"\b(what (is|was) the fate of|what (became|has become|became of|came of)|how did .* (end|turn out|go)"
        r"|what (?:has |had )?happened\b(?! (after|before|during|at|in|on|between|when|since|while|there|next))"
        r"|что стало|что (случилось|произошло)\b(?! (после|до|во|в|на|между|когда|перед|дальше))"
        r"|чем (закончил\w*|кончил\w*))\b"
    ),
    Kind.HOW_MANY: (
        r"^(the )?(number|amount|length|size|duration|share|proportion) of\b"
        r"|\b(how (many|much|long|old|far|often|large|big|tall|high)|what (number|percentage|percent"
        r"|proportion|share|amount|fraction)|скольк\w+|насколько|как (долго|часто|далеко|давно)"
        r"|как(ое|ова|ов|ово|ая|ой|ую|им был) (\w+ ){0,2}(количество|число|процент|дол[яю]|размер|возраст|площадь"
        r"|длина|высота|ширина|глубина|численность|населени\w+|стоимость|сумма|доход|температура"
        r"|скорость)|в каком возрасте)\b"
    ),
    Kind.WHEN: (
        r"^(the )?(exact )?(date|year|day|month) of\b"
        r"|\b(when|(in|on) (what|which) (year|month|date|day|century|decade|season)|(what|which) (year"
        r"|month|date|day|century|decade|season)|since when|когда|какого числа"
        r"|(в|на|с|до|после|к) как(ом|ой|ие|их|ого|ому) (\w+ )?(год\w*|месяц\w*|век\w*|столети\w+|десятилети\w+|день"
        r"|дн\w+|период\w*|сезон\w*|времени))\b"
    ),
    Kind.WHO: (
        r"^(the )?names? of (\S+ ){0,4}(presidents?|ministers?|officials?|diplomats?|authors?|leaders?|secretary"
        r"|director|head|chief|chair\w*|envoy|ambassador|spokes\w+|founders?|secretary-general)\b"
        r"|\b(who(?! (are|were) the (\w+ )?\w+s (of|in|behind)\b)|whom|whose"
        r"|(which|what) (\w+ )?(persons?|people|agency|agencies|ministry|organi[sz]ation|company|institution"
        r"|presidents?|ministers?|officials?|diplomats?|authors?|leaders?"
        r"|politician|scientist|actor|king|queen|team|coach)"
        # "Which country proposed it?" asks who did it; "which country is it in?" where it is.
        r"|(which|what) (country|nation|state|government) (?!(is|was|are|were|did|does|do|has|had|can|will"
        r"|would|could|in|of|and|or|they|he|she|it|you|the)\b)\w+|кто|кого|кому|кем|чей|чья)\b"
    ),
    Kind.WHERE: (
        r"\b(where|(in|at|to|from) (what|which) (city|country|place|state|town|region|location|continent)"
        r"|(what|which) (city|country|place|state|town|location|continent)|где|куда|откуда"
        r"|(в|на|из|с) как(ом|ой|ого|их) (\w+ )?(город\w*|мест\w*|стран\w*|штат\w*|област\w*|регион\w*|район\w*"
        r"|округ\w*|континент\w*|остров\w*|част\w*))\b"
    ),
    Kind.LIST: (
        r"^(list|name|enumerate|перечисли\w*|назови\w*)\b"
        r"|\bwhich (\w+ ){0,2}\w{4,}(?<!s)s (?!is\b|was\b|does\b|has\b)\w+"
        r"|\bwhat (\w+ ){0,2}\w{4,}(?<!s)s (did|do|have|had|were|are)\b"
        r"|\b(what|which|who) (are|were) the\b.*s\b|\bwhat kinds?\b|\bкакие\b"
        r"|\b(two|three|four|five|six|seven|eight|nine|ten|several) (\w+ )?\w{3,}s\b"
    ),
    # "Как называется" asks for a name, not for a way.
    Kind.HOW: r"^(and |but |so )?(how|как(?! (назыв|зов|звал|имену|будет|перевод))|каким образом)\b"
    r"|\bin (what|which) way\b",
    Kind.YES_NO: (
        r"^(and |but |so )?(is|are|was|were|did|does|do|has|have|had|can|could|will|would|should|may"
        r"|правда ли|верно ли)\b|\bли\b"
    ),
}
# What begins to ask, and what after it begins a clause. "And when?" asks on.
_ASKS = re.compile(
    r"\b(who|whom|whose|what|which|where|why|how|кто|кого|кому|кем|что|где|почему|как\w*)\b", re.IGNORECASE
)
_CLAUSE = re.compile(r"(?<!\band)(?<!\bor)(?<!,)\s(when|where|когда|где)\s(?=\w+\s)", re.IGNORECASE)
_KIND_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS.items())
_LATEST = re.compile(
    r"\b(latest|newest|current(ly)?|most recent(ly)?|now|nowadays|today|at present|so far|to date|by now"
    r"|сейчас|теперь|нынешн\w+|текущ\w+|последн\w+|недавн\w+|сегодня|в настоящее время|на данный момент)\b",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"(he|she|it|they|this|that|these|those|such|his|her|its|their|him|the (former|latter)|both"
    r"|он|она|оно|они|это|этот|эта|эти|его|ее|её|их|такой|такая|такие)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w])|\d{2,}")
_SENTENCE_START = re.compile(r"(?:^|[.!?]\s+|[\"“«(]\s*)$")


def read_question(text: str) -> str:
    """The question as it is worked with: white space collapsed, length checked.

    Raises:
        QuestionError: It is empty or longer than 4,000 characters.
    """
    question = " ".join(text.split())
    if not re.search(r"\w", question):
        raise QuestionError("the question is empty; ask something about the documents")
    if len(question) > LONGEST:
        raise QuestionError(
            f"the question has {len(question):,} characters, at most {LONGEST:,} are read; shorten it, or put long"
            " text into a document of the corpus"
        )
    return question


def analyse(question: str, focus: str | None = None) -> Query:
    """Reads a standalone question; `focus` is the part of it that is asked now (all of it by default)."""
    focus = focus or question
    words = [m.group() for m in WORD.finditer(question.replace("’s", "").replace("'s", ""))]
    content = [w for w in words if w.lower() not in STOPWORDS]
    terms = tuple(dict.fromkeys(stem(w) for w in content or words))
    letters = [c for c in question if c.isalpha()]
    kind = kind_of(focus)
    ends = {stem(w) for w in content if w.lower() in OUTCOMES} if kind in (Kind.WHY, Kind.FATE) else set()
    return Query(
        text=question,
        focus=focus,
        terms=terms,
        names=frozenset(stem(w) for w in names_in(question)),
        numbers=frozenset(_NUMBER.findall(question)),
        years=frozenset(years(question)),
        periods=tuple(dict.fromkeys(periods(question))),
        kind=kind,
        latest=_LATEST.search(focus) is not None,
        outcomes=frozenset(ends),
        cyrillic=bool(letters) and sum("а" <= c.lower() <= "я" for c in letters) > len(letters) / 2,
    )


def kind_of(question: str) -> Kind:
    """The kind of thing a question asks for; the first pattern that stands in it decides."""
    asked = _first_question(question.strip())
    return next((kind for kind, pattern in _KIND_PATTERNS if pattern.search(asked)), Kind.WHAT)


def _first_question(question: str) -> str:
    """Without a clause of time or place that belongs to what is asked: "who was minister when the plan failed"."""
    first = _ASKS.search(question)
    later = first and _CLAUSE.search(question, first.end())
    return question[: later.start()] if later else question


def begins_with_pronoun(text: str) -> bool:
    """True for a sentence whose first word points back, so that alone it does not say of what it speaks."""
    return _BACK.match(text) is not None


def names_in(text: str) -> list[str]:
    """Capitalised words, those that merely begin a sentence left out."""
    found = []
    for match in WORD.finditer(text):
        word = match.group()
        if not word[0].isupper() or word.lower() in STOPWORDS:
            continue
        if _SENTENCE_START.search(text[: match.start()]) and not any(c.isupper() for c in word[1:]):
            continue
        found.append(word)
    return found
