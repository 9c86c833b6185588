"""Question files: what a line gives back when it can't be asked. (Through the command line: tests/test_cli.py.)"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.evaluation.questions import read_questions
from assistant.types import Turn


def test_files_of_evaluation_sets_are_questions_too(repository: Path) -> None:
    file = repository / "evals" / "known_answers.jsonl"
    questions = list(read_questions(file))
    assert len(questions) == sum(1 for line in file.read_text("utf-8").split("\n") if line.strip())
    assert not [question for question in questions if question.problem]


def test_line_separator_inside_a_string_divides_nothing(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps({"id": 1, "question": "one\u2028line"}, ensure_ascii=False) + "\r\n", "utf-8")
    (question,) = read_questions(file)
    assert (question.text, question.problem) == ("one\u2028line", None)


@pytest.mark.parametrize("role", ["user", "human"])
def test_turns_are_taken_as_people_write_them(tmp_path: Path, role: str) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps({"question": "q", "history": [{"role": role, "text": "earlier"}]}), "utf-8")
    (question,) = read_questions(file)
    assert question.history == (Turn("user", "earlier"),)
    assert question.id is None


def test_problem_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(
        "\n" + json.dumps({"id": "x", "history": "earlier", "question": "q"}) + "\n" + "[" * 100_000, "utf-8"
    )
    first, second = read_questions(file)
    assert first.id == "x"
    assert first.problem is not None
    assert first.problem.startswith("line 2: ")
    assert second.problem is not None
    assert second.problem.startswith("line 3: ")
