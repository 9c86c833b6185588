"""Plain text files: the characters as they are, blocks found by lines and blank lines.

A paragraph may be one line, or several lines wrapped by hand; headings, captions, notes and subscription
boxes carry no mark and are told by their look (`lines`) and by what stands around them. The text is never
changed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from assistant.ingest import lines as look
from assistant.ingest.cleaning import normalise
from assistant.ingest.extraction import Extracted
from assistant.types import Block, BlockKind

_WRAP_LIMIT = 120  # no one wraps by hand beyond this many characters
_NARROW = 40  # below it lines may be verses or a list
_NARROWEST = 16
_LONG = 120  # a line from here on is prose, whatever else the document has
_TOKENISED = re.compile(r"\w [.,] ")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank. `stanza` counts the runs of such lines between blank ones."""

    start: int
    end: int
    text: str
    stanza: int


def read_plaintext(text: str) -> Extracted:
    """Blocks of a plain text; `text` is as decoded, not yet normalised."""
    text = normalise(text).strip("\n")
    return Extracted(text, blocks_of(text))


def blocks_of(text: str) -> tuple[Block, ...]:
    """The blocks of a normalised text, in order, covering all that is not white space."""
    stanzas = _stanzas(text)
    tokenised = len(_TOKENISED.findall(text[:20_000])) > 3 * len(re.findall(r"\w[.,] ", text[:20_000]))
    widest = max((len(line.text) for stanza in stanzas for line in stanza), default=0)
    runs_on = _runs_on(stanzas)
    blocks: list[Block] = []
    notes = _notes_range(stanzas)
    for index, stanza in enumerate(stanzas):
        following = stanzas[index + 1] if index + 1 < len(stanzas) else None
        stanza_blocks = _whole_stanza(stanza, following, index, tokenised, in_notes=index in notes)
        if stanza_blocks is None:
            stanza_blocks = list(_lines(stanza, widest, first=index == 0, runs_on=runs_on))
        blocks.extend(stanza_blocks)
    return tuple(blocks)


def _stanzas(text: str) -> list[list[Line]]:
    stanzas: list[list[Line]] = []
    offset, open_stanza = 0, False
    for raw in text.split("\n"):
        stripped = raw.strip()
        if stripped:
            if not open_stanza:
                stanzas.append([])
            start = offset + raw.index(stripped[0])
            stanzas[-1].append(Line(start, start + len(stripped), stripped, len(stanzas)))
        open_stanza = bool(stripped)
        offset += len(raw) + 1
    return stanzas


