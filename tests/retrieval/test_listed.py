"""What a follow-up picks from the things that the last answer listed is named before it is searched for."""

from __future__ import annotations

import pytest

from assistant.retrieval.rewriting import standalone
from assistant.types import Turn

YEARS = (Turn("user", "Which groups were there?"), Turn("assistant", "The working groups of 2013 and 2017."))
NAMES = (Turn("user", "Who chaired it?"), Turn("assistant", "Nikolay Klimashin and Michael Daniel chaired it."))
THREE = (Turn("user", "Which countries signed?"), Turn("assistant", "Armenia, Azerbaijan and Zimbabwe signed."))


@pytest.mark.parametrize(
    ("question", "history", "asked"),
    [
        ("Why did the second one fail?", YEARS, "Why did the 2017 working group fail?"),
        ("Why did the first group fail?", YEARS, "Why did the 2013 working group fail?"),
        ("What office did the latter hold?", NAMES, "What office did Michael Daniel hold?"),
        ("What office did the former hold?", NAMES, "What office did Nikolay Klimashin hold?"),
        ("When did the last one sign?", THREE, "When did Zimbabwe sign?"),
    ],
)
def test_thing_that_is_picked_is_named(question: str, history: tuple[Turn, ...], asked: str) -> None:
    assert standalone(question, history).focus == asked


def test_other_is_the_one_that_was_not_asked_about() -> None:
    history = (
        Turn("user", "Why did the 2013 working group stop?"),
        Turn("assistant", "It differs from the working group of 2017; that of 2013 was frozen."),
    )
    assert standalone("And the other one?", history).text == "Why did the 2017 working group stop?"


@pytest.mark.parametrize(
    "question",
    ["Why did the fourth one fail?", "Who won the second world war?", "What happened in the last year?"],
)
def test_nothing_is_named_where_nothing_listed_is_meant(question: str) -> None:
    assert question in standalone(question, YEARS).text


def test_nothing_is_picked_without_a_list() -> None:
    history = (Turn("user", "Why did it fail?"), Turn("assistant", "Congress criticised it."))
    assert standalone("Why did the second one fail?", history).focus == "Why did the second one fail?"
