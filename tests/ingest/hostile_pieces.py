"""Pieces that hostile files are made of: small writers of ZIP, Word and PDF files, bombs, links, pipes, devices.

What becomes of the files is said where they are listed (hostile_files.py).
"""

from __future__ import annotations

import io
import os
import random
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

SECRET = "xylophone-never-quoted"  # stands where no text may come from


class NotHereError(Exception):
    """This system can't hold such a file."""


# Pieces of formats


def good(name: str, fact: str) -> bytes:
    return f"# {name}\n\n{fact}\n".encode()


def zipped(members: dict[str, bytes], *, compress: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compress) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=compress)
    return out.getvalue()


TYPES = (
    b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    b'<Default Extension="xml" ContentType="application/xml"/>%s</Types>'
)
RELATIONS = (
    b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
    b' Target="%s"/></Relationships>'
)
OFFICE = b"application/vnd.openxmlformats-officedocument."


def docx(body: bytes, *, head: bytes = b"", extra: dict[str, bytes] | None = None) -> bytes:
    part = b'<Override PartName="/word/document.xml" ContentType="%swordprocessingml.document.main+xml"/>' % OFFICE
    document = (
        b'<?xml version="1.0"?>%s<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        b"<w:body>%s</w:body></w:document>" % (head, body)
    )
    return zipped(
        {
            "[Content_Types].xml": TYPES % part,
            "_rels/.rels": RELATIONS % b"word/document.xml",
            "word/document.xml": document,
            **(extra or {}),
        }
    )


def paragraph(text: bytes) -> bytes:
    return b"<w:p><w:r><w:t>%s</w:t></w:r></w:p>" % text


def pdf(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects, the first of which is its catalogue."""
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        table,
        len(objects) + 1,
        trailer,
        len(out),
    )


FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F 3 0 R >> >> /Contents 5 0 R >>"


def show(text: bytes) -> bytes:
    return b"BT /F 11 Tf 72 700 Td (%s) Tj ET" % text


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s>>\nstream\n%s\nendstream" % (len(content), entries, content)


def one_page(text: bytes, *, catalogue: bytes = b"", trailer: bytes = b"", kids: bytes = b"4 0 R") -> bytes:
    pages = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, kids.count(b"R"))
    return pdf([b"<< /Type /Catalog /Pages 2 0 R %s>>" % catalogue, pages, FONT, PAGE, stream(show(text))], trailer)


def many_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(5, 5 + count))
    pages = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /Font << /F 3 0 R >> >> /Contents 4 0 R >>"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", pages, FONT, stream(show(b"The ledger has many pages."))]
    return pdf(objects + [page] * count)


def deflated(megabytes: int) -> bytes:
    """That many megabytes of spaces, deflated."""
    packer = zlib.compressobj(9)
    part = b" " * 1_000_000
    return b"".join(packer.compress(part) for _ in range(megabytes)) + packer.flush()


def flate_bomb(megabytes: int) -> bytes:
    content = zlib.compress(deflated(megabytes), 9)
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>", FONT, PAGE]
    return pdf([*objects, stream(content, b"/Filter [/FlateDecode /FlateDecode] ")])


ENCRYPTED_PDF = (
    b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<%s> <%s>] "
    % (b"ab" * 32, b"cd" * 32, b"00" * 16, b"00" * 16)
)  # fmt: skip

PICTURE_PDF = pdf(
    [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        stream(b"\x80" * 64, b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /BitsPerComponent 8"
                b" /ColorSpace /DeviceGray "),
        (b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Resources << /XObject << /I 3 0 R >> >>"
        b" /Contents 5 0 R >>"),
        stream(b"q 99 0 0 99 0 0 cm /I Do Q"),
    ]
)  # fmt: skip


def bomb(member: str, megabytes: int) -> bytes:
    """A ZIP whose one member unpacks to that many megabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", TYPES % b"")
        with archive.open(member, "w", force_zip64=True) as file:
            for _ in range(megabytes):
                file.write(b" " * 1_000_000)
    return out.getvalue()


def encrypted_zip(data: bytes) -> bytes:
    """A ZIP whose members say that they are encrypted."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(signature)
        while at >= 0:
            changed[at + offset] |= 1
            at = changed.find(signature, at + 4)
    return bytes(changed)


def overlapping(data: bytes) -> bytes:
    """A ZIP whose directory gives every member the place of the first."""
    changed = bytearray(data)
    at = changed.find(b"PK\x01\x02")
    while at >= 0:
        changed[at + 42 : at + 46] = struct.pack("<I", 0)
        at = changed.find(b"PK\x01\x02", at + 4)
    return bytes(changed)


LAUGHS = b"<!DOCTYPE x [%s]>" % b"".join(
    [b'<!ENTITY a "ha ha ha ha ">'] + [b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 12) for i in range(8)]
)  # &i; stands for two billion
QUADRATIC = b'<!DOCTYPE x [<!ENTITY a "%s">]>' % (b"ha " * 100_000)
EXTERNAL = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY f SYSTEM "../../outside/secret.md">]>'

# What makes something else than a file of bytes


def written(content: Callable[[], bytes]) -> Callable[[Path], None]:
    """For what takes a second to make: only when it is needed."""

    def make(path: Path) -> None:
        path.write_bytes(content())

    return make


def link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket may have a hundred bytes only
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path) -> None:
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero


def sparse(size: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(size)

    return make


def unreadable(path: Path) -> None:
    if os.geteuid() == 0:
        raise NotHereError  # root reads everything
    path.write_bytes(good("Locked", f"The {SECRET} is locked away."))
    path.chmod(0)


def not_utf8(path: Path) -> None:
    with open(os.fsencode(path.parent) + b"/latin-\xe9\xff.md", "wb") as file:
        file.write(good("Latin", f"The {SECRET} has a name in Latin-1."))


def folder(path: Path) -> None:
    path.mkdir()


def looping_folders(path: Path) -> None:
    path.mkdir()
    (path / "again").symlink_to(path.parent)
    (path / "up").symlink_to("..")


WORDS = "harbour lantern ledger winter copper meadow signal orchard granite velvet cedar anchor".split()


def prose(seed: int, words: int) -> str:
    """Sentences of no sense that differ; for texts that must be long and may cost something."""
    drawn = random.Random(seed)
    return " ".join(f"{drawn.choice(WORDS)}{'.' if i % 11 == 10 else ''}" for i in range(words))
