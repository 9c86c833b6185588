"""Runs on disk: what was answered once is not asked again, and what was forgotten is in no file."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Settings
from assistant.answering.chain import AnswerChain
from assistant.cli import main
from assistant.doctor import diagnose
from assistant.forgetting import forget
from assistant.indexing import sync
from assistant.publishing import RUNS

LIGHTHOUSE = """# The Marsh Point lighthouse

The Marsh Point lighthouse was built in 1873 by the engineer Ada Thornton. Its lamp burned whale oil until 1891.
"""
FERRY = """# The Elmsford ferry

The ferry between Elmsford and Marsh Point sank in the storm of October 1902. All 34 passengers were saved.
"""
BUILT = "When was the Marsh Point lighthouse built?"
ROWS = (
    (BUILT, [["1873"]], ["lighthouse.md"]),
    ("Who built the Marsh Point lighthouse?", [["Thornton"]], ["lighthouse.md"]),
    ("When did the ferry between Elmsford and Marsh Point sink?", [["1902"]], ["ferry.md"]),
)


@dataclass(frozen=True)
class Place:
    """A corpus with its index and cases."""

    root: Path

    @property
    def settings(self) -> Settings:
        return Settings(corpus_dir=self.root / "corpus", index_dir=self.root / "index")

    @property
    def run_files(self) -> list[Path]:
        return sorted((self.root / "index" / RUNS).glob("*.jsonl"))

    @property
    def command(self) -> list[str]:
        folders = ["--corpus", str(self.root / "corpus"), "--index", str(self.root / "index")]
        return ["eval", "--json", "--cases", str(self.root / "cases.jsonl"), *folders]

    def eval(self, capsys: pytest.CaptureFixture[str]) -> Any:
        capsys.readouterr()
        main(self.command)
        return json.loads(capsys.readouterr().out)

    def write_cases(self, rows: Any = ROWS) -> None:
        cases = [
            {"id": f"case-{n}", "question": q, "expect": {"answered": True, "facts": facts, "sources": sources}}
            for n, (q, facts, sources) in enumerate(rows)
        ]
        (self.root / "cases.jsonl").write_text("\n".join(map(json.dumps, cases)), "utf-8")


@pytest.fixture(scope="module")
def indexed(new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two documents, indexed; not to be changed."""
    root = tmp_path_factory.mktemp("runs")
    (root / "corpus").mkdir()
    (root / "corpus" / "lighthouse.md").write_text(LIGHTHOUSE, "utf-8")
    (root / "corpus" / "ferry.md").write_text(FERRY, "utf-8")
    new_index(root / "index")
    sync(Settings(corpus_dir=root / "corpus", index_dir=root / "index"))
    return root


