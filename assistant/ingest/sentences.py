"""Sentences: the spans of a document's text that can be quoted as evidence.

English and Russian, in one pass over the text and without a model. It decides only where a sentence ends;
what is a block, and of which kind, the format modules have said. razdel is not used: its repairs for English
would have cost more than these rules, and it slows down on lines of a megabyte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from assistant.ingest import abbreviations
from assistant.types import Block, BlockKind, Document, Sentence

MAX_SENTENCE: Final = 2_000  # characters; no span is longer
_UNWIELDY: Final = 1_000  # from here on a sentence is divided where its own punctuation allows it

# What is quoted as a whole up to this length: "Mr. Smith. A Life" is one heading, and a table's row names its columns.
_WHOLE: Final = {BlockKind.HEADING: _UNWIELDY, BlockKind.TABLE_ROW: 400}

# The end of a sentence: its punctuation, what closes behind it, the marks of notes. White space must follow, but
# for the full stops of Chinese and Japanese. `.` directly before a note's number (`treaty.12 The`) counts too.
_END = re.compile(
    r"""(?P<stop>[.!?…]+|[。！？]+)
        (?P<close>["'»”’)\]]*)
        (?P<note>(?:(?<=[a-zа-яё\])"”»]\.)\d{1,3}(?=\s+["“«(]?[A-ZА-ЯЁ]))?
            (?:[ \xa0]?\[\d{1,3}(?:[,–-][ ]?\d{1,3})*\]|[¹²³⁰⁴-⁹])*)
        (?P<gap>\s+|$|(?<=[。！？]))""",
    re.VERBOSE,
)
_WORD_BEFORE = re.compile(r"[^\s(\[«“\"'„/—–]+$")
_NEXT_WORD = re.compile(r"[\"'“«„‘(\[]*([\w'’-]+)(\.?)")
_OPENING: Final = "\"'“«„‘([¿¡"
# What may stand before a sentence without being of it: bullets, the mark of a note, decoration.
_LEAD = re.compile(r"(?:[\s•◦▪‣·●○■□➢➤✓*+_=#|>~]+|[-–—]\s+|\[\d{1,3}\]\s*|\[\^[^\]\s]+\]:?\s*|[¹²³⁰⁴-⁹]+\s*)+")
_STRONG_BREAK = re.compile(r"\n+|;\s+|\s[•|·]\s|\t+")
_WEAK_BREAK = re.compile(r"[,:]\s+|\s[—–-]\s")


def split_sentences(document: Document) -> tuple[Sentence, ...]:
    """The sentences of a document, in text order.

    A sentence lies within one block, has the block's kind, begins and ends with a character that is not white
    space, and is at most `MAX_SENTENCE` characters long. Bullets and marks of notes before it are not of it.
    A stretch without a letter or digit is no sentence. `section` counts the headings at or before it.
    """
    sentences: list[Sentence] = []
    section = 0
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            section += 1
        for start, end in _block_spans(document.text, block):
            sentences.append(Sentence(start, end, block.kind, section))
    return tuple(sentences)


def _block_spans(text: str, block: Block) -> Iterator[tuple[int, int]]:
    if block.end - block.start <= _WHOLE.get(block.kind, 0):
        spans: Iterator[tuple[int, int]] = iter([(block.start, block.end)])
    else:
        spans = _sentence_spans(text, block.start, block.end)
    for start, end in spans:
        for piece_start, piece_end in _wieldy(text, start, end):
            span = _trimmed(text, piece_start, piece_end)
            if span is not None:
                yield span


def _sentence_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans that cover `[start, end)` but for the white space between them."""
    begin = start
    for match in _END.finditer(text, start, end):
        stop = match.start("gap")
        if stop <= begin or match.end() >= end:
            continue
        if not _is_end(text, begin, match, end):
            continue
        stop = _with_closing_quote(text, begin, stop, match.end(), end)
        yield begin, stop
        begin = stop
    if begin < end:
        yield begin, end


def _is_end(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    """Whether a sentence that began at `begin` ends at `match`; white space and more text follow it."""
    following = match.end()
    after = text[following]
    if match["stop"][0] in "。！？":
        return True
    if after.islower() or after in ",;:)]}%" or (after in "-–—" and not _capital_after_dash(text, following, end)):
        return False
    word = _NEXT_WORD.match(text, following, min(end, following + 60))
    first = word[1] if word else ""
    if after in _OPENING and first[:1].islower():
        return match["close"] == "" and match["stop"] != "." and after not in "(["
    if match["stop"] != "." or match["close"]:
        return True
    spaced = match.start() > begin and text[match.start() - 1].isspace()
    before_end = match.start() - 1 if spaced else match.start()
    before = _WORD_BEFORE.search(text, max(begin, before_end - 24), before_end)
    if before is None:
        return not spaced or before_end > begin
    if before.start() > begin and text[before.start() - 1] in "'’":
        return True  # the "s" of a possessive is no initial
    at_start = before.start() <= begin
    return abbreviations.ends_sentence(
        before[0], first, initial_follows=bool(word and word[2]) and len(first) == 1, spaced=spaced, at_start=at_start
    )


def _capital_after_dash(text: str, offset: int, end: int) -> bool:
    rest = text[offset : min(end, offset + 6)].lstrip("-–— \xa0")
    return rest[:1].isupper()


def _with_closing_quote(text: str, begin: int, stop: int, following: int, end: int) -> int:
    """Where data sets put a space before the closing quotation mark too, it belongs to the sentence it closes."""
    for mark in ("''", '"', "”", "»"):
        if text.startswith(mark, following):
            after = following + len(mark)
            spaced = after >= end or text[after].isspace()
            if spaced and (mark not in ('"', "''") or text.count(mark, begin, stop) % 2):
                return after
    return stop


def _wieldy(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span itself, or, where it is too long to be a sentence, pieces of it at its own punctuation."""
    if end - start <= _UNWIELDY:
        yield start, end
        return
    for strong_start, strong_end in _packed(text, start, end, _STRONG_BREAK, _UNWIELDY):
        if strong_end - strong_start <= MAX_SENTENCE:
            yield strong_start, strong_end
            continue
        for weak_start, weak_end in _packed(text, strong_start, strong_end, _WEAK_BREAK, _UNWIELDY):
            yield from _cut(text, weak_start, weak_end)


def _packed(text: str, start: int, end: int, breaks: re.Pattern[str], limit: int) -> Iterator[tuple[int, int]]:
    """Divides at `breaks`, as seldom as keeps each part within `limit` characters where it can."""
    begin = last = start
    for match in breaks.finditer(text, start, end):
        if match.end() - begin > limit and last > begin:
            yield begin, last
            begin = last
        last = match.end()
    if end - begin > limit and begin < last < end:
        yield begin, last
        begin = last
    yield begin, end


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Divides at the last white space within the limit; in the middle of a word where there is none."""
    while end - start > MAX_SENTENCE:
        stop = max(text.rfind(" ", start + 1, start + MAX_SENTENCE), text.rfind("\n", start + 1, start + MAX_SENTENCE))
        stop = stop + 1 if stop > start else start + MAX_SENTENCE
        yield start, stop
        start = stop
    yield start, end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Without white space and lead at its ends; None where no letter or digit is left."""
    lead = _LEAD.match(text, start, end)
    if lead is not None:
        start = lead.end()
    while end > start and text[end - 1].isspace():
        end -= 1
    if not any(c.isalnum() for c in text[start:end]):
        return None
    return start, end
