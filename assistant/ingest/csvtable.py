"""CSV and TSV files: every row a record that names its columns.

The delimiter and the header are found by how evenly they divide the rows. What a value means is not looked into;
a row without a header is its values alone.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from assistant.errors import DocumentError
from assistant.ingest.encoding import decode
from assistant.ingest.extraction import Extracted, TextBuilder
from assistant.ingest.metadata import readable_name
from assistant.ingest.records import Field, add_record
from assistant.ingest.signatures import is_html, refusal

_DELIMITERS = ",;\t|"
_SAMPLE = 50  # rows that decide about delimiter and header
MAX_COLUMNS = 2_000  # a row with more is no sentence that anybody could quote
_MAX_CELL = 1_000_000  # characters; one quotation mark too few would make the rest of the file a cell
_FIGURE = re.compile(r"[-+]?[$€£₽]?\s?\d[\d\s.,:/%-]*$")


def read_csv(data: bytes, path: str) -> Extracted:
    """The rows of a table in a text file.

    Raises:
        DocumentError: It is no text, or no table.
    """
    if is_html(data) and (wrong := refusal(data, path, "a CSV table")):
        raise wrong
    text = decode(data, path)
    declared = re.match(r"sep=(.)\r?\n", text)  # Excel's own first line
    if declared:
        text = text[declared.end() :]
    delimiter = declared[1] if declared else _delimiter(text)
    builder = TextBuilder()
    try:
        rows = (_not_too_wide(row, path) for row in _rows(text, delimiter))
        add_table(builder, (row for row in rows if any(cell.strip() for cell in row)))
    except csv.Error as error:
        raise DocumentError(f"{path} is no CSV table ({error}); close its quotation marks, or name it .txt") from error
    return Extracted(builder.text, builder.blocks, named_title=readable_name(path))


def add_table(builder: TextBuilder, rows: Iterable[Sequence[str]]) -> None:
    """Appends the rows of a table as records, under the names of the header where it has one."""
    waiting = iter(rows)
    first = list(islice(waiting, 2))
    header = _header(first)
    for row in chain(first[1:] if header else first, waiting):
        names = [*header, *[""] * (len(row) - len(header))]
        fields: list[Field] = list(zip(names, row, strict=False))
        add_record(builder, fields)


def _not_too_wide(row: list[str], path: str) -> list[str]:
    if len(row) > MAX_COLUMNS:
        raise DocumentError(
            f"{path} has a row of {len(row):,} columns, at most {MAX_COLUMNS:,} are read; divide it into parts, or list"
            " it in .assistantignore"
        )
    return row


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    previous = csv.field_size_limit(_MAX_CELL)  # the module keeps one limit for the process
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    finally:
        csv.field_size_limit(previous)


def _delimiter(text: str) -> str:
    """The sign that divides the first rows most evenly into more than one cell."""
    sample = "".join(islice(text[:200_000].splitlines(keepends=True), _SAMPLE))
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        try:
            widths = Counter(len(row) for row in _rows(sample, delimiter) if row)
        except csv.Error:
            continue
        width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(0, 0))
        score = count / max(1, widths.total()) * (1 - 1 / max(1, width))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _header(rows: Sequence[Sequence[str]]) -> Sequence[str]:
    """The first row where it can name columns: short, all different, without figures; else nothing."""
    if len(rows) < 2 or len(rows[0]) < 2:
        return ()
    names = [cell.strip() for cell in rows[0]]
    told = [name for name in names if name]
    if len(set(told)) < len(told) or len(told) < 0.5 * len(names):
        return ()
    if any(len(name) > 60 or _FIGURE.match(name) for name in told if not re.fullmatch(r"(?:1[89]|20)\d\d", name)):
        return ()
    return names
