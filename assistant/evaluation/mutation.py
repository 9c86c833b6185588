"""Mutation testing of the cases: the assistant is broken in known ways, and some case has to catch each.

A set of cases that nothing breaks proves nothing. A mutant is caught by a case that is answered right without it and
not with it, or whose quotations and citations get worse. Each mutant is asked the cases first that it is likeliest to
break, and no more once enough have caught it. Only cases over the corpus that the settings name are asked. What is not
here: the mutants (mutants.py), and what they are built with (bench.py).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import QuestionError
from assistant.evaluation.bench import Bench, Mutant
from assistant.evaluation.cases import Dataset
from assistant.evaluation.mutants import MUTANTS
from assistant.evaluation.report import Outcome, Report
from assistant.evaluation.runner import mark
from assistant.evaluation.subjects import Answering
from assistant.settings import Settings
from assistant.types import Progress

ENOUGH = 3  # cases that catch a mutant; one alone may do so by chance
# A case whose quotations or citations get worse has caught a mutant, even where it was not right before.
_PROOF = ("quote_exact", "sentences_cited", "citation_precision")
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one mutant.

    Attributes:
        name: Of the mutant.
        says: What it does.
        remedy: The case that is missing where nothing catches it.
        caught_by: Ids of the cases that caught it, at most `ENOUGH`.
        asked: How many cases were asked.
    """

    name: str
    says: str
    remedy: str
    caught_by: tuple[str, ...]
    asked: int

    @property
    def survived(self) -> bool:
        """Whether no case noticed."""
        return not self.caught_by

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        return {**asdict(self), "caught_by": list(self.caught_by), "survived": self.survived}

    def __str__(self) -> str:
        if self.survived:
            return f"SURVIVED {self.name} ({self.says}): {self.asked} cases did not notice; {self.remedy}"
        return f"caught   {self.name} ({self.says}): by {', '.join(self.caught_by)}, {self.asked} asked"


@dataclass(frozen=True, slots=True)
class MutationReport:
    """What became of all mutants.

    Attributes:
        left_out: Names of those that this corpus and its cases have nothing to build of.
    """

    findings: tuple[Finding, ...]
    left_out: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The share of mutants that were caught; 1 where there were none."""
        return 1 - len(self.survivors) / len(self.findings) if self.findings else 1.0

    @property
    def survivors(self) -> tuple[Finding, ...]:
        """The mutants that no case noticed."""
        return tuple(finding for finding in self.findings if finding.survived)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        mutants = [finding.to_dict() for finding in self.findings]
        return {"score": self.score, "mutants": mutants, "left_out": list(self.left_out)}

    def __str__(self) -> str:
        caught = len(self.findings) - len(self.survivors)
        lines = [f"mutants: {caught} of {len(self.findings)} caught (score {self.score:.2f})"]
        lines += [f"  {finding}" for finding in self.findings]
        lines += [f"  left out {name}: the corpus or its cases have nothing to break" for name in self.left_out]
        return "\n".join(lines)


def mutate(
    settings: Settings,
    report: Report,
    recorded: Answering,
    *,
    mutants: Sequence[Mutant] = MUTANTS,
    progress: Callable[[Progress], None] | None = None,
) -> MutationReport:
    """Breaks the assistant in every known way and looks which cases notice.

    Args:
        settings: Of the published version that the report is of.
        report: Of the unbroken assistant: what the broken one is held against.
        recorded: The unbroken assistant, answering from the run's file what it can.
        mutants: The ways.
        progress: Told how many mutants are done, of how many.

    Raises:
        IndexingError: A changed copy of the corpus can't be indexed.
    """
    tell = progress or (lambda _: None)
    outcomes = tuple(outcome for outcome in report.outcomes if not outcome.case.corpus)
    findings: list[Finding] = []
    left_out: list[str] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, Bench(
        settings, outcomes, recorded, Path(folder)
    ) as bench:  # fmt: skip
        for done, mutant in enumerate(mutants):
            tell(Progress("asking", done, len(mutants)))
            answering = mutant.make(bench)
            if answering is None:
                left_out.append(mutant.name)
            else:
                findings.append(_try(mutant, answering, bench, report))
        tell(Progress("asking", len(mutants), len(mutants)))
    return MutationReport(tuple(findings), tuple(left_out))


def _try(mutant: Mutant, answering: Answering, bench: Bench, report: Report) -> Finding:
    """Asks a mutant until enough cases have caught it."""
    # What was right can become wrong; what was wrong can only be proved worse.
    order = sorted(bench.outcomes, key=lambda one: (not mutant.aims(bench, one), not one.is_right))
    caught: list[str] = []
    asked = 0
    for before in order:
        asked += 1
        if _catches(before, _ask(answering, before, report)):
            caught.append(before.case.id)
            if len(caught) == ENOUGH:
                break
    return Finding(mutant.name, mutant.says, mutant.remedy, tuple(caught), asked)


def _ask(answering: Answering, before: Outcome, report: Report) -> Outcome | None:
    case = before.case
    try:
        answer = answering.ask(case.question, history=case.history, as_of=case.as_of)
    except QuestionError:  # what a mutant left of the question can't be asked
        return None
    return mark(Dataset(report.dataset, (case,)), [answer], lambda _: answering, report.evaluators).outcomes[0]


def _catches(before: Outcome, after: Outcome | None) -> bool:
    if after is None:
        return before.is_right
    if before.is_right and not after.is_right:
        return True
    pairs = ((before.mean(name), after.mean(name)) for name in _PROOF)
    return any(old is not None and new is not None and new < old - _ROUNDING for old, new in pairs)
