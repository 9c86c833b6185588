"""The cases notice when the assistant breaks: through the command line, on the evaluation set."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant import Settings
from assistant.evaluation.mutants import MUTANTS


def mutate(repository: Path, index: Path, cases: Path) -> subprocess.CompletedProcess[str]:
    folders = ["--corpus", str(repository / "corpus"), "--index", str(index), "--cases", str(cases)]
    return subprocess.run(
        [sys.executable, "-m", "assistant", "eval", "--mutate", "--json", *folders],
        capture_output=True,
        encoding="utf-8",
    )


@pytest.fixture
def index(starter_index: Settings, tmp_path: Path) -> Path:
    """The starter corpus, published."""
    return Path(shutil.copytree(starter_index.index_dir, tmp_path / "index"))


@pytest.mark.slow
def test_every_way_to_break_the_assistant_is_noticed_by_the_evaluation_set(repository: Path, index: Path) -> None:
    ran = mutate(repository, index, repository / "evals" / "known_answers.jsonl")
    found = json.loads(ran.stdout)["mutation"]
    assert len(MUTANTS) >= 12
    assert [mutant["name"] for mutant in found["mutants"]] == [mutant.name for mutant in MUTANTS]
    assert [mutant["name"] for mutant in found["mutants"] if mutant["survived"]] == []
    assert (found["score"], found["left_out"]) == (1.0, [])
    assert ran.returncode == 0, ran.stderr


def test_what_no_case_notices_is_named_with_the_case_that_is_missing(
    repository: Path, index: Path, tmp_path: Path
) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps({"id": "soup", "question": "How is borscht made?", "expect": {"answered": False}}))
    ran = mutate(repository, index, cases)
    assert ran.returncode == 1
    found = {mutant["name"]: mutant for mutant in json.loads(ran.stdout)["mutation"]["mutants"]}
    assert found["never-answers"]["survived"]
    assert "SURVIVED never-answers" in ran.stderr
    assert found["never-answers"]["remedy"] in ran.stderr
