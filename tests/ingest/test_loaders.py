from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.errors import DocumentError
from assistant.ingest import SUPPORTED_SUFFIXES, document_id, load_document
from assistant.types import BlockKind


def blocks(document):
    return [(b.kind, document.text[b.start : b.end]) for b in document.blocks]


def assert_blocks_cover(document):
    """Every character that is not white space is in exactly one block."""
    position = 0
    for block in document.blocks:
        assert block.start >= position
        assert not document.text[position : block.start].strip()
        assert document.text[block.start : block.end].strip() == document.text[block.start : block.end] != ""
        position = block.end
    assert not document.text[position:].strip()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xyz", b"text", "can't be read; convert it"),
        ("a", b"text", "without a suffix"),
        ("a.txt", b"", "is empty"),
        ("a.txt", b" \n\n ", "is empty"),
        ("a.txt", b"\x89PNG\r\n\x1a\n" + bytes(100), "binary"),
        ("a.md", bytes(range(256)) * 4, "binary"),
        ("a.pdf", b"not a pdf at all", "damaged"),
        ("a.docx", b"not a word file", "damaged"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + bytes(512), "encrypted or an old .doc"),
        ("a.html", b"<html><body><script>x()</script></body></html>", "no text"),
        ("a.md", b"---\ntitle: x\n---\n<!-- nothing -->\n", "no text"),
        (
            "a.md",
            b"---\ntitle: T\ntags: [a\n---\nText.",
            r"not valid YAML \(line [34]: .*\); mend it or remove the ---",
        ),
        ("a.md", b"---\n- a\n- b\n---\nText.", "front matter is not valid"),
        ("a.md", b"---\na: &x [1]\nb: *x\n---\nText.", "aliases"),
        ("a.md", b"---\na: " + b"[" * 30_000 + b"\n---\nText.", "front matter is not valid"),
    ],
)
def test_a_file_that_is_no_document_says_why(load, name, content, message):
    with pytest.raises(DocumentError, match=message) as error:
        load(name, content)
    assert name in str(error.value)


def test_unreadable_file_and_pipe_are_named(tmp_path):
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    with pytest.raises(DocumentError, match="not a regular file"):
        load_document(pipe, "pipe.txt")
    with pytest.raises(DocumentError, match="can't be read"):
        load_document(tmp_path / "gone.txt", "gone.txt")


def test_image_only_and_encrypted_pdf(load, make_pdf):
    with pytest.raises(DocumentError, match="run OCR"):
        load("scan.pdf", make_pdf([[], []]))


def test_document_id_is_url_safe_stable_and_distinct():
    assert document_id("a/Отчёт за 2022.md").startswith("otchet-za-2022-")
    assert document_id("a/x.md") != document_id("b/x.md")
    assert document_id("caf\u00e9.md") == document_id("cafe\u0301.md")
    assert document_id("日本.txt").isascii()
    assert len(document_id("x" * 300 + ".md")) <= 49


def test_markdown_is_read_as_a_reader_sees_it(load):
    document = load(
        "note.md",
        "---\ntitle: The title\ndate: 2024-03\nlanguage: en\nurl: javascript:alert(1)\ntags: [a, b]\n"
        "sources:\n  - {title: Source, publisher: P, date: 'March 25, 2022', url: 'https://example.org/x'}\n---\n"
        "# Heading *one*\n\nHello **bold** [link](http://x.org)[^1] &amp; more.\nSame paragraph.\n\n"
        "<!-- hidden\n\nstill hidden -->\n\n- one\n- two `code`\n  - nested\n\n1. first\n2. second\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n![A drawn map of the region](m.png)\n\n```py\nx = 1\n```\n\n"
        "[^1]: https://example.org/note\n",
    )
    assert (document.title, document.date, document.url) == ("The title", "2024-03", None)
    assert document.tags == ("a", "b")
    assert document.sources[0].date == "2022-03-25"
    assert blocks(document) == [
        (BlockKind.HEADING, "Heading one"),
        (BlockKind.PARAGRAPH, "Hello bold link & more. Same paragraph."),
        (BlockKind.LIST_ITEM, "one"),
        (BlockKind.LIST_ITEM, "two code"),
        (BlockKind.LIST_ITEM, "nested"),
        (BlockKind.LIST_ITEM, "first"),
        (BlockKind.LIST_ITEM, "second"),
        (BlockKind.TABLE_ROW, "a | b"),
        (BlockKind.TABLE_ROW, "1 | 2"),
        (BlockKind.CAPTION, "A drawn map of the region"),
        (BlockKind.PARAGRAPH, "x = 1"),
        (BlockKind.FOOTNOTE, "https://example.org/note"),
    ]
    assert_blocks_cover(document)


