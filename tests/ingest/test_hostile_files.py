"""One run over a folder of hostile and odd files: it ends, in bounded memory, and every good file is in the index."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Settings
from tests.ingest.hostile_files import ROWS, Row, make_hostile_folder
from tests.ingest.hostile_pieces import SECRET

_TIME = 240  # seconds; a fifth of it on two idle cores
_MEMORY = 1_500_000_000  # bytes of the run with its processes

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, and a file system that takes any name"),
    pytest.mark.timeout(2 * _TIME),
]


class Run:
    """What one run over the folder did."""

    def __init__(self, settings: Settings, rows: tuple[Row, ...]) -> None:
        self.settings, self.rows = settings, rows
        self.process, self.peak = _watched(settings, "index")
        self.report: dict[str, Any] = json.loads(self.process.stdout)
        self.skipped = {entry["path"]: entry["reason"] for entry in self.report["skipped"]}
        with Assistant(settings) as assistant:
            self.texts = {summary.path: assistant.document(summary.id).text for summary in assistant.documents()}


def _command(settings: Settings, name: str, *more: str) -> list[str]:
    folders = ["--corpus", str(settings.corpus_dir), "--index", str(settings.index_dir)]
    return [sys.executable, "-m", "assistant", name, *folders, *more]


def _watched(settings: Settings, name: str) -> tuple[subprocess.CompletedProcess[str], int]:
    """Runs a command to its end; its most memory with that of its processes."""
    process = subprocess.Popen(
        _command(settings, name, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    sizes = [0]

    def watch() -> None:
        while process.poll() is None:
            sizes.append(sum(map(_resident, _family(process.pid))))
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        out, err = process.communicate(timeout=_TIME)
    finally:
        process.kill()
        watcher.join()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err), max(sizes)


def _family(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:  # ended meanwhile
                continue
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


@pytest.fixture(scope="module")
def run(new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "corpus").mkdir()
    rows = make_hostile_folder(folder / "corpus")
    yield Run(Settings(corpus_dir=folder / "corpus", index_dir=new_index(folder / "index")), rows)
    for path in sorted((folder / "corpus" / "deeper").rglob("*"), reverse=True):  # deeper than pytest's clean-up goes
        path.rmdir() if path.is_dir() else path.unlink()


def test_the_folder_has_at_least_eighty_hostile_files(run: Run) -> None:
    assert len([row for row in run.rows if not row.path.startswith("good/")]) >= 80
    assert len(ROWS) - len(run.rows) < 10  # what this system can't hold


def test_the_run_ends_well_in_bounded_memory(run: Run) -> None:
    assert run.process.returncode == 0
    assert run.peak < _MEMORY
    assert run.report["documents"] == len(run.texts)


def test_every_file_has_the_outcome_of_its_row(run: Run) -> None:
    wrong = [f"{row.path!r}: {problem}" for row in run.rows if (problem := _problem(run, row))]
    assert not wrong, "\n".join(wrong)


def _problem(run: Run, row: Row) -> str:
    text, reason = run.texts.get(row.path), run.skipped.get(row.path)
    if row.outcome == "ignored":
        return f"was not ignored: {reason}" if text is not None or reason else ""
    if text is not None and reason is not None:
        return "is both indexed and skipped"
    if text is not None:
        if row.outcome == "skipped" or row.never in text:
            return f"got into the index: {text[:200]!r}"
        return "" if row.outcome == "either" or row.says in text else f"has not the wanted text: {text[:200]!r}"
    if reason is None or row.outcome == "indexed":
        return f"is not indexed: {reason}"
    if not any(word in reason for word in row.says.split("|")):
        return f"is skipped for another reason: {reason}"
    return "" if ";" in reason else f"is skipped without a remedy: {reason}"


def test_no_text_comes_from_where_none_may(run: Run) -> None:
    for path, text in run.texts.items():
        assert SECRET not in text, path
        assert "root:x:" not in text, path
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), path


def test_nothing_is_reported_that_no_row_names(run: Run) -> None:
    deep = {"/".join(Path(row.path).parts[:257]) for row in run.rows if row.path.startswith("deeper/")}
    assert {*run.texts, *run.skipped} - {row.path for row in run.rows} == deep


def test_second_run_changes_nothing(run: Run) -> None:
    again, _ = _watched(run.settings, "index")
    report = json.loads(again.stdout)
    assert (report["added"], report["updated"], report["deleted"]) == (0, 0, 0)
    assert report["version"] == run.report["version"]
    assert report["skipped"] == run.report["skipped"]


def test_doctor_lists_what_was_skipped_with_remedies(run: Run) -> None:
    doctor, _ = _watched(run.settings, "doctor")
    findings = [f for f in json.loads(doctor.stdout)["findings"] if f["code"] == "file_skipped"]
    assert len(findings) == len(run.skipped)
    for finding in findings:
        assert any(reason.startswith(finding["message"]) for reason in run.skipped.values())
        assert finding["remedy"]


def test_questions_are_answered_with_exact_quotations(run: Run) -> None:
    with Assistant(run.settings) as assistant:
        answer = assistant.ask("When does the ferry to Brodick leave?")
        assert [citation.path for citation in answer.citations] == ["good/notes.md"]
        for question in ("Who fell in the winter?", "<script>alert(1)</script>", "What is in the odd file?"):
            for passage in assistant.search(question, top_k=20):
                assert run.texts[passage.path][passage.start : passage.end] == passage.text
                assert len(passage.text) < 20_000


def test_what_a_terminal_gets_can_not_steer_it(run: Run) -> None:
    unfit = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
    for command in (
        _command(run.settings, "index"),
        _command(run.settings, "search", "names", "-k", "50"),
        _command(run.settings, "search", "names", "-k", "50", "--json"),
        _command(run.settings, "doctor"),
    ):
        process = subprocess.run(command, capture_output=True, text=True, timeout=_TIME)
        assert not unfit.search(process.stdout), command
        assert not unfit.search(process.stderr), command
