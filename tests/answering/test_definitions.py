"""Asked what or who something is, the assistant quotes what says so, not what merely names it."""

from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.answering.definitions import definition, enumerates
from tests.answering.test_abstention import MakeAssistant


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is the OEWG?", "two bodies of the United Nations"),
        ("What is Article 5?", "collective defense clause"),
        ("Who is Andrey Krutskikh?", "special representative for cooperation"),
        ("Who was Michael Daniel?", "Special Assistant to the President"),
        ("What does IIS stand for?", "international information security"),
        ("Who is Oleg Syromolotov?", "a Deputy Foreign Minister of Russia"),
    ],
)
def test_what_it_is_is_quoted(starter: Assistant, question: str, said: str) -> None:
    assert said in starter.ask(question).text


def test_what_names_it_more_often_is_not_preferred(make_assistant: MakeAssistant) -> None:
    assistant = make_assistant(
        {
            "harbour.md": "# Harbour news\n\nThe Kestrel is back in the harbour. Many people came to see the Kestrel. "
            "The Kestrel was painted last spring, and the Kestrel will leave the harbour in May.\n",
            "ships.md": "# Ships of the coast\n\nFour ships are kept by the museum. The Kestrel is a pilot cutter that "
            "was built at Falmouth in 1911. Her sisters were lost.\n",
        }
    )
    answer = assistant.ask("What is the Kestrel?")
    assert "a pilot cutter that was built at Falmouth in 1911" in answer.text
    assert "Many people" not in answer.text


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("What is the Open-ended Working Group?", "The Open-ended Working Group is a body of the United Nations."),
        ("what's BRICS", "BRICS is a group of states."),
        ("Who is Jane Roe?", "The plan was written by Jane Roe, head of the archive."),
        ("Who is Jane Roe?", "It was announced by director Jane Roe."),
        ("Who is Jane Roe?", "Jane Roe is described in 2023 as the new head of the archive."),
        ("Who is Jane Roe?", "Roe held the office of state archivist."),
        ("What is CERT?", "The Computer Emergency Response Team (CERT) is a unit of the ministry."),
        ("What are intents?", "Intents are purposes expressed in what a customer says."),
        ("Что такое ГПЭ?", "ГПЭ — это группа правительственных экспертов."),
        ("What does NRRC mean?", "Messages go to the Nuclear Risk Reduction Center (NRRC)."),
    ],
)
def test_definitions_are_known_by_their_form(question: str, thing: str) -> None:
    assert definition(question, thing) > 0


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("What is BRICS?", "BRICS is discussed in July."),
        ("What is BRICS?", "BRICS: meetings in July and September confirmed it."),
        ("Who is Jane Roe?", "Jane Roe's deputy is a lawyer."),
        ("Who is Jane Roe?", "Jane Roe, John Doe and others signed."),
        ("What is the group?", "The groups were founded in 2004."),
    ],
)
def test_what_only_names_a_thing_defines_nothing(question: str, sentence: str) -> None:
    assert definition(question, sentence) == 0


@pytest.mark.parametrize(
    "question", ["Who chaired BRICS?", "What did BRICS say?", "Why is BRICS old?", "Is BRICS a ship?"]
)
def test_other_questions_ask_for_no_definition(question: str) -> None:
    assert definition(question, "BRICS is a group of states.") == 0


def test_who_the_members_are_is_quoted(starter: Assistant) -> None:
    text = starter.ask("Who are the members of BRICS?").text
    assert "Brazil, Russia, India, China and South Africa" in text
    assert "Budapest" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The five members until 2023 were Brazil, Russia, India, China and South Africa.", True),
        ("The members of the league include Bergen, Riga and Lund.", True),
        ("The members are ready to compromise.", False),
        ("South Africa, a member, is one of the founders.", False),
    ],
)
def test_a_sentence_that_says_who_the_members_are(text: str, expected: bool) -> None:
    assert enumerates("Who are the members of the league?", text) is expected