def test_html_main_text_without_the_page_frame(load):
    document = load(
        "page.html",
        """<html lang="en-US"><head><title>Story of a treaty | The Site</title>
        <meta property="article:published_time" content="2022-03-25T10:00:00Z">
        <link rel="canonical" href="https://example.org/story"></head><body class="has-sidebar">
        <nav><a href="/">Home</a></nav><div class="cookie-banner">We use cookies.</div>
        <article><h1>Story of a treaty</h1><p>The parties met in <b>Geneva</b>&nbsp;&mdash; twice.</p>
        <p style="display: none">Secret words.</p><figure><img alt="x"><figcaption>The hall</figcaption></figure>
        <ul><li>One</li><li>Two</li></ul><table><tr><th>Year</th><th>Vote</th></tr><tr><td>2021</td><td>yes</td></tr></table>
        <div class="newsletter">Subscribe now</div><script>var x = "evil"</script></article>
        <footer>All rights reserved</footer></body></html>""",
    )
    assert (document.title, document.date, document.url) == (
        "Story of a treaty",
        "2022-03-25",
        "https://example.org/story",
    )
    assert document.language == "en"
    assert blocks(document) == [
        (BlockKind.HEADING, "Story of a treaty"),
        (BlockKind.PARAGRAPH, "The parties met in Geneva\u00a0— twice."),
        (BlockKind.CAPTION, "The hall"),
        (BlockKind.LIST_ITEM, "One"),
        (BlockKind.LIST_ITEM, "Two"),
        (BlockKind.TABLE_ROW, "Year | Vote"),
        (BlockKind.TABLE_ROW, "2021 | yes"),
    ]


def test_html_evidence_is_neither_hidden_nor_sold_nor_a_caption(load):
    document = load(
        "page.html",
        """<html><head><title>Treaty signed</title><style>@media print { .kept { display: none } }
        .tip, p.note { color: red; display:none } #box { visibility: hidden }</style></head><body><article>
        <h1>Treaty signed</h1><p class="tip">Hidden one.</p><p class="a note">Hidden two.</p>
        <div id="box">Hidden 3.</div>
        <p style="position:absolute;left:-9999px">Hidden four.</p><p style="opacity: 0">Hidden five.</p>
        <p class="kept" style="opacity: 0.9">The treaty was signed in Geneva on Monday after long talks.</p>
        <p>Sign up for our newsletter to get the latest news delivered to your inbox every single morning.</p>
        <p>READ MORE: Ten other treaties</p><p>Unlimited access</p><p>Cancel anytime</p>
        <p>The parties will meet again in spring.</p>
        <figure><img src="a.jpg"><p>Delegates in the hall.</p></figure><p class="wp-caption-text">The minister.</p>
        <span class="photo-credit">Jane Doe</span><p>Neither side would subscribe to the plan.</p>
        </article></body></html>""",
    )
    assert [text for kind, text in blocks(document) if kind is BlockKind.PARAGRAPH] == [
        "The treaty was signed in Geneva on Monday after long talks.",
        "The parties will meet again in spring.",
        "Neither side would subscribe to the plan.",
    ]
    assert "Hidden" not in document.text
    captions = [text for kind, text in blocks(document) if kind is BlockKind.CAPTION]
    assert captions == ["Delegates in the hall.", "The minister.", "Jane Doe"]


def test_a_web_page_saved_as_text_is_read_as_a_page(load):
    page = "<!DOCTYPE html><html><head><title>T</title></head><body><p>It was <b>signed</b>.</p></body></html>"
    assert load("page.txt", page).text == "It was signed."


def test_html_in_an_old_encoding_and_nested_deeply(load):
    page = "<meta charset=windows-1251><p>Переговоры прошли в Женеве.</p>".encode("cp1251")
    assert load("old.html", page).text == "Переговоры прошли в Женеве."
    deep = "<div>" * 1500 + "Deep inside there is a sentence." + "</div>" * 1500
    assert "Deep inside" in load("deep.html", f"<html><body>{deep}</body></html>").text


