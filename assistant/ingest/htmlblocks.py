"""The blocks of an HTML element: a walk over its tree that puts inline text together.

It takes the element as it is; which part of a page is read, and what is left out of it, `html` decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from assistant.types import BlockKind

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_KINDS = {
    "li": BlockKind.LIST_ITEM,
    "dt": BlockKind.PARAGRAPH,
    "dd": BlockKind.PARAGRAPH,
    "figcaption": BlockKind.CAPTION,
    "caption": BlockKind.CAPTION,
}
_BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3"
    " h4 h5 h6 header hr li main ol p pre section summary table tbody td tfoot th thead tr ul caption".split()
)
_CAPTION_NAME = re.compile(
    r"(?:^|[\s_-])(?:caption|cutline|(?:photo|image|picture)[_-]?credits?|credits?)(?:$|[\s_-])", re.I
)
_LONG_CAPTION = 600  # characters; what is longer is no caption, whatever its name
_SPACES = re.compile(r"[ \t\n\r\f]+")  # what HTML collapses; non-breaking spaces stay
_LONG_CELL = 600  # characters; a table with such cells lays out a page


@dataclass(frozen=True, slots=True)
class Piece:
    """One block of a page before it is part of the stored text."""

    kind: BlockKind
    text: str
    level: int = 0


def pieces_of(root: Any) -> list[Piece]:
    """The blocks of an element in reading order."""
    from lxml import etree

    walk = _Walk(root)
    for event, element in etree.iterwalk(root, events=("start", "end")):  # not recursive: pages nest deeply
        if event == "start":
            walk.enter(element)
        else:
            walk.leave(element)
            if element is not root:
                walk.say(element.tail)
    walk.flush()
    return walk.pieces


class _Walk:
    """The state of one walk: open kinds, the text since the last border, the cells of an open row."""

    def __init__(self, root: Any) -> None:
        self.pieces: list[Piece] = []
        self._kinds: list[tuple[BlockKind, int]] = [(BlockKind.PARAGRAPH, 0)]
        self._parts: list[str] = []
        self._row: list[str] | None = None
        self._data_tables = {table for table in root.iter("table") if _holds_data(table)}
        self._table: list[bool] = []
        self._captions: list[Any] = []
        self._pre = 0

    def enter(self, element: Any) -> None:
        tag = element.tag
        if tag in _BLOCKS:
            self._border()
        if tag == "table":
            self._table.append(element in self._data_tables)
        elif tag == "tr" and self._in_data():
            self._row = []
        elif tag in ("td", "th") and self._row is not None:
            self._parts = []
        elif tag in _HEADINGS:
            self._kinds.append((BlockKind.HEADING, _HEADINGS[tag]))
        elif tag in _KINDS:
            self._kinds.append((_KINDS[tag], 0))
        elif _is_caption(element):
            self.flush()
            self._captions.append(element)
            self._kinds.append((BlockKind.CAPTION, 0))
        elif tag == "br":
            self._parts.append("\n" if self._row is None else " ")
        elif tag == "pre":
            self._pre += 1
        elif tag == "img" and self._kinds[-1][0] is not BlockKind.HEADING:
            self._picture(element)
        self.say(element.text)

    def leave(self, element: Any) -> None:
        tag = element.tag
        if tag in ("td", "th") and self._row is not None:
            self._row.append(_collapsed("".join(self._parts)))
            self._parts = []
        elif tag == "tr" and self._row is not None:
            row = " | ".join(cell for cell in self._row if cell)
            self.pieces.append(Piece(BlockKind.TABLE_ROW, row))
            self._row = None
        elif tag in _BLOCKS:
            self._border()
        if tag == "table":
            self._table.pop()
        elif tag in _HEADINGS or tag in _KINDS:
            self._kinds.pop()
        elif self._captions and self._captions[-1] is element:
            self.flush()
            self._captions.pop()
            self._kinds.pop()
        elif tag == "pre":
            self._pre -= 1

    def say(self, text: str | None) -> None:
        if text:
            self._parts.append(text if self._pre else _SPACES.sub(" ", text))

    def flush(self) -> None:
        """Ends the block that the text since the last border makes."""
        text = "".join(self._parts)
        self._parts = []
        if not text.strip():
            return
        kind, level = self._kinds[-1]
        if kind is BlockKind.HEADING:
            self.pieces.append(Piece(kind, _collapsed(text), level))
            return
        lines = [text] if self._pre else [" ".join(line.split(" ")).strip(" ") for line in text.split("\n")]
        for line in lines:  # a line break in a page divides what is not one sentence
            if line.strip():
                self.pieces.append(Piece(kind, re.sub(" {2,}", " ", line) if not self._pre else line))

    def _border(self) -> None:
        if self._row is None:
            self.flush()
        else:
            self._parts.append(" ")  # blocks inside a cell are words of the row

    def _in_data(self) -> bool:
        return bool(self._table) and self._table[-1]

    def _picture(self, element: Any) -> None:
        """A picture's description is a caption, where it is more than a file's name."""
        text = _collapsed(element.get("alt") or "")
        if self._row is None and len(text.split()) >= 4:
            self.flush()
            self.pieces.append(Piece(BlockKind.CAPTION, text))


def _is_caption(element: Any) -> bool:
    """Whether an element is a picture's caption by its name, or a figure that is a picture with some words."""
    tag = element.tag
    if tag == "figure":
        named = next(element.iter("img", "picture"), None) is not None
    else:
        named = tag in ("p", "div", "span", "small", "cite", "em") and bool(
            _CAPTION_NAME.search(f"{element.get('class') or ''} {element.get('id') or ''}")
        )
    return named and next(element.iter("table", "pre", "h1", "h2"), None) is None and _is_short(element)


def _is_short(element: Any) -> bool:
    length = 0
    for text in element.itertext():
        length += len(text.strip())
        if length > _LONG_CAPTION:
            return False
    return True


def _holds_data(table: Any) -> bool:
    """False for a table that lays out a page: it holds tables or long cells, or has one column."""
    if any(inner is not table for inner in table.iter("table")):
        return False
    widest = 0
    for row in table.iter("tr"):
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        widest = max(widest, len(cells))
        if any(len("".join(cell.itertext())) > _LONG_CELL for cell in cells):
            return False
    return widest > 1


def _collapsed(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
