"""Intervals, paired differences, ranking and calibration, against numbers worked out by hand."""

from __future__ import annotations

import pytest

from assistant.evaluation.cases import Case
from assistant.evaluation.metrics import EVALUATORS, Evaluator, Mark
from assistant.evaluation.report import Outcome, Report, render
from assistant.evaluation.statistics import figure, interval, paired_difference
from assistant.types import Answer, Passage

BY_NAME = {evaluator.name: evaluator for evaluator in EVALUATORS}
RIGHT = BY_NAME["right"]


def marks(*values: float) -> list[Mark]:
    return [Mark(value) for value in values]


def test_interval_is_that_of_the_binomial_where_each_case_has_one_mark() -> None:
    found = interval(RIGHT, [marks(1)] * 80 + [marks(0)] * 20)
    assert found is not None
    assert found.low == pytest.approx(0.72, abs=0.02)
    assert found.high == pytest.approx(0.88, abs=0.02)
    assert found == interval(RIGHT, [marks(1)] * 80 + [marks(0)] * 20)


def test_marks_of_one_case_are_no_independent_observations() -> None:
    alone = interval(RIGHT, [marks(1)] * 80 + [marks(0)] * 20)
    together = interval(RIGHT, [marks(*[1] * 10)] * 8 + [marks(*[0] * 10)] * 2)
    assert alone is not None
    assert together is not None
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_one_case_has_no_interval() -> None:
    assert interval(RIGHT, [marks(1, 0), []]) is None


@pytest.mark.parametrize("values", [(3.0, 1.0, 2.0), (4.0, 1.0, 2.0, 3.0)])
def test_median_is_the_middle(values: tuple[float, ...]) -> None:
    assert figure(BY_NAME["seconds"], marks(*values)) == (2 if len(values) == 3 else 2.5)


def test_only_a_fall_beyond_noise_is_a_fall() -> None:
    before = {str(n): marks(1) for n in range(40)}
    much = paired_difference(RIGHT, before, {str(n): marks(float(n >= 12)) for n in range(40)} | {"new": marks(0)})
    little = paired_difference(RIGHT, before, {str(n): marks(float(n >= 2)) for n in range(40)})
    assert much is not None
    assert little is not None
    assert (much.cases, much.difference, much.is_fall) == (40, pytest.approx(-0.3), True)
    assert much.interval.low < -0.3 < much.interval.high < 0
    assert little.p_value == pytest.approx(0.5, abs=0.05)  # two cases that differ: half of the sign flips are as far
    assert not little.is_fall
    gain = paired_difference(RIGHT, {str(n): marks(float(n >= 12)) for n in range(40)}, before)
    assert gain is not None
    assert not gain.is_fall


def test_slower_is_a_fall_of_seconds() -> None:
    seconds: Evaluator = BY_NAME["seconds"]
    before = {str(n): marks(1 + n / 100) for n in range(40)}
    found = paired_difference(seconds, before, {str(n): marks(2 + n / 100) for n in range(40)})
    assert found is not None
    assert found.is_fall


def case(**expect: object) -> Case:
    return Case.model_validate({"id": "x", "question": "When?", "expect": expect})


def found(*paths: str, confidence: float = 0.0) -> Answer:
    passages = tuple(Passage(path, path, path, None, 0, 1, "t", 0.5) for path in paths)
    return Answer("When?", "When?", answered=False, passages=passages, confidence=confidence)


def test_ranking_counts_each_expected_document_once_at_its_first_passage() -> None:
    of = case(answered=True, sources=["a.md", "z.md"])
    given = found("b.md", "a.md", "a.md", "a.md")
    values = {
        name: BY_NAME[name].measure(of, given, str)[0].value
        for name in ("recall@1", "recall@3", "recall@5", "mrr", "ndcg@10")
    }
    # nDCG: 1/log2(3) of the best possible 1 + 1/log2(3)
    assert values == pytest.approx({"recall@1": 0, "recall@3": 0.5, "recall@5": 0.5, "mrr": 0.5, "ndcg@10": 0.386853})
    assert BY_NAME["mrr"].measure(of, found(), str)[0].value == 0
    assert not BY_NAME["mrr"].measure(case(answered=False), given, str)


def test_calibration_error_weighs_the_gap_of_each_bin() -> None:
    evaluator = BY_NAME["calibration_error"]
    yes, no = case(answered=True, facts=[["x"]]), case(answered=False)
    given = [(yes, 0.95), (yes, 0.95), (no, 0.95), (no, 0.05)]
    observed = [mark for of, c in given for mark in evaluator.measure(of, found(confidence=c), str)]
    # bin of .95: |2/3 - .95| times 3/4; bin of .05: .05 times 1/4
    assert figure(evaluator, observed) == pytest.approx((2.85 - 2) / 4 + 0.05 / 4)


def test_report_shows_the_interval_beside_the_figure() -> None:
    of = case(answered=True, facts=[["x"]])
    outcomes = [
        Outcome(of.model_copy(update={"id": str(n)}), found(), {"right": marks(float(n >= 20))}) for n in range(100)
    ]
    report = Report("d", "1", (RIGHT,), tuple(outcomes))
    low, high = report.to_dict()["intervals"]["right"]
    assert low < 0.8 < high
    assert f"0.800 [{low:.2f}–{high:.2f}]" in render(report)
