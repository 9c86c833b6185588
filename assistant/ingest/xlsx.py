"""Excel workbooks: every visible sheet a section, every row of it a record that names its columns.

Formulas count with the result that was saved. Numbers are written as the sheet shows them where that changes
what they say (per cent); charts, comments and hidden sheets are not read.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

from assistant.errors import DocumentError
from assistant.ingest.archive import open_archive
from assistant.ingest.csvtable import MAX_COLUMNS, add_table
from assistant.ingest.extraction import Extracted, TextBuilder
from assistant.ingest.metadata import readable_name
from assistant.ingest.records import written
from assistant.types import BlockKind

_MAX_CELLS = 2_000_000  # of one sheet, some hundreds of megabytes in memory
_DEFAULT_NAMES = ("sheet", "лист", "tabelle", "feuil")


def read_xlsx(data: bytes, path: str) -> Extracted:
    """The rows of a workbook's sheets.

    Raises:
        DocumentError: It is encrypted, damaged or no Excel file.
    """
    open_archive(data, path, ".xlsx", "an Excel file").close()
    import openpyxl

    builder = TextBuilder()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions that it does not keep; nothing is written here
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            for sheet in sheets:
                rows = _rows(sheet, path)
                if rows and (len(sheets) > 1 or not sheet.title.lower().startswith(_DEFAULT_NAMES)):
                    builder.add(BlockKind.HEADING, sheet.title, 2)
                _add_sheet(builder, rows)
            properties = book.properties
            book.close()
    except DocumentError:
        raise
    except Exception as error:
        raise DocumentError(
            f"{path} is damaged or no Excel file ({error}); open it in Excel and save it anew"
        ) from error
    return Extracted(
        builder.text,
        builder.blocks,
        named_title=properties.title or readable_name(path),
    )


def _rows(sheet: Any, path: str) -> list[list[str]]:
    """The rows that hold something, without the columns that are empty from top to bottom."""
    sheet.reset_dimensions()  # what the file says of its size may be wrong
    rows: list[list[str]] = []
    cells = 0
    for row in sheet.iter_rows():
        if any(cell.value is not None for cell in row[MAX_COLUMNS:]):  # formatting alone does not count
            raise DocumentError(
                f"{path}: {sheet.title} has more than {MAX_COLUMNS:,} columns; divide it into parts, or list it in"
                " .assistantignore"
            )
        shown = [_shown(cell) for cell in row[:MAX_COLUMNS]]
        if any(shown):
            rows.append(shown)
            cells += len(shown)
            if cells > _MAX_CELLS:
                raise DocumentError(
                    f"{path}: {sheet.title} has more than {_MAX_CELLS // 1_000_000} million cells; divide it into parts"
                )
    width = max(map(len, rows), default=0)
    used = [any(column < len(row) and row[column] for row in rows) for column in range(width)]
    return [[cell for cell, kept in zip(row, used, strict=False) if kept] for row in rows]


def _shown(cell: Any) -> str:
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
        return f"{written(round(value * 100, 6))}%"
    return "" if cell.data_type == "e" else written(value)  # #DIV/0! and the like say nothing


def _add_sheet(builder: TextBuilder, rows: list[list[str]]) -> None:
    """The lines above a table (what it is about) as paragraphs, then the table."""
    start = 0
    while start < min(5, len(rows) - 1) and sum(map(bool, rows[start])) == 1 and len(rows[start + 1]) > 1:
        builder.add(BlockKind.PARAGRAPH, next(filter(None, rows[start])))
        start += 1
    add_table(builder, rows[start:])
