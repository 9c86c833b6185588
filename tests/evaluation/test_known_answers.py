"""The evaluation set over the starter corpus holds its baseline, and every quotation is exact."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from assistant import Reason, Settings
from assistant.evaluation.cases import Case, load_cases
from assistant.evaluation.gate import Rules, broken, load_baseline, shortfalls
from assistant.evaluation.report import Report, render
from assistant.evaluation.runner import run
from assistant.evaluation.subjects import Subject, Subjects


@pytest.fixture(scope="module")
def report(repository: Path, starter_index: Settings, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What came of asking every case of the evaluation set, each over its corpus."""
    cases = repository / "evals" / "known_answers.jsonl"
    dataset = load_cases(cases)
    index = tmp_path_factory.mktemp("known") / "index"
    shutil.copytree(starter_index.index_dir, index)
    settings = starter_index.model_copy(update={"index_dir": index})
    with closing(Subject.published(settings)) as subject, Subjects(subject, dataset, cases) as subjects:
        return run(dataset, subjects)


def test_set_is_as_large_and_as_mixed_as_it_says(report: Report) -> None:
    cases = [outcome.case for outcome in report.outcomes]
    assert len(cases) >= 160
    assert sum(not case.expect.answered for case in cases) >= 50
    assert sum(case.corpus == "hostile" for case in cases) >= 10
    assert sum(len([turn for turn in case.history if turn.role == "user"]) >= 2 for case in cases) >= 5


def test_what_must_hold_holds(report: Report) -> None:
    assert not broken(report.outcomes, Rules(), None)


def test_baseline_holds(report: Report, repository: Path) -> None:
    missed = shortfalls(report, load_baseline(repository / "evals" / "baseline.json"))
    assert not missed, "\n".join([*map(str, missed), "", render(report)])


def test_no_answerable_question_is_called_false_ambiguous_or_unreadable(report: Report) -> None:
    claims = (Reason.FALSE_PREMISE, Reason.AMBIGUOUS, Reason.LANGUAGE)
    starter = [outcome for outcome in report.outcomes if not outcome.case.corpus]
    answerable = [outcome for outcome in starter if outcome.case.expect.answered]
    assert not [outcome.case.id for outcome in answerable if outcome.answer.reason in claims]


def test_every_quotation_of_every_answer_is_exact(report: Report) -> None:
    marks = [mark for outcome in report.outcomes for mark in outcome.marks["quote_exact"]]
    assert len(marks) >= 40
    assert not [mark.complaint for mark in marks if mark.value < 1]


def test_every_displayed_sentence_is_cited(report: Report) -> None:
    for outcome in report.outcomes:
        assert outcome.answer.answered == bool(outcome.answer.sentences)
        assert not [mark.complaint for mark in outcome.marks["sentences_cited"] if mark.value < 1]


def test_every_expected_source_is_in_the_corpus(report: Report, repository: Path) -> None:
    for outcome in report.outcomes:
        for path in outcome.case.expect.sources:
            assert (folder_of(outcome.case, repository) / path).is_file(), f"{outcome.case.id}: {path}"


def test_every_expected_fact_stands_in_one_of_its_sources(report: Report, repository: Path) -> None:
    """A fact that no right answer can contain would only measure itself."""
    for outcome in report.outcomes:
        expect = outcome.case.expect
        texts = " ".join((folder_of(outcome.case, repository) / path).read_text("utf-8") for path in expect.sources)
        for fact in expect.facts:
            assert any(words.casefold() in texts.casefold() for words in fact), f"{outcome.case.id}: {fact}"


def folder_of(case: Case, repository: Path) -> Path:
    return repository / "evals" / case.corpus if case.corpus else repository / "corpus"
