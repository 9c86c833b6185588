"""Chunks: the spans of a document that are embedded, a section's sentences packed to the embedder's size.

It measures in the embedder's own tokens. It never cuts a sentence; what is too long for the embedder stays one
chunk and is embedded in windows. It embeds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from assistant.ingest.packing import Piece, pack
from assistant.types import BlockKind, Chunk, Document, Sentence

if TYPE_CHECKING:  # numpy comes with it, and the process that reads files starts twice as fast without
    from assistant.embedding import Tokenizer

TOKENS = 250  # of a chunk with its context; 256 less two special tokens, and some air for odd tokenizers
_CONTEXT_TOKENS = 40
_TITLE_TOKENS = 24
_TINY = 40  # tokens; neighbouring sections below it may share a chunk
_OVERLAP = 30  # tokens that neighbouring windows of one long sentence share
_LONGEST_TOKEN = 24  # characters; a tokenizer may take a megabyte of `aaa…`, or of spaces, for one token or none

_APART = {BlockKind.CAPTION: "caption", BlockKind.FOOTNOTE: "footnote"}


@dataclass(frozen=True, slots=True)
class _Section:
    """The sentences under one heading, with the headings above them."""

    ordinal: int
    path: tuple[str, ...]
    heading: Sentence | None
    level: int
    sentences: tuple[Sentence, ...]
    parent: bool  # the next section stands deeper


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    path: tuple[str, ...]
    section: int


def split_chunks(
    document: Document, sentences: Sequence[Sentence], tokenizer: Tokenizer, *, limit: int = TOKENS
) -> tuple[Chunk, ...]:
    """The chunks of a document, in text order, not overlapping.

    Every sentence that is neither a heading nor boilerplate is in exactly one. Captions and notes are chunked
    apart from prose. A section that has only a heading gives a chunk of it, unless subsections follow.

    Args:
        document: The document; its title and headings go in front of each embedded text.
        sentences: What `split_sentences` gave for it.
        tokenizer: Of the embedder.
        limit: Most tokens of an embedded text, special tokens not counted.
    """
    limit = max(_CONTEXT_TOKENS + 24, min(limit, tokenizer.max_tokens - 2))
    context = _Contexts(document.title, tokenizer)
    sections = _sections(document, sentences)
    sizes = _sizes(document.text, sentences, tokenizer)
    spans: list[_Span] = []
    for group in _shared(sections, sizes):
        if len(group) > 1:
            spans.append(_shared_span(group))
        else:
            spans.extend(_section_spans(document.text, group[0], sizes, limit - context.tokens(group[0].path)))
    if not spans and sections and (heading := sections[0].heading):  # a document of a title alone
        spans.append(_Span(heading.start, heading.end, (), sections[0].ordinal))
    return tuple(_chunks(document.text, spans, context, tokenizer, limit))


def _sections(document: Document, sentences: Sequence[Sentence]) -> list[_Section]:
    levels = {block.start: block.level for block in document.blocks if block.kind is BlockKind.HEADING}
    title = document.title.casefold()
    stack: list[tuple[int, str]] = []
    sections: list[_Section] = []
    for ordinal, group in groupby(sentences, key=lambda sentence: sentence.section):
        members = list(group)
        headings = [s for s in members if s.kind is BlockKind.HEADING]
        level = 0
        if headings:
            level = levels.get(headings[0].start, 1)
            name = " ".join(document.text[headings[0].start : headings[-1].end].split())
            stack = [(other, text) for other, text in stack if other < level]
            if name.casefold() != title:
                stack.append((level, name))
        content = tuple(s for s in members if s.kind is not BlockKind.HEADING)
        path = tuple(name for _, name in stack)
        if sections and level > sections[-1].level:
            sections[-1] = replace(sections[-1], parent=True)
        sections.append(_Section(ordinal, path, headings[0] if headings else None, level, content, parent=False))
    return sections


def _sizes(text: str, sentences: Sequence[Sentence], tokenizer: Tokenizer) -> dict[int, int]:
    """Tokens of each sentence with the characters up to the next one that may share its chunk, by its start.

    Counted for the whole document at once: a call for each section would take several times as long.
    """
    stops = [
        following.start if following.section == one.section and _stream(following) == _stream(one) else one.end
        for one, following in pairwise(sentences)
    ] + [sentence.end for sentence in sentences[-1:]]
    texts = [text[s.start : stop] for s, stop in zip(sentences, stops, strict=True)]
    return {
        sentence.start: max(count, len(part) // _LONGEST_TOKEN)
        for sentence, part, count in zip(sentences, texts, tokenizer.count(texts), strict=True)
    }


def _shared(sections: list[_Section], sizes: dict[int, int]) -> Iterator[list[_Section]]:
    """Sections one by one; neighbouring tiny ones of one parent together, up to a chunk's usual size."""
    group: list[_Section] = []
    total = 0
    for section in sections:
        size = sum(sizes[sentence.start] for sentence in section.sentences)
        tiny = size < _TINY and _may_share(section)
        kin = group and group[0].level == section.level and group[0].path[:-1] == section.path[:-1]
        if group and not (tiny and kin and total + size <= 3 * _TINY):
            yield group
            group, total = [], 0
        if tiny:
            group.append(section)
            total += size + 8  # its heading
        else:
            yield [section]
    if group:
        yield group


