"""A follow-up asks the same of another side, or corrects a name: it is the earlier question with that in its place."""

from __future__ import annotations

import pytest

from assistant.retrieval.rewriting import standalone
from assistant.types import Turn

LED = "Who led the Russian team in 2021?"
LED_RU = "Кто возглавлял российскую делегацию?"
ANNOUNCED = "What did Obama announce in Hamburg?"


@pytest.mark.parametrize(
    ("base", "follow_up", "asked"),
    [
        (LED, "And on the American side?", "Who led the American team in 2021?"),
        (LED, "What about the Chinese one?", "Who led the Chinese team in 2021?"),
        (LED_RU, "А с американской стороны?", "Кто возглавлял американскую делегацию?"),
        (ANNOUNCED, "No, I meant Trump", "What did Trump announce in Hamburg?"),
        (ANNOUNCED, "I mean Donald Trump.", "What did Donald Trump announce in Hamburg?"),
    ],
)
def test_the_same_is_asked_of_another(base: str, follow_up: str, asked: str) -> None:
    assert standalone(follow_up, [Turn("user", base)]).text == asked


def test_another_side_is_carried_on() -> None:
    history = [Turn("user", LED), Turn("assistant", "Khramov."), Turn("user", "And on the American side?")]
    assert "American" in standalone("When did they meet?", history).text


@pytest.mark.parametrize(
    ("base", "follow_up"),
    [
        ("Who led the Russian and the Chinese team?", "And on the American side?"),
        ("Why did Putin meet Obama?", "No, I meant Trump"),
        (LED, "And on the other side?"),
    ],
)
def test_where_it_is_open_what_is_replaced_nothing_is(base: str, follow_up: str) -> None:
    assert standalone(follow_up, [Turn("user", base)]).text == f"{base} {follow_up}"
