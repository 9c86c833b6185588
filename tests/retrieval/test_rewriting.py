"""A follow-up made to stand alone by rules: the subject carried over, a change of subject left alone."""

from __future__ import annotations

import pytest

from assistant.retrieval.rewriting import Standalone, standalone
from assistant.types import Turn

BASE = "Why did the 2017 working group collapse?"
BASE_RU = "Почему провалилась рабочая группа 2017 года?"


def talk(*messages: str) -> list[Turn]:
    """A conversation: the user's message, the assistant's, and so on."""
    return [Turn("assistant" if place % 2 else "user", message) for place, message in enumerate(messages)]


ENGLISH = talk(BASE, "Because influential members of Congress criticised it.")
RUSSIAN = talk(BASE_RU, "Потому что конгрессмены раскритиковали идею.")


@pytest.mark.parametrize(
    "question",
    [
        "Who announced it?",
        "And who chaired it?",
        "When did they meet?",
        "What did he say on Twitter?",
        "Did they ever meet again?",
        "Why?",
        "What happened next?",
        "Anything else?",
        "And why did that happen?",
    ],
)
def test_follow_up_carries_the_subject_over_and_keeps_what_is_asked_now(question: str) -> None:
    assert standalone(question, ENGLISH) == Standalone(f"{BASE} {question}", question)


@pytest.mark.parametrize(
    "question",
    [
        "And the 2013 one?",
        "and the 2013 one?",
        "What about 2013?",
        "what about the 2013 group?",
        "How about the group of 2013?",
        "And in 2013?",
        "the one in 2013",
        "No, 2013",
        "I meant 2013",
        "Sorry, I meant 2013",
        "And the 2013 working group?",
    ],
)
def test_another_year_takes_the_place_of_the_year(question: str) -> None:
    asked = "Why did the 2013 working group collapse?"
    assert standalone(question, ENGLISH) == Standalone(asked, asked)


@pytest.mark.parametrize(
    "question",
    [
        "What is the Budapest Convention?",
        "Who is Lyukmanov?",
        "How does NATO Article 5 apply to cyberattacks?",
        "Who represented Russia at the BRICS meeting in South Africa in July 2023?",
        "Could a cyberattack trigger NATO's Article 5?",
        "Что такое Будапештская конвенция?",
    ],
)
def test_change_of_subject_stays_alone(question: str) -> None:
    assert standalone(question, ENGLISH) == Standalone(question, question)


@pytest.mark.parametrize("question", ["А в 2013 году?", "А 2013 года?", "Как насчёт 2013 года?"])
def test_another_year_in_russian(question: str) -> None:
    asked = "Почему провалилась рабочая группа 2013 года?"
    assert standalone(question, RUSSIAN) == Standalone(asked, asked)


@pytest.mark.parametrize("question", ["Кто её возглавлял?", "А почему?", "Почему?", "Когда это было?"])
def test_russian_follow_up_carries_the_subject_over(question: str) -> None:
    assert standalone(question, RUSSIAN) == Standalone(f"{BASE_RU} {question}", question)


@pytest.mark.parametrize(
    ("base", "follow_up", "asked"),
    [
        ("When did the presidents meet?", "Where?", "Where did the presidents meet?"),
        ("When did the presidents meet?", "And why exactly?", "Why did the presidents meet?"),
        (BASE, "When?", "When did the 2017 working group collapse?"),
        ("How many diplomats did they expel?", "why", "Why did they expel diplomats?"),
        ("Когда встретились президенты?", "А где?", "Где встретились президенты?"),
    ],
)
def test_a_single_asking_word_asks_the_earlier_question_by_it(base: str, follow_up: str, asked: str) -> None:
    assert standalone(follow_up, talk(base, "An answer.")) == Standalone(asked, asked)


@pytest.mark.parametrize(
    ("base", "follow_up", "asked"),
    [
        ("What did Biden ask for in Geneva?", "And what did Putin want?", "What did Putin want in Geneva?"),
        ("What did Biden ask for in Geneva?", "And Putin?", "What did Putin ask for in Geneva?"),
        ("When was the GGE created?", "What about the OEWG?", "When was the OEWG created?"),
        ("Who chaired the group for Russia?", "And the US?", "Who chaired the group for the US?"),
    ],
)
def test_another_name_takes_the_place_of_the_one(base: str, follow_up: str, asked: str) -> None:
    assert standalone(follow_up, talk(base, "An answer.")) == Standalone(asked, asked)


@pytest.mark.parametrize(
    ("base", "follow_up"),
    [
        ("When did Putin meet Obama?", "And Trump?"),
        ("Who was the Russian negotiator?", "And Neuberger?"),
        ("What did Russia propose?", "And what did the US say?"),
    ],
)
def test_another_name_that_may_stand_for_several_comes_after_the_question(base: str, follow_up: str) -> None:
    assert standalone(follow_up, talk(base, "An answer.")).text == f"{base} {follow_up}"


def test_a_single_asking_word_is_said_of_the_latest_question() -> None:
    talked = talk("What is the OEWG?", "A body.", "Where does it meet?", "In New York.")
    assert standalone("When?", talked) == Standalone("What is the OEWG? When does it meet?", "When does it meet?")


@pytest.mark.parametrize("base", ["Who is Lyukmanov?", "What happened in 2017?", "Tell me about the summit"])
def test_what_can_not_be_asked_by_another_word_stays_in_front(base: str) -> None:
    assert standalone("Why?", talk(base, "An answer.")) == Standalone(f"{base} Why?", "Why?")


def test_subject_is_carried_three_turns_deep() -> None:
    history = talk(BASE, "Congress.", "Who announced it?", "Lavrov and Tillerson.", "When was that?", "In July 2017.")
    assert standalone("And where did they meet?", history).text == f"{BASE} And where did they meet?"


def test_subject_is_the_latest_one_that_stood_alone() -> None:
    other = "What is the Budapest Convention?"
    history = talk(BASE, "Congress.", other, "A treaty of the Council of Europe.")
    assert standalone("Who signed it?", history).text == f"{other} Who signed it?"


@pytest.mark.parametrize("question", ["And the 2013 one?", "Who chaired it?", "Why?", BASE])
def test_without_a_history_a_question_is_left_as_it_is(question: str) -> None:
    assert standalone(question, ()) == Standalone(question, question)


def test_history_without_a_user_message_is_no_history() -> None:
    history = [Turn("assistant", "Hello! Ask me something."), Turn("user", "  ")]
    assert standalone("Who chaired it?", history) == Standalone("Who chaired it?", "Who chaired it?")


def test_year_of_the_latest_follow_up_is_carried_on() -> None:
    history = talk(BASE, "Congress.", "And the 2013 one?", "The freeze.")
    assert "2013" in standalone("Who chaired it?", history).text


def test_another_year_is_asked_the_last_question_about() -> None:
    history = talk("When did the 2013 working group meet?", "In November.", "Why did it stop?", "Ukraine.")
    asked = Standalone("When did the 2017 working group meet? Why did it stop?", "Why did it stop?")
    assert standalone("And the 2017 one?", history) == asked


@pytest.mark.parametrize("question", ["The 2013 one", "I meant the 2013 group", "The first one"])
def test_reading_that_was_asked_back_is_put_into_the_question(question: str) -> None:
    history = talk("Why did the working group fail?", "Which one do you mean: the 2013 working group or the 2017 one?")
    assert standalone(question, history).text == "Why did the 2013 working group fail?"
