"""Records to stored text: the rows of a table, the objects of a JSON file, as blocks that read on their own.

A short record is one line, `name: value; name: value`, so that whatever is quoted of it says what its figures
are. A record with running text in it becomes a section: its title as heading, the short values as a line, the
text as paragraphs. Where the records come from, the format modules know.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from assistant.ingest.extraction import TextBuilder
from assistant.ingest.lines import is_ended
from assistant.types import BlockKind

Field = tuple[str, str]

_LONG = 240  # characters; a value from here on is running text
_TITLES = frozenset("title headline name subject heading заголовок название тема наименование".split())


def add_record(builder: TextBuilder, fields: Sequence[Field], level: int = 2) -> None:
    """Appends one record; fields without a value are left out.

    Args:
        builder: Gets the blocks.
        fields: Names (empty where there is none) and values, in order.
        level: Of the heading, where the record becomes a section.
    """
    told = [(" ".join(name.split()), value.strip()) for name, value in fields if value.strip()]
    long = [field for field in told if _is_text(field[1])]
    short = [field for field in told if field not in long]
    if long:
        title = next((field for field in short if field[0].casefold() in _TITLES), None)
        if title is not None:
            builder.add(BlockKind.HEADING, " ".join(title[1].split()), level)
            short.remove(title)
    builder.add(BlockKind.TABLE_ROW, line_of(short))
    for _, value in long:
        for paragraph in re.split(r"\n+", value):
            builder.add(BlockKind.PARAGRAPH, paragraph)


def line_of(fields: Sequence[Field]) -> str:
    """A record on one line."""
    values = [(name, " ".join(value.split())) for name, value in fields]
    return "; ".join(f"{name.rstrip(':')}: {value}" if name else value for name, value in values)


def written(value: object) -> str:
    """A cell's value as a person writes it: no `.0` behind whole numbers, dates without midnight."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.12g}"
    if isinstance(value, dt.datetime):
        if value.time() == dt.time():
            return value.date().isoformat()
        return value.strftime("%Y-%m-%d %H:%M" + (":%S" if value.second else ""))
    if isinstance(value, dt.time):
        return value.strftime("%H:%M" + (":%S" if value.second else ""))
    return str(value)


def _is_text(value: str) -> bool:
    """Whether a value is running text: long, or of more lines than one that end as sentences do."""
    return len(value) >= _LONG or ("\n" in value and is_ended(value))
