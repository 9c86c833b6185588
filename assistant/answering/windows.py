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
) -> dict[int, Reading]:
    """Reads the stretches of text around the likeliest sentences; by number of the sentence.

    Spans of short answers count in the document's text.
    """
    windows: list[list[int]] = []
    order = sorted(range(len(places)), key=lambda i: (places[i].chunk.document, places[i].sentence.start))
    at = {i: position for position, i in enumerate(order)}
    taken: set[int] = set()
    for i in sorted(range(len(places)), key=lambda i: -scores[i]):
        if len(windows) == _WINDOWS:
            break
        if i not in taken:
            windows.append([order[p] for p in _stretch(places, order, at[i])])
            taken.update(windows[-1])
    found: dict[int, Reading] = {}
    read = reader.read(question, [_window([places[i] for i in numbers], snapshot) for numbers in windows])
    for numbers, readings in zip(windows, read, strict=True):
        begin = places[numbers[0]].sentence.start
        for number, reading in zip(numbers, readings, strict=True):
            if reading is not None and (number not in found or reading.evidence > found[number].evidence):
                first, last = reading.span
                found[number] = reading._replace(span=(begin + first, begin + last))
    return found


def _stretch(places: Sequence[Place], order: Sequence[int], position: int) -> range:
    """Positions in `order` of the sentences around one that are read with it, as many before it as after."""
    edges = {-1: position, 1: position}
    words = len(places[order[position]].text.split())
    growing = [-1, 1]
    while growing:
        for step in tuple(growing):
            outer = edges[step] + step
            first, last = sorted((edges[step], outer))
            fits = first >= 0 and last < len(order) and _adjoin(places[order[first]], places[order[last]])
            more = len(places[order[outer]].text.split()) if fits else 0
            if not fits or words + more > _WORDS:
                growing.remove(step)
                continue
            words += more
            edges[step] = outer
    return range(edges[-1], edges[1] + 1)


def _adjoin(one: Place, other: Place) -> bool:
    return one.chunk.document == other.chunk.document and 0 <= other.sentence.start - one.sentence.end <= _GAP


def _window(places: Sequence[Place], snapshot: Snapshot) -> Window:
    """The stretch of text that holds these sentences."""
    chunk = places[0].chunk
    begin, end = places[0].sentence.start, places[-1].sentence.end
    spans = tuple((place.sentence.start - begin, place.sentence.end - begin) for place in places)
    heading = ": ".join((chunk.title, *chunk.headings))
    return Window(heading, snapshot.text(chunk.document, begin, end), spans)
