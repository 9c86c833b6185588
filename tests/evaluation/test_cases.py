"""A malformed case is refused with its file, its line and the remedy; none is silently left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import CaseError
from assistant.evaluation.cases import check_date, load_cases
from assistant.types import Reason, Turn

GOOD: dict[str, Any] = {
    "id": "a",
    "question": "When?",
    "history": [{"role": "user", "content": "What?"}],
    "as_of": "2022-03",
    "expect": {"answered": True, "facts": [["1873", "eighteen"]], "sources": ["a.md"]},
    "tags": ["when"],
    "note": "why it is here",
}


def write(tmp_path: Path, *lines: object) -> Path:
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return file


def test_case_is_read_whole(tmp_path: Path) -> None:
    refused = {"id": "b", "question": "Who?", "expect": {"answered": False, "reason": "false_premise"}}
    dataset = load_cases(write(tmp_path, GOOD, "", refused))
    first, second = dataset.cases
    assert dataset.name == "cases"
    assert first.history == (Turn("user", "What?"),)
    assert first.expect.facts == (("1873", "eighteen"),)
    assert second.expect.reason is Reason.FALSE_PREMISE


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quesiton": "When?"}, "quesiton is no field of a case; did you mean question?"),
        ({"expect": {**GOOD["expect"], "fact": []}}, "expect.fact is no field of a case; did you mean facts?"),
        ({"question": 5}, "question"),
        ({"question": " "}, "question: is blank"),
        ({"id": None}, "id"),
        ({"as_of": "2022-13"}, "as_of: '2022-13' is no date"),
        ({"history": [{"role": "robot", "content": "x"}]}, "role (user or assistant)"),
        ({"history": "earlier"}, "list of turns"),
        ({"expect": {"answered": True}}, "needs facts or sources"),
        ({"expect": {"answered": True, "facts": [[]]}}, "expect.facts.0"),
        ({"expect": {"answered": True, "facts": [["  "]]}}, "expect.facts.0.0: is blank"),
        ({"expect": {**GOOD["expect"], "reason": "language"}}, "has no reason"),
        ({"expect": {**GOOD["expect"], "answered": False}}, "has no facts"),
        ({"expect": {"answered": False, "reason": "shy"}}, "expect.reason"),
        ({"expect": {"answered": False, "must_not": ["x"]}}, "has no must_not"),
    ],
)
def test_malformed_case_is_named_with_its_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    file = write(tmp_path, GOOD, "", {**GOOD, "id": "b", **change})
    with pytest.raises(CaseError) as caught:
        load_cases(file)
    assert str(caught.value).startswith(f"{file}, line 3: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("{", GOOD), "line 1: not JSON"),
        (("[]",), "line 1: "),
        ((GOOD, GOOD), "line 2: id 'a' stands in line 1 already"),
        (("", " "), "holds no case"),
    ],
)
def test_file_that_is_no_evaluation_set_is_refused(tmp_path: Path, lines: tuple[object, ...], said: str) -> None:
    with pytest.raises(CaseError, match=said):
        load_cases(write(tmp_path, *lines))


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"absent\.jsonl"):
        load_cases(tmp_path / "absent.jsonl")


@pytest.mark.parametrize("text", ["2022", "2022-03", "2022-03-25", "2024-02-29"])
def test_year_month_and_day_are_dates(text: str) -> None:
    assert check_date(text) == text


@pytest.mark.parametrize(
    "text", ["", "22", "2022-", "2022-3", "2022-13", "2022-02-30", "20220325", "2022-03-25T10", "２０２２"]
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        check_date(text)