def _notes_range(stanzas: list[list[Line]]) -> range:
    """The stanzas that are only notes: `[1] …` to the end, or the references under a heading of that name."""
    notes = [index for index, stanza in enumerate(stanzas) if look.is_footnote(stanza[0].text)]
    if len(notes) >= 3 and len(notes) >= 0.6 * (len(stanzas) - notes[0]):
        return range(notes[0], len(stanzas))
    for index in range(max(1, len(stanzas) // 2), len(stanzas)):
        if len(stanzas[index]) == 1 and look.is_notes_heading(stanzas[index][0].text):
            stop = index + 1
            while stop < len(stanzas) and all(look.is_reference(line.text) for line in stanzas[stop]):
                stop += 1
            return range(index + 1, stop)
    return range(0)


def _whole_stanza(
    stanza: list[Line], following: list[Line] | None, index: int, tokenised: bool, *, in_notes: bool
) -> list[Block] | None:
    """Blocks of a stanza that is of one kind as a whole; None where its lines must be looked at."""
    if in_notes:
        return _notes(stanza)
    if _is_boilerplate(stanza):
        return [Block(line.start, line.end, BlockKind.BOILERPLATE) for line in stanza]
    if _is_attribution(stanza) or (following and len(stanza) > 1 and _leads_attribution(stanza, following)):
        return _attribution(stanza)
    if len(stanza) > 1:
        return None
    line = stanza[0]
    if index == 0 and following is not None and _is_title(line.text, tokenised):
        return [Block(line.start, line.end, BlockKind.HEADING, 1)]
    if following is not None and look.looks_like_heading(line.text, tokenised=tokenised) and _introduces(following):
        return [Block(line.start, line.end, BlockKind.HEADING, _level(line.text))]
    return None


def _notes(stanza: list[Line]) -> list[Block]:
    """Notes, each with the lines that go on with it (`URL: …`)."""
    blocks: list[Block] = []
    for line in stanza:
        if blocks and not look.is_footnote(line.text) and not look.is_list_item(line.text):
            blocks[-1] = Block(blocks[-1].start, line.end, BlockKind.FOOTNOTE)
        else:
            blocks.append(Block(line.start, line.end, BlockKind.FOOTNOTE))
    return blocks


def _attribution(stanza: list[Line]) -> list[Block]:
    """Caption blocks; a line that begins small or with a bracket goes on with the one before."""
    blocks: list[Block] = []
    for line in stanza:
        if blocks and (line.text[0].islower() or line.text[0] == "("):
            blocks[-1] = Block(blocks[-1].start, line.end, BlockKind.CAPTION)
        else:
            blocks.append(Block(line.start, line.end, BlockKind.CAPTION))
    return blocks


def _is_boilerplate(stanza: list[Line]) -> bool:
    """A subscription box: short lines, two or more of which sell. One such line alone may be content."""
    if any(len(line.text) > 90 for line in stanza):
        return False
    if all(look.is_noise(line.text) for line in stanza):
        return True
    selling = sum(look.sells(line.text) for line in stanza)
    return selling >= 2 and selling >= 0.4 * len(stanza)


def _is_attribution(stanza: list[Line]) -> bool:
    """Lines under a quotation or a figure that say whose it is, a `Source:` line among them."""
    if not any(look.is_source(line.text) for line in stanza[:8]) or len(stanza) > 8:
        return False
    return all(len(line.text) < _WRAP_LIMIT for line in stanza)


def _leads_attribution(stanza: list[Line], following: list[Line]) -> bool:
    """The name of a quotation's document, when its date and source follow after a blank line."""
    if not _is_attribution(following) or not (
        look.is_date_line(following[0].text) or look.is_source(following[0].text)
    ):
        return False
    return len(stanza) <= 4 and all(
        len(line.text) < _WRAP_LIMIT and not look.ends_sentence(line.text) for line in stanza
    )


def _is_title(text: str, tokenised: bool) -> bool:
    if len(text) > 200 or look.word_count(text) > 30 or look.is_list_item(text) or look.is_date_line(text):
        return False
    if tokenised and look.looks_like_heading(text, tokenised=True):
        return True
    return not text.endswith((".", ":", ";", ",")) or (look.word_count(text) <= 6 and text.endswith("."))


def _introduces(following: list[Line]) -> bool:
    """Whether what follows is what a heading stands before: prose, or a heading's own list."""
    first = following[0].text
    if look.is_caption(first) or look.is_footnote(first) or look.is_noise(first):
        return False
    if len(first) >= _LONG or (len(first) > 60 and look.ends_sentence(first)):
        return True
    if len(following) > 1:
        return sum(len(line.text) for line in following) >= _LONG
    return look.looks_like_heading(first) and look.heading_depth(first) > 0


def _level(text: str) -> int:
    return min(6, 1 + max(1, look.heading_depth(text)))


def _lines(stanza: list[Line], widest: int, *, first: bool, runs_on: bool) -> Iterator[Block]:
    """Blocks of a stanza line by line: joined where a person wrapped a paragraph, else one each."""
    joined = _wrapped(stanza, widest, runs_on=runs_on)
    start = 0
    captioned = any(look.is_credited(line.text) for line in stanza)
    while start < len(stanza):
        line = stanza[start]
        stop = start + 1
        kind, level = _line_kind(stanza, start, captioned), 0
        if kind is BlockKind.PARAGRAPH and _heads_next_line(stanza, start, first=first, wrapped=joined):
            kind, level = BlockKind.HEADING, 1 if first and start == 0 else _level(line.text)
        elif kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.FOOTNOTE):
            while stop < len(stanza) and _goes_on(stanza[stop - 1], stanza[stop], joined):
                stop += 1
        yield Block(line.start, stanza[stop - 1].end, kind, level)
        start = stop


def _line_kind(stanza: list[Line], index: int, captioned: bool) -> BlockKind:
    text = stanza[index].text
    if look.is_noise(text) or look.is_rule(text):
        return BlockKind.BOILERPLATE
    if look.is_caption(text) or (captioned and look.is_keywords(text)):
        return BlockKind.CAPTION
    if look.is_footnote(text):
        return BlockKind.FOOTNOTE
    return BlockKind.LIST_ITEM if look.is_list_item(text) else BlockKind.PARAGRAPH


def _heads_next_line(stanza: list[Line], index: int, *, first: bool, wrapped: bool) -> bool:
    """Whether a line is a heading with its text directly on the next line."""
    if index + 1 >= len(stanza):
        return False
    text, following = stanza[index].text, stanza[index + 1].text
    if look.is_rule(following) and following[0] in "=-~" and len(following) >= 3:  # an underlined heading
        return look.looks_like_heading(text)
    if wrapped or not look.looks_like_heading(text) or not (following[0].isupper() or following[0] in '"“«'):
        return False
    if first and index == 0:
        return len(following) >= 80 and len(following) >= 1.5 * len(text)
    alone = index == 0 or look.ends_sentence(stanza[index - 1].text)
    return alone and look.word_count(text) <= 8 and len(following) >= 200


def _wrapped(stanza: list[Line], widest: int, *, runs_on: bool) -> bool:
    """Whether the stanza is one paragraph broken by hand: no line could have taken the next one's first word."""
    width = max(len(line.text) for line in stanza)
    if len(stanza) < 2 or width > _WRAP_LIMIT or width < _NARROWEST:
        return False
    if width < _NARROW and not runs_on:
        return False
    if widest <= _WRAP_LIMIT:
        width = max(width, int(0.9 * widest))
    full = sum(
        len(one.text) + 1 + len(two.text.split(None, 1)[0]) > width - 3
        or (two.text[0].islower() and len(one.text) > min(30, 0.6 * width))
        for one, two in pairwise(stanza)
        if not look.is_list_item(two.text)
    )
    breaks = sum(not look.is_list_item(line.text) for line in stanza[1:])
    return full >= 0.8 * breaks and breaks > 0


def _runs_on(stanzas: list[list[Line]]) -> bool:
    """Whether lines go on in the next ones as prose does; verses and lists begin anew on each."""
    following = [line.text for stanza in stanzas for line in stanza[1:]]
    return sum(text[0].islower() for text in following) >= 0.5 * len(following)


def _goes_on(line: Line, following: Line, wrapped: bool) -> bool:
    """Whether `following` continues the paragraph, item or note that `line` is in."""
    text = following.text
    if look.is_cut_off(line.text) and (text[0].isdigit() or text[0].islower()):
        return True
    if look.is_list_item(text) or look.is_footnote(text) or look.is_caption(text) or look.is_rule(text):
        return False
    if wrapped:
        return True
    if look.is_footnote(line.text) and text.startswith(("URL", "http", "Доступ", "Режим доступа")):
        return True
    return text[0].islower() and not look.ends_sentence(line.text) and len(line.text) >= 40
