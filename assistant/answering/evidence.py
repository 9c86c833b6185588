"""Which sentences are evidence: every sentence of the passages and of their neighbours, judged by features.

Find small, read wide: what answers a question may stand a paragraph after what matches it and share no
word with it, so each sentence is judged together with where it stands. Each feature can be explained to a
person; their weights are a logistic regression (weights.py). What is not here: whether the evidence
suffices (abstention.py), and what is said of it (extractive.py, generative.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assistant.answering.reader import Reader, Reading, Window
from assistant.answering.signs import (
    CAUSE,
    EFFECT,
    MANNER,
    has_a_new_date,
    has_a_number,
    holds_a_list,
    names_a_place,
    names_someone,
)
from assistant.answering.weights import BIAS, READ_BIAS, READ_WEIGHTS, WEIGHTS
from assistant.retrieval.coverage import rarity_of, share
from assistant.retrieval.dates import periods
from assistant.retrieval.query import Kind, Query, begins_with_pronoun
from assistant.store.keywords import stems
from assistant.store.snapshot import Snapshot, StoredChunk
from assistant.types import BlockKind, Passage, Sentence, page_at


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sentence judged as evidence. `score` is the probability that it answers; `heading` its path, or empty."""

    document_id: str
    path: str
    title: str
    date: str | None
    url: str | None
    page: int | None
    start: int
    end: int
    text: str
    score: float
    heading: str


class Features(NamedTuple):
    """What is known of a sentence as evidence for a question; shares within [0, 1].

    Attributes:
        coverage: Share of the question's words, weighted by rarity, that stand in the sentence.
        above: Share of the words missing there that stand in title, headings or the section's first sentence.
        before: Of those still missing, in the sentences before it in its section; `after`: in the next one.
        passage: The score of its passage against the best passage's.
        first_passage: In the best passage, or next to it.
        outside: Beside a passage, not in it.
        year: How far the sentence speaks of the period asked about (`dates.fit`).
        year_section: Where it does not, how far the title, the headings and the opening of its section do.
        year_before: Where neither does, how far the last dated sentence before does.
        year_other: One year is asked about, and the sentence and what dates it speak of other times only.
        span_other: Where a longer period is asked about, how far all that dates the sentence speaks of other times.
        names: Share of the question's names and numbers that stand in the sentence.
        new_name, new_place, new_number, new_date: Asked for and there: what the question lacks.
        cause: Asked why, and it speaks of causes, as far as the question's subject is at hand.
        effect: Asked why, or what became of something, and it speaks of change or opposition, likewise.
        no_reason: Asked why or what became of it, and it speaks of neither.
        manner: Asked how, and it speaks of means.
        items: Asked for a list, and it is or holds one.
        opening: The first sentence of its document or section.
        short, long: Under 6 words; over 45.
        pronoun: Begins with a word that points back.
        question: Is a question itself.
        list_item, table_row, footnote, caption: Its kind.
    """

    coverage: float
    above: float
    before: float
    after: float
    passage: float
    first_passage: float
    outside: float
    year: float
    year_section: float
    year_before: float
    year_other: float
    span_other: float
    names: float
    new_name: float
    new_place: float
    new_number: float
    new_date: float
    cause: float
    effect: float
    no_reason: float
    manner: float
    items: float
    opening: float
    short: float
    long: float
    pronoun: float
    question: float
    list_item: float
    table_row: float
    footnote: float
    caption: float


FEATURES = Features._fields
# Which feature tells that the kind of thing asked for is there.
ASKED_FOR = {
    Kind.WHO: "new_name",
    Kind.WHERE: "new_place",
    Kind.HOW_MANY: "new_number",
    Kind.WHEN: "new_date",
}
_OF_THE_YEAR = 0.5  # how far a sentence or what stands above it must speak of the year asked about to be of it
_IN_PERIOD = 0.3  # the same where a longer period is asked about
_LIKELY = 12  # best sentences among which the kind of thing asked for is looked for
_BEFORE = 4  # sentences that are read before one to know what it speaks of
_READ_BEFORE = 1_500  # characters in which they are looked for


