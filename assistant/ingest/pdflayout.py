"""From the lines of a PDF's pages to paragraphs, headings and the stored text with its page offsets.

A paragraph goes on over lines and pages until a gap, another size, an indent or a short last line ends it.
Reading the lines from the file, and leaving out running heads, is `pdf`'s business.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from assistant.ingest import lines as look
from assistant.ingest.extraction import TextBuilder
from assistant.types import Block, BlockKind

_MAX_HEADING_WORDS = 20
# Before these a hyphen at a line's end is most often the word's own: "long-term", "self-defence".
_OWN_HYPHEN = frozenset(
    "self non well long short high low post anti multi cross all ill ex so third first second".split()
)
_LAST_WORD = re.compile(r"([^\W\d_]+)-$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page.

    Attributes:
        page: 0-based.
        text: Normalised; a hyphen that divides the last word is kept as `-`.
        size: Height of its first letter's font in points, 0 where unknown.
        bottom: Distance from the page's foot in points, 0 where unknown.
        left: Distance of its first letter from the page's left side.
        right: That of its last letter's end.
        row: It is a row of a table.
    """

    page: int
    text: str
    size: float = 0.0
    bottom: float = 0.0
    left: float = 0.0
    right: float = 0.0
    row: bool = False


@dataclass(slots=True)
class _Paragraph:
    """Lines that belong together."""

    lines: list[Line]
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0


@dataclass(frozen=True, slots=True)
class _Page:
    """What is usual in the document: the body's font height, the distance of lines, their length."""

    size: float
    pitch: float
    width: int


def build(pages: list[list[Line]]) -> tuple[str, tuple[Block, ...], tuple[int, ...]]:
    """The stored text, its blocks, and each page's first offset (a page without text has the next one's)."""
    lines = [line for page in pages for line in page]
    usual = _Page(_body_size(lines), _usual_pitch(lines), max(30, _usual_width(lines)))
    paragraphs = _paragraphs(lines, usual)
    _mark_headings(paragraphs, usual)
    words = Counter(word.lower() for line in lines for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", line.text))
    builder = TextBuilder()
    starts: dict[int, int] = {}
    for paragraph in paragraphs:
        text, begins = _joined(paragraph.lines, words)
        builder.add(paragraph.kind, text, paragraph.level)
        first = builder.length - len(text)
        for page, offset in begins:
            starts.setdefault(page, first + offset)
    return builder.text, builder.blocks, _page_starts(starts, len(pages), builder.length)


def _page_starts(starts: dict[int, int], count: int, length: int) -> tuple[int, ...]:
    offsets = []
    following = length
    for page in range(count - 1, -1, -1):
        following = starts.get(page, following)
        offsets.append(following)
    offsets.reverse()
    return (0, *offsets[1:]) if offsets else ()


def _paragraphs(lines: list[Line], usual: _Page) -> list[_Paragraph]:
    paragraphs: list[_Paragraph] = []
    for index, line in enumerate(lines):
        if index and paragraphs and _goes_on(paragraphs[-1], line, usual):
            paragraphs[-1].lines.append(line)
        else:
            paragraphs.append(_Paragraph([line], BlockKind.TABLE_ROW if line.row else _kind(line.text)))
    return paragraphs


def _kind(text: str) -> BlockKind:
    if look.is_noise(text):
        return BlockKind.BOILERPLATE
    if look.is_caption(text):
        return BlockKind.CAPTION
    if look.is_footnote(text):
        return BlockKind.FOOTNOTE
    if look.is_list_item(text):
        return BlockKind.LIST_ITEM
    return BlockKind.PARAGRAPH


def _goes_on(paragraph: _Paragraph, line: Line, usual: _Page) -> bool:
    """Whether `line` continues the paragraph before it."""
    last = paragraph.lines[-1]
    if _kind(line.text) is not BlockKind.PARAGRAPH or paragraph.kind is BlockKind.BOILERPLATE:
        return False
    if line.row or last.row:
        return False
    if abs(line.size - last.size) > 0.1 * max(usual.size, 1.0) and not _divided(last):
        return False
    ended = look.ends_sentence(last.text) and last.text[-1] not in ",;"
    if line.page != last.page:
        return not ended and (line.text[0].islower() or len(last.text) > 0.8 * usual.width)
    gap = last.bottom - line.bottom
    if usual.pitch and (gap > 1.4 * usual.pitch or gap < -0.5 * usual.pitch):
        return not ended and line.text[0].islower()  # a wide gap, or the head of the next column
    if len(last.text) < 0.75 * usual.width and (ended or line.text[0].isupper()):
        return False
    indented = usual.size and line.left > last.left + 0.8 * usual.size and len(paragraph.lines) > 1
    return not (indented and ended)


def _mark_headings(paragraphs: list[_Paragraph], usual: _Page) -> None:
    """Headings by a larger font; by a number or by standing alone where the font says nothing."""
    sizes = sorted({p.lines[0].size for p in paragraphs if _is_large(p, usual)}, reverse=True)
    for index, paragraph in enumerate(paragraphs):
        if paragraph.kind not in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM):
            continue
        text = " ".join(line.text for line in paragraph.lines)
        following = paragraphs[index + 1] if index + 1 < len(paragraphs) else None
        if _is_large(paragraph, usual):
            paragraph.kind = BlockKind.HEADING
            paragraph.level = min(6, 1 + sizes.index(paragraph.lines[0].size))
        elif following and len(paragraph.lines) == 1 and look.looks_like_heading(text) and not text.endswith("?"):
            depth = look.heading_depth(text)
            long = sum(len(line.text) for line in following.lines) > 1.5 * usual.width
            apart = usual.pitch and paragraph.lines[0].bottom - following.lines[0].bottom > 1.4 * usual.pitch
            if long and (depth or apart) and len(text) < 0.75 * usual.width:
                paragraph.kind, paragraph.level = BlockKind.HEADING, min(6, 1 + max(1, depth))


