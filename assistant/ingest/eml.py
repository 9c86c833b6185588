"""Mails: subject, a line of who wrote to whom and when, the text, and the names of what is attached.

The plain text is preferred to the HTML of the same mail. Quoted mails and signatures count as frame: the one stands
in its own file, the other says nothing. Attachments are named, not opened.
"""

from __future__ import annotations

import email
import email.policy
import email.utils
import re
from collections.abc import Iterator
from email.message import EmailMessage, Message
from itertools import groupby

from assistant.errors import DocumentError
from assistant.ingest.encoding import decode
from assistant.ingest.extraction import Extracted, TextBuilder
from assistant.ingest.html import main_pieces, parse_page
from assistant.ingest.plaintext import read_plaintext
from assistant.ingest.signatures import refusal
from assistant.types import BlockKind

_HEADERS = ("From", "To", "Cc", "Date")
_MAX_HEADER = 30_000  # characters; the library parses headers in quadratic time
_CONTENT_HEADER = re.compile(rb"^content-[\w-]+:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
# The line after which an answer quotes the mail that it answers.
_INTRODUCTION = re.compile(
    r"(?:On|В|Am|Le|\d{1,2}[./]\d\d?[./]\d{2,4}|\w{2,3}, \d{1,2} \w+)\b.{6,160}"
    r"\b(?:wrote|пишет|писал(?:а|\(а\))?|написал(?:а|\(а\))?|schrieb.{0,80}|a écrit) ?:$",
    re.DOTALL,
)
_ORIGINAL = re.compile(r"-{2,} ?(?:Original Message|Исходное сообщение|Ursprüngliche Nachricht) ?-{2,}$", re.IGNORECASE)
_FORWARDED = re.compile(r"(?:fwd?|пересл?):", re.IGNORECASE)


def read_eml(data: bytes, path: str) -> Extracted:
    """The text and blocks of a mail.

    Raises:
        DocumentError: It is no mail, or encrypted.
    """
    if wrong := refusal(data, path, "a mail"):
        raise wrong
    if any(match.end() - match.start() > _MAX_HEADER for match in _CONTENT_HEADER.finditer(data)):
        raise DocumentError(f"{path} is damaged (a header of it is endless); save the mail again")
    try:
        mail = email.message_from_bytes(data, policy=email.policy.default)
        headers = {name: _header(mail, name, path) for name in (*_HEADERS, "Subject")}
        texts, pages, attached = _parts(mail, path)
    except DocumentError:
        raise
    except Exception as error:  # the library's parsers of headers raise whatever a malformed one provokes
        raise DocumentError(f"{path} is damaged ({error}); save the mail again") from error
    if not any(headers.values()):
        raise DocumentError(f"{path} is damaged or not a mail (it has no sender, date or subject); save the mail again")
    if mail.get_content_type() in _ENCRYPTED:
        raise DocumentError(f"{path} is encrypted; save it decrypted, or list it in .assistantignore")
    builder = TextBuilder()
    builder.add(BlockKind.HEADING, headers["Subject"], 1)
    builder.add(BlockKind.TABLE_ROW, "; ".join(f"{name}: {headers[name]}" for name in _HEADERS if headers[name]))
    for text in texts:
        _add_plain(builder, text, forwarded=_FORWARDED.match(headers["Subject"]) is not None)
    for page in [] if texts else pages:
        for piece in main_pieces(parse_page(page.encode(errors="replace"), path)):
            builder.add(piece.kind, piece.text, piece.level)
    builder.add(BlockKind.TABLE_ROW, f"Attachments: {', '.join(attached)}" if attached else "")
    return Extracted(
        builder.text,
        builder.blocks,
        named_title=headers["Subject"] or None,
        named_date=_day(headers["Date"]),
    )


def _header(mail: Message, name: str, path: str) -> str:
    """A header's text, also where a program wrote it in a code page without saying so."""
    raw = next((str(value) for key, value in mail.raw_items() if key.lower() == name.lower()), "")
    if len(raw) > _MAX_HEADER:
        return " ".join(raw[:_MAX_HEADER].split())
    if any("\udc80" <= c <= "\udcff" for c in raw):
        return " ".join(decode(raw.encode(errors="surrogateescape"), path).split())
    return " ".join(str(mail.get(name, "")).split())


def _parts(mail: Message, path: str) -> tuple[list[str], list[str], list[str]]:
    """The plain texts, the HTML texts, and the names of the attachments, in order."""
    texts: list[str] = []
    pages: list[str] = []
    attached: list[str] = []
    waiting: list[Message] = [mail]
    while waiting:
        part = waiting.pop()
        kind = part.get_content_type()
        name = part.get_filename()
        if kind == "message/rfc822" or name or part.get_content_disposition() == "attachment":
            attached.append(" ".join((name or _subject_inside(part) or "without a name").split()))
        elif part.is_multipart():
            waiting.extend(list(part.iter_parts() if isinstance(part, EmailMessage) else [])[::-1])
        elif kind in ("text/plain", "text/html"):
            content = part.get_payload(decode=True)
            if isinstance(content, bytes) and content.strip():
                (texts if kind == "text/plain" else pages).append(decode(content, path, part.get_content_charset()))
    return texts, pages, attached


def _subject_inside(part: Message) -> str:
    inside = part.get_payload()
    return str(inside[0].get("Subject", "")) if isinstance(inside, list) and isinstance(inside[0], Message) else ""


def _add_plain(builder: TextBuilder, text: str, *, forwarded: bool) -> None:
    """The mail's own words as paragraphs; what it quotes, and its signature, as boilerplate."""
    lines = text.replace("\r\n", "\n").split("\n")
    for quoted, group in groupby(_marked(lines, forwarded=forwarded), key=lambda line: line[0]):
        part = "\n".join(line for _, line in group)
        if quoted:
            builder.add(BlockKind.BOILERPLATE, part)
            continue
        plain = read_plaintext(part)
        for block in plain.blocks:  # a greeting looks like a heading and is none
            kind = BlockKind.PARAGRAPH if block.kind is BlockKind.HEADING else block.kind
            builder.add(kind, plain.text[block.start : block.end])


def _marked(lines: list[str], *, forwarded: bool) -> Iterator[tuple[bool, str]]:
    """Each line with whether it is another mail's, or the signature's."""
    rest = False  # all that follows is quoted
    until = 0  # lines before this one are of an introduction
    for index, line in enumerate(lines):
        text = line.strip()
        if text == "--" or (not forwarded and _ORIGINAL.match(text)):
            rest = True
        elif text and not (rest or forwarded or index < until or text.startswith(">")):
            following = [other.strip() for other in lines[index + 1 : index + 4] if other.strip()] + ["", ""]
            if _INTRODUCTION.match(text):
                until, rest = index + 1, not following[0].startswith(">")
            elif len(text) < 160 and _INTRODUCTION.match(f"{text}\n{following[0]}") and following[1].startswith(">"):
                until = lines.index(following[0], index) + 1 if following[0] in lines[index:] else index + 1
        yield rest or index < until or text.startswith(">"), line


def _day(written: str) -> str | None:
    try:
        return email.utils.parsedate_to_datetime(written).date().isoformat()
    except (ValueError, TypeError):
        return None
