"""A conversation, step by step, without a browser: what is remembered, and what an error looks like."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import pytest

from assistant import Answer, AnswerSentence, Assistant, Citation, Event, IndexMissingError, QuestionError, Turn
from assistant.serving.browser.ui import Conversation, converse
from assistant.serving.given import GivenAnswers


class Scripted(Assistant):
    """Says what it is told to; the chat's own part is under test."""

    def __init__(self, *script: Event | Exception) -> None:
        self._script = script
        self.histories: list[tuple[Any, ...]] = []

    def stream(self, question: str, *, history: Any = (), as_of: str | None = None) -> Iterator[Event]:
        self.histories.append(tuple(history))
        for step in self._script:
            if isinstance(step, Exception):
                raise step
            yield step

    def document(self, id_or_path: str) -> Any:
        raise AssertionError("no document is needed here")


SENTENCE = AnswerSentence("It ended.", (1,))
CITED = Citation(1, "d", "a.md", "A", None, None, None, "It ended.", 0, 9)
REFUSED = Answer("q", "q", False, explanation="Nothing is said about it.")


def last(steps: list[Conversation]) -> str:
    return steps[-1].messages[-1]["content"]


def test_sentences_appear_as_they_are_verified() -> None:
    scripted = Scripted(Event("sentence", SENTENCE), Event("citation", CITED), Event("done", REFUSED))
    steps = list(converse(scripted, "Did it end?", Conversation(), GivenAnswers()))
    assert "Reading the documents" in steps[0].messages[-1]["content"]
    assert "It ended." in steps[1].messages[-1]["content"]
    assert "Nothing is said about it." in last(steps)


def test_question_and_plain_answer_are_the_history_of_the_next_question() -> None:
    scripted = Scripted(Event("done", REFUSED))
    first = list(converse(scripted, "One?", Conversation(), GivenAnswers()))[-1]
    second = list(converse(scripted, "Two?", first, GivenAnswers()))[-1]
    expected = (Turn("user", "One?"), Turn("assistant", "Nothing is said about it."))
    assert scripted.histories == [(), expected]
    assert len(second.messages) == 4


@pytest.mark.parametrize("error", [QuestionError("too <long>"), IndexMissingError("run `assistant index`")])
def test_expected_error_is_shown_and_forgotten(error: Exception) -> None:
    steps = list(converse(Scripted(error), "One?", Conversation(), GivenAnswers()))
    assert "ca-error" in last(steps)
    assert html.escape(str(error))[1:] in last(steps)
    assert steps[-1].turns == ()


def test_unexpected_error_is_a_sentence_for_people_and_a_traceback_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    steps = list(converse(Scripted(RuntimeError("secret detail")), "One?", Conversation(), GivenAnswers()))
    assert "ca-error" in last(steps)
    assert "secret detail" not in last(steps)
    assert "secret detail" in caplog.text


def test_empty_question_gets_a_message_and_reaches_nobody() -> None:
    scripted = Scripted()
    steps = list(converse(scripted, " \n ", Conversation(), GivenAnswers()))
    assert "The question is empty" in last(steps)
    assert scripted.histories == []


def test_answer_that_breaks_off_is_an_error() -> None:
    scripted = Scripted(Event("sentence", SENTENCE))
    assert "broke off" in last(list(converse(scripted, "One?", Conversation(), GivenAnswers())))
