"""The gate: a report's figures against the floors of a baseline file, `{"metric": floor}`.

A floor stands two cases' worth under what was measured when it was set, so that rewording a document does
not fail the gate and losing an ability does; what must hold without exception (`quote_exact`) stands at 1.
What is not here: what the figures mean (metrics.py), and what a failed gate stops (cli.py).
"""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import CaseError
from assistant.evaluation.report import Report

# Figures are shares of whole cases; a floor written with few digits must not fail by its rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A figure on the wrong side of its floor (or ceiling), and the cases that put it there."""

    metric: str
    floor: float
    value: float | None
    cases: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The shortfall as JSON has it."""
        return asdict(self)

    def __str__(self) -> str:
        value = "no case to measure it on" if self.value is None else f"{self.value:.4g}"
        cases = f"; see {', '.join(self.cases)}" if self.cases else ""
        return f"{self.metric} is {value}, the baseline wants {self.floor:.4g}{cases}"


def load_baseline(path: Path) -> dict[str, float]:
    """Reads the floors.

    Raises:
        CaseError: The file can't be read or is no JSON object of numbers.
    """
    try:
        values: Any = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise CaseError(
            f"the baseline {path} can't be read ({error.strerror}); name another with --baseline"
        ) from error
    except ValueError as error:
        raise CaseError(f"the baseline {path} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise CaseError(f'the baseline {path} must be a JSON object like {{"facts": 0.9}}')
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CaseError(f"the baseline {path}: the floor of {name} must be a number, not {value!r}")
    return values


def shortfalls(report: Report, baseline: dict[str, float]) -> list[Shortfall]:
    """The figures that miss the baseline; empty where the gate is passed.

    A figure that applies to no case misses its floor too: a floor that nothing is held to is no floor.

    Raises:
        CaseError: The baseline names a figure that the report does not have.
    """
    evaluators = {evaluator.name: evaluator for evaluator in report.evaluators}
    missed = []
    for name, floor in baseline.items():
        if name not in evaluators:
            close = difflib.get_close_matches(name, evaluators, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(evaluators)}"
            raise CaseError(f"the baseline names {name}, which is no figure of the report; {hint}")
        evaluator = evaluators[name]
        value = report.figure(evaluator)
        if value is not None:
            over = value - floor if evaluator.better == "higher" else floor - value
            if over >= -_ROUNDING:
                continue
        cases = tuple(outcome.case.id for outcome in report.outcomes if outcome.misses(evaluator))
        missed.append(Shortfall(name, floor, value, cases))
    return missed
