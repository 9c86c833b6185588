"""What every format's reader hands over: plain text, its blocks, and the metadata the format itself holds.

It holds the record and the builder that puts a text together from pieces. It reads no format and takes no
decision about titles or dates (`metadata` does, from what is handed over here).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from assistant.ingest.cleaning import normalise
from assistant.types import Block, BlockKind, Source

# Blocks of these kinds stand under one another without a blank line between them.
_TIGHT = frozenset({BlockKind.LIST_ITEM, BlockKind.TABLE_ROW})


@dataclass(frozen=True, slots=True)
class Extracted:
    """A file's stored text with what the format says about it.

    Attributes:
        text, blocks, pages: As in `Document`.
        named_title, named_date, named_url, named_language: What a person wrote down for machines (front
            matter, meta tags); unchecked strings.
        hinted_title, hinted_date: What a program wrote (PDF and DOCX properties); often junk.
        tags, sources: From front matter.
        access: Labels from front matter, checked and sorted.
    """

    text: str
    blocks: tuple[Block, ...]
    pages: tuple[int, ...] = ()
    named_title: str | None = None
    named_date: str | None = None
    named_url: str | None = None
    named_language: str | None = None
    hinted_title: str | None = None
    hinted_date: str | None = None
    tags: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    access: tuple[str, ...] = ()


@dataclass(slots=True)
class TextBuilder:
    """Puts stored text together piece by piece and keeps the blocks' offsets into it."""

    _pieces: list[str] = field(default_factory=list)
    _blocks: list[Block] = field(default_factory=list)
    _length: int = 0

    def add(self, kind: BlockKind, text: str, level: int = 0) -> None:
        """Appends one block; text that is only white space is ignored."""
        text = normalise(text).strip()
        if not text:
            return
        if self._blocks:
            tight = kind in _TIGHT and self._blocks[-1].kind is kind
            self._append("\n" if tight else "\n\n")
        start = self._length
        self._append(text)
        self._blocks.append(Block(start, self._length, kind, level))

    def _append(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    @property
    def length(self) -> int:
        """Characters so far."""
        return self._length

    @property
    def text(self) -> str:
        """The stored text so far."""
        return "".join(self._pieces)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks so far, in text order."""
        return tuple(self._blocks)


def row_of(cells: Iterable[str]) -> str:
    """The cells of a table's row on one line, without the empty ones at its end."""
    kept = list(cells)
    while kept and not kept[-1]:
        kept.pop()
    return " | ".join(kept)
