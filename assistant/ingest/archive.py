"""Files that are ZIP containers (Word, Excel, PowerPoint, OpenDocument, EPUB), opened with a guard before them.

It refuses what no honest document is before a library sees it: encrypted, over-large or over-packed members,
paths that lead out. Nothing is written to disk and no archive inside the archive is opened. XML from a file
never resolves an entity nor reaches the network. What the members mean, the format modules know.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

from assistant.errors import DocumentError
from assistant.ingest import signatures

_MAX_UNPACKED = 500_000_000  # bytes of all members; pictures are most of an honest file's
_MAX_TREE = 80_000_000  # bytes of one XML part: its tree takes several times as much memory
_TREES = (".xml", ".xhtml", ".html", ".htm", ".opf", ".rels")
_STREAMED = "xl/worksheets/"  # parts that are read row by row
_MAX_MEMBERS = 20_000
_MAX_RATIO = 250  # of unpacked to packed; spreadsheets full of the same reach 100
_SMALL = 20_000_000  # bytes; what unpacks to less does no harm at any ratio
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = 0x1  # of a member's flags
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FOLDERS = {"word/": ".docx", "xl/": ".xlsx", "ppt/": ".pptx"}
_MIMETYPES = {
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/epub+zip": ".epub",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
}


def open_archive(data: bytes, path: str, suffix: str, kind: str) -> zipfile.ZipFile:
    """The container, checked.

    Its members can be read without fear: `zipfile` reads no more of one than its header admits, and that is
    what was checked.

    Args:
        data: The file's bytes.
        path: Named in errors.
        suffix: Of the format, `.docx`.
        kind: The format with its article, `a Word file`.

    Raises:
        DocumentError: It is encrypted, damaged, another format, or unpacks to more than a document holds.
    """
    if data.startswith(_OLD_OFFICE):
        raise DocumentError(
            f"{path} is encrypted or an old .{suffix[1:-1]} file; save it as {suffix} without a password,"
            " or list it in .assistantignore"
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, IndexError) as error:
        other = None if data.startswith(b"PK") else signatures.refusal(data, path, kind)
        raise other or _damaged(path, kind, error) from error
    _check(members, len(data), path)
    found = _suffix_of(archive)
    if found is not None and found != suffix:
        raise DocumentError(f"{path} is a {found} file, not {kind}; give it the suffix {found}")
    return archive


def member(archive: zipfile.ZipFile, name: str, path: str) -> bytes:
    """The bytes of a member.

    Raises:
        DocumentError: It is missing or damaged.
    """
    try:
        return archive.read(name)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError) as error:
        raise DocumentError(f"{path} is damaged ({error}); save it again from the program that made it") from error


def parse_xml(data: bytes, path: str) -> Any:
    """The root element of an XML part; entities stay unresolved.

    Raises:
        DocumentError: It is no XML, or nested more deeply than any document.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DocumentError(f"{path} is damaged ({error}); save it again from the program that made it") from error


def _check(members: list[zipfile.ZipInfo], packed: int, path: str) -> None:
    unpacked = sum(entry.file_size for entry in members)
    if len(members) > _MAX_MEMBERS:
        raise DocumentError(f"{path} has {len(members)} parts; that is no document, remove it")
    if unpacked > _MAX_UNPACKED or (unpacked > _SMALL and unpacked > _MAX_RATIO * packed):
        raise DocumentError(
            f"{path} unpacks from {packed // 1000} kB to {unpacked // 1_000_000} MB; divide it into parts,"
            " or list it in .assistantignore"
        )
    for entry in members:
        tree = entry.filename.endswith(_TREES) and not entry.filename.startswith(_STREAMED)
        if tree and entry.file_size > _MAX_TREE:
            raise DocumentError(
                f"{path}: {entry.filename} unpacks to {entry.file_size // 1_000_000} MB; divide the document into parts"
            )
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in parts[0]:
            raise DocumentError(f"{path} has a part that leads out of it ({entry.filename!r}); remove it")
        if entry.flag_bits & _ENCRYPTED:
            raise DocumentError(f"{path} is encrypted; save it without a password, or list it in .assistantignore")
        if entry.compress_type not in _METHODS:
            raise DocumentError(f"{path} is packed in a way no document is; save it again from its source")


def _suffix_of(archive: zipfile.ZipFile) -> str | None:
    """The suffix that the container's own parts speak for; None where they speak for none."""
    names = archive.namelist()
    if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
        try:
            return _MIMETYPES.get(archive.read("mimetype").decode("ascii", errors="replace").strip())
        except (zipfile.BadZipFile, zlib.error, EOFError):
            return None
    if "[Content_Types].xml" not in names:
        return None
    return next((suffix for folder, suffix in _FOLDERS.items() if any(n.startswith(folder) for n in names)), None)


def _damaged(path: str, kind: str, error: Exception) -> DocumentError:
    return DocumentError(f"{path} is damaged or not {kind} ({error}); save it again from the program that made it")
