"""Word files: paragraphs, lists, tables and notes in reading order, headings by their styles.

Deleted text of tracked changes is left out, inserted text is in. Headers and footers of pages are not read:
they repeat what the page is, not what it says. Old `.doc` files are not read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assistant.errors import DocumentError
from assistant.ingest.archive import open_archive, parse_xml
from assistant.ingest.extraction import Extracted, TextBuilder, row_of
from assistant.ingest.lines import is_caption
from assistant.types import BlockKind

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING_STYLE = re.compile(r"(?:heading|заголовок|überschrift|titre) ?([1-9])", re.IGNORECASE)


def read_docx(data: bytes, path: str) -> Extracted:
    """The text and blocks of a Word file.

    Raises:
        DocumentError: It is encrypted, damaged or no Word file.
    """
    document = _open(data, path)
    styles = _style_names(document)
    builder = TextBuilder()
    _add_body(builder, document.element.body, styles)
    for note in _notes(document, path):
        builder.add(BlockKind.FOOTNOTE, note)
    core = document.core_properties
    date = core.created or core.modified
    return Extracted(
        builder.text,
        builder.blocks,
        named_title=None,
        hinted_title=core.title or None,
        # python-docx's own template, and others made from it, carry this day.
        hinted_date=date.date().isoformat() if date and date.date().isoformat() != "2013-12-23" else None,
        named_language=core.language or None,
        tags=tuple(tag.strip() for tag in re.split(r"[,;]", core.keywords or "") if tag.strip()),
    )


def _open(data: bytes, path: str) -> WordDocument:
    open_archive(data, path, ".docx", "a Word file").close()
    import docx

    try:
        return docx.Document(io.BytesIO(data))
    except Exception as error:
        raise DocumentError(f"{path} is damaged or no Word file ({error}); open it in Word and save it anew") from error


def _style_names(document: WordDocument) -> dict[str, str]:
    """Style id to name: ids are translated in some Word versions, names are not in others."""
    return {style.style_id: style.name or "" for style in document.styles if style.style_id}


def _add_body(builder: TextBuilder, body: Any, styles: dict[str, str]) -> None:
    for element in _blocks(body):
        if element.tag == f"{_W}tbl":
            for row in element.iter(f"{_W}tr"):
                cells = [" ".join(_text(cell).split()) for cell in row.iterchildren(f"{_W}tc")]
                builder.add(BlockKind.TABLE_ROW, row_of(cells))
        else:
            kind, level = _kind(element, styles)
            text = _text(element)
            if kind is BlockKind.HEADING:
                text = " ".join(text.split())
            elif kind is BlockKind.PARAGRAPH and is_caption(text):
                kind = BlockKind.CAPTION
            builder.add(kind, text, level)


def _blocks(body: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, also those inside content controls, which python-docx leaves out."""
    waiting = list(body)[::-1]
    while waiting:
        element = waiting.pop()
        if element.tag in (f"{_W}p", f"{_W}tbl"):
            yield element
        elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml", f"{_W}smartTag"):
            waiting.extend(list(element)[::-1])


def _text(element: Any) -> str:
    """The visible characters: inserted and linked text is in, deleted text and field codes are not."""
    parts: list[str] = []
    for node in element.iter():
        if node.tag == f"{_W}t":
            if not any(parent.tag == _FALLBACK for parent in node.iterancestors()):
                parts.append(node.text or "")
        elif node.tag == f"{_W}tab":
            parts.append("\t" if node.getparent().tag == f"{_W}r" else "")
        elif node.tag in (f"{_W}br", f"{_W}cr"):
            parts.append("\n")
        elif node.tag == f"{_W}noBreakHyphen":
            parts.append("-")
        elif node.tag == f"{_W}p" and parts:
            parts.append("\n")
    return "".join(parts)


def _kind(paragraph: Any, styles: dict[str, str]) -> tuple[BlockKind, int]:
    properties = paragraph.find(f"{_W}pPr")
    if properties is None:
        return BlockKind.PARAGRAPH, 0
    style = properties.find(f"{_W}pStyle")
    style_id = style.get(f"{_W}val", "") if style is not None else ""
    name = styles.get(style_id, style_id).lower()
    heading = _HEADING_STYLE.match(name) or _HEADING_STYLE.match(style_id)
    if heading:
        return BlockKind.HEADING, min(6, int(heading[1]))
    if name in ("title", "название", "заголовок"):
        return BlockKind.HEADING, 1
    outline = properties.find(f"{_W}outlineLvl")
    if outline is not None and outline.get(f"{_W}val", "9") in "012345":
        return BlockKind.HEADING, int(outline.get(f"{_W}val")) + 1
    if "caption" in name or "название объекта" in name:
        return BlockKind.CAPTION, 0
    if name.startswith(("list", "список")) or properties.find(f"{_W}numPr") is not None:
        return BlockKind.LIST_ITEM, 0
    if name.startswith("toc "):
        return BlockKind.BOILERPLATE, 0
    return BlockKind.PARAGRAPH, 0


def _notes(document: WordDocument, path: str) -> Iterator[str]:
    """Footnotes and endnotes; the library gives them as parts of the package only."""
    for relation in document.part.rels.values():
        if relation.is_external or not relation.reltype.endswith(("/footnotes", "/endnotes")):
            continue
        for note in parse_xml(relation.target_part.blob, path):
            if note.get(f"{_W}type") is None:  # separators have a type, notes have none
                yield _text(note)
