"""The questions the project began with, over the starter corpus, in the words of five people each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant import Assistant, Reason, Settings


@pytest.fixture(scope="module", params=[True, False], ids=["reader", "features"])
def assistant(starter_index: Settings, request: pytest.FixtureRequest) -> Iterator[Assistant]:
    """With the reader, and on features alone."""
    with Assistant(starter_index.model_copy(update={"reader": request.param})) as opened:
        yield opened


@pytest.mark.parametrize(
    "question",
    [
        "Why did the 2017 working group collapse?",
        "Why did the working group of 2017 fail?",
        "What made the 2017 cyber working group fall apart?",
        "What killed the bilateral working group announced in 2017?",
        "Why was the 2017 working group never set up?",
    ],
)
def test_2017_group_fell_to_congress_and_trump(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.answered, answer.explanation
    assert "Congress" in answer.text
    assert "Trump" in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "What happened to the 2013 group?",
        "What became of the 2013 working group?",
        "How did the 2013 working group end?",
        "Why did the 2013 group stop working?",
        "What was the fate of the working group of 2013?",
    ],
)
def test_2013_group_was_frozen_over_ukraine(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.answered, answer.explanation
    assert "Ukraine" in answer.text
    assert "fr" in answer.text  # froze, freeze


def test_group_of_2019_is_refused_and_the_others_are_named(assistant: Assistant) -> None:
    answer = assistant.ask("Why did the 2019 working group collapse?")
    assert (answer.answered, answer.reason) == (False, Reason.FALSE_PREMISE)
    assert {"2013", "2017"} <= set((answer.explanation or "").replace(".", "").replace(",", "").split())


def test_the_more_careful_the_fewer_answers(starter_index: Settings) -> None:
    questions = (
        "Why does Russia want to replace the Budapest Convention?",
        "How many countries sit in the Group of Governmental Experts?",
        "Why has BRICS achieved so little in practice on cybersecurity?",
        "How many countries sponsored the joint UN resolution of 2021?",
        "Which hacker groups did the Russian authorities go after with American case materials?",
        "Who chaired the second meeting of the 2013 working group in Russia?",
        "Why did the 2017 working group collapse?",
    )
    given = {}
    for caution in ("bold", "balanced", "careful"):
        with Assistant(starter_index.model_copy(update={"caution": caution})) as assistant:
            given[caution] = {q for q in questions if assistant.ask(q).answered}
    assert given["careful"] <= given["balanced"] <= given["bold"]
    assert len(given["careful"]) < len(given["bold"])
    assert "Why did the 2017 working group collapse?" in given["careful"]
