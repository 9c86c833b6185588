"""Where to put the borders between chunks, given the sizes of the sentences.

The borders of one run of sentences are chosen together, so that chunks come out even and end where paragraphs
do. It knows numbers only; the text and the headings are `chunking`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SMALL = 120  # tokens; a chunk below it is smaller than we like
_TINY = 40  # tokens; a chunk below it says too little to be found by


@dataclass(frozen=True, slots=True)
class Piece:
    """One sentence: its tokens, and what stands between it and the next."""

    tokens: int
    paragraph_end: bool = False
    line_end: bool = False
    leads_on: bool = False


def pack(pieces: Sequence[Piece], room: int) -> list[tuple[int, int]]:
    """Divides a run into chunks of at most `room` tokens; a longer sentence is a chunk of its own.

    The sum of the chunks' costs is least: for being small, and for ending inside a paragraph. Time grows with
    the number of pieces times the pieces that fit a chunk.

    Returns:
        First and last index of each chunk's pieces, both included, in order.
    """
    best = [0.0] + [float("inf")] * len(pieces)
    begin = [0] * (len(pieces) + 1)
    sizes = [piece.tokens for piece in pieces]
    costs = [_size_cost(tokens, room) for tokens in range(room + 1)]  # a list of words has a million short pieces
    for stop in range(1, len(pieces) + 1):
        tokens = 0
        border = 0.0 if stop == len(pieces) else _border_cost(pieces[stop - 1])
        for start in range(stop - 1, -1, -1):
            tokens += sizes[start]
            if tokens > room and start < stop - 1:
                break
            cost = best[start] + (costs[tokens] if tokens <= room else _size_cost(tokens, room)) + border
            if cost < best[stop]:
                best[stop], begin[stop] = cost, start
    chunks = []
    stop = len(pieces)
    while stop > 0:
        chunks.append((begin[stop], stop - 1))
        stop = begin[stop]
    return chunks[::-1]


def _size_cost(tokens: int, room: int) -> float:
    """Each chunk costs something, a small one more, a tiny one most."""
    cost = 1.0
    small = min(SMALL, room)
    if tokens < small:
        cost += 3.0 * ((small - tokens) / small) ** 2
    if tokens < _TINY:
        cost += 2.0
    return cost


def _border_cost(piece: Piece) -> float:
    if piece.leads_on:  # "The parties agreed on three points:"
        return 2.5
    if piece.paragraph_end:
        return 0.0
    return 0.5 if piece.line_end else 1.2
