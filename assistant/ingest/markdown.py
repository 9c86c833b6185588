"""Markdown files: front matter, then the text as a reader sees it, without the marks.

CommonMark with tables, strike-through and footnotes. Addresses of links are dropped, a picture's description is
its caption, code stays as it is written. HTML inside is reduced to its text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from assistant.ingest.cleaning import normalise
from assistant.ingest.extraction import Extracted, TextBuilder
from assistant.ingest.frontmatter import split_front_matter
from assistant.ingest.lines import is_caption
from assistant.types import BlockKind

if TYPE_CHECKING:
    from markdown_it.token import Token

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_FOOTNOTE = re.compile(r" {0,3}\[\^([^\]\s]+)\]:[ \t]*(.*)")
_FOOTNOTE_MARK = re.compile(r"\[\^[^\[\]\s]+\]")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_UNSHOWN = re.compile(r"<(script|style|template)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_LINE_TAG = re.compile(r"</?(?:br|p|div|li|tr|h[1-6]|ul|ol|table|details|summary|blockquote)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<[!?][^<>]*>")
_CHECKBOX = re.compile(r"\[[ xX]\]\s+")


def read_markdown(text: str, path: str) -> Extracted:
    """The text and blocks of a Markdown file.

    Raises:
        DocumentError: Its front matter is not valid.
    """
    from markdown_it import MarkdownIt

    matter, body = split_front_matter(normalise(text), path)
    body, notes = _without_footnotes(body)
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    builder = TextBuilder()
    _add_blocks(builder, parser.parse(body))
    for note in notes:
        for paragraph in _inline_texts(parser.parse(note)):
            builder.add(BlockKind.FOOTNOTE, paragraph)
    return Extracted(
        builder.text,
        builder.blocks,
        named_title=matter.title,
        named_date=matter.date,
        named_url=matter.url,
        named_language=matter.language,
        tags=matter.tags,
        sources=matter.sources,
        access=matter.access,
    )


def _without_footnotes(body: str) -> tuple[str, list[str]]:
    """The text without its footnotes' definitions, and those; CommonMark would take some for link definitions."""
    kept: list[str] = []
    notes: list[str] = []
    fence = ""
    open_note = False
    for line in body.split("\n"):
        if match := _FENCE.match(line):
            if not fence:
                fence = match[1]
            elif match[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        if not fence and (note := _FOOTNOTE.match(line)):
            notes.append(note[2])
            open_note = True
        elif open_note and line.startswith(("    ", "\t")):
            notes[-1] += "\n" + line.strip()
        elif open_note and not line.strip():
            notes[-1] += "\n"
            kept.append(line)
        else:
            open_note = False
            kept.append(line)
    return "\n".join(kept), notes


def _add_blocks(builder: TextBuilder, tokens: Sequence[Token]) -> None:
    """Walks the block tokens; what an inline token is, its containers say."""
    lists = 0
    level = 0
    row: list[str] | None = None
    for token in tokens:
        if token.type in ("list_item_open", "list_item_close"):
            lists += token.nesting
        elif token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "heading_close":
            level = 0
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            builder.add(BlockKind.TABLE_ROW, " | ".join(cell for cell in row or []))
            row = None
        elif token.type in ("fence", "code_block"):
            builder.add(BlockKind.PARAGRAPH, token.content.strip("\n"))
        elif token.type == "html_block":
            for line in _html_text(token.content).split("\n"):
                builder.add(BlockKind.PARAGRAPH, line)
        elif token.type == "inline":
            text, pictures = _inline(token.children or [])
            if row is not None:
                row.append(" ".join(text.split()))
            elif level:
                builder.add(BlockKind.HEADING, " ".join(text.split()), level)
            elif lists:
                builder.add(BlockKind.LIST_ITEM, _CHECKBOX.sub("", text, count=1) if text.startswith("[") else text)
            else:
                builder.add(BlockKind.CAPTION if is_caption(text) else BlockKind.PARAGRAPH, text)
            for description in pictures:
                builder.add(BlockKind.CAPTION, description)


def _inline_texts(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield _inline(token.children or [])[0]


def _inline(tokens: Sequence[Token]) -> tuple[str, list[str]]:
    """A paragraph's text, and the descriptions of the pictures in it."""
    parts: list[str] = []
    pictures: list[str] = []
    for token in tokens:
        if token.type in ("text", "code_inline"):
            parts.append(token.content)
        elif token.type == "softbreak":
            parts.append(" ")
        elif token.type == "hardbreak" or (token.type == "html_inline" and _LINE_TAG.match(token.content)):
            parts.append("\n")
        elif token.type == "image" and token.content.strip():
            pictures.append(_inline(token.children or [])[0])
    return _FOOTNOTE_MARK.sub("", "".join(parts)), pictures


def _html_text(source: str) -> str:
    """The visible text of a stretch of HTML, a line for each of its blocks."""
    source = _UNSHOWN.sub("", _COMMENT.sub("", source))
    source = _LINE_TAG.sub("\n", " ".join(source.split()))
    return html.unescape(_TAG.sub("", source))
