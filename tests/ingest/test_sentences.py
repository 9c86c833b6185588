from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.ingest import normalise, split_sentences
from assistant.ingest.plaintext import read_plaintext
from assistant.types import Block, BlockKind, Document


def paragraph(text: str, kind: BlockKind = BlockKind.PARAGRAPH) -> Document:
    return Document("x", "x", "x", text, "", blocks=(Block(0, len(text), kind),))


def split(text: str, kind: BlockKind = BlockKind.PARAGRAPH) -> list[str]:
    return [text[s.start : s.end] for s in split_sentences(paragraph(text, kind))]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Mr. Smith met Dr. J. R. Jones of the U.S. Army at 5 p.m. on Jan. 5.", "He left at 6 p.m.", "The end."],
        ["It costs 3.5 million, i.e. a lot, e.g. No. 5 cost more.", "No.", "He said no."],
        ["George G. Meade was in the U.S.", "The next day he left.", "Washington D.C. in 1990."],
        ["1. Fußball-Club Köln 01/07 e . V. , commonly known as FC Köln , is a club .", "It was formed in 1948 ."],
        ["They went down to 2 . Bundesliga in 1981 .", "It was sad ."],
        [
            "Проект, т.е. новый текст, принят им. Пушкина на ул. Ленина в г. Москве.",
            "А. С. Пушкин родился в 1799 г.",
            "Он умер.",
        ],
        ['He said "foo bar."', "Then left.", '"Go!" he cried.'],
        ["Russia answered[1].", "The talks began.[2]", "They ended. [3]", "Nothing came of it."],
        ["«Да!» — сказал он.", "Все ушли."],
        ["Was it?", "Yes!", "Well… perhaps not."],
    ],
)
def test_sentences_of_both_languages(sentences):
    assert split(" ".join(sentences)) == sentences


def test_marks_of_notes_and_bullets_do_not_begin_a_sentence():
    assert split("[24] Ibid. See above.", BlockKind.FOOTNOTE) == ["Ibid.", "See above."]
    assert split("• First thing", BlockKind.LIST_ITEM) == ["First thing"]
    assert split("[12]", BlockKind.FOOTNOTE) == []


def test_heading_is_one_sentence_and_counts_sections():
    text = "Mr. Smith. A Life\n\nHe lived.\n\nPart\n\nHe died."
    kinds = (BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.PARAGRAPH)
    starts = [0, 19, 30, 36]
    blocks = tuple(Block(a, a + n, k, 1) for a, n, k in zip(starts, (17, 9, 4, 8), kinds, strict=True))
    found = split_sentences(Document("x", "x", "x", text, "", blocks=blocks))
    assert [s.section for s in found] == [1, 1, 2, 2]
    assert text[found[0].start : found[0].end] == "Mr. Smith. A Life"


@given(st.text(alphabet='aB .!?\n[]1"«»“”;,-•яЯ—…', max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_ordered_trimmed_spans_within_blocks(raw):
    found = read_plaintext(raw)
    document = Document("x", "x", "x", found.text, "", blocks=found.blocks)
    position = 0
    for sentence in split_sentences(document):
        quote = found.text[sentence.start : sentence.end]
        assert position <= sentence.start < sentence.end
        assert quote == quote.strip()
        assert any(
            b.start <= sentence.start and sentence.end <= b.end and b.kind is sentence.kind for b in found.blocks
        )
        position = sentence.end
    said = "".join(found.text[s.start : s.end] for s in split_sentences(document))
    assert [c for c in said if c.isalpha()] == [c for c in found.text if c.isalpha()]


@pytest.mark.parametrize("unit", ["word ", "a; ", "x", "1.1. ", "Foo bar. ", '"Foo ', "[1] ", ". "])
def test_a_megabyte_on_one_line_takes_seconds_and_stays_within_bounds(unit):
    text = unit * (1_000_000 // len(unit))
    begun = time.perf_counter()
    spans = split_sentences(paragraph(text.strip()))
    assert time.perf_counter() - begun < 20  # a quadratic way takes minutes
    assert all(s.end - s.start <= 2000 for s in spans)


@given(st.text(max_size=100))
def test_normalise_is_idempotent(text):
    assert normalise(normalise(text)) == normalise(text)


def test_possessive_at_the_end_is_no_initial() -> None:
    assert split("It was more than Putin's. Biden made two requests. It was James’s. They left.") == [
        "It was more than Putin's.",
        "Biden made two requests.",
        "It was James’s.",
        "They left.",
    ]
