"""What says the opposite of the question is no answer to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant import Assistant
from assistant.answering.contrary import is_contrary
from assistant.retrieval.query import analyse

SKIN = (
    "Skin is the first line of defence of the body against infection. It is waxy and dry, so that few bacteria live on"
    " it. Sweat washes others away."
)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Which layer is the last line of defence?", "Skin is the first line of defence."),
        ("Which states did not sign the convention?", "Armenia and Azerbaijan signed the convention in May."),
        ("Who opposed the resolution of 2021?", "Russia and the United States supported the resolution of 2021."),
        ("Which agreement was unsuccessful?", "The successful agreement was signed in Saint Petersburg."),
        ("When did the consultations begin?", "The United States suspended the consultations in 2022."),
        ("Who is the Russian negotiator?", "The American negotiator is Anne Neuberger."),
        ("What did Moscow officials say?", "US officials said nothing."),
        ("Кто покинул группу последним?", "Первый вышел из группы в мае."),
    ],
)
def test_opposites_are_seen(question: str, sentence: str) -> None:
    assert is_contrary(analyse(question), sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Which layer is the first line of defence?", "Skin is the first line of defence, fever the last."),
        ("Which states did not sign the convention?", "Armenia and Azerbaijan did not sign the convention."),
        ("Why did the group not come back?", "The group came to its end over Ukraine."),
        ("When did it come up?", "The unit came up in 1998."),
        ("What did the group do in 2013?", "The group met once in 2013."),
        ("How did the group end?", "The conflict that just started put a freeze on the group."),
        ("When did the talks begin?", "The talks opened in June and were suspended in May."),
        ("Who is the Russian negotiator?", "The American negotiator met the Russian one."),
        ("Who is the Russian negotiator?", "The American delegation met Oleg Khramov."),
    ],
)
def test_others_are_not(question: str, sentence: str) -> None:
    assert not is_contrary(analyse(question), sentence)


def test_near_miss_by_one_opposite_is_not_answered(make_assistant: Callable[..., Assistant]) -> None:
    assistant = make_assistant({"skin.md": f"# The skin\n\n{SKIN}\n"})
    true, near = (
        assistant.ask(f"What is the {which} line of defence of the body against infection?")
        for which in ("first", "last")
    )
    assert "Skin is the first line of defence" in true.text
    assert near.confidence < true.confidence - 0.05


def test_what_a_sentence_denies_has_no_short_answer(starter: Assistant) -> None:
    assert starter.ask("Who voted against the 2021 resolution?").short_answer is None


def test_the_negotiator_of_one_country_is_not_that_of_the_other(starter: Assistant) -> None:
    assert "Neuberger" in starter.ask("Who is the American negotiator on cyber issues?").text
    assert "Neuberger" not in starter.ask("Who is the Russian negotiator on cyber issues?").text
