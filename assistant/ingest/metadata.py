"""A document's title and date, from the strongest source that has one.

What a person wrote for machines comes first, then what the text itself shows, last the file's name. Nothing is
made up: a date that is nowhere is None, never that of the file or of today.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import PurePosixPath

from assistant.ingest.extraction import Extracted
from assistant.ingest.lines import ends_sentence, is_noise
from assistant.types import Block, BlockKind

_MAX_TITLE = 200  # characters
_TOP_LINES = 10  # lines in which a dateline is looked for

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan январь января янв",
            "february feb февраль февраля фев",
            "march mar март марта мар",
            "april apr апрель апреля апр",
            "may май мая",
            "june jun июнь июня июн",
            "july jul июль июля июл",
            "august aug август августа авг",
            "september sep sept сентябрь сентября сен сент",
            "october oct октябрь октября окт",
            "november nov ноябрь ноября ноя нояб",
            "december dec декабрь декабря дек",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = r"(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?P<year>(?:1[5-9]|20)\d\d)(?!\d)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|-?го)?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?<!\d)(?P<year>(?:1[5-9]|20)\d\d)[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?)(?!\d)",
        r"(?<!\d)(?P<day>\d\d?)\.(?P<month>\d\d?)\." + _YEAR,
        rf"\b{_MONTH} {_DAY},? +{_YEAR}",
        rf"(?<!\d){_DAY}(?: of)? {_MONTH},? +{_YEAR}",
        rf"\b{_MONTH},? +{_YEAR}",
        r"(?<!\d)(?P<year>(?:1[5-9]|20)\d\d)-(?P<month>\d\d)(?![\d-])",
    )
)
_SLASHED = re.compile(r"(?<!\d)(\d\d?)/(\d\d?)/((?:19|20)\d\d)(?!\d)")
_COMPACT = re.compile(r"(?:D:)?((?:19|20)\d\d)(\d\d)(\d\d)(?:\d{2,6}.*)?$")
_YEAR_ALONE = re.compile(r"((?:1[5-9]|20)\d\d)(?: ?г(?:\.|ода?)?)?$")

# What may stand beside the date on its line: a label, a weekday, a time, "г.".
_BESIDE = re.compile(
    r"(?:\b(?:published|posted|updated|date|dated|issued|released|on|at|by|last|опубликовано|дата|публикации|обновлено"
    r"|от|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье|года|год|г|am|pm|utc|gmt|msk|мск|edt|est)\b"
    r"|\d{1,2}:\d\d(?::\d\d)?|[\W_])+",
    re.IGNORECASE,
)
# "MOSCOW, April 15, 2024 (Agency) — …": the head of a news story's first paragraph.
_DATELINE = re.compile(r"[A-ZА-ЯЁ][A-ZА-ЯЁ .,-]{2,40}[,.—–-] *")

_JUNK_TITLE = re.compile(
    r"(?:microsoft (?:word|powerpoint|excel)\b.*|untitled\b.*|без имени.*|документ ?\d*|document ?\d*|title|доклад ?\d*"
    r"|slide \d+|презентация powerpoint|powerpoint presentation|.*\.(?:docx?|pdf|rtf|odt|indd|tex|dvi|qxd|pptx?|html?)"
    r"|\W*|[\d._-]+|[0-9a-f-]{16,}|layout \d+|print|scan\w*|.*[\\/].*[\\/].*)$",
    re.IGNORECASE,
)


def title_of(extracted: Extracted, path: str) -> str:
    """The document's title: named, from the format's properties, its first heading or short line, its file name."""
    for title in (extracted.named_title, _credible(extracted.hinted_title), _title_in_text(extracted)):
        if title and title.strip():
            return _shortened(title)
    return readable_name(path)


def readable_name(path: str) -> str:
    """A file's name as a person would say it: `cyber-treaty_2022.txt` is `Cyber treaty 2022`."""
    name = " ".join(re.split(r"[\s_-]+", PurePosixPath(path).stem)).strip()
    return name[:1].upper() + name[1:] if name else path


def date_of(extracted: Extracted, path: str) -> str | None:
    """The document's date in ISO form, as precise as it is known; None where nothing says it."""
    for written in (extracted.named_date, extracted.hinted_date):
        if written and (date := parse_date(written)):
            return date
    return _dateline(extracted) or _date_in_name(path)


