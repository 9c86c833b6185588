"""One file to one document: reads the bytes, picks the reader by the suffix, puts the record together.

It knows no format's inside; every reader gives an `Extracted`, and titles, dates and languages are decided in
the same way for all of them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from assistant.errors import DocumentError
from assistant.ingest.cleaning import normalise
from assistant.ingest.csvtable import read_csv
from assistant.ingest.docx import read_docx
from assistant.ingest.eml import read_eml
from assistant.ingest.encoding import decode
from assistant.ingest.epub import read_epub
from assistant.ingest.extraction import Extracted
from assistant.ingest.html import read_html
from assistant.ingest.jsontree import read_json, read_jsonl
from assistant.ingest.language import detect_language
from assistant.ingest.markdown import read_markdown
from assistant.ingest.metadata import date_of, parse_date, title_of
from assistant.ingest.odt import read_odt
from assistant.ingest.opening import read_file
from assistant.ingest.pdf import read_pdf
from assistant.ingest.plaintext import read_plaintext
from assistant.ingest.pptx import read_pptx
from assistant.ingest.rtf import read_rtf
from assistant.ingest.signatures import is_html
from assistant.ingest.subtitles import read_subtitles
from assistant.ingest.xlsx import read_xlsx
from assistant.types import BlockKind, Document, Source

_SLUG_LENGTH = 40
_MOST_BLOCKS = 500_000  # a list of that many words is a data set; each block costs as much memory as its text
_WORD = re.compile(r"[^\W_]")
_RUSSIAN_LETTERS = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya".split(" "),
        strict=True,
    )
)


def _text(data: bytes, path: str) -> Extracted:
    return read_html(data, path) if is_html(data) else read_plaintext(decode(data, path))


def _markdown(data: bytes, path: str) -> Extracted:
    return read_markdown(decode(data, path), path)


_READERS: dict[str, Callable[[bytes, str], Extracted]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _text,
    ".text": _text,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".odt": read_odt,
    ".rtf": read_rtf,
    ".epub": read_epub,
    ".pptx": read_pptx,
    ".xlsx": read_xlsx,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".json": read_json,
    ".jsonl": read_jsonl,
    ".eml": read_eml,
    ".srt": read_subtitles,
    ".vtt": read_subtitles,
}
SUPPORTED_SUFFIXES: frozenset[str] = frozenset(_READERS)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost; beyond it a file is a data set, or an attack.

    Attributes:
        file_bytes: Of the file as it is stored.
        text_characters: Of the text that it expands to.
        seconds: To read it; held by whoever can end the reading.
    """

    file_bytes: int = 100_000_000
    text_characters: int = 25_000_000
    seconds: int = 60


def load_document(path: Path, relative_path: str, limits: Limits | None = None) -> Document:
    """Reads a file to a document.

    Args:
        path: The file.
        relative_path: From the corpus folder, with forward slashes; names the document in errors, too, and its
            suffix is the format's.
        limits: On the file and its text.

    Raises:
        DocumentError: The file can't be read as a document; says why and what to do.
    """
    limits = limits or Limits()
    suffix = PurePosixPath(relative_path).suffix
    reader = _READERS.get(suffix.lower())
    if reader is None:
        known = " ".join(sorted(SUPPORTED_SUFFIXES))
        kind = f"files with suffix {suffix}" if suffix else "files without a suffix"
        raise DocumentError(
            f"{relative_path}: {kind} can't be read; convert it to one of {known}, or list it in .assistantignore"
        )
    data = read_file(path, relative_path, limits.file_bytes)
    if not data.strip():
        raise DocumentError(f"{relative_path} is empty; fill it or remove it")
    extracted = reader(data, relative_path)
    _check(extracted, relative_path, limits)
    return Document(
        id=document_id(relative_path),
        path=relative_path,
        title=normalise(title_of(extracted, relative_path)),
        text=extracted.text,
        sha256=hashlib.sha256(data).hexdigest(),
        date=date_of(extracted, relative_path),
        url=_web_address(extracted.named_url),
        language=_language(extracted),
        tags=tuple(normalise(tag) for tag in extracted.tags),
        sources=tuple(_checked(source) for source in extracted.sources),
        blocks=extracted.blocks,
        pages=extracted.pages,
        access=extracted.access,
    )


def document_id(relative_path: str) -> str:
    """The document's id: a readable ASCII slug of the file's name, and a hash of its path that makes it unique.

    Paths that differ only in Unicode form, as file systems change it, have one id.
    """
    path = unicodedata.normalize("NFC", relative_path)
    letters = "".join(_RUSSIAN_LETTERS.get(c, c) for c in PurePosixPath(path).stem.lower())
    plain = unicodedata.normalize("NFKD", letters).encode("ascii", errors="ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_LENGTH].strip("-")
    digest = hashlib.sha256(path.encode("utf-8", errors="surrogateescape")).hexdigest()[:8]
    return f"{slug or 'document'}-{digest}"


def _check(extracted: Extracted, relative_path: str, limits: Limits) -> None:
    """Refuses what has nothing to be found by, and what would fill the memory of the run."""
    if not extracted.text.strip():
        raise DocumentError(f"{relative_path} holds no text; fill it or remove it")
    if not _WORD.search(extracted.text):
        raise DocumentError(f"{relative_path} holds no text but signs without a word; fill it or remove it")
    length, blocks = len(extracted.text), len(extracted.blocks)
    if length > limits.text_characters or blocks > _MOST_BLOCKS:
        raise DocumentError(
            f"{relative_path} holds {length / 1e6:.0f} million characters in {blocks:,} lines and paragraphs; divide it"
            f" into parts of at most {limits.text_characters / 1e6:g} million in {_MOST_BLOCKS:,}, or raise"
            " ASSISTANT_MAX_TEXT_MB"
        )


def _language(extracted: Extracted) -> str:
    """What the file says in a well-formed way, else what its text looks like."""
    named = re.match(r"([a-z]{2})(?:[-_][a-z0-9]+)*$", (extracted.named_language or "").strip().lower())
    detected = detect_language(_prose(extracted))
    # A page's template often claims English whatever it holds: another script refutes it.
    if named and not (named[1] == "en" and detected == "ru"):
        return named[1]
    return detected


def _prose(extracted: Extracted) -> str:
    """The start of the running text: headings, notes and captions may be in another language."""
    parts: list[str] = []
    for block in extracted.blocks:
        if block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.TABLE_ROW):
            parts.append(extracted.text[block.start : block.end])
            if sum(map(len, parts)) > 20_000:
                break
    return "\n".join(parts) or extracted.text


def _checked(source: Source) -> Source:
    """A source as it may be shown: dates in ISO form, addresses of the web only."""
    date = parse_date(source.date) if source.date else None
    publisher = None if source.publisher is None else normalise(source.publisher)
    return Source(normalise(source.title), publisher, date, _web_address(source.url))


def _web_address(url: str | None) -> str | None:
    """The address if it is one of the web: it becomes a link, and `javascript:` must not."""
    url = normalise(url or "").strip()
    return url if re.match(r"https?://[^\s<>\"']+$", url, re.IGNORECASE) else None
