"""The answer in the documents' own words: which evidence is said, and in what order.

One or two sentences where a fact is asked, up to five where a cause, a way or a list is. What is not here: judging
sentences (evidence.py), numbering citations (citations.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.citations import Statement
from assistant.answering.evidence import Evidence, Judged
from assistant.answering.wording import FUNCTION_WORDS
from assistant.retrieval.query import Kind, Query
from assistant.store.keywords import WORD, stem, stems

LONGEST = 5  # sentences
_FACTS = frozenset({Kind.WHO, Kind.WHEN, Kind.WHERE, Kind.HOW_MANY, Kind.YES_NO})
_MOST = {Kind.WHY: 3, Kind.FATE: 3, Kind.HOW: 3, Kind.LIST: LONGEST, Kind.WHAT: 2}
_IN_A_CONVERSATION = 3  # what is asked on is open more often: half a of mtragun, cite_recall .64 to .67
# A further sentence is said only if it is at least this likely, compared with the best one: where a fact is asked,
# nearly as likely, since the second then only hedges.
_FURTHER = 0.6
_HEDGE = 0.75
_UNREADABLE = 0.8  # where neither embedder nor reader know the language, and likely and less likely lie close together
_OF_A_LIST = 0.4
_OF_A_HOME = 0.6
_ITEMS = 6  # of an announced list
_GAP = 8  # characters between two items: line ends, bullets, numbers
_ANNOUNCEMENT = 14  # words at most of a sentence that only announces, and
_NEW_WORDS = 4  # so many of them at most that are not the question's
_ORDINALS = {
    stem(word): n
    for words in ("first second third fourth fifth sixth", "первый второй третий четвёртый пятый шестой")
    for n, word in enumerate(words.split(), 1)
}
_COUNTS_OFF = re.compile(r"(?:the\s|во?-)?(?P<ordinal>\w+)(?P<aside>,)?(?:\s(?P<counted>\w+))?", re.IGNORECASE)
_REASONS = frozenset(map(stem, ("reason", "cause", "причина")))
_IN_PARAGRAPH = 1  # characters between two sentences of a paragraph
_FIGURE = re.compile(r"\d+")
_SAME = 0.8  # share of words from which two sentences say the same


def select(query: Query, judged: Sequence[Judged]) -> list[Evidence]:
    """The evidence to be said, best documents first, in text order inside a document; copied sentences once."""
    most, further = (2, _HEDGE) if query.kind in _FACTS else (_MOST[query.kind], _FURTHER)
    if query.kind is Kind.WHAT and query.focus != query.text:
        most = _IN_A_CONVERSATION
    if query.cyrillic:
        further = _UNREADABLE
    if query.kind is Kind.LIST:
        # Features alone tell the likely from the less likely by less, so that more would pass for items.
        unread = _HEDGE if query.cyrillic else _FURTHER
        judged, further = _at_home(judged), _OF_A_LIST if any(j.reading for j in judged) else unread
    judged = [j for j in judged if not _is_another(query, j.evidence.text)] or judged
    chosen: list[Judged] = []
    for candidate in judged:
        if len(chosen) == most or (chosen and candidate.evidence.score < further * chosen[0].evidence.score):
            break
        if not any(_same(candidate.evidence.text, other.evidence.text) for other in chosen):
            chosen.append(candidate)
    chosen = [_original(item, judged) for item in chosen]
    chosen += _items_of(chosen, judged)
    if query.kind not in _FACTS:
        chosen += _told_after(query, chosen, judged)
        chosen += _counted_off(query, chosen, judged)
    ranks: dict[str, int] = {}
    for item in chosen:
        ranks.setdefault(item.evidence.document_id, len(ranks))
    return [j.evidence for j in sorted(chosen, key=lambda j: (ranks[j.evidence.document_id], j.evidence.start))]


def _original(item: Judged, judged: Sequence[Judged]) -> Judged:
    """The same sentence in the earliest document that holds it: later ones copied it. Undated ones come last."""
    words = item.evidence.text.casefold().split()
    copies = [j for j in judged if j.evidence.text.casefold().split() == words]
    return min((item, *copies), key=lambda j: (j.evidence.date is None, j.evidence.date or ""))


def _at_home(judged: Sequence[Judged]) -> list[Judged]:
    """The sentences of the document that holds most of the evidence: a list stands in one place."""
    by_document: dict[str, list[Judged]] = {}
    for item in judged:
        by_document.setdefault(item.evidence.document_id, []).append(item)
    home = max(by_document.values(), key=lambda items: sum(j.evidence.score for j in items[:3]))
    return home if home[0].evidence.score >= _OF_A_HOME * judged[0].evidence.score else list(judged)


def _items_of(chosen: Sequence[Judged], judged: Sequence[Judged]) -> list[Judged]:
    """The items of each list that a chosen sentence announces with a colon; without them it says nothing."""
    items: list[Judged] = []
    for announcing in chosen:
        end, document = announcing.evidence.end, announcing.evidence.document_id
        if not announcing.evidence.text.endswith(":"):
            continue
        after = [j for j in judged if j.evidence.document_id == document and j.evidence.start >= end]
        for item in sorted(after, key=lambda j: j.evidence.start):
            if len(items) == _ITEMS or not item.features.list_item or item.evidence.start - end > _GAP:
                break
            if item not in chosen:
                items.append(item)
            end = item.evidence.end
    return items


def _told_after(query: Query, chosen: Sequence[Judged], judged: Sequence[Judged]) -> list[Judged]:
    """What follows a sentence that only announces ("The two sources name the events differently"), in its paragraph.

    Such a sentence resembles the question more than the one that answers it, and adds next to nothing to it.
    """
    asked = set(query.terms)
    told: list[Judged] = []
    for announcing in chosen:
        words = WORD.findall(announcing.evidence.text)
        new = {stem(word) for word in words if word.lower() not in FUNCTION_WORDS} - asked
        if len(words) > _ANNOUNCEMENT or len(new) > _NEW_WORDS or announcing.features.table_row:
            continue
        end = announcing.evidence.end
        for item in sorted(judged, key=lambda j: j.evidence.start):
            same = item.evidence.document_id == announcing.evidence.document_id
            if same and 0 <= item.evidence.start - end <= _IN_PARAGRAPH and item not in (*chosen, *told):
                told.append(item)
                break
    return told


def _counted_off(query: Query, chosen: Sequence[Judged], judged: Sequence[Judged]) -> list[Judged]:
    """The others of what a chosen sentence counts off ("The first point ..."), where all are asked for."""
    if _asked_for(query):
        return []
    told: list[Judged] = []
    for one in chosen:
        counted = _counts_off(query, one.evidence.text)
        if counted is None:
            continue
        rest = [(_counts_off(query, j.evidence.text), j) for j in judged if _in_section_of(one, j)]
        for n in range(1, _ITEMS + 1):
            same = [j for place, j in rest if place == (n, counted[1]) and j not in (*chosen, *told)]
            if n != counted[0] and same:
                told.append(min(same, key=lambda j: abs(j.evidence.start - one.evidence.start)))
    return told


def _asked_for(query: Query) -> set[int]:
    return {_ORDINALS[term] for term in query.terms if term in _ORDINALS}


def _is_another(query: Query, text: str) -> bool:
    """True for "The third reason was" where the second one is asked for."""
    asked, counted = _asked_for(query), _counts_off(query, text)
    return bool(asked) and counted is not None and counted[0] not in asked


def _in_section_of(one: Judged, other: Judged) -> bool:
    a, b = one.evidence, other.evidence
    return (a.document_id, a.heading) == (b.document_id, b.heading)


def _counts_off(query: Query, text: str) -> tuple[int, str] | None:
    """What number a sentence opens with and what it counts: (2, "reason"); None where that is not asked for."""
    opens = _COUNTS_OFF.match(text)
    if opens is None or stem(opens["ordinal"]) not in _ORDINALS:
        return None
    counted = "" if opens["aside"] else stem(opens["counted"] or "")
    asked = counted in query.terms or (query.kind is Kind.WHY and counted in _REASONS)
    listed = opens["aside"] and query.kind in (Kind.WHY, Kind.LIST)
    return (_ORDINALS[stem(opens["ordinal"])], counted) if asked or listed else None


def state(evidence: Sequence[Evidence]) -> list[Statement]:
    """Each sentence of evidence as a statement that cites itself; copies of one sentence are said once."""
    return [Statement(" ".join(e.text.split()), (e,)) for e in evidence]


def _same(one: str, other: str) -> bool:
    """Whether two sentences say the same; not where each has a figure or a name that the other lacks."""
    a, b = set(stems(one)), set(stems(other))
    if not a or not b or len(a & b) < _SAME * min(len(a), len(b)):
        return False
    return not (_told_apart(one, other) and _told_apart(other, one))


def _told_apart(one: str, other: str) -> bool:
    """Whether a sentence has a figure, or a name after its first word, that the other lacks."""
    if set(_FIGURE.findall(one)) - set(_FIGURE.findall(other)):
        return True
    names = {stem(word) for word in WORD.findall(one)[1:] if word[0].isupper()}
    return bool(names - set(stems(other)))
