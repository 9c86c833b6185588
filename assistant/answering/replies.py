"""What a language model replied, taken apart: hidden reasoning off, sentences with the ids they cite.

Nothing is mended: an id that is not written in square brackets is no id, and a sentence without one has
none. What is not here: whether a sentence is true to what it cites (`support.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.answering.reading import fold
from assistant.answering.wording import ABBREVIATIONS

_REASONING = re.compile(r"<(think|thinking|thought|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
# Some chat templates write the opening tag themselves, so that only the closing one is in the reply.
_REASONING_END = re.compile(r"\A.*</(?:think|thinking|thought|reasoning)>", re.DOTALL | re.IGNORECASE)

_FENCE = re.compile(r"^\s*(?:```|~~~).*$")
_HEADING = re.compile(r"^\s*#{1,6}\s+")
_ITEM = re.compile(r"^\s*(?:[-*•+–—]|\d{1,2}[.)])\s+")
_QUOTE = re.compile(r"^\s*>\s?")
# "[1] Harbour Bridge": a line of a list of sources, where "[1]" alone belongs to the line before.
_SOURCE = re.compile(r"^\s*\[\s*\d+\s*\]\s*:?\s*[^\W\d_]")
_EMPHASIS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.!?\])])[*_](?!\w)")

_ID = r"\[\s*\d+(?:\s*[,;]\s*\d+)*\s*\]"
_IDS = re.compile(rf"\s*{_ID}")
_STOP = re.compile(rf"(?P<stop>[.!?…]+)[\"'”»’)]*(?P<ids>(?:\s*{_ID})*)(?=\s|$)")
_LAST_TOKEN = re.compile(r"[^\W\d_][^\W\d_.]*(?:\.[^\W\d_]+)*$")


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of a reply, without its marks, and the ids that it cites, in order."""

    text: str
    ids: tuple[int, ...]


def without_reasoning(reply: str) -> str:
    """The reply without blocks of hidden reasoning; one that was cut off inside such a block is empty."""
    return _REASONING_END.sub("", _REASONING.sub("", reply)).strip()


def says_no_answer(reply: str) -> bool:
    """True where the reply, or its first line, is NO ANSWER and nothing else."""
    first = reply.strip().splitlines()[0] if reply.strip() else ""
    return " ".join(re.findall(r"\w+", first)).casefold() == "no answer"


def parse_reply(reply: str) -> list[Claim]:
    """The sentences of a reply with their ids; ids stand before or after the full stop.

    Headings and code fences are left out, bullets and emphasis taken off.
    """
    sentences = (sentence for paragraph in _paragraphs(reply) for sentence in _sentences(paragraph))
    return [claim for sentence in sentences if (claim := _claim(sentence))]


def _paragraphs(reply: str) -> Iterator[str]:
    """Lines that belong together, joined; a bullet, a heading or a source begins anew."""
    lines: list[str] = []
    for line in reply.translate(str.maketrans("【】", "[]")).splitlines():
        if not line.strip() or any(pattern.match(line) for pattern in (_FENCE, _HEADING, _ITEM, _SOURCE)):
            yield from _joined(lines)
            lines = []
        if not _FENCE.match(line) and not _HEADING.match(line):
            lines.append(_ITEM.sub("", _QUOTE.sub("", line)))
    yield from _joined(lines)


def _joined(lines: list[str]) -> Iterator[str]:
    text = " ".join(" ".join(lines).split())
    if text:
        yield _EMPHASIS.sub("", text)


def _sentences(paragraph: str) -> Iterator[str]:
    start = 0
    for match in _STOP.finditer(paragraph):
        if match["ids"] or _ends_a_sentence(paragraph, match.start(), match.end(), match["stop"]):
            yield paragraph[start : match.end()]
            start = match.end()
    yield paragraph[start:]


def _ends_a_sentence(text: str, stop: int, end: int, mark: str) -> bool:
    before, after = text[:stop], text[end:].lstrip().lstrip("\"'“”‘«„(")
    if not after or before.endswith("]") or mark != ".":
        return True
    token = _LAST_TOKEN.search(before)
    abbreviated = token is not None and (
        len(token[0]) == 1 or "." in token[0] or fold(token[0]) in ABBREVIATIONS  # J. Smith, the U.S. Army, Dr. Smith
    )
    return not abbreviated and not after[0].islower()


def _claim(sentence: str) -> Claim | None:
    """None where nothing is said (an id or a mark alone)."""
    # At the beginning stand numbers of a list of sources, not what the sentence rests on.
    body = re.sub(rf"^(?:\s*{_ID})+", "", sentence)
    ids = tuple(dict.fromkeys(int(number[:9]) for mark in _IDS.findall(body) for number in re.findall(r"\d+", mark)))
    text = re.sub(r"\s+(?=[.,;:!?…])", "", _IDS.sub("", body)).strip()
    if not re.search(r"\w", text):
        return None
    return Claim(text if re.search(r"[.!?…][\"'”»’)]*$", text) else text + ".", ids)
