"""Who did it to whom: a sentence that has it the other way round is no answer."""

from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.answering.exchanged import exchanged
from tests.answering.test_abstention import MakeAssistant

THEIRS = "Freedonia accused Sylvania of jamming its radio stations."
OURS = "Sylvania accused Freedonia of moving the border stones at night."
BETWEEN = f"# Freedonia and Sylvania\n\nThe two neighbours have quarrelled for years. {OURS} {THEIRS}\n"


@pytest.mark.parametrize(
    ("question", "said", "other"),
    [
        ("What did Freedonia accuse Sylvania of?", "jamming", "stones"),
        ("What did Sylvania accuse Freedonia of?", "stones", "jamming"),
        ("What was Sylvania accused of by Freedonia?", "jamming", "stones"),
    ],
)
def test_the_accusation_is_told_of_the_one_who_made_it(
    make_assistant: MakeAssistant, question: str, said: str, other: str
) -> None:
    text = make_assistant({"neighbours.md": BETWEEN}).ask(question).text
    assert said in text
    assert other not in text


def test_what_the_united_states_say_of_russia_is_not_told_by_what_russia_says_of_them(starter: Assistant) -> None:
    told = starter.ask("What does the United States accuse Russia of in cyberspace?").text
    assert "Russia attacks civilian and military targets" in told
    assert "The United States wages an information war" not in told


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What did the US accuse Russia of?", "Moscow has accused Washington of meddling."),
        ("What did the US accuse Russia of?", "The United States stood accused of meddling."),
        ("What did the US accuse Russia of?", "The US was accused by the Kremlin of meddling."),
        ("What did the US accuse Russia of?", "Russia | The United States meddles"),
        ("What was Moscow accused of by Washington?", "Russia accused the United States."),
        ("Who accused Russia of meddling?", "Russia accused the bank."),
        ("Whom did Russia accuse of meddling?", "The bank accused Russia of meddling."),
    ],
)
def test_the_other_way_round(question: str, text: str) -> None:
    assert exchanged(question, text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What did the US accuse Russia of?", "Washington has long accused Moscow of meddling."),
        ("What did the US accuse Russia of?", "Russia was accused by American officials."),
        (
            "What did the US accuse Russia of?",
            "Russia accused the US, and the US accused Russia.",
        ),
        ("What did the US accuse Russia of?", "United States | Russia meddles"),
        ("What did the US accuse Russia of?", "The accusation was made in Moscow."),
        ("When did Biden meet Putin?", "Putin met Biden in June."),
        ("When did Chopin and Sand become lovers?", "Sand and Chopin had become lovers by June."),
        ("Who was Warhol buried next to?", "Warhol was buried next to his mother."),
        ("When did Dali paint Swans?", "Swans (1937) is a painting by Dali."),
        ("When did Ann release Slow Rain?", "The release of Ann's album Slow Rain came in May."),
        ("Why did the talks end?", "The talks ended in May."),
    ],
)
def test_not_where_the_order_tells_nothing(question: str, text: str) -> None:
    assert not exchanged(question, text)
