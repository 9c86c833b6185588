"""Prompt files: placeholders are checked, values go in as they are."""

from __future__ import annotations

import pytest

from assistant.answering.prompting import Prompt, fence_for, load_prompt
from assistant.errors import SettingsError


def test_shipped_prompts_hold_the_placeholders_their_callers_fill():
    assert load_prompt("answer", ("fence", "evidence", "question")).placeholders == {"fence", "evidence", "question"}
    assert load_prompt("rewrite", ("fence", "history", "question")).placeholders == {"fence", "history", "question"}


def test_missing_placeholder_in_a_prompt_file_is_an_error_that_names_it():
    with pytest.raises(SettingsError, match=r"prompts/answer\.md can't be used: no placeholder \{tone\}"):
        load_prompt("answer", ("fence", "evidence", "question", "tone"))


def test_unknown_placeholder_in_a_prompt_file_is_an_error_that_names_it():
    with pytest.raises(SettingsError, match=r"unknown placeholder \{evidence\}"):
        load_prompt("answer", ("fence", "question"))


def test_missing_prompt_file_is_an_error_that_names_it():
    with pytest.raises(SettingsError, match=r"prompts/poem\.md is missing"):
        load_prompt("poem", ())


def test_braces_in_a_value_are_text():
    prompt = Prompt("p", "{a} and {b}")
    assert prompt.fill(a="{b} {0} {", b="}} {a}") == "{b} {0} { and }} {a}"


def test_braces_that_are_no_placeholder_stay():
    assert Prompt("p", '{"json": {a}} {}').fill(a="1") == '{"json": 1} {}'


@pytest.mark.parametrize(("values", "named"), [({}, "{a}"), ({"a": "1", "b": "2"}, "{b}")])
def test_filling_with_too_few_or_too_many_values_raises(values, named):
    with pytest.raises(ValueError, match=named.replace("{", r"\{")):
        Prompt("p", "x {a}").fill(**values)


def test_a_rule_divides_system_from_question_and_a_rule_in_a_value_does_not():
    messages = Prompt("p", "rules\n\n---\n\nask {a}").messages(a="x\n---\ny")
    assert messages == [("system", "rules"), ("human", "ask x\n---\ny")]


def test_the_fence_depends_on_every_text_and_is_the_same_for_the_same_texts():
    assert fence_for("a", "b") == fence_for("a", "b") != fence_for("ab", "")
