"""PDF files: lines of all pages put together to paragraphs, without running heads and page numbers.

It reads the text a PDF holds, in the order it holds it; what stands side by side `pdfcolumns` puts in order. Pages
that are pictures need OCR first. PDFium is not safe for threads: one document at a time.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

from assistant.errors import DocumentError
from assistant.ingest.cleaning import normalise
from assistant.ingest.extraction import Extracted
from assistant.ingest.pdfcolumns import Parts, in_reading_order
from assistant.ingest.pdflayout import Line, build

_PAGE_NUMBER = re.compile(
    r"\W*(?:page|p\.|стр\.?|с\.|страница)?\W*\d{1,4}\W*(?:(?:of|из|/)\W*\d{1,4})?\W*$", re.IGNORECASE
)
_HYPHENS = "\x02\ufffe"  # what PDFium sets for a hyphen at a line's end with the line's end itself
_WIDE_GAP = 0.8  # of the letters' height; between words a quarter is usual
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
    text, blocks, starts = build([in_reading_order(page) for page in _without_running_lines(pages)])
    return Extracted(
        text,
        blocks,
        starts,
        hinted_title=normalise(metadata.get("Title", "")) or None,
        hinted_date=metadata.get("CreationDate") or metadata.get("ModDate"),
    )


def _page_lines(document: Any, number: int, path: str) -> list[Parts]:
    """The lines of one page that are not blank, divided at wide gaps, with their places where PDFium tells them."""
    import pypdfium2

    try:
        page = document[number]
        text_page = page.get_textpage()
        text = text_page.get_text_range()
        placed = len(text) == text_page.count_chars()  # else the characters' numbers don't fit the text
        lines: list[Parts] = []
        offset = 0
        parts = [*re.split(f"(\r\n|[\n\r{_HYPHENS}])", text), ""]
        for raw, end in zip(parts[::2], parts[1::2], strict=True):
            if raw.strip():
                divided = "-" if end and end in _HYPHENS else ""
                found = [
                    _line(text_page if placed else None, number, raw, start, stop, offset)
                    for start, stop in (_spans(text_page, raw, offset) if placed else [(0, len(raw))])
                ]
                if found := [line for line in found if line.text]:
                    found[-1] = replace(found[-1], text=found[-1].text + divided)
                    lines.append(found)
            offset += len(raw) + len(end)
        text_page.close()
        page.close()
    except pypdfium2.PdfiumError as error:
        raise DocumentError(f"{path}: page {number + 1} is damaged; save the file again from its source") from error
    return lines


def _spans(text_page: Any, raw: str, offset: int) -> list[tuple[int, int]]:
    """The parts of a line between gaps that are wider than its letters are high."""
    words = [match.span() for match in re.finditer(r"\S+", raw)]
    spans = words[:1]
    drawn_at_once = len(words) < 2 or text_page.count_rects(offset, len(raw)) == 1
    for start, stop in [] if drawn_at_once else words[1:]:
        _, bottom, right, top = text_page.get_charbox(offset + spans[-1][1] - 1, loose=True)
        left = text_page.get_charbox(offset + start, loose=True)[0]
        if left - right > _WIDE_GAP * (top - bottom):
            spans.append((start, stop))
        else:
            spans[-1] = (spans[-1][0], stop)
    return [(spans[0][0], words[-1][1])] if drawn_at_once else spans


def _line(text_page: Any, page: int, raw: str, start: int, stop: int, offset: int) -> Line:
    """A part of a line with its place; the loose box is the font's, whatever the letter."""
    text = " ".join(re.split("[ \t]+", normalise(raw[start:stop]).strip()))
    if text_page is None:
        return Line(page, text)
    left, bottom, _, top = text_page.get_charbox(offset + start, loose=True)
    right = text_page.get_charbox(offset + stop - 1, loose=True)[2]
    return Line(page, text, round(top - bottom, 1), bottom, left, right)


def _without_running_lines(pages: list[list[Parts]]) -> list[list[Parts]]:
    """Pages without the heads, feet and numbers that repeat from page to page."""
    filled = [page for page in pages if page]
    counts: Counter[str] = Counter()
    for page in filled:
        counts.update({_pattern(_text(line)) for line in page[:_EDGE] + page[-_EDGE:]})
    often = max(3, len(filled) // 2 if len(filled) < 12 else len(filled) // 4)
    running = {pattern for pattern, count in counts.items() if count >= often}
    return [_stripped(page, running, many=len(filled) > 1) for page in pages]


def _stripped(page: list[Parts], running: set[str], *, many: bool) -> list[Parts]:
    """One page without its running lines, from its edges inwards as long as there are any."""

    def runs(line: Parts) -> bool:
        text = _text(line)
        number = _PAGE_NUMBER.match(text) is not None
        return _pattern(text) in running or (number and (many or len(text.split()) > 1))

    start, stop = 0, len(page)
    while start < min(_EDGE, stop) and runs(page[start]):
        start += 1
    while stop > max(start, len(page) - _EDGE) and runs(page[stop - 1]):
        stop -= 1
    return page[start:stop]


def _text(line: Parts) -> str:
    return " ".join(part.text for part in line)


def _pattern(text: str) -> str:
    """A line with its numbers made equal."""
    return re.sub(r"\d+", "#", " ".join(text.split())).casefold()
