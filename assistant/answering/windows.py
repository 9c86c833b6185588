"""Which stretches of text the reader reads: those around the likeliest sentences.

What is not here: the reader itself (reader.py), and what its readings count for (evidence.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answering.places import Place
from assistant.answering.reader import Reader, Reading, Window
from assistant.store.snapshot import Snapshot

_WINDOWS = 5  # stretches of text that are read
_WORDS = 170  # of a stretch
_GAP = 400  # characters between two sentences of a stretch: a heading, a caption


def read_around(
    question: str, places: Sequence[Place], scores: Sequence[float], snapshot: Snapshot, reader: Reader
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
    read = reader.read(question, [window for window, _, _ in windows])
    for (_, numbers, begin), readings in zip(windows, read, strict=True):
        for number, reading in zip(numbers, readings, strict=True):
            if reading is not None and (number not in found or reading.evidence > found[number][0].evidence):
                found[number] = (reading, (begin + reading.span[0], begin + reading.span[1]))
    return found


def _stretch(places: Sequence[Place], order: Sequence[int], position: int) -> range:
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


def _adjoin(one: Place, other: Place) -> bool:
    return one.chunk.document == other.chunk.document and 0 <= other.sentence.start - one.sentence.end <= _GAP


def _window(places: Sequence[Place], numbers: list[int], snapshot: Snapshot) -> tuple[Window, list[int], int]:
    """The stretch of text that holds these sentences, and the offset at which it begins."""
    chunk = places[numbers[0]].chunk
    begin, end = places[numbers[0]].sentence.start, places[numbers[-1]].sentence.end
    spans = tuple((places[i].sentence.start - begin, places[i].sentence.end - begin) for i in numbers)
    heading = ": ".join((chunk.title, *chunk.headings))
    return Window(heading, snapshot.text(chunk.document, begin, end), spans), numbers, begin
