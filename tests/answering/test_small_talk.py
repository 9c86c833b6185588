"""Greetings, thanks and farewells are answered in kind; a question that begins politely is a question."""

from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.answering.small_talk import reply_to
from assistant.types import Reason


@pytest.mark.parametrize(
    ("message", "begins"),
    [
        ("hello", "Hello!"),
        ("Hi there!", "Hello!"),
        ("Good morning", "Hello!"),
        ("thanks", "You're welcome"),
        ("Thank you very much!", "You're welcome"),
        ("bye", "Goodbye"),
        ("What can you do?", "Ask me something about the documents"),
        ("Привет!", "Здравствуйте!"),
        ("Добрый день", "Здравствуйте!"),
        ("Спасибо большое!", "Пожалуйста"),
        ("До свидания", "До свидания"),
        ("Что ты умеешь?", "Спросите что-нибудь о документах"),
    ],
)
def test_small_talk_is_answered_in_its_language(message: str, begins: str) -> None:
    reply = reply_to(message)
    assert reply is not None
    assert reply.startswith(begins)


@pytest.mark.parametrize(
    "message",
    [
        "Hello, why did the 2017 working group collapse?",
        "Thanks, and who chaired it?",
        "Who are they?",
        "What is a hello packet?",
        "Goodbye to Moscow",
        "Привет, почему провалилась группа 2017 года?",
        "helpdesk",
        "",
        "?!",
    ],
)
def test_a_question_is_no_small_talk(message: str) -> None:
    assert reply_to(message) is None


@pytest.mark.parametrize("message", ["hello", "спасибо"])
def test_assistant_greets_back_without_citing_anything(starter: Assistant, message: str) -> None:
    answer = starter.ask(message)
    assert (answer.answered, answer.reason) == (False, Reason.SMALL_TALK)
    assert answer.explanation == reply_to(message)
    assert (answer.text, answer.sentences, answer.citations, answer.passages) == ("", (), (), ())


def test_question_behind_a_greeting_is_answered(starter: Assistant) -> None:
    assert starter.ask("Hello, why did the 2017 working group collapse?").answered
