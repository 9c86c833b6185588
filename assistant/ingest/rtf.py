"""RTF texts: paragraphs, headings by their styles, table rows and notes, in the code pages that their fonts name.

Of the libraries, striprtf loses styles and hidden text and has a link pattern that looks superlinear, so this reads the
tokens itself, once and in order. Pictures, page headers, fields' codes, comments, hidden and deleted text are left out.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace

from assistant.errors import DocumentError
from assistant.ingest import signatures
from assistant.ingest.extraction import Extracted, TextBuilder, row_of
from assistant.ingest.lines import is_caption
from assistant.ingest.plaintext import read_plaintext
from assistant.types import BlockKind

_TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<byte>[0-9a-fA-F]{2})|\\(?P<sign>[^a-zA-Z])"
    r"|(?P<brace>[{}])|[\r\n\x00]+|(?P<text>[^\\{}\r\n\x00]+)|\\$"
)
_UNREAD = frozenset(
    "colortbl pict nonshppict header headerl headerr headerf footer footerl footerr footerf tc xe txe rxe ftnsep"
    " ftnsepc aftnsep aftnsepc datafield objdata filetbl revtbl generator author operator subject keywords doccomm"
    " company manager category revtim printim buptim ffname listname".split()
)
_READ = frozenset("fonttbl stylesheet info title creatim footnote listtext pntext".split())
_CHARACTERS = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "emspace": "\u2003", "enspace": "\u2002", "nestcell": " ", "nestrow": " ",
}  # fmt: skip
_SIGNS = {"~": "\xa0", "_": "-", "-": "", "\n": "\n", "\r": "\n"}
_CHARSETS = {
    77: "mac_roman", 89: "mac_cyrillic", 128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_HEADING = re.compile(r"(?:heading|заголовок) ([1-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Group:
    """What a brace opens and its partner gives back: where text goes, and how it is written."""

    target: str = "body"  # or a destination, or empty for what is not read
    font: int = -1
    skip: int = 1  # characters that stand for a Unicode one, for old programs
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """The properties of the paragraph under way."""

    style: int = 0
    outline: int = 9
    listed: bool = False
    in_table: bool = False


@dataclass(slots=True)
class _Reading:
    """The state of one reading."""

    group: _Group = _Group()
    open: list[_Group] = field(default_factory=list)
    paragraph: _Paragraph = _Paragraph()
    encoding: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    styles: dict[int, str] = field(default_factory=dict)
    outlines: dict[int, int] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)  # by target
    waiting: bytearray = field(default_factory=bytearray)  # bytes of one encoding, not yet decoded
    cells: list[str] = field(default_factory=list)
    pieces: list[tuple[BlockKind, str, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    created: dict[str, int] = field(default_factory=dict)
    to_skip: int = 0
    starred: bool = False


def read_rtf(data: bytes, path: str) -> Extracted:
    """The text and blocks of an RTF file.

    Raises:
        DocumentError: It is no RTF, or cut off.
    """
    data = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not data.startswith(b"{\\rtf"):
        raise signatures.refusal(data, path, "an RTF text") or DocumentError(
            f"{path} is damaged or not an RTF text; save it again from the program that made it"
        )
    reading = _Reading()
    text = data.decode("latin-1")
    position = 0
    while match := _TOKEN.match(text, position):
        position = match.end()
        if match["word"] == "bin":
            position += max(0, int(match["number"] or 0))
        else:
            _token(reading, match)
        if not reading.open:
            break
    if reading.open:
        raise DocumentError(f"{path} is damaged (it is cut off); save it again from the program that made it")
    _end_paragraph(reading)
    return _extracted(reading)


def _extracted(reading: _Reading) -> Extracted:
    title = "".join(reading.parts.get("title", [])).strip() or None
    created = reading.created
    date = f"{created['yr']}-{created['mo']:02}-{created['dy']:02}" if {"yr", "mo", "dy"} <= created.keys() else None
    if all(kind is BlockKind.PARAGRAPH for kind, _, _ in reading.pieces):  # no styles: what lines look like counts
        plain = read_plaintext("\n\n".join(text for _, text, _ in [*reading.pieces, *_noted(reading)]))
        return replace(plain, hinted_title=title, hinted_date=date)
    builder = TextBuilder()
    for kind, text, level in [*reading.pieces, *_noted(reading)]:
        builder.add(BlockKind.CAPTION if kind is BlockKind.PARAGRAPH and is_caption(text) else kind, text, level)
    return Extracted(builder.text, builder.blocks, hinted_title=title, hinted_date=date)


def _noted(reading: _Reading) -> list[tuple[BlockKind, str, int]]:
    return [(BlockKind.FOOTNOTE, note, 0) for note in reading.notes]


def _token(reading: _Reading, match: re.Match[str]) -> None:
    if match["brace"] == "{":
        _flush(reading)
        reading.open.append(reading.group)
        reading.to_skip, reading.starred = 0, False
    elif match["brace"] == "}":
        _flush(reading)
        if reading.group.target == "footnote" and reading.open[-1].target != "footnote":
            reading.notes.append(_taken(reading, "footnote"))
        reading.group = reading.open.pop()
        reading.to_skip = 0
    elif match["byte"] is not None:
        _bytes(reading, bytes.fromhex(match["byte"]))
    elif match["text"] is not None:
        _bytes(reading, match["text"].encode("latin-1"))
    elif match["sign"] is not None:
        if match["sign"] == "*":
            reading.starred = True
        elif match["sign"] in "{}\\":
            _bytes(reading, match["sign"].encode())
        else:
            _say(reading, _SIGNS.get(match["sign"], ""))
    elif match["word"] is not None:
        _word(reading, match["word"], int(match["number"]) if match["number"] else None)


def _word(reading: _Reading, word: str, number: int | None) -> None:
    starred, reading.starred = reading.starred, False
    if word in _UNREAD or word in _READ or starred:
        _flush(reading)
        if reading.group.target:
            reading.group = replace(reading.group, target=word if word in _READ else "")
        if word in ("listtext", "pntext"):
            reading.paragraph = replace(reading.paragraph, listed=True)
    elif word == "u" and number is not None:
        _say(reading, chr(number % 0x10000))
        reading.to_skip = reading.group.skip
    elif word in _CHARACTERS:
        _say(reading, _CHARACTERS[word])
    elif reading.group.target == "body":
        _body_word(reading, word)
    elif word in ("yr", "mo", "dy") and reading.group.target == "creatim" and number:
        reading.created[word] = number
    elif word == "fcharset" and reading.group.target == "fonttbl" and number in _CHARSETS:
        reading.fonts[reading.group.font] = _CHARSETS[number]
    elif word == "par" and reading.group.target == "footnote":
        _say(reading, " ")
    _set(reading, word, number)


def _set(reading: _Reading, word: str, number: int | None) -> None:
    """The words that change how what follows is written, wherever they stand."""
    if word == "f" and number is not None:
        _flush(reading)
        reading.group = replace(reading.group, font=number)
    elif word == "uc" and number is not None:
        reading.group = replace(reading.group, skip=max(0, number))
    elif word in ("v", "deleted"):
        _flush(reading)
        reading.group = replace(reading.group, hidden=number != 0)
    elif word == "plain":
        _flush(reading)
        reading.group = replace(reading.group, hidden=False)
    elif word == "ansicpg" and number is not None:
        reading.encoding = _known(f"cp{number}", reading.encoding)
    elif word in _PAGES:
        reading.encoding = _PAGES[word]
    elif word == "s" and number is not None:
        reading.paragraph = replace(reading.paragraph, style=number)
    elif word == "outlinelevel" and number is not None:
        reading.paragraph = replace(reading.paragraph, outline=number)
        if reading.group.target == "stylesheet":
            reading.outlines[reading.paragraph.style] = number


def _body_word(reading: _Reading, word: str) -> None:
    if word in ("par", "sect", "page"):
        _end_paragraph(reading)
    elif word == "cell":
        _flush(reading)
        reading.cells.append(" ".join(_taken(reading, "body").split()))
    elif word == "row":
        reading.pieces.append((BlockKind.TABLE_ROW, row_of(reading.cells), 0))
        reading.cells = []
        reading.paragraph = replace(reading.paragraph, in_table=False)
    elif word == "intbl":
        reading.paragraph = replace(reading.paragraph, in_table=True)
    elif word == "pard":
        reading.paragraph = _Paragraph(listed=reading.paragraph.listed and not reading.parts.get("body"))


def _end_paragraph(reading: _Reading) -> None:
    _flush(reading)
    if reading.paragraph.in_table:  # a paragraph inside a cell, or what ends a row
        _say(reading, " ")
        return
    text = _taken(reading, "body").strip()
    paragraph = reading.paragraph
    outline = min(paragraph.outline, reading.outlines.get(paragraph.style, 9))
    named = _HEADING.match(reading.styles.get(paragraph.style, ""))
    if text and (outline < 9 or named):
        level = min(6, int(named[1]) if named else outline + 1)
        reading.pieces.append((BlockKind.HEADING, " ".join(text.split()), level))
    elif text:
        reading.pieces.append((BlockKind.LIST_ITEM if paragraph.listed else BlockKind.PARAGRAPH, text, 0))
    reading.paragraph = replace(paragraph, listed=False)


def _bytes(reading: _Reading, data: bytes) -> None:
    skipped = min(reading.to_skip, len(data))
    reading.to_skip -= skipped
    reading.waiting += data[skipped:]


def _say(reading: _Reading, text: str) -> None:
    _flush(reading)
    _append(reading, text)


def _flush(reading: _Reading) -> None:
    """Decodes what waits: it was written in the encoding of the font that holds until now."""
    if reading.waiting:
        data = bytes(reading.waiting)
        reading.waiting.clear()
        _append(reading, data.decode(reading.fonts.get(reading.group.font, reading.encoding), errors="replace"))


def _append(reading: _Reading, text: str) -> None:
    target = reading.group.target
    if target == "stylesheet":
        style = reading.paragraph.style
        reading.styles[style] = (reading.styles.get(style, "") + text).lstrip("; ")
    elif target in ("body", "title", "footnote") and not reading.group.hidden:
        reading.parts.setdefault(target, []).append(text)


def _taken(reading: _Reading, target: str) -> str:
    """The text of a target so far, which begins anew; halves of characters beyond 16 bits are joined."""
    text = "".join(reading.parts.pop(target, []))
    return text.encode("utf-16", errors="surrogatepass").decode("utf-16", errors="replace")


def _known(encoding: str, otherwise: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return otherwise
