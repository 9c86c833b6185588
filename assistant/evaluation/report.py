"""Reports: the marks of all cases as figures, as JSON and as a table for people.

What is not here: what a mark means (metrics.py), whether the figures are good enough (gate.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from assistant.evaluation.cases import Case
from assistant.evaluation.metrics import Evaluator, Mark
from assistant.evaluation.statistics import Interval, PairedDifference, figure, interval, paired_difference
from assistant.types import Answer

_COLUMNS = ("right", "facts", "citation_recall", "citation_precision")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case, its answer, and the answer's marks by evaluator."""

    case: Case
    answer: Answer
    marks: Mapping[str, Sequence[Mark]]

    @property
    def complaints(self) -> list[str]:
        """What was wrong with the answer; empty where nothing was."""
        return [mark.complaint for marks in self.marks.values() for mark in marks if mark.complaint]

    @property
    def is_right(self) -> bool:
        """Whether every expectation is met."""
        return self.mean("right") == 1

    def mean(self, name: str) -> float | None:
        """The mean of an evaluator's marks; None where it has none for this case."""
        values = [mark.value for mark in self.marks.get(name, ())]
        return fmean(values) if values else None

    def misses(self, evaluator: Evaluator) -> bool:
        """Whether this case pulls that figure down."""
        return evaluator.better == "higher" and any(mark.value < 1 for mark in self.marks[evaluator.name])


@dataclass(frozen=True, slots=True)
class Report:
    """What came of asking a data set."""

    dataset: str
    index_version: str
    evaluators: tuple[Evaluator, ...]
    outcomes: tuple[Outcome, ...]

    def figure(self, evaluator: Evaluator, tag: str | None = None) -> float | None:
        """One figure, over all cases or those of a tag; None where it applies to none of them."""
        return figure(evaluator, [mark for marks in self._marks(evaluator, tag).values() for mark in marks])

    def interval(self, evaluator: Evaluator, tag: str | None = None) -> Interval | None:
        """The 95 % interval of a figure; None where it applies to fewer than two cases."""
        return interval(evaluator, list(self._marks(evaluator, tag).values()))

    def change_from(self, before: Report, evaluator: Evaluator) -> PairedDifference | None:
        """What became of a figure since an earlier report, over the cases that both hold; None without any."""
        return paired_difference(evaluator, before._marks(evaluator), self._marks(evaluator))

    def _marks(self, evaluator: Evaluator, tag: str | None = None) -> dict[str, Sequence[Mark]]:
        """The marks by case, of all cases or those of a tag."""
        return {
            outcome.case.id: outcome.marks.get(evaluator.name, ())
            for outcome in self.outcomes
            if tag is None or tag in outcome.case.tags
        }

    def figures(self, tag: str | None = None) -> dict[str, float | None]:
        """All figures by name."""
        return {evaluator.name: self.figure(evaluator, tag) for evaluator in self.evaluators}

    def tags(self) -> dict[str, int]:
        """How many cases each tag has, the most frequent first."""
        counts: dict[str, int] = {}
        for outcome in self.outcomes:
            for tag in outcome.case.tags:
                counts[tag] = counts.get(tag, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: -item[1]))

    def failing(self) -> list[Outcome]:
        """The cases that something was wrong with."""
        return [outcome for outcome in self.outcomes if outcome.complaints]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {
            "dataset": self.dataset,
            "index_version": self.index_version,
            "cases": len(self.outcomes),
            "figures": self.figures(),
            "intervals": {
                evaluator.name: None if between is None else [between.low, between.high]
                for evaluator in self.evaluators
                for between in [self.interval(evaluator)]
            },
            "by_tag": {tag: {"cases": count, **self.figures(tag)} for tag, count in self.tags().items()},
            "failing": [
                {
                    "id": outcome.case.id,
                    "question": outcome.case.question,
                    "answered": outcome.answer.answered,
                    "text": outcome.answer.text or outcome.answer.explanation or "",
                    "complaints": outcome.complaints,
                }
                for outcome in self.failing()
            ],
        }


def render(report: Report) -> str:
    """The report for people: figures, a table by tag, and each failing case with what was wrong."""
    lines = [f"{report.dataset}: {len(report.outcomes)} cases, index {report.index_version or 'unknown'}", ""]
    width = max(len(evaluator.name) for evaluator in report.evaluators)
    for evaluator in report.evaluators:
        value = report.figure(evaluator)
        if value is not None:
            between = _between(report.interval(evaluator))
            lines.append(f"  {evaluator.name:<{width}}  {shown(value):>7} {between:<13}  {evaluator.says}")
    lines += ["", *_by_tag(report)]
    failing = report.failing()
    if failing:
        lines += ["", f"Failing ({len(failing)}):"]
    for outcome in failing:
        lines.append(f"  {outcome.case.id}: {outcome.case.question}")
        lines += [f"      {complaint}" for complaint in outcome.complaints]
    return "\n".join(lines)


def _by_tag(report: Report) -> list[str]:
    columns = [evaluator for evaluator in report.evaluators if evaluator.name in _COLUMNS]
    tags = report.tags()
    width = max([len("tag"), *map(len, tags)])
    lines = [f"  {'tag':<{width}}  cases" + "".join(f"  {evaluator.name:>{_wide(evaluator)}}" for evaluator in columns)]
    for tag, count in tags.items():
        cells = "".join(f"  {shown(report.figure(evaluator, tag)):>{_wide(evaluator)}}" for evaluator in columns)
        lines.append(f"  {tag:<{width}}  {count:>5}{cells}")
    return lines if tags else []


def _wide(evaluator: Evaluator) -> int:
    return max(len(evaluator.name), 7)


def shown(value: float | None) -> str:
    """A figure as a person reads it; a dash where it applies to nothing."""
    return "–" if value is None else f"{value:.3f}" if value < 10 else f"{value:.0f}"


def _between(interval: Interval | None) -> str:
    if interval is None:
        return ""
    return (
        "["
        + "–".join(f"{end:.2f}" if interval.high < 10 else f"{end:.0f}" for end in (interval.low, interval.high))
        + "]"
    )
