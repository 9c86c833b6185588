"""The evaluation set over the starter corpus holds its baseline, and every quotation is exact."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant, Settings
from assistant.evaluation.cases import Dataset, load_cases
from assistant.evaluation.gate import load_baseline, shortfalls
from assistant.evaluation.report import Report, render
from assistant.evaluation.runner import run


@pytest.fixture(scope="module")
def report(repository: Path, starter_index: Settings) -> Report:
    """What came of asking every case of the evaluation set."""
    with Assistant(starter_index) as assistant:
        dataset = load_cases(repository / "evals" / "known_answers.jsonl")
        return run(Dataset(dataset.name, tuple(case for case in dataset.cases if not case.corpus)), lambda _: assistant)


def test_baseline_holds(report: Report, repository: Path) -> None:
    missed = shortfalls(report, load_baseline(repository / "evals" / "baseline.json"))
    assert not missed, "\n".join([*map(str, missed), "", render(report)])


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
            assert (repository / "corpus" / path).is_file(), f"{outcome.case.id}: {path}"


def test_every_expected_fact_stands_in_one_of_its_sources(report: Report, repository: Path) -> None:
    """A fact that no right answer can contain would only measure itself."""
    for outcome in report.outcomes:
        expect = outcome.case.expect
        texts = " ".join((repository / "corpus" / path).read_text("utf-8") for path in expect.sources)
        for fact in expect.facts:
            assert any(words.casefold() in texts.casefold() for words in fact), f"{outcome.case.id}: {fact}"
