"""What speaks for and against a sentence as evidence: features, each of which can be explained to a person.

What is not here: their weights (weights.py), and what is made of them (evidence.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from assistant.answering.places import Place
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
from assistant.retrieval.coverage import share
from assistant.retrieval.dates import periods
from assistant.retrieval.kin import said_in
from assistant.retrieval.query import Kind, Query, begins_with_pronoun
from assistant.types import BlockKind


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
        chronicle: A row under a date tells that something happened; where why, how or what is asked, prose tells more.
        asked_now: Of a follow-up, the share of the words asked now that stand in the sentence.
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
    chronicle: float
    asked_now: float
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


def features_of(query: Query, place: Place, rarity: Mapping[str, float], best: float) -> Features:
    """Measures a sentence; `rarity` of the question's words, `best` the best passage's score."""
    text, kind = place.text, place.sentence.kind
    cause = float(query.kind is Kind.WHY and CAUSE.search(text) is not None)
    # A row of a chronicle says that something was abandoned, never why.
    tells = query.kind is Kind.FATE or (query.kind is Kind.WHY and kind is not BlockKind.TABLE_ROW)
    effect = float(tells and EFFECT.search(text) is not None)
    present = said_in(text) | (query.outcomes if effect else frozenset())
    headed = " ".join((place.chunk.title, *place.chunk.headings, place.opening))
    over = said_in(headed)
    earlier = frozenset().union(*map(said_in, place.before))
    coverage = share(query.terms, present, rarity)
    above = share(query.terms, present | over, rarity) - coverage
    before = share(query.terms, present | over | earlier, rarity) - coverage - above
    subject = coverage + above + before
    year, year_section, year_before, untimely = _times(query, place, headed)
    slots = query.slots
    words = len(text.split())
    return Features(
        coverage=coverage,
        above=above,
        before=before,
        after=share(query.terms, present | said_in(place.following), rarity) - coverage,
        passage=place.passage.score / best,
        first_passage=float(place.rank == 0),
        outside=float(place.outside),
        year=year,
        year_section=year_section,
        year_before=year_before,
        year_other=float(query.one_year and untimely == 1.0),
        span_other=0.0 if query.one_year else untimely,
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
        chronicle=float(kind is BlockKind.TABLE_ROW and query.kind not in ASKED_FOR and _dated(text)),
        asked_now=share(query.asked_now, present, rarity) if query.asked_now else 0.0,
        footnote=float(kind is BlockKind.FOOTNOTE),
        caption=float(kind is BlockKind.CAPTION),
    )


def _dated(row: str) -> bool:
    """Whether the first cell of a table's row is a date."""
    return bool(periods(row.partition("|")[0]))


def _times(query: Query, place: Place, headed: str) -> tuple[float, float, float, float]:
    """How far a sentence, its headings and what stands before it are of the time asked about, and how far of others."""
    if not query.periods:
        return 0.0, 0.0, 0.0, 0.0
    text = place.text
    dated_before = next((sentence for sentence in place.before if periods(sentence)), "")
    year = query.timing(text)
    year_section = 0.0 if year else query.timing(headed)
    if year_section < 1.0 and periods(text):  # it stands under "Before 2021", but says of itself when it was
        year_section = 0.0
    year_before = 0.0 if year or year_section else query.timing(dated_before)
    if not query.one_year and periods(text):  # a sentence with a date of its own does not take that of another
        year_before = 0.0
    timely = year or year_section or year_before
    dated = timely or any(map(periods, (text, headed, dated_before)))
    return year, year_section, year_before, 1.0 - timely if dated else 0.0
