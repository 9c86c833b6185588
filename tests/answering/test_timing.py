"""What holds when: questions about a period, about the latest state, and as of a day."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant import Assistant

CLUB = """The coaches of Sporting Vela are known for long terms.

From 2004 to 2009 the coach of Sporting Vela was Marco Dorn.
From 2010 to 2014 the coach of Sporting Vela was Iris Keller.
From 2015 to 2019 the coach of Sporting Vela was Tomas Brandt.
Since 2020 the coach of Sporting Vela has been Nora Quist.

The bank of Ostra was founded by Emil Sand. The bank of Ostra was robbed in 1931.
The bank of Ostra moved in 1987.
"""
GUIDE = '---\ntitle: "Guide of {0}"\ndate: "{0}"\n---\n\nThe Lighthouse Museum employs {1} guides.\n'
NOTES = """Notes without a date.

In 2012 the ferry to Sable carried 400 passengers. In 2021 the ferry to Sable carried 900 passengers.
"""


@pytest.fixture(scope="module")
def club(make_assistant: Callable[..., Assistant]) -> Assistant:
    """Terms of office, two states of a museum, and notes without a date."""
    return make_assistant(
        {
            "club.md": CLUB,
            "a-2019.md": GUIDE.format("2019", 12),
            "b-2023.md": GUIDE.format("2023", 30),
            "notes.md": NOTES,
        },
        caution="bold",  # which sentence is told is at stake here, not how sure is sure enough
    )


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("Who was the coach of Sporting Vela in 2012?", "Iris Keller"),
        ("Who was the coach of Sporting Vela in 2017?", "Tomas Brandt"),
        ("Who was the coach of Sporting Vela from 2004 to 2009?", "Marco Dorn"),
        ("Who was the coach of Sporting Vela between 2011 and 2013?", "Iris Keller"),
        ("Who was the coach of Sporting Vela in 2022?", "Nora Quist"),
    ],
)
def test_a_question_about_a_time_is_answered_by_the_period_that_holds_it(
    club: Assistant, question: str, right: str
) -> None:
    names = {"Marco Dorn", "Iris Keller", "Tomas Brandt", "Nora Quist"}
    assert {name for name in names if name in club.ask(question).text} == {right}


@pytest.mark.parametrize(
    ("question", "there", "absent"),
    [
        ("What happened to the bank of Ostra before 1950?", "1931", "1987"),
        ("What happened to the bank of Ostra after 1950?", "1987", "1931"),
    ],
)
def test_before_and_after_bound_the_answer(club: Assistant, question: str, there: str, absent: str) -> None:
    answer = club.ask(question)
    assert there in answer.text
    assert absent not in answer.text


def test_a_line_with_the_very_period_answers_before_a_sentence_on_that_time(
    make_assistant: Callable[..., Assistant],
) -> None:
    rovers = make_assistant(
        {
            "rovers.md": """# Ostra Rovers

Ostra Rovers is a football club of the island of Ostra, and Ostra Rovers plays in blue.

On 21 June 2015 the coach of Ostra United saw Ostra Rovers promoted to the first league by the away goals rule.

## Coaches

- Pavel Lind (2011-14)
- Quentin Sorel (2015-17)
- Marek Holm (2018)
"""
        }
    )
    answer = rovers.ask("Who was the coach of Ostra Rovers from 2015 to 2017?")
    assert [c.quote for c in answer.citations] == ["Quentin Sorel (2015-17)"]


def test_an_explanation_does_not_miss_the_year_that_only_bounds_the_question(club: Assistant) -> None:
    answer = club.ask("Which admiral commanded the submarines of Ostra before 1950?")
    assert not answer.answered
    assert "“1950”" not in (answer.explanation or "")


@pytest.mark.parametrize("word", ["currently", "now", "today"])
def test_the_latest_state_comes_first_where_it_is_asked_for(club: Assistant, word: str) -> None:
    answer = club.ask(f"How many guides does the Lighthouse Museum {word} employ?")
    assert answer.citations[0].path == "b-2023.md"
    assert any("2023" in note and "2019" in note for note in answer.notes)


def test_as_of_a_day_the_state_of_that_day_is_told_and_no_later_one(club: Assistant) -> None:
    answer = club.ask("How many guides does the Lighthouse Museum currently employ?", as_of="2020-06-01")
    assert "12 guides" in answer.text
    assert "30" not in answer.text
    assert not answer.notes


def test_an_undated_document_does_not_tell_of_years_after_the_day(club: Assistant) -> None:
    question = "How many passengers did the ferry to Sable carry?"
    assert "900" in club.ask(question).text
    answer = club.ask(question, as_of="2015")
    assert "400" in answer.text
    assert "900" not in answer.text