# What a sentence's reading adds to its features, where there is a reader: its logits as shares of `_SURE`, and
# whether it was not read, being less likely than those that were.
READINGS = ("read_evidence", "read_answer", "read_whole", "unread")
_SURE = 8.0
_WINDOWS = 5  # stretches of text that are read
_WORDS = 170  # of a stretch
_GAP = 400  # characters between two sentences of a stretch: a heading, a caption


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence with its features and where it stands.

    Attributes:
        reading: What the reader made of it; None where there is none or it was not read.
        answer: Offsets in the document of the short answer that the reader found in it.
        context: What stands before it in its section, as far as it was read.
        order: Rank of its passage, offset.
    """

    evidence: Evidence
    features: Features
    reading: Reading | None
    answer: tuple[int, int] | None
    context: str
    order: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Place:
    """A sentence before it is judged."""

    passage: Passage
    rank: int
    chunk: StoredChunk
    sentence: Sentence
    text: str
    before: tuple[str, ...]  # in its section, the nearest first
    following: str
    opening: str
    outside: bool


def judge(query: Query, passages: Sequence[Passage], snapshot: Snapshot, reader: Reader | None = None) -> list[Judged]:
    """All sentences of the passages and of their neighbours, best first.

    Args:
        query: The question, read.
        passages: Best first.
        snapshot: Where they are stored.
        reader: Reads the likeliest sentences in their context; without one the features decide alone.
    """
    rarity = rarity_of(query.terms, snapshot)
    best = max((p.score for p in passages), default=0.0) or 1.0
    places = _places(passages, snapshot)
    features = [_features(query, place, rarity, best) for place in places]
    readings: dict[int, tuple[Reading, tuple[int, int]]] = {}
    if reader is not None and not query.cyrillic:
        readings = _read(query, places, [probability(f) for f in features], snapshot, reader)
    judged = []
    for i, (place, known) in enumerate(zip(places, features, strict=True)):
        reading, answer = readings.get(i, (None, None))
        score = probability(known, reading, read=bool(readings))
        context = " ".join((*place.chunk.headings, *reversed(place.before)))
        order = (place.rank, place.sentence.start)
        judged.append(Judged(_evidence(place, score), known, reading, answer, context, order))
    return sorted(judged, key=lambda j: (-j.evidence.score, j.order))


def admissible(query: Query, judged: Sequence[Judged]) -> list[Judged]:
    """Those that can answer at all, in the same order; all of them where that would leave none.

    A sentence about another year than the one asked for does not answer, whatever else it shares with the
    question; neither does one that gives no reason where a reason is asked for, nor, among the likely ones, one
    without a person, place, number or date where that is asked for. Where sentences of the very year are left,
    those that merely follow a date are not needed; where a likely one is of the period asked about, or that has one end
    only ("before 2014"), those that tell of other times are not either.
    """
    left = [j for j in judged if not j.features.year_other] or list(judged)
    left = [j for j in left if not j.features.no_reason] or left
    if any(period.open for period in query.periods) or any(_is_timely(j) for j in left[:_LIKELY]):
        left = [j for j in left if not _is_untimely(j)] or left
    if query.one_year:
        left = [j for j in left if max(j.features.year, j.features.year_section) >= _OF_THE_YEAR] or left
    asked = ASKED_FOR.get(query.kind)
    if asked is None:
        return left
    return [j for j in left[:_LIKELY] if getattr(j.features, asked)] or left


def _is_timely(judged: Judged) -> bool:
    return judged.features.year >= _IN_PERIOD


def _is_untimely(judged: Judged) -> bool:
    return judged.features.span_other == 1.0 and bool(periods(judged.evidence.text))


def probability(features: Features, reading: Reading | None = None, *, read: bool = False) -> float:
    """The probability that a sentence answers: by its features, and where the likeliest were `read`, by its reading."""
    bias, weights = (READ_BIAS, READ_WEIGHTS) if read else (BIAS, WEIGHTS)
    logit = bias + sum(weights[name] * value for name, value in zip(FEATURES, features, strict=True))
    if read:
        logit += sum(weights[name] * value for name, value in zip(READINGS, readings_of(reading), strict=True))
    return 1 / (1 + math.exp(-logit))


def readings_of(reading: Reading | None) -> tuple[float, ...]:
    """The values of `READINGS` for a sentence."""
    if reading is None:
        return (0.0, 0.0, 0.0, 1.0)
    logits = (reading.evidence, reading.answer, reading.whole)
    return (*(max(-1.0, min(1.0, logit / _SURE)) for logit in logits), 0.0)


def _read(
    query: Query, places: Sequence[_Place], scores: Sequence[float], snapshot: Snapshot, reader: Reader
) -> dict[int, tuple[Reading, tuple[int, int]]]:
    """Reads the stretches of text around the likeliest sentences; by number of the sentence."""
    windows: list[tuple[Window, list[int], int]] = []
    order = sorted(range(len(places)), key=lambda i: (places[i].chunk.document, places[i].sentence.start))
    at = {i: position for position, i in enumerate(order)}
    taken: set[int] = set()
    for i in sorted(range(len(places)), key=lambda i: -scores[i]):
        if len(windows) == _WINDOWS:
            break
        if i not in taken:
            windows.append(_window(places, [order[p] for p in _stretch(places, order, at[i])], snapshot))
            taken.update(windows[-1][1])
    found: dict[int, tuple[Reading, tuple[int, int]]] = {}
    read = reader.read(query.text, [window for window, _, _ in windows])
    for (_, numbers, begin), readings in zip(windows, read, strict=True):
        for number, reading in zip(numbers, readings, strict=True):
            if reading is not None and (number not in found or reading.evidence > found[number][0].evidence):
                found[number] = (reading, (begin + reading.span[0], begin + reading.span[1]))
    return found


def _stretch(places: Sequence[_Place], order: Sequence[int], position: int) -> range:
    """Positions in `order` of the sentences around one that are read with it, as many before it as after."""
    first = last = position
    words = len(places[order[position]].text.split())
    before = after = True
    while before or after:
        for step in (-1, 1):
            if not (before if step < 0 else after):
                continue
            inner, outer = (first, first - 1) if step < 0 else (last, last + 1)
            fits = 0 <= outer < len(order) and _adjoin(
                places[order[min(inner, outer)]], places[order[max(inner, outer)]]
            )
            more = len(places[order[outer]].text.split()) if fits else 0
            if not fits or words + more > _WORDS:
                before, after = (False, after) if step < 0 else (before, False)
                continue
            words += more
            first, last = min(first, outer), max(last, outer)
    return range(first, last + 1)


def _adjoin(one: _Place, other: _Place) -> bool:
    return one.chunk.document == other.chunk.document and 0 <= other.sentence.start - one.sentence.end <= _GAP


def _window(places: Sequence[_Place], numbers: list[int], snapshot: Snapshot) -> tuple[Window, list[int], int]:
    """The stretch of text that holds these sentences, and the offset at which it begins."""
    chunk = places[numbers[0]].chunk
    begin, end = places[numbers[0]].sentence.start, places[numbers[-1]].sentence.end
    spans = tuple((places[i].sentence.start - begin, places[i].sentence.end - begin) for i in numbers)
    heading = ": ".join((chunk.title, *chunk.headings))
    return Window(heading, snapshot.text(chunk.document, begin, end), spans), numbers, begin


def _places(passages: Sequence[Passage], snapshot: Snapshot) -> list[_Place]:
    """Every sentence to be judged, once, with the best passage that it stands in or beside."""
    places: list[_Place] = []
    seen: set[tuple[int, int]] = set()
    read: list[tuple[int, Passage, StoredChunk, bool]] = []
    for rank, passage in enumerate(passages):
        inside = snapshot.chunks_in(passage.document_id, passage.start, passage.end)
        if not inside:
            continue
        read += [(rank, passage, chunk, False) for chunk in inside]
        beside = snapshot.chunks_between(inside[0].document, inside[0].ordinal - 1, inside[-1].ordinal + 1)
        read += [(rank, passage, chunk, True) for chunk in beside if chunk not in inside]
    for rank, passage, chunk, outside in sorted(read, key=lambda r: (r[0], r[3])):
        if (chunk.document, chunk.start) in seen:
            continue
        seen.add((chunk.document, chunk.start))
        places += _sentences_of(rank, passage, chunk, outside, snapshot)
    return places


def _sentences_of(rank: int, passage: Passage, chunk: StoredChunk, outside: bool, snapshot: Snapshot) -> list[_Place]:
    first = max(0, chunk.start - _READ_BEFORE)
    stretch = snapshot.text(chunk.document, first, chunk.end)
    read = [s for s in snapshot.sentences(chunk.document, first, chunk.end) if s.kind != BlockKind.HEADING]
    opening = snapshot.opening(chunk.document, chunk.section)
    places = []
    for i, sentence in enumerate(read):
        if sentence.start < chunk.start:
            continue
        own, *before = (
            stretch[s.start - first : s.end - first]
            for s in read[i::-1][: _BEFORE + 1]
            if s.section == sentence.section
        )
        following = read[i + 1 : i + 2]
        places.append(
            _Place(
                passage,
                rank,
                chunk,
                sentence,
                own,
                before=tuple(before),
                following=" ".join(stretch[s.start - first : s.end - first] for s in following),
                opening="" if opening == own else opening,
                outside=outside,
            )
        )
    return places


def _features(query: Query, place: _Place, rarity: Mapping[str, float], best: float) -> Features:
    text, kind = place.text, place.sentence.kind
    cause = float(query.kind is Kind.WHY and CAUSE.search(text) is not None)
    effect = float(query.kind in (Kind.WHY, Kind.FATE) and EFFECT.search(text) is not None)
    present = frozenset(stems(text)) | (query.outcomes if effect else frozenset())
    headed = " ".join((place.chunk.title, *place.chunk.headings, place.opening))
    over = frozenset(stems(headed))
    earlier = frozenset(stems(" ".join(place.before)))
    coverage = share(query.terms, present, rarity)
    above = share(query.terms, present | over, rarity) - coverage
    before = share(query.terms, present | over | earlier, rarity) - coverage - above
    subject = coverage + above + before
    dated_before = next((sentence for sentence in place.before if periods(sentence)), "")
    year = query.timing(text)
    year_section = 0.0 if year else query.timing(headed)
    if year_section < 1.0 and periods(text):  # it stands under "Before 2021", but says of itself when it was
        year_section = 0.0
    year_before = 0.0 if year or year_section else query.timing(dated_before)
    if not query.one_year and periods(text):  # a sentence with a date of its own does not take that of another
        year_before = 0.0
    timely = year or year_section or year_before
    untimely = 1.0 - timely if timely or any(map(periods, (text, headed, dated_before))) else 0.0
    slots = query.slots
    words = len(text.split())
    return Features(
        coverage=coverage,
        above=above,
        before=before,
        after=share(query.terms, present | frozenset(stems(place.following)), rarity) - coverage,
        passage=place.passage.score / best,
        first_passage=float(place.rank == 0),
        outside=float(place.outside),
        year=year,
        year_section=year_section,
        year_before=year_before,
        year_other=float(query.one_year and untimely == 1.0),
        span_other=0.0 if query.one_year or not query.periods else untimely,
        names=len(slots & present) / len(slots) if slots else 0.0,
        new_name=float(query.kind is Kind.WHO and names_someone(query, text)),
        new_place=float(query.kind is Kind.WHERE and names_a_place(query, text)),
        new_number=float(query.kind is Kind.HOW_MANY and has_a_number(text)),
        new_date=float(query.kind is Kind.WHEN and has_a_new_date(query, text)),
        cause=subject * cause,
        effect=subject * effect,
        no_reason=float(query.kind in (Kind.WHY, Kind.FATE) and not cause and not effect),
        manner=float(query.kind is Kind.HOW and MANNER.search(text) is not None),
        items=float(query.kind is Kind.LIST and holds_a_list(text, kind)),
        opening=float(not place.opening),
        short=float(words < 6),
        long=float(words > 45),
        pronoun=float(begins_with_pronoun(text)),
        question=float(text.rstrip().endswith("?")),
        list_item=float(kind is BlockKind.LIST_ITEM),
        table_row=float(kind is BlockKind.TABLE_ROW),
        footnote=float(kind is BlockKind.FOOTNOTE),
        caption=float(kind is BlockKind.CAPTION),
    )


def _evidence(place: _Place, score: float) -> Evidence:
    chunk, sentence = place.chunk, place.sentence
    return Evidence(
        document_id=chunk.document_id,
        path=chunk.path,
        title=chunk.title,
        date=chunk.date,
        url=chunk.url,
        page=page_at(chunk.pages, sentence.start),
        start=sentence.start,
        end=sentence.end,
        text=place.text,
        score=score,
        heading=" > ".join(chunk.headings),
    )
