"""Tools for the ingest tests: a corpus folder, a tokenizer of words, a writer of small PDF files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from assistant.ingest import load_document
from assistant.types import Document

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


class WordTokenizer:
    """One token a word or sign, as far as splitting cares."""

    max_tokens = 256

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(self.spans(text)) for text in texts]

    def spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


@pytest.fixture
def tokenizer() -> WordTokenizer:
    return WordTokenizer()


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str, str | bytes], Document]:
    """Writes a file of that name and loads it."""

    def write_and_load(name: str, content: str | bytes) -> Document:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load_document(path, name)

    return write_and_load


@pytest.fixture
def shared_text(load: Callable[[str, str | bytes], Document]) -> Callable[[str], Document]:
    def read(name: str) -> Document:
        path = SHARED / "texts" / name
        if not path.exists():
            pytest.skip(f"{path} is not on this machine")
        return load(name, path.read_bytes())

    return read


# A line of text, with its size, or with its left, bottom and size.
PdfLine = str | tuple[int, str] | tuple[int, int, int, str]


def pdf_bytes(pages: Sequence[Sequence[PdfLine]], *, title: str = "", running_head: str = "") -> bytes:
    """A PDF of lines at 11 points (or of the size given with them); an empty line is a gap."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for number, lines in enumerate(pages, start=1):
        content = _page_content(lines, number, running_head)
        kids.append(len(objects) + 1)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >>"
            b" /Contents %d 0 R >>" % (len(objects) + 2)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(b"%d 0 R" % kid for kid in kids), len(kids))
    objects.append(b"<< /Title (%s) /CreationDate (D:20230615120000Z) >>" % title.encode("latin-1"))
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (len(objects) + 1, len(objects))
    xref = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return out + xref + table + trailer + b"startxref\n%d\n%%%%EOF" % len(out)


def _page_content(lines: Sequence[PdfLine], number: int, running_head: str) -> bytes:
    placed: list[tuple[int, int, int, str]] = []
    if running_head:
        placed += [(72, 750, 9, running_head), (72, 30, 9, str(number))]
    y = 700
    for line in lines:
        if len(line) == 4 and isinstance(line, tuple):
            placed.append(line)
            continue
        size, text = (11, line) if isinstance(line, str) else line
        y -= 14 if size == 11 else 26
        if text:
            placed.append((72, y, size, text))
        y -= 0 if size == 11 else 10
    show = b"BT /F1 %d Tf %d %d Td (%s) Tj ET\n"
    return b"".join(
        show % (size, x, y, re.sub(rb"([()\\])", rb"\\\1", text.encode("latin-1"))) for x, y, size, text in placed
    )


@pytest.fixture
def make_pdf() -> Callable[..., bytes]:
    return pdf_bytes
