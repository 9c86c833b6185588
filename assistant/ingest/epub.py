"""EPUB books: the chapters in reading order, each read as the web page it is.

Title, date and language are those of the package. The cover, the table of contents and notes that only the
package lists are not read unless they stand in the reading order; pictures, fonts and scripts never are.
"""

from __future__ import annotations

import posixpath
import zipfile
from typing import Any
from urllib.parse import unquote

from assistant.errors import DocumentError
from assistant.ingest.archive import member, open_archive, parse_xml
from assistant.ingest.extraction import Extracted, TextBuilder
from assistant.ingest.html import main_pieces, parse_page

_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OPF = "{http://www.idpf.org/2007/opf}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_FONT_MANGLING = (b"http://www.idpf.org/2008/embedding", b"http://ns.adobe.com/pdf/enc#RC")
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})


def read_epub(data: bytes, path: str) -> Extracted:
    """The text and blocks of a book.

    Raises:
        DocumentError: It is protected, damaged or no EPUB.
    """
    with open_archive(data, path, ".epub", "an EPUB book") as archive:
        _refuse_protected(archive, path)
        name = _package_name(archive, path)
        package = parse_xml(member(archive, name, path), path)
        builder = TextBuilder()
        for chapter in _reading_order(package, posixpath.dirname(name)):
            if chapter in archive.namelist():
                content = member(archive, chapter, path)
                if content.strip():
                    for piece in main_pieces(parse_page(content, path)):
                        builder.add(piece.kind, piece.text, piece.level)
    return Extracted(
        builder.text,
        builder.blocks,
        named_title=_said(package, "title"),
        named_date=_said(package, "date"),
        named_language=_said(package, "language"),
        tags=tuple(subject.text.strip() for subject in package.iter(f"{_DC}subject") if subject.text),
    )


def _refuse_protected(archive: zipfile.ZipFile, path: str) -> None:
    """Raises for a book whose text is encrypted; mangled fonts are encrypted too, and no matter."""
    if "META-INF/encryption.xml" not in archive.namelist():
        return
    encryption = parse_xml(member(archive, "META-INF/encryption.xml", path), path)
    methods = [element.get("Algorithm", "") for element in encryption.iter("{*}EncryptionMethod")]
    if any(method.encode() not in _FONT_MANGLING for method in methods):
        raise DocumentError(f"{path} is protected; add an open copy, or list it in .assistantignore")


def _package_name(archive: zipfile.ZipFile, path: str) -> str:
    container = parse_xml(member(archive, "META-INF/container.xml", path), path)
    name = next((root.get("full-path") for root in container.iter(f"{_CONTAINER}rootfile")), None)
    if not name:
        raise DocumentError(f"{path} is damaged (it names no contents); save it again from its source")
    return str(name)


def _reading_order(package: Any, folder: str) -> list[str]:
    """The names of the pages, as the spine puts them; what is out of the line of reading comes last."""
    items = {
        item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        for item in package.iter(f"{_OPF}item")
        if item.get("media-type") in _PAGES and "nav" not in (item.get("properties") or "").split()
    }
    spine = sorted(package.iter(f"{_OPF}itemref"), key=lambda ref: ref.get("linear") == "no")
    order = dict.fromkeys(items[ref.get("idref")] for ref in spine if ref.get("idref") in items)
    return list(order)


def _said(package: Any, name: str) -> str | None:
    return next((element.text.strip() for element in package.iter(f"{_DC}{name}") if element.text), None)
