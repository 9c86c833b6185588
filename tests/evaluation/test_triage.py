"""From what a reader said to a case: over a pipe, as a maintainer would go through it."""

from __future__ import annotations

import io
import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from assistant import Answer, Assistant, CaseError, Reason, Settings, Turn
from assistant.cli import main
from assistant.evaluation import triage
from assistant.evaluation.cases import load_cases
from assistant.evaluation.runner import run
from assistant.store.feedback import Complaint, Feedback, FeedbackStore

TIME = "2026-11-23T04:00:00+00:00"
TOWER = "# The tower\n\nThe tower of Elmsford was built in 1873 by Ada Thornton, a builder of lighthouses.\n"
MILL = "# The mill\n\nThe mill grinds the barley of nine villages.\n"
BUILT = "When was the tower of Elmsford built?"
FIRST = '{"id": "first",   "question": "Q?", "expect": {"answered": false}}'


@pytest.fixture
def settings(new_index: Any, tmp_path: Path) -> Settings:
    """Two documents, indexed."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "tower.md").write_text(TOWER, "utf-8")
    (corpus / "mill.md").write_text(MILL, "utf-8")
    settings = Settings(corpus_dir=corpus, index_dir=new_index(tmp_path / "index"))
    with Assistant(settings) as assistant:
        assistant.sync()
    return settings


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """A file of one case, without a line end after it."""
    file = tmp_path / "cases.jsonl"
    file.write_text(FIRST, "utf-8")
    return file


def answered(settings: Settings) -> Answer:
    with Assistant(settings) as assistant:
        answer = assistant.ask(BUILT)
    assert answer.answered
    return answer


def leave(settings: Settings, *records: Feedback) -> FeedbackStore:
    store = FeedbackStore(settings.index_dir)
    for record in records:
        assert store.save(record)
    return store


def go_through(settings: Settings, cases: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(line + "\n" for line in lines)))
    places = ["--corpus", str(settings.corpus_dir), "--index", str(settings.index_dir), "--cases", str(cases)]
    return main(["eval", "triage", *places, *more])


def test_every_verdict_of_the_maintainer_over_a_pipe(
    settings: Settings, cases: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = answered(settings)
    store = leave(
        settings,
        Feedback("right", TIME, "up", BUILT, answer=answer, index_version=answer.index_version),
        Feedback("wrong", TIME, "down", "Who grinds?", Complaint.SHOULD_HAVE_ANSWERED, "It \x1b[31mdoes say"),
        Feedback("must-not", TIME, "down", "Who wrote Faust?", Complaint.SHOULD_HAVE_REFUSED, as_of="2020"),
        Feedback("nonsense", TIME, "down", "asdf"),
        Feedback("hard", TIME, "down", "Hm?"),
        Feedback("unseen", TIME, "down", "And?"),
    )
    lines = ["a", "1873; Ada Thornton", "x", "s", "mil.md", "mill.md", "", "r", "no", "not_in_corpus", "d", "l", "q"]
    assert go_through(settings, cases, lines, monkeypatch) == 0
    said = capsys.readouterr()
    assert "3 cases written" in said.out
    assert "did you mean mill.md?" in said.err
    assert "does say" in said.out
    assert "\x1b" not in said.out
    assert answer.index_version in said.out
    assert cases.read_text("utf-8").startswith(FIRST + "\n")
    assert cases.read_text("utf-8").endswith("}\n")
    _, right, wrong, must_not = load_cases(cases).cases
    assert right.id == "when-was-the-tower-of-elmsford-built"
    assert right.expect.facts == (("1873",), ("Ada Thornton",))
    assert right.expect.sources == ("tower.md",)
    assert right.expect.quote_contains == ("1873", "Ada Thornton")
    assert right.tags == ("from-feedback",)
    assert "2026-11-23" in right.note
    assert answer.index_version in right.note
    assert (wrong.question, wrong.expect.sources, wrong.expect.facts) == ("Who grinds?", ("mill.md",), ())
    assert (must_not.expect.answered, must_not.expect.reason) == (False, Reason.NOT_IN_CORPUS)
    assert must_not.as_of == "2020"
    assert [feedback.id for feedback in store.new()] == ["hard", "unseen"]
    assert [f.case_id for f in store.all()][:2] == [right.id, wrong.id]


def test_case_that_was_made_holds_for_the_answer_that_it_was_made_of(
    settings: Settings, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases.unlink()
    leave(settings, Feedback("right", TIME, "up", BUILT, answer=answered(settings)))
    assert go_through(settings, cases, ["a", ""], monkeypatch) == 0
    (case,) = load_cases(cases).cases
    assert case.expect.facts == (("1873",),)  # the short answer, which was offered
    with Assistant(settings) as assistant:
        report = run(load_cases(cases), lambda _: assistant)
    (outcome,) = report.outcomes
    for name in ("facts", "quote_contains", "citation_recall"):
        assert [mark.value for mark in outcome.marks[name]] == [1.0]


def test_json_tells_what_was_done_and_nothing_else_is_on_standard_output(
    settings: Settings, cases: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(settings, Feedback("one", TIME, "down", "Q 1?"), Feedback("two", TIME, "down", "Q 2?"))
    assert go_through(settings, cases, ["r", "", "d"], monkeypatch, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "cases": str(cases),
        "made": [{"feedback": "one", "case": "q-1"}],
        "dismissed": ["two"],
        "left": 0,
    }


def test_run_that_dies_between_case_and_mark_makes_no_second_case(
    settings: Settings, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = leave(settings, Feedback("one", TIME, "down", "Q 1?"))

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FeedbackStore, "settle", dies)
        assert go_through(settings, cases, ["r", ""], patch) == 130
    assert [feedback.id for feedback in store.new()] == ["one"]
    assert go_through(settings, cases, ["r", ""], monkeypatch) == 0
    assert [case.id for case in load_cases(cases).cases] == ["first", "q-1"]
    assert [(feedback.status, feedback.case_id) for feedback in store.all()] == [("case", "q-1")]


def test_feedback_whose_case_can_not_be_written_stays_new(
    settings: Settings, cases: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = leave(settings, Feedback("one", TIME, "down", "Q 1?"))
    cases.write_text("{not a case", "utf-8")
    assert go_through(settings, cases, ["r", ""], monkeypatch) == 1
    assert "line 1" in capsys.readouterr().err
    assert cases.read_text("utf-8") == "{not a case"
    assert go_through(settings, cases.parent / "nowhere" / "cases.jsonl", ["r", ""], monkeypatch) == 1
    assert "can't be written" in capsys.readouterr().err
    assert [feedback.id for feedback in store.new()] == ["one"]


def test_what_can_not_be_made_is_told_and_left(
    settings: Settings, cases: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = answered(settings)
    leave(settings, Feedback("gone", TIME, "down", "Q?"), Feedback("fact", TIME, "up", BUILT, answer=answer))
    assert go_through(settings, cases, ["a", "a", "1999"], monkeypatch) == 0
    said = capsys.readouterr().err
    assert "the answer of feedback gone is not known" in said
    assert "'1999' does not stand in the answer" in said
    assert len(load_cases(cases).cases) == 1


def test_refusal_that_was_right_is_a_case_of_its_reason() -> None:
    refused = Answer("q", "q", False, reason=Reason.AMBIGUOUS)
    case = triage.as_the_answer(Feedback("f", TIME, "up", "Which?", answer=refused))
    assert (case.expect.answered, case.expect.reason) == (False, Reason.AMBIGUOUS)


def test_history_goes_along_but_for_what_was_erased() -> None:
    history = (Turn("user", "Before?"), Turn("assistant", ""))
    case = triage.as_refusal(Feedback("f", TIME, "up", "Then?", history=history))
    assert case.history == (Turn("user", "Before?"),)


@pytest.mark.parametrize(
    ("question", "name"),
    [("What's new?", "whats-new"), ("Кто построил?", "кто-построил"), ("?!", "question"), ("FIRST", "first-2")],
)
def test_id_comes_from_the_question_and_is_the_only_one(cases: Path, question: str, name: str) -> None:
    assert triage.add_case(cases, triage.as_refusal(Feedback("f", TIME, "up", question))).id == name
    assert load_cases(cases).cases[-1].question == question


def test_two_who_append_at_once_lose_no_case(cases: Path) -> None:
    def add(name: str) -> None:
        for number in range(10):
            triage.add_case(cases, triage.as_refusal(Feedback(f"{name}{number}", TIME, "up", "Same?")))

    threads = [threading.Thread(target=add, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(load_cases(cases).cases) == 31
    assert [file.name for file in cases.parent.iterdir() if file.name.startswith(".")] == []


def test_link_and_rights_of_the_file_stay(cases: Path) -> None:
    cases.chmod(0o640)
    link = cases.with_name("link.jsonl")
    link.symlink_to(cases)
    triage.add_case(link, triage.as_refusal(Feedback("f", TIME, "up", "Q?")))
    assert link.is_symlink()
    assert cases.stat().st_mode & 0o777 == 0o640
    assert len(load_cases(cases).cases) == 2


def test_baseline_has_no_place_in_a_triage(settings: Settings, cases: Path) -> None:
    with pytest.raises(SystemExit):
        main(["eval", "triage", "--cases", str(cases), "--baseline", "b.json"])


def test_answered_case_needs_something_to_hold_it_to() -> None:
    with pytest.raises(CaseError, match="needs facts or sources"):
        triage.as_sources(Feedback("f", TIME, "up", "Q?"), [])
