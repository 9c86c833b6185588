"""From cases and answers to figures, a report and a verdict, with an assistant whose answers are written down."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import CaseError, QuestionError
from assistant.evaluation.cases import Case, Dataset
from assistant.evaluation.gate import load_baseline, shortfalls
from assistant.evaluation.report import Report, render
from assistant.evaluation.runner import run
from assistant.types import Answer, AnswerSentence, Citation, Document, Progress, Reason, Seconds, Turn

TEXT = "The light was built in 1873."


class Scripted:
    """Knows one sentence, says it to every question about the light, and refuses the rest."""

    def ask(
        self, question: str, *, history: Sequence[Turn | Mapping[str, Any]] = (), as_of: str | None = None
    ) -> Answer:
        if not question.strip("?"):
            raise QuestionError("the question is empty")
        if "light" not in question:
            return Answer(question, question, answered=False, reason=Reason.NOT_IN_CORPUS, index_version="v1")
        cited = Citation(1, "a", "a.md", "A", None, None, None, TEXT, 0, len(TEXT))
        return Answer(
            question,
            question,
            answered=True,
            text=TEXT,
            sentences=(AnswerSentence(TEXT, (1,)),),
            citations=(cited,),
            seconds=Seconds(total=2.0),
            index_version="v1",
        )

    def document(self, id_or_path: str) -> Document:
        return Document(id_or_path, "a.md", "A", TEXT, "")


def report(*rows: dict[str, Any]) -> Report:
    cases = [
        Case.model_validate({"id": f"case-{n}", "expect": {"answered": False}, **row}) for n, row in enumerate(rows)
    ]
    return run(Dataset("set", tuple(cases)), lambda _: Scripted())


MET = {"question": "the light?", "expect": {"answered": True, "facts": [["1873"]], "sources": ["a.md"]}, "tags": ["x"]}
MISSED = {"question": "the light?", "expect": {"answered": True, "facts": [["1066"]], "sources": ["a.md"]}}
REFUSED = {"question": "the king?", "tags": ["x", "y"]}


def test_gate_is_passed_where_every_figure_reaches_its_floor() -> None:
    assert shortfalls(report(MET, REFUSED), {"facts": 1, "right": 1.0, "refusal_recall": 1.0, "seconds": 2.0}) == []


def test_wrong_expected_fact_fails_the_gate_and_names_the_case() -> None:
    (miss,) = shortfalls(report(MET, MISSED, REFUSED), {"facts": 0.9, "citation_recall": 0.9})
    assert (miss.metric, miss.floor, miss.value, miss.cases) == ("facts", 0.9, 0.5, ("case-1",))
    assert str(miss) == "facts is 0.5, the baseline wants 0.9; see case-1"


def test_floor_of_a_figure_that_nothing_was_measured_for_is_missed() -> None:
    (miss,) = shortfalls(report(REFUSED), {"facts": 0.0})
    assert "no case to measure it on" in str(miss)


def test_baseline_of_what_should_be_low_is_a_ceiling() -> None:
    (miss,) = shortfalls(report(MET), {"seconds": 1.5})
    assert (miss.value, miss.cases) == (2.0, ())


def test_share_of_thirds_reaches_a_floor_written_as_one() -> None:
    assert shortfalls(report(MET, MET, MISSED), {"facts": 2 / 3}) == []


def test_unknown_figure_in_the_baseline_is_named_with_the_close_match() -> None:
    with pytest.raises(CaseError, match=r"fatcs.*did you mean facts"):
        shortfalls(report(MET), {"fatcs": 0.9})


@pytest.mark.parametrize("content", ["{", "[0.9]", '{"facts": "0.9"}', '{"facts": true}'])
def test_malformed_baseline_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "floors.json"
    file.write_text(content, "utf-8")
    with pytest.raises(CaseError, match=r"floors\.json"):
        load_baseline(file)


def test_case_that_cannot_be_asked_is_named() -> None:
    with pytest.raises(CaseError, match="case-0 can't be asked: the question is empty"):
        report({"question": "?"})


def test_report_breaks_figures_down_by_tag_and_says_what_was_wrong() -> None:
    made = report(MET, MISSED, REFUSED)
    data = json.loads(json.dumps(made.to_dict()))
    assert (data["dataset"], data["index_version"], data["cases"]) == ("set", "v1", 3)
    assert data["figures"]["right"] == pytest.approx(2 / 3)
    assert data["figures"]["short_answer"] is None
    assert {tag: row["cases"] for tag, row in data["by_tag"].items()} == {"x": 2, "y": 1}
    assert data["by_tag"]["x"]["facts"] == 1
    assert data["by_tag"]["y"]["facts"] is None
    (failing,) = data["failing"]
    assert failing["id"] == "case-1"
    assert failing["complaints"] == ["fact missing: 1066"]
    shown = render(made)
    assert "case-1: the light?" in shown
    assert "fact missing: 1066" in shown
    assert "short_answer" not in shown


def test_progress_counts_to_the_end() -> None:
    steps: list[Progress] = []
    cases = tuple(Case.model_validate({"id": str(n), **REFUSED, "expect": {"answered": False}}) for n in range(2))
    run(Dataset("set", cases), lambda _: Scripted(), progress=steps.append)
    assert [(step.done, step.total) for step in steps] == [(0, 2), (1, 2), (2, 2)]
