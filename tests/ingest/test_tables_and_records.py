"""CSV, TSV, XLSX, JSON and JSONL: what is quoted of a row or a record says what its figures are."""

from __future__ import annotations

import datetime as dt
import io
import json

import openpyxl
import pytest

from assistant.errors import DocumentError
from assistant.ingest import split_chunks, split_sentences
from assistant.types import BlockKind


def quotable(document):
    return [(s.kind, document.text[s.start : s.end]) for s in split_sentences(document)]


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251", "utf-16"])
def test_a_row_names_its_columns_whatever_divides_them(load, delimiter, encoding):
    table = [["Город", "Население", "Заметка"], ["Казань", "1300000", "Столица. На Волге."], ["Омск", "1100000", ""]]
    content = "\r\n".join(delimiter.join(row) for row in table).encode(encoding)
    assert quotable(load("города.csv", content)) == [
        (BlockKind.TABLE_ROW, "Город: Казань; Население: 1300000; Заметка: Столица. На Волге."),
        (BlockKind.TABLE_ROW, "Город: Омск; Население: 1100000"),
    ]


def test_quoted_cells_a_missing_header_and_a_missing_cell(load):
    assert (
        load("a.csv", 'Name,Born\n"Doe, ""J""\nJane",1960\nRoe\n').text == 'Name: Doe, "J" Jane; Born: 1960\nName: Roe'
    )
    assert load("b.csv", "1,2\n3,4\n").text == "1; 2\n3; 4"


def test_a_row_with_running_text_is_a_section_of_its_own(load):
    text = "The group met in Geneva. It could not agree. " * 8
    document = load("news_list.tsv", f"title\tdate\ttext\nNo report\t2017\t{text}\n")
    kinds = [kind for kind, _ in quotable(document)]
    assert kinds[:2] == [BlockKind.HEADING, BlockKind.TABLE_ROW]
    assert set(kinds[2:]) == {BlockKind.PARAGRAPH}
    assert document.title == "News list"


def test_a_quotation_mark_that_is_never_closed_is_named(load):
    with pytest.raises(DocumentError, match=r"a\.csv is no CSV table .*close its quotation marks"):
        load("a.csv", 'a,b\n"x,1\n' + "word, " * 300_000)


def test_sheets_are_sections_and_cells_are_written_as_people_read_them(load):
    book = workbook(
        Votes=[["Votes by country"], ["Country", "Day", "Share", "Sum"], ["Chad", dt.date(2022, 3, 4), 0.153, 3.0]],
        Notes=[["Only one cell"]],
        Secret=[["hidden", "row"]],
    )
    book["Votes"]["C3"].number_format = "0.0%"
    book["Secret"].sheet_state = "hidden"
    assert quotable(load("a.xlsx", saved(book))) == [
        (BlockKind.HEADING, "Votes"),
        (BlockKind.PARAGRAPH, "Votes by country"),
        (BlockKind.TABLE_ROW, "Country: Chad; Day: 2022-03-04; Share: 15.3%; Sum: 3"),
        (BlockKind.HEADING, "Notes"),
        (BlockKind.TABLE_ROW, "Only one cell"),
    ]


def test_a_sheet_with_a_cell_in_its_last_corner_is_read_at_once(load):
    book = workbook(Sheet1=[["A", "B"], ["x", "y"]])
    book["Sheet1"]["A1048576"] = "the last"
    assert load("a.xlsx", saved(book)).text == "A: x; B: y\nA: the last"


def test_an_object_is_a_document_with_its_own_title_date_and_address(load):
    value = {
        "title": "A treaty",
        "date": "2022-03-25",
        "url": "https://example.org/x",
        "text": "It was signed.\nNobody came.",
        "author": {"name": "Doe", "born": 1960},
        "tags": ["law", "war"],
        "roll_call": [{"country": "Chad", "vote": True}, {"country": "Peru", "vote": None}],
    }
    document = load("a.json", json.dumps(value))
    assert (document.title, document.date, document.url) == ("A treaty", "2022-03-25", "https://example.org/x")
    found = quotable(document)
    assert (BlockKind.PARAGRAPH, "It was signed.") in found
    assert found[-3:] == [
        (BlockKind.HEADING, "roll call"),
        (BlockKind.TABLE_ROW, "country: Chad; vote: true"),
        (BlockKind.TABLE_ROW, "country: Peru"),
    ]
    assert any("author name: Doe; author born: 1960; tags: law, war" in text for _, text in found)


def test_lines_of_jsonl_are_records_and_quotations_are_exact(load, tokenizer):
    lines = [json.dumps({"title": f"Story {n}", "text": f"Sentence {n} is here. " * 20}) for n in range(3)]
    document = load("a.jsonl", "\n".join(lines))
    sentences = split_sentences(document)
    chunks = split_chunks(document, sentences, tokenizer)
    assert {chunk.headings for chunk in chunks} == {("Story 0",), ("Story 1",), ("Story 2",)}
    assert all(any(c.start <= s.start and s.end <= c.end for c in chunks) for s in sentences if s.kind != "heading")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "{'a': 1}", "not valid JSON"),
        ("a.json", "[" * 100_000 + "]" * 100_000, "nested more deeply"),
        ("a.json", "[" * 400 + "1" + "]" * 400, "nested more deeply"),
        ("a.json", "{}", "no text"),
        ("a.jsonl", '{"a": 1}\n{"a":\n', "line 2 is not valid JSON"),
        ("a.csv", "<!DOCTYPE html><html><table>", r"web page, not a CSV table; give it the suffix \.html"),
        ("a.xlsx", "<html><table>", r"web page, not an Excel file; give it the suffix \.html"),
        ("a.xlsx", "%PDF-1.7", r"is a PDF, not an Excel file; give it the suffix \.pdf"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600), r"encrypted or an old \.xls file"),
        ("a.xlsx", saved(workbook(A=[["x", "y"]]))[:2000], "damaged"),
        ("a.docx", saved(workbook(A=[["x", "y"]])), r"is a \.xlsx file, not a Word file; give it the suffix \.xlsx"),
        ("a.xlsx", saved(workbook(A=[])), "no text"),
    ],
)
def test_a_table_that_can_not_be_read_says_why(load, name, content, message):
    with pytest.raises(DocumentError, match=message) as error:
        load(name, content)
    assert name in str(error.value)
