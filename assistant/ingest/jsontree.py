"""JSON and JSONL files: objects as records that read on their own, with the names of their values.

A list of objects, or a JSONL file, gives a record for each; an object with a text of its own is a document with
its title, date and address. Numbers and names of fields are kept, the file's braces are not.
"""

from __future__ import annotations

import json
import re
from typing import Any

from assistant.errors import DocumentError
from assistant.ingest.encoding import decode
from assistant.ingest.extraction import Extracted, TextBuilder
from assistant.ingest.metadata import readable_name
from assistant.ingest.records import Field, add_record, written
from assistant.types import BlockKind

_MAX_DEPTH = 100  # objects within objects; Python's own reader gives up at some thousand
_TITLE = ("title", "headline", "name", "subject", "заголовок", "название")
_DATE = ("date", "published", "published_at", "datePublished", "created_at", "created", "дата")
_URL = ("url", "link", "source_url")
_LANGUAGE = ("language", "lang")
_KEY = re.compile(r"[_\s]+|(?<=[a-zа-я])(?=[A-ZА-Я][a-zа-я])")  # where a name's words are divided


def read_json(data: bytes, path: str) -> Extracted:
    """The values of a JSON file.

    Raises:
        DocumentError: It is no JSON, or nested more deeply than a document is.
    """
    text = decode(data, path)
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise _too_deep(path) from error
    except ValueError as error:
        raise DocumentError(f"{path} is not valid JSON ({error}); mend it, or name it .txt") from error
    return _extracted([value] if isinstance(value, dict) else value, path)


def read_jsonl(data: bytes, path: str) -> Extracted:
    """The records of a file with a JSON value on each line.

    Raises:
        DocumentError: A line is no JSON.
    """
    values = []
    for number, line in enumerate(decode(data, path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            values.append(json.loads(line))
        except RecursionError as error:
            raise _too_deep(path) from error
        except ValueError as error:
            raise DocumentError(f"{path}: line {number} is not valid JSON ({error}); mend or remove it") from error
    return _extracted(values, path)


def _too_deep(path: str) -> DocumentError:
    return DocumentError(f"{path} is nested more deeply than a document is; flatten it, or list it in .assistantignore")


def _extracted(value: Any, path: str) -> Extracted:
    """A single object is the document itself; the members of a list are its records."""
    builder = TextBuilder()
    records = value if isinstance(value, list) else [value]
    about = records[0] if len(records) == 1 and isinstance(records[0], dict) else {}
    title = _first(about, _TITLE)
    if title is not None:
        builder.add(BlockKind.HEADING, about[title], 1)
    for record in records:
        _add(builder, {k: v for k, v in about.items() if k != title} if record is about else record, path)
    return Extracted(
        builder.text,
        builder.blocks,
        named_title=about[title] if title else readable_name(path),
        named_date=about.get(_first(about, _DATE)),
        named_url=about.get(_first(about, _URL)),
        named_language=about.get(_first(about, _LANGUAGE)),
    )


def _first(record: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of these fields that holds a string."""
    return next((name for name in names if isinstance(record.get(name), str) and record[name].strip()), None)


def _add(builder: TextBuilder, value: Any, path: str, level: int = 2) -> None:
    """Appends a value: objects as records, what they hold of objects after them under its name."""
    if level > _MAX_DEPTH:
        raise _too_deep(path)
    if isinstance(value, dict):
        fields, nested = _divided(value)
        add_record(builder, fields, min(level, 6))
        for name, inner in nested:
            builder.add(BlockKind.HEADING, name, min(level, 6))
            _add(builder, inner, path, level + 1)
    elif isinstance(value, list):
        for inner in value:
            _add(builder, inner, path, level + 1)
    else:
        builder.add(BlockKind.PARAGRAPH, written(value))


def _divided(record: dict[str, Any]) -> tuple[list[Field], list[tuple[str, Any]]]:
    """The fields that have a line or a text of their own, and those that hold records."""
    fields: list[Field] = []
    nested = []
    for key, value in record.items():
        name = _KEY.sub(" ", str(key)).strip()
        if isinstance(value, dict) and not any(isinstance(inner, dict | list) for inner in value.values()):
            fields += [(f"{name} {_KEY.sub(' ', inner)}", written(of)) for inner, of in value.items()]
        elif isinstance(value, list) and not any(isinstance(inner, dict | list) for inner in value):
            texts = [written(inner) for inner in value]
            sentences = any(len(text) > 80 for text in texts)  # else words of a list
            fields.append((name, ("\n" if sentences else ", ").join(texts)))
        elif isinstance(value, dict | list):
            nested.append((name, value))
        else:
            fields.append((name, written(value)))
    return fields, nested
