"""What a question takes for granted, read off its wording: its names, a thing of a year, who is said to have done what.

English and Russian patterns. What is not here: whether the corpus bears it out (premises.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.answering.wording import SEATS
from assistant.retrieval.dates import years
from assistant.retrieval.query import Kind, kind_of, names_in
from assistant.retrieval.words import MONTHS, OUTCOMES, STOPWORDS
from assistant.store.keywords import WORD, stem


@dataclass(frozen=True, slots=True)
class Name:
    """Capitalised words that stand together. `key` is the stem that any mention of it holds: of its last word."""

    text: str
    key: str


@dataclass(frozen=True, slots=True)
class DatedThing:
    """Something that the question dates: "the 2019 working group". `readings` are its stems, the longest first."""

    year: int
    readings: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody is taken to have done something: the subject, the verb as written, the stems of its object.

    Attributes:
        said: The claim as a clause ("Russia did veto the resolution").
    """

    subject: Name
    verb: str
    object_stems: tuple[str, ...]
    said: str


_LONGEST_THING = 3
_MONTH = re.compile(MONTHS, re.IGNORECASE)
_YEAR_WORD = re.compile(r"(?<!\d)(1\d{3}|20\d{2})(?!\d)")
_BETWEEN_THING_AND_YEAR = re.compile(rf"\s*(\s(of|from))?(\s+({MONTHS}))?\s*$", re.IGNORECASE)
# Words that name a stretch of time, not a thing of that time.
_TIMES = frozenset(
    stem(word)
    for word in """year years summer winter spring autumn fall beginning start end middle half quarter season month
    day week date early late mid period time census год года году лето зима весна осень начало конец середина
    половина""".split()
)
_ACTIVE = re.compile(r"\b(?P<aux>did|does)\s+(?P<the>the\s+)?(?P<rest>[A-Z].*)$")
_ACTIVE_RU = re.compile(r"^([Пп]очему|[Зз]ачем|[Кк]огда|[Зз]а что|[Кк]ак)\s+(?P<rest>[A-ZА-ЯЁ].*)$")
_PASSIVE = re.compile(
    r"\b(?P<aux>was|were)\s+(?P<object>.+?)\s+(?P<verb>\w{4,})\s+by\s+(?P<the>the\s+)?(?P<subject>[A-Z].*)$"
)
_ASKS = re.compile(
    r"\?\s*$|^(who|whom|whose|what|when|where|which|why|how|кто|что|когда|где|как\w*|почему|зачем|сколько)\b",
    re.IGNORECASE,
)
# What two names are compared in, they need not have to do with each other.
COMPARES = re.compile(
    r"\b(differ\w*|compar\w*|versus|vs|similar\w*|common|same|between|both|unlike|than|сравн\w+|отлич\w+|общего|между"
    r"|обе|оба|разниц\w+)\b",
    re.IGNORECASE,
)


def takes_for_granted(question: str) -> bool:
    """True for a question that asks more than whether something is so; scraps of talk say nothing either way."""
    return _ASKS.search(question.strip()) is not None and kind_of(question) is not Kind.YES_NO


def names_of(question: str) -> list[Name]:
    """The names of a question, words that stand together taken as one.

    Months are none, nor are abbreviations, which a text may well spell out.
    """
    capitalised = set(names_in(question))
    found: list[list[re.Match[str]]] = []
    for match in WORD.finditer(question):
        word = match.group()
        if word not in capitalised or _MONTH.fullmatch(word) or len(word) < 2 or word.isupper():
            continue
        if found and re.fullmatch(r"[ -]", question[found[-1][-1].end() : match.start()]):
            found[-1].append(match)
        else:
            found.append([match])
    return [Name(question[g[0].start() : g[-1].end()], stem(g[-1].group())) for g in found]


def coordinated(question: str, one: Name, other: Name) -> bool:
    """True where the question names the two side by side: of "Putin and Obama" nothing is presupposed."""
    between = question.partition(one.text)[2].partition(other.text)[0]
    return re.fullmatch(r"\s*(,|/|&|and|or|и|или|with|с|-|–)*(\s*(and|or|the|и|или)\b)*\s*", between) is not None