def _may_share(section: _Section) -> bool:
    prose = all(_stream(sentence) == "prose" for sentence in section.sentences)
    return bool(section.sentences and section.heading and section.path and prose)


def _shared_span(group: list[_Section]) -> _Span:
    """From the first heading, so that each heading stands before its text, under what the sections share."""
    heading = group[0].heading
    assert heading is not None
    return _Span(heading.start, group[-1].sentences[-1].end, group[0].path[:-1], group[0].ordinal)


def _section_spans(text: str, section: _Section, sizes: dict[int, int], room: int) -> Iterator[_Span]:
    if not section.sentences and section.heading is not None and section.path and not section.parent:
        yield _Span(section.heading.start, section.heading.end, section.path[:-1], section.ordinal)
    for kind, group in groupby(section.sentences, key=_stream):
        if kind is None:
            continue
        run = list(group)
        # Notes stand under the last heading by accident: they belong to the whole document.
        path = () if kind == "footnote" else section.path
        for first, last in pack(_pieces(text, run, sizes), room):
            yield _Span(run[first].start, run[last].end, path, section.ordinal)


def _stream(sentence: Sentence) -> str | None:
    """What may stand in one chunk: prose, captions or notes; None for what is in no chunk."""
    return None if sentence.kind is BlockKind.BOILERPLATE else _APART.get(sentence.kind, "prose")


def _pieces(text: str, run: list[Sentence], sizes: dict[int, int]) -> list[Piece]:
    """How long a run's sentences are, and how well a chunk may end after each."""
    pieces = []
    for sentence, following in zip(run, [*run[1:], None], strict=True):
        gap = text[sentence.end : following.start] if following else ""
        leads_on = text[sentence.end - 1] == ":"
        pieces.append(Piece(sizes[sentence.start], "\n\n" in gap, "\n" in gap, leads_on))
    return pieces


def _chunks(text: str, spans: list[_Span], context: _Contexts, tokenizer: Tokenizer, limit: int) -> Iterator[Chunk]:
    bodies = [text[span.start : span.end] for span in spans]
    for span, body, count in zip(spans, bodies, tokenizer.count(bodies), strict=True):
        room = limit - context.tokens(span.path)
        windows = [body] if count <= room else list(_windows(body, tokenizer, room))
        head = context.text(span.path)
        texts = tuple(f"{head}\n{window}" if head else window for window in windows)
        yield Chunk(span.start, span.end, span.path, span.section, texts)


def _windows(body: str, tokenizer: Tokenizer, room: int) -> Iterator[str]:
    """Overlapping windows over a text, cut between tokens, that together hold all of it."""
    spans = tokenizer.spans(body)
    step = max(1, room - _OVERLAP)
    for first in range(0, max(1, len(spans) - _OVERLAP), step):
        window = spans[first : first + room]
        yield body[window[0][0] : window[-1][1]]


class _Contexts:
    """What stands in front of each embedded text, the title and headings, within its share of the tokens."""

    def __init__(self, title: str, tokenizer: Tokenizer) -> None:
        self._title = title if _tells(title) else ""
        self._tokenizer = tokenizer
        self._made: dict[tuple[str, ...], tuple[str, int]] = {}

    def text(self, path: tuple[str, ...]) -> str:
        return self._make(path)[0]

    def tokens(self, path: tuple[str, ...]) -> int:
        return self._make(path)[1]

    def _make(self, path: tuple[str, ...]) -> tuple[str, int]:
        if path not in self._made:
            text = self._fitted(path)
            self._made[path] = (text, self._tokenizer.count([text])[0])
        return self._made[path]

    def _fitted(self, path: tuple[str, ...]) -> str:
        """All of it where it fits; else a shortened title, and the innermost headings that fit."""
        parts = ([self._title] if self._title else []) + list(path)
        text = " > ".join(parts)
        if self._count(text) <= _CONTEXT_TOKENS:
            return text
        title = [self._shortened(self._title, _TITLE_TOKENS)] if self._title else []
        for first in range(len(path)):
            text = " > ".join(title + list(path[first:]))
            if self._count(text) <= _CONTEXT_TOKENS:
                return text
        return self._shortened(" > ".join(title + list(path[-1:])), _CONTEXT_TOKENS)

    def _count(self, text: str) -> int:
        return self._tokenizer.count([text])[0]

    def _shortened(self, text: str, tokens: int) -> str:
        spans = self._tokenizer.spans(text[: 20 * tokens])
        return text[: spans[tokens - 1][1]] if len(spans) > tokens else text[: 20 * tokens]


def _tells(title: str) -> bool:
    """Whether a title says something; the name of a file that is a number or a hash does not."""
    letters = sum(c.isalpha() for c in title)
    digits = sum(c.isdigit() for c in title)
    return letters > digits
