"""Where sources contradict each other, or tell of two states of one thing: found, to be shown with both sides.

Two sentences are compared only if they speak of the same thing: they share what the question asks about and most of
their other words, and not each names somebody or something that the other one does not. Then another number of the
same noun, another date of what happens only once, another name where a person or place is asked for, a negation or an
opposite is a difference: a contradiction between documents, or, where the two are of different times, two states, of
which the later one is named first. It errs towards silence: a false "the sources differ" misleads. What is not here:
choosing a side; nobody does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assistant.answering.evidence import Evidence, Judged
from assistant.answering.reading import Number, Reading, fold, read, stems
from assistant.answering.wording import CALENDAR, CHANGES, CONTRARIES, FUNCTION_WORDS, ONCE, QUALIFIERS, UNITS
from assistant.retrieval.dates import LATEST, Date, Period, dates_in, periods
from assistant.retrieval.query import Kind, Query

# How alike two sentences must be: the share of all their words, values left out, that they have in common. Less
# will do where both hold what the question counts or dates, more where one only denies the other.
_ALIKE = 0.5
_ALIKE_ON_ASKED = 0.25
_THE_SAME = 0.75  # from here on a number needs no noun
# Share of the question's words that both must hold.
_ON_THE_QUESTION = 0.6
# What is much less likely evidence than the best is not held against it.
_LIKELY = 0.2
_COMPARED = 24  # sentences, best first
_MOST = 2  # differences that are told
_SAME_NAME = 0.75  # likeness of two spellings: Neuberger, Nyberger


@dataclass(frozen=True, slots=True)
class Difference:
    """Two sentences that don't go together, and the words of each that tell it.

    Attributes:
        first, second: The later one first where they are of different times.
        times: When each holds, as ISO dates or years; None where the two contradict each other.
    """

    first: Evidence
    second: Evidence
    values: tuple[str, str]
    times: tuple[str, str] | None = None

    def told(self, *, russian: bool) -> str:
        """The difference in a plain sentence."""
        (one, other), (here, there) = self.values, (self.first.title, self.second.title)
        if here == there:
            here, there = self.first.path, self.second.path
        if self.times is None:
            if russian:
                return f"Источники расходятся: в «{here}» — {one}, в «{there}» — {other}."
            return f"The sources differ: “{here}” says {one}, “{there}” says {other}."
        later, earlier = self.times
        if russian:
            return f"Сведения относятся к разному времени: {later} — {one} («{here}»), {earlier} — {other} («{there}»)."
        return f"The sources speak of different times: {later}: {one} (“{here}”); {earlier}: {other} (“{there}”)."


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence as it is compared.

    Attributes:
        words: Stems of its words that say something, names among them, numbers and dates not.
        names: Stems of its capitalised words, those left out that only begin it.
        places: Stems of the names that limit it: "in Israel", "for Spain".
        runs: Names as written, words that stand together as one.
    """

    evidence: Evidence
    reading: Reading
    words: frozenset[str]
    names: frozenset[str]
    places: frozenset[str]
    runs: tuple[str, ...]
    numbers: tuple[Number, ...]
    dates: tuple[Date, ...]
    time: Period | None


def differences(query: Query, shown: Sequence[Evidence], judged: Sequence[Judged]) -> list[Difference]:
    """Where likely evidence of another document contradicts what is about to be shown, the likeliest first.

    Args:
        query: The question, read.
        shown: The evidence of the answer.
        judged: All likely evidence, best first.
    """
    if not shown or not judged:
        return []
    least = _LIKELY * judged[0].evidence.score
    others = [j.evidence for j in judged[:_COMPARED] if j.evidence.score >= least]
    claims = {id(e): _claim(e) for e in (*shown, *others)}
    asked = _asked(query)
    found: list[Difference] = []
    for one in shown:
        for other in others:
            if one is other or len(found) == _MOST:
                continue
            difference = _difference(query, asked, claims[id(one)], claims[id(other)])
            if difference and difference.times is None and one.document_id == other.document_id:
                continue
            if difference and not any(set(d.values) == set(difference.values) for d in found):
                found.append(difference)
    return found


