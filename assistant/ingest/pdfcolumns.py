"""What stands side by side on a page of a PDF: columns put one after the other, tables told as rows.

PDFium gives what was drawn on one height as one line, also across a gutter. Here such lines come divided at their wide
gaps; where the right parts begin at one place and both sides are prose, the page has two columns. It reads no file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from assistant.ingest.pdflayout import Line

_PROSE = 18  # characters; the sides of a gutter are lines of text, the cells of a table mostly shorter
_MIN_LINES = 4  # divided at one place make two columns
_MIN_ROWS = 3  # of as many cells, below one another, make a table
_ALIGNED = 5.0  # points

Parts = Sequence[Line]  # of one line, from left to right; one part where it has no wide gap


def in_reading_order(lines: Sequence[Parts]) -> list[Line]:
    """The lines of a page as a reader takes them: the left column before the right one, a table row by row."""
    gutter = _gutter(lines)
    if gutter is None:
        return _with_rows(lines)
    ordered: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for parts in lines:
        if len(parts) == 1 and parts[0].left < gutter - _ALIGNED and parts[0].right > gutter + _ALIGNED:
            ordered += [*left, *right, parts[0]]  # over both columns: what stands above it is read first
            left, right = [], []
            continue
        for side, of_side in (
            (left, [part for part in parts if part.left < gutter]),
            (right, [part for part in parts if part.left >= gutter]),
        ):
            if of_side:
                side.append(_joined(of_side, " "))
    return ordered + left + right


def _gutter(lines: Sequence[Parts]) -> float | None:
    """Where the right column begins; None on a page without two columns of prose side by side."""
    pairs = [parts for parts in lines if len(parts) == 2]
    prose = [parts for parts in pairs if all(len(part.text) >= _PROSE for part in parts)]
    if len(prose) < _MIN_LINES or len(prose) < 0.6 * len(pairs):
        return None
    begins = Counter(round(parts[1].left / _ALIGNED) for parts in prose)
    place, count = begins.most_common(1)[0]
    if count < 0.7 * len(prose):
        return None
    return min(parts[1].left for parts in prose if round(parts[1].left / _ALIGNED) == place) - 0.5


def _with_rows(lines: Sequence[Parts]) -> list[Line]:
    """Lines as they stand; divided ones are rows where several follow one another with their parts aligned."""
    found: list[Line] = []
    start = 0
    while start < len(lines):
        stop = start + 1
        while stop < len(lines) and len(lines[start]) > 1 and _aligned(lines[stop - 1], lines[stop]):
            stop += 1
        row = stop - start >= _MIN_ROWS
        found += [replace(_joined(parts, " | " if row else " "), row=row) for parts in lines[start:stop]]
        start = stop
    return found


def _aligned(one: Parts, two: Parts) -> bool:
    return len(one) == len(two) and all(
        abs(a.left - b.left) < _ALIGNED or abs(a.right - b.right) < _ALIGNED for a, b in zip(one, two, strict=True)
    )


def _joined(parts: Parts, sign: str) -> Line:
    return replace(parts[0], text=sign.join(part.text for part in parts), right=parts[-1].right)
