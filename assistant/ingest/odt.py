"""OpenDocument texts: headings, paragraphs, lists, tables and notes in reading order.

Deleted text of tracked changes, comments and hidden text are left out; a table of contents counts as part of the
frame. Page headers and footers are not read, nor are spreadsheets and presentations of the same family.
"""

from __future__ import annotations

from typing import Any

from assistant.errors import DocumentError
from assistant.ingest.archive import member, open_archive, parse_xml
from assistant.ingest.extraction import Extracted, TextBuilder, row_of
from assistant.ingest.lines import is_caption
from assistant.types import BlockKind

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_META = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_UNREAD = frozenset(
    {f"{_TEXT}tracked-changes", f"{_TEXT}hidden-text", f"{_TEXT}hidden-paragraph", f"{_OFFICE}annotation"}
    | {f"{_TEXT}ruby-text", f"{_TEXT}note", f"{_OFFICE}forms", f"{_TEXT}sequence-decls"}
)
_CAPTIONS = frozenset({"Caption", "Illustration", "Figure", "Table", "Drawing"})
_MAX_SPACES = 100  # of one element that stands for many


def read_odt(data: bytes, path: str) -> Extracted:
    """The text and blocks of an OpenDocument text.

    Raises:
        DocumentError: It is encrypted, damaged or no OpenDocument text.
    """
    with open_archive(data, path, ".odt", "an OpenDocument text") as archive:
        names = archive.namelist()
        if "META-INF/manifest.xml" in names and b"encryption-data" in member(archive, "META-INF/manifest.xml", path):
            raise DocumentError(f"{path} is encrypted; save it without a password, or list it in .assistantignore")
        content = parse_xml(member(archive, "content.xml", path), path)
        about = parse_xml(member(archive, "meta.xml", path), path) if "meta.xml" in names else None
    body = content.find(f"{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise DocumentError(f"{path} is not an OpenDocument text; save it as .odt")
    walk = _Walk(_Styles(content))
    walk.read(body, BlockKind.PARAGRAPH)
    for note in walk.notes:
        walk.builder.add(BlockKind.FOOTNOTE, note)
    return Extracted(
        walk.builder.text,
        walk.builder.blocks,
        hinted_title=_said(about, f"{_DC}title"),
        hinted_date=_said(about, f"{_META}creation-date") or _said(about, f"{_DC}date"),
        named_language=_said(about, f"{_DC}language"),
        tags=tuple(keyword.text.strip() for keyword in _all(about, f"{_META}keyword") if keyword.text),
    )


def _all(about: Any, tag: str) -> list[Any]:
    return [] if about is None else list(about.iter(tag))


def _said(about: Any, tag: str) -> str | None:
    return next((element.text for element in _all(about, tag) if element.text), None)


class _Styles:
    """What the file's own styles stand for: the named style behind each, and which of them hide their text."""

    def __init__(self, content: Any) -> None:
        styles = list(content.iter(f"{_STYLE}style"))
        self._parents = {style.get(f"{_STYLE}name"): style.get(f"{_STYLE}parent-style-name") for style in styles}
        self.hidden = {
            style.get(f"{_STYLE}name")
            for style in styles
            if any(part.get(f"{_TEXT}display") == "none" for part in style.iter(f"{_STYLE}text-properties"))
        }

    def name_of(self, element: Any) -> str:
        """The named style of a paragraph, `Title`; names of two words are written `Text_20_body` in files."""
        name = element.get(f"{_TEXT}style-name") or ""
        return str(self._parents.get(name) or name).replace("_20_", " ")


class _Walk:
    """The state of one walk over the body: what was read, and the notes that wait for the end."""

    def __init__(self, styles: _Styles) -> None:
        self.builder = TextBuilder()
        self.notes: list[str] = []
        self._styles = styles

    def read(self, parent: Any, kind: BlockKind) -> None:
        """Adds the blocks below an element; `kind` is that of its paragraphs."""
        for element in parent.iterchildren("*"):
            if element.tag == f"{_TEXT}h":
                level = element.get(f"{_TEXT}outline-level", "1")
                self._add(BlockKind.HEADING, element, min(6, int(level) if level.isdigit() else 1))
            elif element.tag == f"{_TEXT}p":
                self._add(*self._paragraph_kind(element, kind))
            elif element.tag == f"{_TEXT}list":
                self.read(element, BlockKind.LIST_ITEM)
            elif element.tag == f"{_TABLE}table":
                for row in element.iter(f"{_TABLE}table-row"):
                    self._row(row)
            elif element.tag in (f"{_TEXT}index-body", f"{_TEXT}index-title"):
                self.read(element, BlockKind.BOILERPLATE)
            elif element.tag not in _UNREAD:
                self.read(element, kind)

    def _paragraph_kind(self, element: Any, kind: BlockKind) -> tuple[BlockKind, Any, int]:
        style = self._styles.name_of(element)
        if kind is BlockKind.PARAGRAPH and style == "Title":
            return BlockKind.HEADING, element, 1
        if kind is BlockKind.PARAGRAPH and style in _CAPTIONS:
            return BlockKind.CAPTION, element, 0
        return kind, element, 0

    def _add(self, kind: BlockKind, element: Any, level: int = 0) -> None:
        text, boxes = self._text(element)
        if kind is BlockKind.HEADING:
            text = " ".join(text.split())
        elif kind is BlockKind.PARAGRAPH and is_caption(text):
            kind = BlockKind.CAPTION
        self.builder.add(kind, text, level)
        for box in boxes:  # a frame that hangs on the paragraph: a picture's caption, a box
            self.read(box, BlockKind.PARAGRAPH)

    def _row(self, row: Any) -> None:
        cells = [" ".join(self._text(cell)[0].split()) for cell in row.iterchildren(f"{_TABLE}table-cell")]
        self.builder.add(BlockKind.TABLE_ROW, row_of(cells))

    def _text(self, element: Any) -> tuple[str, list[Any]]:
        """The visible characters of a paragraph, and the text boxes inside it."""
        parts: list[str] = []
        boxes: list[Any] = []

        def say(node: Any) -> None:
            parts.append(node.text or "")
            for child in node:
                if not isinstance(child.tag, str):
                    pass  # a comment, or an entity that stays unresolved
                elif child.tag == f"{_TEXT}s":
                    count = child.get(f"{_TEXT}c", "1")
                    parts.append(" " * min(_MAX_SPACES, int(count) if count.isdigit() else 1))
                elif child.tag == f"{_TEXT}tab":
                    parts.append("\t")
                elif child.tag == f"{_TEXT}line-break":
                    parts.append("\n")
                elif child.tag == f"{_TEXT}note":
                    self._note(child)
                elif child.tag.endswith("}text-box"):
                    boxes.append(child)
                elif child.tag not in _UNREAD and child.get(f"{_TEXT}style-name") not in self._styles.hidden:
                    say(child)
                    if child.tag == f"{_TEXT}p":
                        parts.append("\n")
                parts.append(child.tail or "")

        if element.get(f"{_TEXT}style-name") not in self._styles.hidden:
            say(element)
        return "".join(parts), boxes

    def _note(self, note: Any) -> None:
        body = note.find(f"{_TEXT}note-body")
        if body is not None:
            self.notes.append(" ".join(self._text(body)[0].split()))