def _difference(query: Query, asked: frozenset[str], one: _Claim, other: _Claim) -> Difference | None:
    """The first kind of difference that the two show; None where they may both be true, or speak of two things."""
    likeness = len(one.words & other.words) / max(1, len(one.words | other.words))
    on_it = min(_share(asked, one.words), _share(asked, other.words)) >= _ON_THE_QUESTION
    if likeness < _ALIKE_ON_ASKED or (likeness < _ALIKE and not on_it):
        return None
    if query.kind in (Kind.WHO, Kind.WHERE) and on_it:
        if values := _names(query, one, other):
            return _told(query, one, other, values)
        return None
    if _apart(one, other):
        return None
    if query.kind is Kind.WHEN and on_it and (values := _dated_otherwise(one, other)):
        return Difference(one.evidence, other.evidence, values)
    alike = likeness >= _ALIKE or (query.kind is Kind.HOW_MANY and on_it)
    same = likeness >= _THE_SAME
    if alike and one.words & CHANGES == other.words & CHANGES and (values := _counted_otherwise(one, other, same=same)):
        return _told(query, one, other, values)
    if likeness >= _ALIKE and _same_time(one, other) and (values := _denied(one, other)):
        return Difference(one.evidence, other.evidence, values)
    return None


# --- what a sentence claims ----------------------------------------------------------------------------------


def _claim(evidence: Evidence) -> _Claim:
    text = evidence.text
    dates = tuple(dates_in(text))
    undated = text
    for date in dates:
        undated = undated[: date.start] + " " * (date.end - date.start) + undated[date.end :]
    reading = read(undated)
    words = [w for w in reading.words if not w.function and w.folded not in CALENDAR]
    names = [w for w in words if w.capitalised and not (w.initial and w.raw[1:].islower())]
    numbers = tuple(n for n in reading.numbers if n.before not in CALENDAR and fold(n.noun) not in CALENDAR)
    return _Claim(
        evidence,
        reading,
        words=frozenset(w.stem for w in words),
        names=frozenset(w.stem for w in names),
        places=frozenset(stems(fold(m[1]) for m in _PLACED.finditer(undated) if fold(m[1]) not in CALENDAR)),
        runs=_runs(undated),
        numbers=numbers,
        dates=dates,
        time=_time(evidence, text),
    )


_PLACED = re.compile(
    r"\b(?:[Ii]n|[Aa]t|[Ff]or|[Aa]cross|(?<![Aa]ccording )to|[Вв]о?|[Нн]а|[Дд]ля)\s+(?:the\s+)?([A-ZА-ЯЁ][\w-]+)"
)
# What holds only if something else does, and what is asked, can't be denied.
_SUPPOSED = re.compile(r"\b(if|unless|whether|when|если|когда)\b|\?", re.IGNORECASE)
_RUN = re.compile(r"[A-ZА-ЯЁ][\w’'.-]*(?:\s+(?:(?:de|von|van|of the|of)\s+)?[A-ZА-ЯЁ][\w’'.-]*)*")


def _runs(text: str) -> tuple[str, ...]:
    runs = []
    for match in _RUN.finditer(text):
        written = match.group().strip(".,'’")
        if any(fold(word) not in FUNCTION_WORDS for word in written.split()):
            runs.append(written)
    return tuple(runs)


def _time(evidence: Evidence, text: str) -> Period | None:
    """When a sentence holds: by its own dates, else its heading's, else its document's."""
    for source in (text, evidence.heading, evidence.date or ""):
        if named := periods(source):
            return named[0] if len(named) == 1 else None
    return None


def _asked(query: Query) -> frozenset[str]:
    """Stems of what the question is about, its numbers and years left out."""
    words = read(query.focus).words
    return frozenset(w.stem for w in words if not w.function and w.folded not in CALENDAR)


def _share(part: frozenset[str], whole: frozenset[str]) -> float:
    return len(part & whole) / len(part) if part else 0.0


def _apart(one: _Claim, other: _Claim) -> bool:
    """True where they speak of two things: each names what the other does not, or one is of a place of its own."""
    each = one.names - other.words and other.names - one.words
    return bool(each or one.places - other.words or other.places - one.words)


def _same_time(one: _Claim, other: _Claim) -> bool:
    return all(any(a.agrees(b) for b in other.dates) for a in one.dates) or not other.dates or not one.dates


# --- the kinds of difference ---------------------------------------------------------------------------------


def _counted_otherwise(one: _Claim, other: _Claim, *, same: bool) -> tuple[str, str] | None:
    """Another number of the same noun or unit, where each counts it once and neither says "at least".

    Where the sentences are the same but for the number ("the population was 4,100"), it needs no noun.
    """
    for a in one.numbers:
        for b in other.numbers:
            if a.value == b.value or _noun(a) != _noun(b) or not (_noun(a) or same) or "#" in a.value + b.value:
                continue
            mine = [n for n in one.numbers if _noun(n) == _noun(a)]
            theirs = [n for n in other.numbers if _noun(n) == _noun(b)]
            if len(mine) == len(theirs) == 1 and not ({a.before, b.before} & QUALIFIERS):
                return _written(a, one), _written(b, other)
    return None


def _noun(number: Number) -> str:
    if number.value.endswith("%"):
        return "%"
    folded = fold(number.noun)
    return "" if not folded or folded in FUNCTION_WORDS else UNITS.get(folded) or stems([folded])[0]


