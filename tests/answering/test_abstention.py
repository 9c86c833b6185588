"""A refusal is honest: nothing is claimed, it is said what is missing, and the nearest passages are offered."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant import Assistant
from assistant.types import Answer, Reason

MakeAssistant = Callable[..., Assistant]


def assert_refused(answer: Answer, reason: Reason) -> None:
    """Nothing is said, and why is."""
    assert (answer.answered, answer.reason) == (False, reason)
    assert (answer.text, answer.sentences, answer.citations, answer.short_answer) == ("", (), (), None)
    assert answer.explanation


@pytest.mark.parametrize(
    "question",
    [
        "What is the price of Bitcoin?",
        "Who won the football world cup in Qatar?",
        "How do I bake sourdough bread?",
        "Who painted the Mona Lisa?",
        "Who hacked Colonial Pipeline?",
        "Какая погода завтра в Новосибирске?",
    ],
)
def test_what_the_corpus_does_not_say_is_refused_and_the_nearest_passages_offered(
    starter: Assistant, question: str
) -> None:
    answer = starter.ask(question)
    assert_refused(answer, Reason.NOT_IN_CORPUS)
    assert len(answer.passages) >= 5
    for passage in answer.passages:
        assert starter.document(passage.path).text[passage.start : passage.end] == passage.text


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What is the price of Bitcoin?", ["Bitcoin"]),
        ("Who painted the Mona Lisa?", ["Mona", "Lisa"]),
        ("What did NATO decide in 1955?", ["1955"]),
        ("Какая погода завтра в Новосибирске?", ["Новосибирске"]),
    ],
)
def test_refusal_names_the_year_or_the_words_that_are_missing(
    starter: Assistant, question: str, missing: list[str]
) -> None:
    answer = starter.ask(question)
    assert_refused(answer, Reason.NOT_IN_CORPUS)
    assert [word for word in missing if word in (answer.explanation or "")] == missing


def test_refusal_speaks_the_language_of_the_question(starter: Assistant) -> None:
    assert "Корпус не отвечает" in (starter.ask("Какая погода завтра в Новосибирске?").explanation or "")
    assert "The corpus does not answer" in (starter.ask("What is the weather in Novosibirsk?").explanation or "")


@pytest.mark.parametrize("question", ["Who opened the bridge?", "Кто открыл мост?"])
def test_empty_corpus_says_how_to_fill_it(make_assistant: MakeAssistant, question: str) -> None:
    answer = make_assistant({}).ask(question)
    assert_refused(answer, Reason.EMPTY_CORPUS)
    assert "assistant index" in (answer.explanation or "")
    assert answer.passages == ()


def test_question_in_a_language_that_nothing_is_in_names_the_remedy(make_assistant: MakeAssistant) -> None:
    english = make_assistant({"bridge.md": "# Harbour Bridge\n\nThe Harbour Bridge was opened in 1932 by Lang.\n"})
    answer = english.ask("Кто открыл мост через гавань?")
    assert_refused(answer, Reason.LANGUAGE)
    assert "ASSISTANT_EMBEDDING_MODEL" in (answer.explanation or "")
    assert "на русском" in (answer.explanation or "")


def test_nothing_dated_early_enough_is_said_so(make_assistant: MakeAssistant) -> None:
    corpus = make_assistant(
        {"late.md": "---\ndate: 2024-01-15\n---\n\n# Ferry\n\nThe ferry to Skarholm sails hourly.\n"}
    )
    answer = corpus.ask("How often does the ferry to Skarholm sail?", as_of="2020")
    assert_refused(answer, Reason.NOT_IN_CORPUS)
    assert "2020" in (answer.explanation or "")
    assert answer.passages == ()


def test_confidence_of_a_refusal_is_below_that_of_an_answer(starter: Assistant) -> None:
    refused = starter.ask("What is the price of Bitcoin?")
    given = starter.ask("Why did the 2017 working group collapse?")
    assert 0 <= refused.confidence < given.confidence <= 1
