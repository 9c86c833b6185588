from __future__ import annotations

import textwrap

import pytest

from assistant.ingest.plaintext import read_plaintext
from assistant.types import BlockKind

PROSE = "This is a paragraph of prose that is long enough to be one, with a second half that says nothing at all. "


def of_kind(document, kind):
    return [document.text[b.start : b.end] for b in document.blocks if b.kind is kind]


def test_unmarked_headings_captions_and_notes_of_the_chapter(shared_text):
    document = shared_text("russia-cyber-diplomacy-2024.txt")
    assert of_kind(document, BlockKind.HEADING)[1:] == [
        "A short-lived Russia-US cyber détente",
        "First attempt at bilateral cooperation in cyberspace",
        "Missed opportunities",
        "Pivot to the East",
        "Global Majority on the rise",
    ]
    captions = of_kind(document, BlockKind.CAPTION)
    for start in ("Map 3.", "© Compiled", "Source: https", "Statement by President", "Note by the Secretary"):
        assert any(caption.startswith(start) for caption in captions), start
    assert sum(note.startswith("[") for note in of_kind(document, BlockKind.FOOTNOTE)) == 33
    assert document.date == "2024-04-15"
    assert document.language == "en"


def test_captions_and_subscription_lines_of_the_news_story(shared_text):
    document = shared_text("cyber-treaty-appeal-2022.txt")
    captions = of_kind(document, BlockKind.CAPTION)
    assert "US, Cyber, Command, Fort, George, Meade, Maryland" in captions
    assert (
        sum(
            caption.endswith(("Josef Cole/U.S. Cyber Command", "KENZO TRIBOUILLARD/Getty Images"))
            for caption in captions
        )
        == 2
    )
    boilerplate = of_kind(document, BlockKind.BOILERPLATE)
    assert boilerplate[0] == "Editor's pick"
    assert boilerplate.count("Newsweek cover") == 2
    assert document.title.startswith("Russia Wants Cyber Treaty")
    assert len(of_kind(document, BlockKind.HEADING)) == 1


@pytest.mark.parametrize(
    "line",
    ["He left.", "- a bullet", "(see below", "Dear Sir,", "April 15, 2024", "https://example.org", "lower case words"],
)
def test_what_is_no_heading_stays_a_paragraph(line):
    found = read_plaintext(f"Title\n\n{PROSE}\n\n{line}\n\n{PROSE}")
    assert [b.kind for b in found.blocks].count(BlockKind.HEADING) == 1


def test_hand_wrapped_lines_are_one_paragraph_and_long_lines_are_one_each():
    wrapped = (
        "Title\n\nThis text was wrapped by hand at some forty or so\ncharacters, so that its lines are of about the\n"
        "same length and end anywhere they happen to.\n\nNext."
    )
    assert len(read_plaintext(wrapped).blocks) == 3
    assert len(read_plaintext(f"Title\n{PROSE}\n{PROSE}\n{PROSE}").blocks) == 4


def test_list_lines_are_items():
    found = read_plaintext(f"Title\n\n{PROSE}:\n• one thing\n• another thing\n2) third thing")
    assert [b.kind for b in found.blocks[2:]] == [BlockKind.LIST_ITEM] * 3


@pytest.mark.parametrize("width", [24, 30, 36])
def test_sentences_are_not_cut_at_the_ends_of_very_short_lines(width):
    paragraphs = [
        "The working group met in Geneva for two weeks in July. It could not agree on a report, since it was late.",
        "Later the General Assembly set up a second group, open to all states that wanted to take part in it.",
    ]
    wrapped = "\n\n".join("\n".join(textwrap.wrap(paragraph, width)) for paragraph in paragraphs)
    found = [" ".join(wrapped[b.start : b.end].split()) for b in read_plaintext(wrapped).blocks]
    assert found == paragraphs


def test_verses_and_lists_of_short_lines_stay_lines():
    verse = "Once upon a midnight dreary,\nWhile I pondered, weak and weary,\nOver many a quaint volume\nOf lore"
    shopping = "Flour\nBread and butter\nMilk\nCheese from the market"
    assert len(read_plaintext(f"{verse}\n\n{shopping}").blocks) == 8
