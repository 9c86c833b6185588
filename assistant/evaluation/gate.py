"""The gate: whether a report is good enough, and whether a new version answers worse than the published one.

A figure is held to the floors of a baseline file, `{"metric": floor}`; a case to what the published version makes of
it. A floor stands two cases' worth under what was measured when it was set, so that rewording a document does not fail
the gate and losing an ability does; what must hold without exception (`quote_exact`) stands at 1. The rules stand
beside the cases in `gate.toml`. What is not here: what the figures mean (metrics.py), what is asked when (staging.py),
and what a failed gate stops (cli.py).
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import CaseError
from assistant.evaluation.report import Outcome, Report
from assistant.evaluation.statistics import PairedDifference

# Figures are shares of whole cases; a floor written with few digits must not fail by its rounding.
_ROUNDING = 1e-9
_NAMED = 8  # cases that a line for people names
# What an answer is held to by the version before: expectations met, and nothing cited that the case does not expect.
_HELD = ("right", "citation_precision")


class Rules(BaseModel):
    """What a new version may not do.

    Attributes:
        must: Tags of cases that may never break.
        may_break: How many other cases may be answered worse than by the published version.
        may_fall: Figures that may fall by more than chance explains; all others may not.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    must: tuple[str, ...] = ("must",)
    may_break: int = Field(default=0, ge=0)
    may_fall: tuple[str, ...] = ("seconds", "seconds_p95", "words")


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
        more = f" and {len(self.cases) - _NAMED} more" if len(self.cases) > _NAMED else ""
        cases = f"; see {', '.join(self.cases[:_NAMED])}{more}" if self.cases else ""
        return f"{self.metric} is {value}, the baseline wants {self.floor:.4g}{cases}"


@dataclass(frozen=True, slots=True)
class Broken:
    """A case that is answered worse than before.

    Attributes:
        must: Whether its tags say that it may never break.
        before: What the published version made of it; None where nothing is published.
    """

    before: Outcome | None
    after: Outcome
    must: bool

    @property
    def why(self) -> str:
        """What is wrong with the answer now."""
        strange = sorted({c.path for c in self.after.answer.citations} - set(self.after.case.expect.sources))
        return "; ".join(self.after.complaints) or f"cites {', '.join(strange)}, which the case does not expect"

    def to_dict(self) -> dict[str, Any]:
        """The case as JSON has it."""
        return {
            "id": self.after.case.id,
            "question": self.after.case.question,
            "must": self.must,
            "why": self.why,
            "before": None if self.before is None else _told(self.before),
            "after": _told(self.after),
        }

    def __str__(self) -> str:
        must = " (must hold)" if self.must else ""
        lines = [f"{self.after.case.id}{must}: {self.after.case.question}", f"    {self.why}"]
        for when, outcome in (("before", self.before), ("now", self.after)):
            if outcome is not None:
                lines += [f"    {when}: {passage}" for passage in _passages(outcome)]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the gate opens, and everything that speaks against it.

    Attributes:
        broken: Cases that are answered worse than the rules allow, those that must hold first.
        falls: Figures that fell by more than chance explains.
        asked: How many cases the verdict rests on; the rest is not asked once it is sure.
        changed: Paths of the documents that changed.
    """

    shortfalls: tuple[Shortfall, ...] = ()
    broken: tuple[Broken, ...] = ()
    falls: tuple[PairedDifference, ...] = ()
    asked: int = 0
    changed: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against it."""
        return not (self.shortfalls or self.broken or self.falls)

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON has it."""
        return {
            "passed": self.passed,
            "asked": self.asked,
            "shortfalls": [miss.to_dict() for miss in self.shortfalls],
            "broken": [case.to_dict() for case in self.broken],
            "falls": [asdict(fall) for fall in self.falls],
            "changed": list(self.changed),
        }

    def __str__(self) -> str:
        lines = [f"below the baseline: {miss}" for miss in self.shortfalls]
        lines += [f"fell beyond chance: {fall}" for fall in self.falls]
        lines += [f"broken: {case}" for case in self.broken]
        if self.broken and self.changed:
            lines.append(f"documents that changed: {', '.join(self.changed)}")
        return "\n".join(lines)


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


def load_rules(path: Path) -> Rules:
    """Reads the rules; the usual ones where there is no such file.

    Raises:
        CaseError: The file can't be read, or says what is no rule.
    """
    try:
        return Rules.model_validate(tomllib.loads(path.read_text("utf-8-sig")))
    except FileNotFoundError:
        return Rules()
    except OSError as error:
        raise CaseError(f"the rules {path} can't be read ({error.strerror}); make the file readable") from error
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        what = "is no rule" if problem["type"] == "extra_forbidden" else problem["msg"]
        raise CaseError(f"the rules {path}: {name} {what}; the rules are {', '.join(Rules.model_fields)}") from error
    except ValueError as error:
        raise CaseError(f"the rules {path} are not TOML: {error}") from error


def judge(report: Report, baseline: Mapping[str, float], rules: Rules, before: Report | None = None) -> Verdict:
    """Holds a report to the floors, the cases that must hold, and the version before it.

    Raises:
        CaseError: The baseline names a figure that the report does not have.
    """
    falls: tuple[PairedDifference, ...] = ()
    if before is not None:
        falls = tuple(_falls(before, report, rules))
    return Verdict(
        tuple(shortfalls(report, baseline)),
        broken(report.outcomes, rules, before),
        falls,
        len(report.outcomes),
    )


def _falls(before: Report, after: Report, rules: Rules) -> Iterator[PairedDifference]:
    for evaluator in after.evaluators:
        if evaluator.name not in rules.may_fall:
            difference = after.change_from(before, evaluator)
            if difference is not None and difference.is_fall:
                yield difference


def broken(outcomes: Iterable[Outcome], rules: Rules, before: Report | None) -> tuple[Broken, ...]:
    """The cases that are answered worse than the rules allow; none where few enough are.

    Without a version before, those that must hold and do not.
    """
    former = {} if before is None else {outcome.case.id: outcome for outcome in before.outcomes}
    must: list[Broken] = []
    others: list[Broken] = []
    for outcome in outcomes:
        old = former.get(outcome.case.id)
        held = not set(rules.must).isdisjoint(outcome.case.tags)
        worse = _worse(old, outcome) if old is not None else held and not outcome.is_right
        if worse:
            (must if held else others).append(Broken(old, outcome, held))
    return (*must, *(others if len(others) > rules.may_break else ()))


def _worse(before: Outcome, after: Outcome) -> bool:
    for name in _HELD:
        old, new = before.mean(name), after.mean(name)
        if old is not None and new is not None and new < old - _ROUNDING:
            return True
    return False


def shortfalls(report: Report, baseline: Mapping[str, float]) -> list[Shortfall]:
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


def _told(outcome: Outcome) -> dict[str, Any]:
    answer = outcome.answer
    return {
        "answered": answer.answered,
        "text": answer.text or answer.explanation or "",
        "citations": [{"path": c.path, "start": c.start, "end": c.end, "quote": c.quote} for c in answer.citations],
    }


def _passages(outcome: Outcome) -> list[str]:
    answer = outcome.answer
    if not answer.answered:
        return [f"no answer ({answer.reason}): {answer.explanation or ''}"]
    return [f"{citation.path}: “{citation.quote}”" for citation in answer.citations]
