"""The file of feedback: durable, shared by threads and processes, and clear about what is wrong with it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from assistant import Answer, AnswerSentence, Citation, FeedbackError, Passage, Reason, Turn
from assistant.store.feedback import FEEDBACK, Complaint, Feedback, FeedbackStore

TIME = "2026-11-23T04:00:00+00:00"
CITED = Citation(1, "d", "a.md", "A", None, None, None, "It sank in 1902.", 0, 16)
FOUND = Passage("d", "a.md", "The secret title", None, 0, 16, "It sank in 1902.", 0.5)
SAID = Answer("q", "q", True, "It sank in 1902.", sentences=(AnswerSentence("It sank in 1902.", (1,)),),
              citations=(CITED,), passages=(FOUND,), index_version="0001-x")  # fmt: skip
REFUSED = Answer("q", "q", False, reason=Reason.NOT_IN_CORPUS, explanation="No word of it.", passages=(FOUND,))

WRITER = """
import sys
from pathlib import Path
from assistant.store.feedback import Feedback, FeedbackStore
store = FeedbackStore(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    store.save(Feedback(f"{sys.argv[2]}-{number}", "t", "up", "q"))
    print(number, flush=True)
"""


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_record_comes_back_as_it_was_saved_but_for_its_passages(tmp_path: Path) -> None:
    feedback = Feedback("f", TIME, "down", "q?", Complaint.WRONG_ANSWER, "Нет", (Turn("user", "before"),), "2020", SAID)
    store = FeedbackStore(tmp_path / "not there yet")
    assert store.all() == []
    assert store.save(feedback)
    (kept,) = FeedbackStore(tmp_path / "not there yet").all()
    assert kept.answer is not None
    assert kept.answer.passages == ()
    assert kept.answer.citations == (CITED,)
    assert (kept.comment, kept.history, kept.as_of, kept.reason) == (
        "Нет",
        feedback.history,
        "2020",
        Complaint.WRONG_ANSWER,
    )


def test_settled_record_is_not_new_any_more(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path)
    for name in "abc":
        store.save(Feedback(name, TIME, "up", "q"))
    store.settle("a", "the-case")
    store.settle("b", None)
    assert [(f.status, f.case_id) for f in store.all()] == [("case", "the-case"), ("dismissed", None), ("new", None)]
    assert [f.id for f in store.new()] == ["c"]


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    with writer(tmp_path, "w", 100_000) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(30)]
        process.kill()
        lines += process.stdout.readlines()
    told = len([line for line in lines if line.endswith("\n")])
    kept = [feedback.id for feedback in FeedbackStore(tmp_path).all()]
    assert told >= 30
    assert kept[:told] == [f"w-{number}" for number in range(told)]
    assert FeedbackStore(tmp_path).save(Feedback("after", TIME, "up", "q"))


def test_threads_and_processes_share_the_file(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path)
    threads = [
        threading.Thread(target=lambda n=n: [store.save(Feedback(f"t{n}-{i}", TIME, "up", "q")) for i in range(10)])  # type: ignore[misc]
        for n in range(4)
    ]
    processes = [writer(tmp_path, f"p{n}", 10) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert len({feedback.id for feedback in store.all()}) == 60


def test_nothing_of_a_document_is_left_when_it_is_forgotten(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path)
    store.save(Feedback("answered", TIME, "down", "q", comment="1902?", answer=SAID))
    store.save(Feedback("refused", TIME, "up", "q", answer=REFUSED))
    store.save(Feedback("later", TIME, "up", "q", history=(Turn("assistant", SAID.text),), sources=("a.md",)))
    store.save(Feedback("other", TIME, "up", "q", comment="fine", answer=REFUSED, sources=()))
    assert b"The secret title" not in store.file.read_bytes()
    assert store.draws_on("a.md")
    store.forget(["b.md"])
    assert store.all()[0].answer is not None
    store.forget(["a.md"])
    assert b"1902" not in store.file.read_bytes()
    assert [(f.id, f.question, f.verdict, f.answer) for f in store.all()][:2] == [
        ("answered", "q", "down", None),
        ("refused", "q", "up", None),
    ]
    assert not store.draws_on("a.md")


def test_damaged_or_strange_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / FEEDBACK
    file.write_bytes(b"no database at all, only words " * 100)
    for call in (FeedbackStore(tmp_path).all, lambda: FeedbackStore(tmp_path).forget(["a"])):
        with pytest.raises(FeedbackError, match=r"feedback\.sqlite3 .*move it out of the index folder"):
            call()
    file.unlink()
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA user_version = 77")
    with pytest.raises(FeedbackError, match="another release"):
        FeedbackStore(tmp_path).all()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(FeedbackError, match="make the folder and the file writable"):
        FeedbackStore(tmp_path).save(Feedback("f", TIME, "up", "q"))


def test_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(FeedbackError, match="make the folder and the file writable"):
        FeedbackStore(tmp_path / "file").save(Feedback("f", TIME, "up", "q"))
