"""A question that fits several things equally well is put back, with its readings; no other is."""

from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.types import Reason
from tests.answering.test_abstention import MakeAssistant, assert_refused

OFFICES = {
    "canada.md": (
        "# Prime Minister of Canada\n\n"
        "The Prime Minister of Canada lives at 24 Sussex Drive in Ottawa. The Prime Minister is appointed by the "
        "Governor General and leads the cabinet. Under John Macdonald the Prime Minister chose the judges alone.\n"
    ),
    "kingdom.md": (
        "# Prime Minister of the United Kingdom\n\n"
        "The Prime Minister of the United Kingdom lives at 10 Downing Street in London. The Prime Minister is named "
        "by the monarch and leads the cabinet. Robert Walpole is held to be the first.\n"
    ),
    "norway.md": (
        "# Fjords of Norway\n\nThe fjords of Norway were cut by glaciers. The Sognefjord is 205 kilometres long.\n"
    ),
}


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("Why did the working group fail?", "working group"),
        ("What happened to the working group?", "working group"),
        ("Why did the attempt fail?", "attempt"),
    ],
)
def test_question_back_names_the_readings(starter: Assistant, question: str, thing: str) -> None:
    answer = starter.ask(question)
    assert_refused(answer, Reason.AMBIGUOUS)
    assert answer.explanation == f"Which one do you mean: the 2013 {thing} or the 2017 {thing}?"


@pytest.mark.parametrize(
    "question",
    [
        "Why did the 2013 working group fail?",
        "Why did the detente end?",
        "Who led the Russian team in the consultations?",
        "Why was the joint resolution remarkable?",
        "Who chaired the working group?",
    ],
)
def test_question_that_one_thing_answers_is_answered(starter: Assistant, question: str) -> None:
    assert starter.ask(question).answered


def test_conversation_says_which_one_is_meant(starter: Assistant) -> None:
    history = [
        {"role": "user", "content": "When did the 2013 working group meet?"},
        {"role": "assistant", "content": "In November 2013."},
    ]
    answer = starter.ask("Why did it fail?", history=history)
    assert "Ukraine" in answer.text
    history = [
        {"role": "user", "content": "Why did the working group fail?"},
        {"role": "assistant", "content": "Which one do you mean: the 2013 working group or the 2017 working group?"},
    ]
    assert "criticism" in starter.ask("The second one.", history=history).text
    assert "Ukraine" in starter.ask("The 2013 one", history=history).text


def test_conversation_about_something_else_does_not_say_which_one(starter: Assistant) -> None:
    """The question after it is put back as if it came first, and the reply is to that question."""
    history = [
        {"role": "user", "content": "Who is Andrey Krutskikh?"},
        {"role": "assistant", "content": "A special representative of the Kremlin."},
    ]
    answer = starter.ask("Why did the working group fail?", history=history)
    assert_refused(answer, Reason.AMBIGUOUS)
    history += [
        {"role": "user", "content": answer.question},
        {"role": "assistant", "content": answer.explanation or ""},
    ]
    assert "Ukraine" in starter.ask("The 2013 one", history=history).text
    assert "criticism" in starter.ask("2017", history=history).text


@pytest.fixture(scope="module")
def offices(make_assistant: MakeAssistant) -> Assistant:
    return make_assistant(OFFICES)


@pytest.mark.parametrize("question", ["Where does the Prime Minister live?", "Who chooses the prime minister?"])
def test_question_back_names_the_documents_on_a_thing_of_the_name(offices: Assistant, question: str) -> None:
    answer = offices.ask(question)
    assert_refused(answer, Reason.AMBIGUOUS)
    both = {"Prime Minister of Canada", "Prime Minister of the United Kingdom"}
    assert set(answer.explanation.removeprefix("Which one do you mean: ").removesuffix("?").split(" or ")) == both


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Where does the Prime Minister of Canada live?", "24 Sussex Drive"),
        ("Where in London does the Prime Minister live?", "10 Downing Street"),
        ("How long is the Sognefjord?", "205 kilometres"),
    ],
)
def test_question_that_tells_the_documents_apart_is_answered(offices: Assistant, question: str, said: str) -> None:
    assert said in offices.ask(question).text


def test_reply_names_the_document_that_is_meant(offices: Assistant) -> None:
    asked = "Where does the Prime Minister live?"
    history = [
        {"role": "user", "content": asked},
        {"role": "assistant", "content": offices.ask(asked).explanation or ""},
    ]
    assert "24 Sussex Drive" in offices.ask("Prime Minister of Canada", history=history).text
    assert "10 Downing Street" in offices.ask("The one of the United Kingdom", history=history).text
