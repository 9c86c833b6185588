"""A question that fits several things equally well is put back, with its readings; no other is."""

from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.types import Reason
from tests.answering.test_abstention import assert_refused


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
