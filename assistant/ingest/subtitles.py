"""Subtitles (SRT and WebVTT): the cues joined to the sentences that were spoken, without their times.

A paragraph ends where the speaker changes, after a pause, or when it grows long at a sentence's end. Formatting
and descriptions of sounds are left out, speakers are kept: `Jane: …`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.errors import DocumentError
from assistant.ingest.encoding import decode
from assistant.ingest.extraction import Extracted, TextBuilder
from assistant.ingest.lines import is_ended
from assistant.ingest.metadata import readable_name
from assistant.types import BlockKind

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[,.](\d{1,3})"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}")
_VOICE = re.compile(r"<v(?:\.[^\s>]{0,100})?[ \t]{1,9}([^>]{1,200})>")
_MARKUP = re.compile(r"<[^<>]{0,200}>|\{\\[^{}]{0,200}\}")
_SOUND = re.compile(r"[\[(♪♫][^\])♪♫]{0,120}[\])♪♫]|[♪♫]+")
_SPEAKER = re.compile(r"(?:>> ?)?((?:[A-ZА-ЯЁ][\w.'’-]*)(?: [A-ZА-ЯЁ][\w.'’-]*){0,3}): ?(?=\S)|>> ?")
_ROLLING = 1_000  # characters; a longer cue is none that rolls on
_PAUSE = 4.0  # seconds of silence that end a paragraph
_LONG = 600  # characters; from here on a paragraph ends with its sentence


@dataclass(frozen=True, slots=True)
class _Cue:
    """One caption on the screen: when, who where it is said, and its words."""

    start: float
    end: float
    speaker: str
    text: str


def read_subtitles(data: bytes, path: str) -> Extracted:
    """The spoken text of a subtitle file.

    Raises:
        DocumentError: It holds no cue.
    """
    text = decode(data, path).replace("\r\n", "\n").replace("\r", "\n")
    cues = list(_cues(text.split("\n")))
    if not cues:
        raise DocumentError(f"{path} holds no timed captions; save it as SRT or WebVTT, or name it .txt")
    builder = TextBuilder()
    paragraph = ""
    speaker = ""
    last_end = 0.0
    last_text = ""
    for cue in cues:
        words = _new_words(last_text, cue.text)
        changed = bool(cue.speaker) and cue.speaker != speaker
        long = len(paragraph) > _LONG and is_ended(paragraph)
        if changed or long or cue.start - last_end > _PAUSE or cue.text.startswith(("- ", "– ", "— ")):
            builder.add(BlockKind.PARAGRAPH, paragraph)
            paragraph = f"{cue.speaker}:" if changed else ""
        speaker = cue.speaker or speaker
        paragraph = f"{paragraph} {words}".strip()
        last_end, last_text = cue.end, cue.text
    builder.add(BlockKind.PARAGRAPH, paragraph)
    return Extracted(builder.text, builder.blocks, named_title=readable_name(path))


def _cues(lines: list[str]) -> Iterator[_Cue]:
    """The cues in order; a turn of dialogue inside one is a cue of its own."""
    index = 0
    while index < len(lines):
        timing = _TIMING.match(lines[index])
        index += 1
        if timing is None:
            continue
        start, end = _seconds(timing.groups()[:4]), _seconds(timing.groups()[4:])
        said: list[str] = []
        while index < len(lines) and lines[index].strip() and not _TIMING.match(lines[index]):
            said.append(lines[index].strip())
            index += 1
        if index < len(lines) and said and said[-1].isdigit() and _TIMING.match(lines[index]):
            said.pop()  # the number of the next cue, where the blank line before it is missing
        for speaker, words in _turns(said):
            yield _Cue(start, end, speaker, words)


def _turns(lines: list[str]) -> Iterator[tuple[str, str]]:
    speaker, words = "", ""
    for line in lines:
        voice = _VOICE.search(line)
        line = html.unescape(_MARKUP.sub("", line))
        line = " ".join(_SOUND.sub(" ", line).split())
        named = _SPEAKER.match(line)
        if named:
            line = line[named.end() :]
        name = voice[1].strip() if voice else named[1] if named and named[1] else ""
        if words and (name or named or line.startswith(("- ", "– ", "— "))):
            yield speaker, words
            speaker, words = "", ""
        speaker = name or speaker
        words = f"{words} {line}".strip()
    if words:
        yield speaker, words


def _new_words(before: str, text: str) -> str:
    """A cue without the words of the one before that it shows again, as rolling captions do."""
    if text.startswith(before):
        return text[len(before) :].strip()
    for size in range(min(len(before), len(text), _ROLLING), 11, -1):
        if before.endswith(text[:size]) and (size == len(text) or text[size] == " "):
            return text[size:].strip()
    return text


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return 3600 * int(hours) + 60 * int(minutes) + float(f"{seconds}.{fraction}")