def _is_large(paragraph: _Paragraph, usual: _Page) -> bool:
    text = " ".join(line.text for line in paragraph.lines)
    large = usual.size > 0 and paragraph.lines[0].size >= 1.12 * usual.size
    words = look.word_count(text)
    return (
        large and words <= _MAX_HEADING_WORDS and any(c.isalpha() for c in text) and not text.endswith((".", ",", ";"))
    )


def _joined(lines: list[Line], words: Counter[str]) -> tuple[str, list[tuple[int, int]]]:
    """The text of a paragraph, and for each page that begins in it the page and its offset."""
    text = ""
    begins = []
    for index, line in enumerate(lines):
        if index and _divided(lines[index - 1]) and line.text[0].islower():
            text = text if _keeps_hyphen(text, line.text, words) else text[:-1]
        elif index:
            text += " "
        if not index or line.page != lines[index - 1].page:
            begins.append((line.page, len(text)))
        text += line.text
    return text, begins


def _divided(line: Line) -> bool:
    return _LAST_WORD.search(line.text) is not None


def _keeps_hyphen(text: str, following: str, words: Counter[str]) -> bool:
    """Whether the hyphen at a line's end is the word's own: as the document writes the word elsewhere."""
    one, two = _LAST_WORD.search(text[-60:]), _FIRST_WORD.match(following)
    if one is None or two is None:
        return True
    first, second = one[1].lower(), two[0].lower()
    whole, divided = words[first + second], words[f"{first}-{second}"]
    return divided > whole or (divided == whole and first in _OWN_HYPHEN)


def _body_size(lines: list[Line]) -> float:
    """The font height that most characters have."""
    counts: Counter[float] = Counter()
    for line in lines:
        counts[line.size] += len(line.text)
    return counts.most_common(1)[0][0] if counts else 0.0


def _usual_pitch(lines: list[Line]) -> float:
    """The usual distance between the bottoms of two lines of a paragraph; 0 where unknown."""
    gaps = [
        one.bottom - two.bottom
        for one, two in pairwise(lines)
        if one.page == two.page and 0 < one.bottom - two.bottom < 4 * max(one.size, 1.0)
    ]
    return median(gaps) if gaps else 0.0


def _usual_width(lines: list[Line]) -> int:
    """Characters of a full line."""
    lengths = sorted(len(line.text) for line in lines)
    return lengths[int(0.8 * (len(lengths) - 1))] if lengths else 0