def parse_date(text: str) -> str | None:
    """The first date in a short text, English, Russian or in figures: `2022`, `2022-03` or `2022-03-25`.

    `04/05/2024` may be April or May: only the year is known. Days that no calendar has are no dates.
    """
    text = " ".join(text.split())
    if compact := _COMPACT.match(text):
        return _iso(int(compact[1]), int(compact[2]), int(compact[3]))
    found = _find_date(text)
    if found is not None:
        return found[0]
    year = _YEAR_ALONE.match(text)
    return year[1] if year else None


def _find_date(text: str) -> tuple[str, int, int] | None:
    """The first date with its span."""
    best: tuple[str, int, int] | None = None
    for form in _FORMS:
        match = form.search(text)
        if match and (best is None or match.start() < best[1]):
            parts = match.groupdict()
            month = parts["month"].lower()
            number = int(month) if month.isdigit() else _MONTHS[month]
            iso = _iso(int(parts["year"]), number, int(parts["day"]) if parts.get("day") else None)
            if iso:
                best = iso, match.start(), match.end()
    slashed = _SLASHED.search(text)
    if best is None and slashed:
        first, second, year = int(slashed[1]), int(slashed[2]), int(slashed[3])
        if first > 12 >= second:
            iso = _iso(year, second, first)
        elif second > 12 >= first or first == second:
            iso = _iso(year, first, second)
        else:
            iso = str(year)
        return (iso, slashed.start(), slashed.end()) if iso else None
    return best


def _iso(year: int, month: int, day: int | None) -> str | None:
    try:
        date = dt.date(year, month, day or 1)
    except ValueError:
        return None
    return date.isoformat() if day else date.isoformat()[:7]


def _credible(title: str | None) -> str | None:
    title = " ".join((title or "").split())
    return None if not title or _JUNK_TITLE.match(title) else title


def _title_in_text(extracted: Extracted) -> str | None:
    """The first heading near the top, or else a first line that is short and no sentence."""
    for block in extracted.blocks[:5]:
        if block.kind is BlockKind.HEADING:
            return extracted.text[block.start : block.end]
    for block in extracted.blocks[:1]:
        line = extracted.text[block.start : block.end]
        short = len(line) <= 100 and len(line.split()) <= 14
        if block.kind is BlockKind.PARAGRAPH and short and not ends_sentence(line) and not is_noise(line):
            return line
    return None


def _shortened(title: str) -> str:
    title = " ".join(title.split())
    if len(title) <= _MAX_TITLE:
        return title
    return title[:_MAX_TITLE].rsplit(" ", 1)[0] + "…"


def _dateline(extracted: Extracted) -> str | None:
    for block in extracted.blocks[:_TOP_LINES]:
        if date := _date_on_line(extracted.text, block):
            return date
    return None


def _date_on_line(text: str, block: Block) -> str | None:
    """The date of a line that is only a date with its label, or of a news story's opening."""
    line = text[block.start : min(block.end, block.start + 160)]
    found = _find_date(line)
    if found is None:
        return None
    date, start, end = found
    if block.end - block.start < 100 and _BESIDE.fullmatch(f" {line[:start]} {line[end:]} "):
        return date
    opening = _DATELINE.match(line)
    return date if opening and opening.end() == start else None


def _date_in_name(path: str) -> str | None:
    """A full date or a month in a file's name; a year only at its end, where no other number makes it doubtful."""
    name = PurePosixPath(path).stem.replace("_", "-")
    match = re.search(r"(?<!\d)((?:19|20)\d\d)-?(\d\d)-?(\d\d)(?!\d)", name)
    if match and (date := _iso(int(match[1]), int(match[2]), int(match[3]))):
        return date
    match = re.search(r"(?<!\d)(?<!\d-)((?:19|20)\d\d)-(\d\d)(?![\d-])", name)
    if match and (date := _iso(int(match[1]), int(match[2]), None)):
        return date
    match = re.search(r"^[^\d]*[^\W\d]{3,}[^\d]*[-. (]((?:19|20)\d\d)\)?$", name)
    return match[1] if match else None
