"""PDF files: lines of all pages put together to paragraphs, without running heads and page numbers.

It reads the text a PDF holds, in the order it holds it, and knows no columns or tables; pages that are pictures
need OCR first. PDFium is not safe for threads: one document at a time.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from assistant.errors import DocumentError
from assistant.ingest.cleaning import normalise
from assistant.ingest.extraction import Extracted
from assistant.ingest.pdflayout import Line, build

_PAGE_NUMBER = re.compile(
    r"\W*(?:page|p\.|стр\.?|с\.|страница)?\W*\d{1,4}\W*(?:(?:of|из|/)\W*\d{1,4})?\W*$", re.IGNORECASE
)
_HYPHENS = "\x02\ufffe"  # what PDFium sets for a hyphen at a line's end with the line's end itself
_EDGE = 3  # lines at the head and at the foot of a page that may be running ones


def read_pdf(data: bytes, path: str) -> Extracted:
    """The text, blocks and pages of a PDF.

    Raises:
        DocumentError: It is encrypted, damaged, or holds no text.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise DocumentError(
                f"{path} is encrypted; save it without a password, or list it in .assistantignore"
            ) from error
        raise DocumentError(f"{path} is damaged or no PDF; save it again from its source") from error
    try:
        pages = [_page_lines(document, number, path) for number in range(len(document))]
        metadata = document.get_metadata_dict(skip_empty=True)
    finally:
        document.close()
    if not any(pages):
        raise DocumentError(f"{path} holds no text; run OCR over it (for instance with ocrmypdf) and add the result")
    text, blocks, starts = build(_without_running_lines(pages))
    return Extracted(
        text,
        blocks,
        starts,
        hinted_title=normalise(metadata.get("Title", "")) or None,
        hinted_date=metadata.get("CreationDate") or metadata.get("ModDate"),
    )


def _page_lines(document: Any, number: int, path: str) -> list[Line]:
    """The lines of one page that are not blank, with their places where PDFium tells them."""
    import pypdfium2

    try:
        page = document[number]
        text_page = page.get_textpage()
        text = text_page.get_text_range()
        placed = len(text) == text_page.count_chars()  # else the characters' numbers don't fit the text
        lines = []
        offset = 0
        parts = [*re.split(f"(\r\n|[\n\r{_HYPHENS}])", text), ""]
        for raw, end in zip(parts[::2], parts[1::2], strict=True):
            if raw.strip():
                first = offset + len(raw) - len(raw.lstrip())
                size, bottom, left = _place(text_page, first) if placed else (0.0, 0.0, 0.0)
                if cleaned := " ".join(re.split("[ \t]+", normalise(raw).strip())):
                    divided = "-" if end and end in _HYPHENS else ""
                    lines.append(Line(number, cleaned + divided, size, bottom, left))
            offset += len(raw) + len(end)
        text_page.close()
        page.close()
    except pypdfium2.PdfiumError as error:
        raise DocumentError(f"{path}: page {number + 1} is damaged; save the file again from its source") from error
    return lines


def _place(text_page: Any, index: int) -> tuple[float, float, float]:
    """Font height, bottom and left of a character; the loose box is the font's, whatever the letter."""
    left, bottom, _, top = text_page.get_charbox(index, loose=True)
    return round(top - bottom, 1), bottom, left


def _without_running_lines(pages: list[list[Line]]) -> list[list[Line]]:
    """Pages without the heads, feet and numbers that repeat from page to page."""
    filled = [page for page in pages if page]
    counts: Counter[str] = Counter()
    for page in filled:
        counts.update({_pattern(line.text) for line in page[:_EDGE] + page[-_EDGE:]})
    often = max(3, len(filled) // 2 if len(filled) < 12 else len(filled) // 4)
    running = {pattern for pattern, count in counts.items() if count >= often}
    return [_stripped(page, running, many=len(filled) > 1) for page in pages]


def _stripped(page: list[Line], running: set[str], *, many: bool) -> list[Line]:
    """One page without its running lines, from its edges inwards as long as there are any."""

    def runs(line: Line) -> bool:
        number = _PAGE_NUMBER.match(line.text) is not None
        return _pattern(line.text) in running or (number and (many or len(line.text.split()) > 1))

    start, stop = 0, len(page)
    while start < min(_EDGE, stop) and runs(page[start]):
        start += 1
    while stop > max(start, len(page) - _EDGE) and runs(page[stop - 1]):
        stop -= 1
    return page[start:stop]


def _pattern(text: str) -> str:
    """A line with its numbers made equal."""
    return re.sub(r"\d+", "#", " ".join(text.split())).casefold()
