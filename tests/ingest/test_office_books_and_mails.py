"""ODT, RTF, EPUB, PPTX, EML, SRT and VTT, and the guard before everything that is a ZIP container."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

import pptx
import pytest

from assistant.errors import DocumentError
from assistant.ingest import split_chunks, split_sentences
from assistant.types import BlockKind

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in "office text table style meta".split()
)


def quotable(document):
    return [(s.kind, document.text[s.start : s.end]) for s in split_sentences(document)]


def zip_of(parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def odt(body, styles="", head=""):
    content = (
        f"{head}<office:document-content {NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    created = "<meta:creation-date>2022-03-04T10:00:00</meta:creation-date>"
    meta = f"<office:document-meta {NAMES}>{created}</office:document-meta>"
    return zip_of({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content, "meta.xml": meta})


def test_opendocument_in_reading_order_without_what_is_deleted_or_hidden(load):
    document = load(
        "a.odt",
        odt(
            "<text:tracked-changes><text:p>Deleted.</text:p></text:tracked-changes>"
            '<text:p text:style-name="P1">The title</text:p><text:h text:outline-level="2">Part</text:h>'
            '<text:p>It<text:s/>was <text:span>sig<text:span text:style-name="T9">hidden</text:span>ned</text:span>.'
            "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>In Geneva.</text:p>"
            "</text:note-body></text:note> Twice.</text:p>"
            "<text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>"
            "<table:table><table:table-row><table:table-cell><text:p>Year</text:p></table:table-cell>"
            "<table:table-cell><text:p>2021</text:p></table:table-cell></table:table-row></table:table>",
            '<style:style style:name="P1" style:parent-style-name="Title"/>'
            '<style:style style:name="T9"><style:text-properties text:display="none"/></style:style>',
        ),
    )
    assert (document.title, document.date) == ("The title", "2022-03-04")
    assert quotable(document) == [
        (BlockKind.HEADING, "The title"),
        (BlockKind.HEADING, "Part"),
        (BlockKind.PARAGRAPH, "It was signed."),
        (BlockKind.PARAGRAPH, "Twice."),
        (BlockKind.LIST_ITEM, "one"),
        (BlockKind.TABLE_ROW, "Year | 2021"),
        (BlockKind.FOOTNOTE, "In Geneva."),
    ]


def test_external_entities_are_not_read(load, tmp_path):
    (tmp_path / "secret").write_text("TOP SECRET")
    head = f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{tmp_path}/secret">]>'
    assert load("a.odt", odt("<text:p>Before &a; after.</text:p>", head=head)).text == "Before  after."


BOOK = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
    "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<metadata><dc:title>The Book</dc:title><dc:date>2020-01-02</dc:date><dc:language>en</dc:language></metadata>"
    '<manifest><item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    '<item id="b" href="b%20b.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>',
    "OEBPS/nav.xhtml": "<html><body><ol><li>Chapter one</li></ol></body></html>",
    "OEBPS/b b.xhtml": "<html><body><h1>Chapter two</h1><p>It ended.</p><script>x()</script></body></html>",
    "OEBPS/a.xhtml": '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head>'
    "<title>x</title></head><body><h1>Chapter one</h1><p>It began — so.</p></body></html>",
}


def test_a_book_is_read_in_its_order_with_its_chapters(load):
    document = load("a.epub", zip_of(BOOK))
    assert (document.title, document.date, document.language) == ("The Book", "2020-01-02", "en")
    assert document.text == "Chapter one\n\nIt began — so.\n\nChapter two\n\nIt ended."
    assert [b.kind for b in document.blocks].count(BlockKind.HEADING) == 2


def test_a_protected_book_is_named_and_mangled_fonts_are_no_matter(load):
    def with_method(method):
        part = f'<encryption><EncryptedData><EncryptionMethod Algorithm="{method}"/></EncryptedData></encryption>'
        return zip_of({**BOOK, "META-INF/encryption.xml": part})

    assert load("a.epub", with_method("http://www.idpf.org/2008/embedding")).title == "The Book"
    with pytest.raises(DocumentError, match=r"a\.epub is protected"):
        load("a.epub", with_method("http://www.w3.org/2001/04/xmlenc#aes256-cbc"))


RTF = (
    r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset204 Arial;}{\f1\fcharset0 Times;}}{\stylesheet{\s1 heading 1;}}"
    r"{\info{\title A title}{\creatim\yr2022\mo3\dy5}}{\header Page head}"
    r"\pard\s1\f0 \'cf\'e5\'f0\'e5\'e3\'ee\'e2\'ee\'f0\'fb\par\pard\f1 Hello {\b bold} caf\'e9, \u8220?so\u8221?"
    r" {\v hid}\u-10179?\u-8704?.{\footnote \pard A note.}\par{\listtext\bullet\tab}item\par"
    r"\trowd\intbl Year\cell Vote\cell\row\intbl 2021\par or so\cell yes\cell\row\pard"
    r"{\field{\*\fldinst{HYPERLINK }}{\fldrslt a link}}{\pict\bin5 }}}{}} after\par}"
)


def test_rtf_in_the_code_pages_of_its_fonts(load):
    document = load("a.rtf", RTF)
    assert (document.title, document.date) == ("A title", "2022-03-05")
    assert quotable(document) == [
        (BlockKind.HEADING, "Переговоры"),
        (BlockKind.PARAGRAPH, "Hello bold café, “so” 😀."),
        (BlockKind.LIST_ITEM, "item"),
        (BlockKind.TABLE_ROW, "Year | Vote"),
        (BlockKind.TABLE_ROW, "2021 or so | yes"),
        (BlockKind.PARAGRAPH, "a link after"),
        (BlockKind.FOOTNOTE, "A note."),
    ]


def test_a_presentation_has_a_page_a_slide(load, tokenizer):
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text = "First slide", "Point one\nPoint two"
    slide.notes_slide.notes_text_frame.text = "The speaker says more."
    hidden = presentation.slides.add_slide(presentation.slide_layouts[5])
    hidden.shapes.title.text = "Not shown"
    hidden.element.set("show", "0")
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "Votes"
    table = slide.shapes.add_table(1, 2, 0, 3_000_000, 1_000_000, 100_000).table
    table.cell(0, 0).text, table.cell(0, 1).text = "2021", "yes"
    file = io.BytesIO()
    presentation.save(file)
    document = load("a.pptx", file.getvalue())
    assert document.title == "First slide"
    assert document.date is None
    assert quotable(document) == [
        (BlockKind.HEADING, "First slide"),
        (BlockKind.LIST_ITEM, "Point one"),
        (BlockKind.LIST_ITEM, "Point two"),
        (BlockKind.PARAGRAPH, "The speaker says more."),
        (BlockKind.HEADING, "Votes"),
        (BlockKind.TABLE_ROW, "2021 | yes"),
    ]
    assert document.page_at(document.text.index("speaker")) == 1
    assert document.page_at(document.text.index("2021")) == 3
    chunks = split_chunks(document, split_sentences(document), tokenizer)
    assert any("2021 | yes" in document.text[c.start : c.end] for c in chunks)


def mail(text, subject="Re: The treaty", html=None, attachment=None):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Вася <v@example.org>", "j@example.org", subject
    message["Date"] = "Fri, 25 Mar 2022 23:00:00 +0300"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    if attachment:
        message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename=attachment)
    return message.as_bytes()


@pytest.mark.parametrize(
    "quoted",
    [
        "On Mon, 21 Mar 2022 at 10:00, John Doe <j@example.org> wrote:\n> When will they come?\n> I wait.",
        "On Mon, 21 Mar 2022 at 10:00, John Doe\n<j@example.org> wrote:\n> When will they come?",
        "21.03.2022 10:00, John Doe пишет:\n> When will they come?",
        "-----Original Message-----\nFrom: John\nSubject: The treaty\n\nWhen will they come?",
    ],
)
def test_a_mail_is_cited_without_what_it_quotes_and_without_its_signature(load, quoted):
    document = load(
        "a.eml",
        mail(f"They arrived on Monday.\n\n{quoted}\n\n-- \nVasya\n", "Re: Договор", "<p>html</p>", "report.pdf"),
    )
    assert (document.title, document.date) == ("Re: Договор", "2022-03-25")
    found = quotable(document)
    assert [pair for pair in found if pair[0] is not BlockKind.BOILERPLATE] == [
        (BlockKind.HEADING, "Re: Договор"),
        (
            BlockKind.TABLE_ROW,
            "From: Вася <v@example.org>; To: j@example.org; Date: Fri, 25 Mar 2022 23:00:00 +0300",
        ),
        (BlockKind.PARAGRAPH, "They arrived on Monday."),
        (BlockKind.TABLE_ROW, "Attachments: report.pdf"),
    ]
    assert any("When will they come?" in text for _, text in found)


def test_a_mail_of_html_alone_in_an_old_code_page_and_bare_headers(load):
    page = "From: Вася\nSubject: Привет всем\nContent-Type: text/html; charset=koi8-r\n\n".encode("koi8-r")
    document = load("a.eml", page + "<p>Встреча прошла в Женеве.</p><script>x()</script>".encode("koi8-r"))
    assert document.title == "Привет всем"
    assert document.text.endswith("\n\nВстреча прошла в Женеве.")


def test_subtitles_become_sentences_without_times(load):
    srt = (
        "1\n00:00:01,000 --> 00:00:02,500\n<i>The treaty was</i>\nsigned in\n\n"
        "2\n00:00:02,600 --> 00:00:04,000\nGeneva. Then they left.\n\n3\n00:00:05,000 --> 00:00:06,000\n"
        "- Did they?\n- Yes, they did.\n\n4\n00:00:07,000 --> 00:00:08,000\n[MUSIC]\n\n"
        "5\n00:00:30,000 --> 00:00:31,000\nJOHN SMITH: I was there.\n"
    )
    assert [text for _, text in quotable(load("a.srt", srt))] == [
        "The treaty was signed in Geneva.",
        "Then they left.",
        "Did they?",
        "Yes, they did.",
        "JOHN SMITH: I was there.",
    ]


def test_rolling_captions_say_each_word_once_and_keep_their_speakers(load):
    vtt = (
        "WEBVTT\n\nNOTE made by hand\n\n00:01.000 --> 00:03.000 align:start\n<v Jane Doe>Hello &amp; welcome\n\n"
        "00:03.000 --> 00:04.000\n<c>Hello &amp; welcome</c>\nto the show.\n\n00:04.500 --> 00:06.000\n<v Bob>Thanks.\n"
    )
    assert load("talk_one.vtt", vtt).text == "Jane Doe: Hello & welcome to the show.\n\nBob: Thanks."


@pytest.mark.parametrize("suffix", [".docx", ".xlsx", ".pptx", ".odt", ".epub"])
def test_every_container_is_guarded_before_it_is_unpacked(load, suffix):
    bombs = {
        "unpacks from": zip_of({"content.xml": bytes(60_000_000)}),
        "leads out": zip_of({"../../x": "x"}),
        "damaged": zip_of({"content.xml": "x" * 3000})[:-40],
        "is a PDF": b"%PDF-1.7 and so on",
        "encrypted or an old": b"\xd0\xcf\x11\xe0" + bytes(600),
    }
    for message, data in bombs.items():
        with pytest.raises(DocumentError, match=message) as error:
            load(f"a{suffix}", data)
        assert f"a{suffix}" in str(error.value)


def test_a_container_with_a_password_is_named(load):
    data = bytearray(zip_of(BOOK))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + place] |= 1
            at = data.find(signature, at + 4)
    with pytest.raises(DocumentError, match=r"a\.epub is encrypted; save it without a password"):
        load("a.epub", bytes(data))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.odt", odt("<text:p>cut"), "damaged"),
        ("a.odt", zip_of({"META-INF/manifest.xml": "<x><encryption-data/></x>", "content.xml": "x"}), "is encrypted"),
        ("a.epub", odt("<text:p>x</text:p>"), r"is a \.odt file, not an EPUB book"),
        ("a.rtf", RTF[:400], "cut off"),
        ("a.rtf", "plain text", "not an RTF text"),
        ("a.rtf", r"{\rtf1 }", "no text"),
        ("a.eml", "hello\n\nworld", "not a mail"),
        ("a.eml", b"\x89PNG\r\n\x1a\n", "is binary data .a picture., not a mail"),
        ("a.srt", "no captions", "no timed captions"),
        ("a.txt", RTF, r"is an RTF text, not text; give it the suffix \.rtf"),
        ("a.md", "%PDF-1.7", r"is a PDF, not text; give it the suffix \.pdf"),
    ],
)
def test_a_file_that_can_not_be_read_says_why(load, name, content, message):
    with pytest.raises(DocumentError, match=message) as error:
        load(name, content)
    assert name in str(error.value)


def test_megabyte_lines_and_deep_nesting_are_read_in_one_pass(load):
    """A quadratic reader would run into the tests' time limit."""
    deep = "{" * 200_000 + "x" + "}" * 200_000
    assert load("a.rtf", r"{\rtf1 " + r"{\field{\*\fldinst{HYPERLINK }}}" * 20_000 + deep + "}").text == "x"
    assert len(load("a.csv", "a,b\n1," + "word " * 190_000).text) > 900_000
    rolling = "\n\n".join(f"00:00:{n % 60:02}.000 --> 00:00:{n % 60:02}.900\n{'so it goes ' * 9}" for n in range(3000))
    assert load("a.vtt", f"WEBVTT\n\n{rolling}\n").text
    assert load("a.srt", "00:00:01,000 --> 00:00:02,000\nOne\n" + "<v " * 200_000).text
    assert load("a.eml", "From: a@example.org\nSubject: " + "=?utf-8?q?x?= " * 30_000 + "\n\nHello there.").text
    sheet = "/* " * 100_000 + "@media x " * 20_000 + ".a" * 100_000
    assert load("a.html", f"<style>{sheet}</style><style>{sheet[300_000:]}</style><p>Hello there.</p>").text
