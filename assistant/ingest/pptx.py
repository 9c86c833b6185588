"""PowerPoint presentations: a page a slide, its title as heading, then its text, tables and speaker's notes.

Shapes are read from top to bottom, and from left to right where they stand side by side. Hidden slides, slide
numbers, dates and footers are left out; pictures and charts are not read.
"""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from assistant.errors import DocumentError
from assistant.ingest.archive import open_archive
from assistant.ingest.extraction import Extracted, TextBuilder
from assistant.ingest.lines import is_caption
from assistant.types import BlockKind

_NEAR = 300_000  # of PowerPoint's units, a third of an inch: shapes whose tops are so near stand side by side
_MAX_DEPTH = 20  # groups within groups


def read_pptx(data: bytes, path: str) -> Extracted:
    """The text and blocks of a presentation; a page is a slide.

    Raises:
        DocumentError: It is encrypted, damaged or no presentation.
    """
    open_archive(data, path, ".pptx", "a PowerPoint file").close()
    import pptx

    builder = TextBuilder()
    starts: list[int] = []
    try:
        presentation = pptx.Presentation(io.BytesIO(data))
        for slide in presentation.slides:
            starts.append(builder.length)
            if slide.element.get("show") != "0":
                _add_slide(builder, slide)
        core = presentation.core_properties
        title, date, language = core.title, core.created or core.modified, core.language
    except Exception as error:
        raise DocumentError(
            f"{path} is damaged or no PowerPoint file ({error}); open it in PowerPoint and save it anew"
        ) from error
    return Extracted(
        builder.text,
        builder.blocks,
        _first_offsets(starts, builder),
        hinted_title=title or None,
        # python-pptx's own template, and others made from it, carry this day.
        hinted_date=date.date().isoformat() if date and date.date().isoformat() != "2013-01-27" else None,
        named_language=language or None,
    )


def _first_offsets(starts: list[int], builder: TextBuilder) -> tuple[int, ...]:
    """Each slide's first character, behind the blank line before it; a slide without text has the next one's."""
    begins = [*(block.start for block in builder.blocks), builder.length]
    offsets = [begins[bisect_left(begins, start)] for start in starts]
    return (0, *offsets[1:])


def _add_slide(builder: TextBuilder, slide: Any) -> None:
    title = slide.shapes.title
    if title is not None:
        builder.add(BlockKind.HEADING, " ".join(_text(title.text_frame).split()), 2)
    for shape in _in_reading_order(slide.shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if getattr(shape, "has_table", False) and shape.has_table:
            for row in shape.table.rows:
                cells = [" ".join(_text(cell.text_frame).split()) for cell in row.cells]
                builder.add(BlockKind.TABLE_ROW, " | ".join(cells).strip(" |"))
        elif shape.has_text_frame:
            _add_frame(builder, shape)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        for paragraph in slide.notes_slide.notes_text_frame.paragraphs:
            builder.add(BlockKind.PARAGRAPH, _paragraph(paragraph))


def _add_frame(builder: TextBuilder, shape: Any) -> None:
    """A text box's paragraphs: points of a list where several stand together and are short."""
    texts = [text for text in (_paragraph(paragraph) for paragraph in shape.text_frame.paragraphs) if text.strip()]
    listed = len(texts) > 1 and sum(map(len, texts)) < 200 * len(texts)
    for text in texts:
        kind = BlockKind.CAPTION if is_caption(text) else BlockKind.LIST_ITEM if listed else BlockKind.PARAGRAPH
        builder.add(kind, text)


def _in_reading_order(shapes: Any, depth: int = 0) -> Iterator[Any]:
    placed = sorted(shapes, key=lambda shape: ((shape.top or 0) // _NEAR, shape.left or 0))
    for shape in placed:
        if shape.is_placeholder and shape.placeholder_format.type in _frame_placeholders():
            continue
        if hasattr(shape, "shapes"):
            if depth < _MAX_DEPTH:
                yield from _in_reading_order(shape.shapes, depth + 1)
        else:
            yield shape


def _frame_placeholders() -> tuple[Any, ...]:
    from pptx.enum.shapes import PP_PLACEHOLDER

    return (PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER)


def _text(frame: Any) -> str:
    return "\n".join(_paragraph(paragraph) for paragraph in frame.paragraphs)


def _paragraph(paragraph: Any) -> str:
    """A paragraph's text; a line broken by hand inside it is one line of it."""
    return " ".join(paragraph.text.replace("\v", " ").split())