@pytest.fixture
def place(indexed: Path, tmp_path: Path) -> Place:
    """A copy to be changed, with cases."""
    shutil.copytree(indexed, tmp_path / "place")
    made = Place(tmp_path / "place")
    made.write_cases()
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that an index was really asked."""
    questions: list[str] = []
    ask = AnswerChain.ask

    def heard(self: AnswerChain, question: str, *rest: Any) -> Any:
        questions.append(question)
        return ask(self, question, *rest)

    monkeypatch.setattr(AnswerChain, "ask", heard)
    return questions


def test_second_run_asks_nothing_and_loads_no_model(
    place: Place, asked: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = place.eval(capsys)
    assert (len(asked), first["figures"]["right"]) == (3, 1.0)
    (file,) = place.run_files
    assert first["run"] == str(file)
    held = file.read_bytes()

    def opened(_: Assistant) -> None:
        raise AssertionError("an index was opened to answer")

    monkeypatch.setattr(Assistant, "_open", opened)
    again = place.eval(capsys)
    assert len(asked) == 3
    assert (again["figures"], again["failing"], again["run"]) == (first["figures"], first["failing"], first["run"])
    assert file.read_bytes() == held


def test_run_whose_last_line_is_torn_asks_for_that_answer_alone(
    place: Place, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    place.eval(capsys)
    (file,) = place.run_files
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:3]) + lines[3][: len(lines[3]) // 2])
    asked.clear()
    assert place.eval(capsys)["figures"]["right"] == 1.0
    assert len(asked) == 1
    assert all(json.loads(line) for line in file.read_bytes().splitlines())


def test_run_that_was_killed_is_resumed_and_asks_only_the_rest(
    place: Place, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    place.write_cases([(f"{BUILT} {n}", facts, sources) for n in range(60) for _, facts, sources in ROWS[:1]])
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant", *place.command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 60
    while not (place.run_files and place.run_files[0].read_bytes().count(b'\n{"asked"') >= 2):
        assert time.monotonic() < until
        assert process.poll() is None, "the run came to its end before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (file,) = place.run_files
    held = file.read_bytes()
    kept = sum(line.startswith(b'{"asked"') for line in held[: held.rfind(b"\n") + 1].splitlines())
    assert place.eval(capsys)["cases"] == 60
    assert len(asked) == 60 - kept
    assert place.run_files == [file]


def test_edited_expectation_is_marked_anew_without_asking(
    place: Place, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    place.eval(capsys)
    asked.clear()
    place.write_cases([(BUILT, [["1066"]], ["lighthouse.md"]), *ROWS[1:]])
    changed = place.eval(capsys)
    assert asked == []
    assert [failing["id"] for failing in changed["failing"]] == ["case-0"]


def test_another_setting_another_version_or_another_date_is_asked_anew(
    place: Place, asked: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.eval(capsys)
    asked.clear()
    with monkeypatch.context() as patch:
        patch.setenv("ASSISTANT_CAUTION", "careful")
        place.eval(capsys)
    assert (len(asked), len(place.run_files)) == (3, 2)
    asked.clear()
    place.eval(capsys)
    assert asked == []
    with (place.root / "corpus" / "ferry.md").open("a", encoding="utf-8") as file:
        file.write("A new ferry was bought in 1904.\n")
    place.eval(capsys)
    assert (len(asked), len(place.run_files)) == (3, 3)


def test_two_processes_evaluate_at_the_same_time(
    place: Place, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def begin() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "assistant", *place.command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    processes = [begin(), begin()]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    reports = [json.loads(out) for out, _ in said]
    assert [report["figures"]["right"] for report in reports] == [1.0, 1.0]
    for file in place.run_files:
        assert all(json.loads(line) for line in file.read_bytes().splitlines())
    place.eval(capsys)
    assert asked == []


def test_forgotten_document_is_in_no_run_and_its_questions_are_asked_anew(
    place: Place, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    place.eval(capsys)
    (file,) = place.run_files
    assert b"Thornton" in file.read_bytes()
    (place.root / "corpus" / "lighthouse.md").unlink()
    forget(place.settings, "lighthouse.md")
    folder = place.root / "index"
    left = [each for each in folder.rglob("*") if each.is_file() and b"Ada Thornton" in each.read_bytes()]
    assert left == []
    rows = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert "manifest" in rows[0]
    asked.clear()
    assert place.eval(capsys)["figures"]["right"] == pytest.approx(1 / 3)
    assert len(asked) == 3


def test_doctor_knows_the_folders_of_evaluations(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    (place.root / "other").mkdir()
    (place.root / "other" / "pier.md").write_text("# The pier\n\nThe pier of Elmsford is 80 metres long.\n", "utf-8")
    expect = {"answered": True, "facts": [["80"]], "sources": ["pier.md"]}
    case = {"id": "pier", "question": "How long is the pier of Elmsford?", "corpus": "other", "expect": expect}
    with (place.root / "cases.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps(case))
    before = diagnose(place.settings)
    assert place.eval(capsys)["figures"]["right"] == 1.0
    assert {entry.name for entry in (place.root / "index").iterdir()} >= {RUNS, "corpora"}
    assert diagnose(place.settings) == before