def _written(number: Number, claim: _Claim) -> str:
    """The number as it stands in the text, where it can be found there, with its noun."""
    whole = number.value.removesuffix("%")
    digits = r"[,\s]?".join(whole) if whole.isdigit() else re.escape(whole)
    found = re.search(rf"(?<!\d){digits}(?!\d)\s*%?", claim.evidence.text)
    value = found[0].strip() if found else number.value
    return f"{value} {number.noun}" if _noun(number) not in ("", "%") else value


_OF_THE_YEAR = re.compile(r"\s*(?:год\w*|гг?\.?)$")


def _dated_otherwise(one: _Claim, other: _Claim) -> tuple[str, str] | None:
    """Another date of what happens once, where each gives one date."""
    if len(one.dates) != 1 or len(other.dates) != 1 or not (one.words & other.words & ONCE):
        return None
    a, b = one.dates[0], other.dates[0]
    if a.agrees(b):
        return None
    return _as_dated(one, a), _as_dated(other, b)


def _as_dated(claim: _Claim, date: Date) -> str:
    return _OF_THE_YEAR.sub("", claim.evidence.text[date.start : date.end].strip(" ,"))


def _names(query: Query, one: _Claim, other: _Claim) -> tuple[str, str] | None:
    """Another person or place in the slot that is asked for, where each sentence has one name for it."""
    asked = set(query.terms) | _asked(query)
    new = [[run for run in claim.runs if not set(stems(map(fold, run.split()))) & asked] for claim in (one, other)]
    if len(new[0]) != 1 or len(new[1]) != 1:
        return None
    a, b = new[0][0], new[1][0]
    if set(stems(map(fold, a.split()))) & other.words or set(stems(map(fold, b.split()))) & one.words:
        return None
    if _spelled_alike(a, b):
        return None
    return a, b


def _spelled_alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, fold(one.split()[-1]), fold(other.split()[-1])).ratio() >= _SAME_NAME


def _denied(one: _Claim, other: _Claim) -> tuple[str, str] | None:
    """What one says the other denies, or says the opposite of."""
    if any(_SUPPOSED.search(claim.evidence.text) for claim in (one, other)):
        return None
    for mine, theirs, swapped in ((one, other, False), (other, one, True)):
        for pair in CONTRARIES:
            for a, b in (pair, pair[::-1]):
                if a <= mine.words and b <= theirs.words and not (a <= theirs.words or b <= mine.words):
                    values = (_as_written(a, mine), _as_written(b, theirs))
                    return values[::-1] if swapped else values
        if mine.reading.negated or not theirs.reading.negated:
            continue
        for scope in theirs.reading.negated:
            denied = [w for w in mine.reading.words if w.stem in scope and not w.capitalised]
            if denied and all(stem in mine.words for stem in scope if stem in theirs.words):
                values = (denied[0].raw, f"{'не' if denied[0].cyrillic else 'not'} {denied[0].raw}")
                return values[::-1] if swapped else values
    return None


def _as_written(stem: frozenset[str], claim: _Claim) -> str:
    return next(w.raw for w in claim.reading.words if w.stem in stem)


# --- one time or two -----------------------------------------------------------------------------------------


def _told(query: Query, one: _Claim, other: _Claim, values: tuple[str, str]) -> Difference | None:
    """A contradiction, or, where the two are of different times, two states; None where one time was asked about."""
    a, b = one.time, other.time
    if a is None or b is None or a.meets(b):
        if one.dates and other.dates and not _same_time(one, other):
            return None  # two months of one year: two events
        return Difference(one.evidence, other.evidence, values)
    if query.periods:
        return None  # one of them is of a time that was not asked about
    if a < b:
        one, other, values, a, b = other, one, values[::-1], b, a
    return Difference(one.evidence, other.evidence, values, (_when(one, a), _when(other, b)))


def _when(claim: _Claim, time: Period) -> str:
    if claim.dates:
        return _as_dated(claim, claim.dates[0])
    if claim.evidence.date and not periods(claim.evidence.heading):
        return claim.evidence.date
    return str(time.first) if time.last in (time.first, LATEST) else f"{time.first}–{time.last}"


def both_sides(shown: Iterable[Evidence], found: Sequence[Difference]) -> list[Evidence]:
    """The sentences that have to be shown besides, so that each difference shows both of its sides."""
    known = {(e.document_id, e.start) for e in shown}
    added: list[Evidence] = []
    for difference in found:
        for evidence in (difference.first, difference.second):
            if (evidence.document_id, evidence.start) not in known:
                known.add((evidence.document_id, evidence.start))
                added.append(evidence)
    return added