def dated_thing(question: str) -> DatedThing | None:
    """What the question's only year belongs to, if it belongs to a thing: not "in 2019", but "the 2019 group"."""
    if len(years(question)) != 1 or (match := _YEAR_WORD.search(question)) is None:
        return None
    readings = _after(question[match.end() :]) or _before(question[: match.start()])
    return DatedThing(int(match[0]), readings) if readings else None


def _after(rest: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Readings of "the 2019 …": any of its first three words that stand together; what it does may be the last one."""
    words: list[re.Match[str]] = []
    for match in WORD.finditer(rest):
        joined = rest[words[-1].end() if words else 0 : match.start()]
        if joined.strip(" ") or not _is_content(match.group()) or len(words) == _LONGEST_THING:
            break
        words.append(match)
    lengths = range(len(words), 0, -1)
    return tuple(_reading(rest, words[i : i + n]) for n in lengths for i in range(len(words) - n + 1))


def _before(left: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Readings of "… of 2019": the last three words before it, two, one."""
    left = _BETWEEN_THING_AND_YEAR.sub("", left)
    words = list(WORD.finditer(left))
    if not words or left[words[-1].end() :]:
        return ()
    thing: list[re.Match[str]] = []
    for match in reversed(words):
        joined = left[match.end() : thing[0].start()] if thing else ""
        if joined.strip(" -") or not _is_content(match.group()) or len(thing) == _LONGEST_THING:
            break
        thing.insert(0, match)
    return tuple(_reading(left, thing[n:]) for n in range(len(thing)))


def _is_content(word: str) -> bool:
    lowered = word.lower()
    if word.isdigit() or len(word) < 3 or lowered in STOPWORDS or lowered in OUTCOMES:
        return False
    return stem(word) not in _TIMES and _MONTH.fullmatch(word) is None


def _reading(text: str, words: list[re.Match[str]]) -> tuple[str, tuple[str, ...]]:
    return text[words[0].start() : words[-1].end()], tuple(stem(m.group()) for m in words)


def act_of(question: str) -> Act | None:
    """The act that a why, when or how question takes for granted, where its subject is a name."""
    asked = question.strip(" ?!.")
    if passive := _PASSIVE.search(asked):
        names = names_of(f"- {passive['subject']}")
        if not names or not passive["subject"].startswith(names[0].text):
            return None
        said = f"{passive['object']} {passive['aux']} {passive['verb']} by {passive['the'] or ''}{passive['subject']}"
        return Act(names[0], passive["verb"], _content(passive["object"]), said)
    active = _ACTIVE.search(asked)
    russian = None if active else _ACTIVE_RU.search(asked)
    match = active or russian
    if match is None:
        return None
    names = names_of(f"- {match['rest']}")
    if not names or not match["rest"].startswith(names[0].text):
        return None
    after = match["rest"][len(names[0].text) :]
    verb = re.match(r"\s+([^\W\d_]{3,})\b(.*)$", after)
    if verb is None or verb[1].lower() in STOPWORDS or verb[1][0].isupper():
        return None
    did = f"{match['the'] or ''}{names[0].text} {match['aux']}" if active else names[0].text
    return Act(names[0], verb[1], _content(verb[2]), f"{did}{after}")


def _content(text: str) -> tuple[str, ...]:
    words = WORD.findall(text.replace("’s", "").replace("'s", ""))
    return tuple(dict.fromkeys(stem(word) for word in words if _is_content(word)))


def stands_for_a_state(name: Name, text: str) -> bool:
    """True for "who spoke for Moscow": the sources may call the same Russia, or its ministry."""
    return name.text.lower() in SEATS and not _PLACE_BEFORE.search(text.partition(name.text)[0])


_PLACE_BEFORE = re.compile(r"\b(in|at|to|from|near|outside|visit(ed)?|в|на|из)\s(the\s)?$", re.IGNORECASE)