def test_pdf_paragraphs_pages_and_running_lines(load, make_pdf):
    full = "This line is about as long as all the full lines of this document are,"
    pages = [
        [(20, "The Big Report"), full, "and it goes on for some infor-", "mation that is long-", "term in kind."],
        [full, "so it says, and the sentence is"],
        ["completed on the third page. And more follows here, in a line that is quite long.", (15, "Methods"), full],
    ]
    document = load("report.pdf", make_pdf(pages, title="Microsoft Word - x.doc", running_head="Annual Report 2023"))
    assert document.title == "The Big Report"
    assert document.date == "2023-06-15"
    assert "Annual Report" not in document.text
    assert "information that is long-term" in document.text
    assert "the sentence is completed on the third page" in document.text
    assert [kind for kind, _ in blocks(document)].count(BlockKind.HEADING) == 2
    assert document.page_at(document.text.index("completed")) == 3
    assert document.page_at(document.text.index("the sentence is")) == 2
    assert document.page_at(0) == 1
    assert_blocks_cover(document)


def test_pdf_columns_are_read_one_after_the_other_though_drawn_line_by_line(load, make_pdf):
    left = [
        "The left column begins here and it tells",
        "of the first meeting, which was a long one",
        "and took place in Geneva in the summer of",
        "that year, when nobody could agree on any",
        "thing at all.",
    ]
    right = [
        "The right column goes on with the second",
        "meeting, which was held in New York in the",
        "winter and brought a report that all of the",
        "states accepted, though some of them did",
        "so with regret.",
    ]
    columns = [
        (x, 640 - 12 * row, 10, text)
        for row, pair in enumerate(zip(left, right, strict=True))
        for x, text in zip((72, 320), pair, strict=True)
    ]
    head = (72, 690, 10, "An abstract stands over both of the columns and is one long line across all of the page.")
    foot = (72, 540, 10, "A last line goes over the whole of the page again, since the columns have ended before it.")
    document = load("paper.pdf", make_pdf([[head, *columns, foot]]))
    assert document.text == "\n\n".join([head[3], " ".join(left), " ".join(right), foot[3]])


def test_pdf_table_rows_are_quoted_by_themselves(load, make_pdf):
    table = [("Country", "Capital", "People"), ("France", "Paris", "67 million"), ("Italy", "Rome", "59 million")]
    cells = [
        (x, 600 - 14 * row, 10, cell)
        for row, texts in enumerate(table)
        for x, cell in zip((72, 220, 400), texts, strict=True)
    ]
    document = load(
        "table.pdf", make_pdf([["The table shows the countries, their capitals and their people.", *cells]])
    )
    rows = [text for kind, text in blocks(document) if kind is BlockKind.TABLE_ROW]
    assert rows == ["Country | Capital | People", "France | Paris | 67 million", "Italy | Rome | 59 million"]


def test_docx_headings_lists_tables_in_order(tmp_path):
    import docx

    word = docx.Document()
    word.add_heading("A Word file", 0)
    word.add_paragraph("The body text is here.")
    table = word.add_table(1, 2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Year", "Vote"
    word.add_heading("Part", 1)
    word.add_paragraph("Item", style="List Bullet")
    word.save(tmp_path / "a.docx")
    document = load_document(tmp_path / "a.docx", "a.docx")
    assert (document.title, document.date) == ("A Word file", None)
    assert blocks(document) == [
        (BlockKind.HEADING, "A Word file"),
        (BlockKind.PARAGRAPH, "The body text is here."),
        (BlockKind.TABLE_ROW, "Year | Vote"),
        (BlockKind.HEADING, "Part"),
        (BlockKind.LIST_ITEM, "Item"),
    ]


@pytest.mark.parametrize(
    "encoding",
    "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 utf-32-le cp1251 koi8-r cp866 iso-8859-5 mac-cyrillic".split(),
)
@pytest.mark.parametrize(
    "text", ["Встреча прошла в Женеве", "ОБ УТВЕРЖДЕНИИ ПОЛОЖЕНИЯ", "Москва и Пекин подписали договор.", "Глава 1"]
)
def test_short_russian_files_in_any_encoding(load, encoding, text):
    assert load("a.txt", text.encode(encoding)).text == text


@pytest.mark.parametrize("text", ["Café déjà vu — “smart”", "Größe und Länge", "It’s 5 €", "£5 and ½"])
def test_western_code_page(load, text):
    assert load("a.txt", text.encode("cp1252")).text == text


def test_stored_text_is_normalised_once(load):
    document = load("a.txt", "One\u200b two\r\n\r\ncafe\u0301\u00ad x\u00a0y\x07")
    assert document.text == "One two\n\ncafé x\u00a0y"


def test_every_supported_suffix_is_lower_case():
    assert {".md", ".txt", ".html", ".pdf", ".docx"} <= SUPPORTED_SUFFIXES
    assert all(Path(f"x{suffix}").suffix == suffix.lower() for suffix in SUPPORTED_SUFFIXES)
