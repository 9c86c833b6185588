"""A version that is built and not published yet, against the published one, on one data set.

The cases that the change can touch are asked first; where they settle that the gate stays shut, the rest is not asked.
What is not here: asking and marking (runner.py), the rules (gate.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.errors import EmbedderError, GateError, IndexMissingError
from assistant.evaluation.cases import Case, Dataset
from assistant.evaluation.gate import Rules, Verdict, broken, judge
from assistant.evaluation.report import Report, shown
from assistant.evaluation.runner import run
from assistant.evaluation.subjects import Subject, Subjects, changed_paths, touched
from assistant.publishing import Index
from assistant.settings import Settings
from assistant.store.catalog import Catalog
from assistant.types import Progress

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The reports of both; none of the published version where there is none, or its model is gone."""

    published: Report | None
    staged: Report

    def to_dict(self) -> dict[str, dict[str, float | None] | None]:
        """The figures of both as JSON has them."""
        return {
            "published": None if self.published is None else self.published.figures(),
            "new": self.staged.figures(),
        }

    def __str__(self) -> str:
        before = {} if self.published is None else self.published.figures()
        rows = [("", "published", "new")]
        rows += [(name, shown(before.get(name)), shown(value)) for name, value in self.staged.figures().items()]
        width = max(len(name) for name, *_ in rows)
        return "\n".join(f"{name:<{width}}  {old:>9}  {new:>9}" for name, old, new in rows)


@dataclass(frozen=True, slots=True)
class Staging:
    """Looks at a version before it is published.

    Attributes:
        cases: The file that the data set stands in.
        settings: Of the index that is written.
    """

    dataset: Dataset
    cases: Path
    settings: Settings
    progress: OnProgress = lambda _: None

    def compare(self, staged: Index) -> Comparison:
        """Asks both versions every case.

        Raises:
            CaseError: A case can't be asked; the message names it.
        """
        published, _ = self._published(staged)
        return Comparison(published, self._ask(Subject.staged(staged, self.settings), self.dataset))

    def hold(self, staged: Index, baseline: Mapping[str, float], rules: Rules) -> Comparison:
        """Asks both versions, and drops the new one if it answers worse.

        Raises:
            GateError: It does; the error holds the verdict.
            CaseError: A case can't be asked, or the baseline names no figure.
        """
        published, changed = self._published(staged)
        new = Subject.staged(staged, self.settings)
        if published is not None:
            first = self._touched(published, new, changed)
            if first.cases:
                worse = broken(self._ask(new, first).outcomes, rules, published)
                if worse:
                    raise _refusal(Verdict(broken=worse, asked=len(first.cases), changed=changed))
        report = self._ask(new, self.dataset)
        verdict = replace(judge(report, baseline, rules, published), changed=changed)
        if not verdict.passed:
            raise _refusal(verdict)
        return Comparison(published, report)

    def _published(self, staged: Index) -> tuple[Report | None, tuple[str, ...]]:
        """What the published version answers, and the documents that the new one has otherwise."""
        # A first index, or a model that was removed: then there is nothing to compare with.
        with suppress(IndexMissingError, EmbedderError):
            subject = Subject.published(_as_published(self.settings, staged))
            if not subject.version:
                subject.close()
                raise IndexMissingError("nothing is published yet")
            with closing(subject):
                changed = changed_paths(subject, Subject.staged(staged, self.settings))
                return self._ask(subject, self.dataset), tuple(sorted(changed))
        return None, ()

    def _touched(self, published: Report, new: Subject, changed: tuple[str, ...]) -> Dataset:
        """The cases that the change can touch: they cite or find what changed, before it or after."""

        def finds(case: Case) -> bool:
            return any(passage.path in changed for passage in new.search(case.question))

        cases = [
            outcome.case
            for outcome in published.outcomes
            if not outcome.case.corpus and (touched(outcome.answer, changed) or finds(outcome.case))
        ]
        return Dataset(self.dataset.name, tuple(cases))

    def _ask(self, subject: Subject, dataset: Dataset) -> Report:
        with Subjects(subject, dataset, self.cases) as subjects:
            return run(dataset, subjects, progress=self.progress)


def _refusal(verdict: Verdict) -> GateError:
    return GateError(
        "the new version answers known questions worse and is not published; mend the documents, or the cases if they"
        " are what is out of date",
        verdict,
    )


def _as_published(settings: Settings, staged: Index) -> Settings:
    """The settings with the embedding model that the published version was made with."""
    with closing(Catalog(staged.catalog.file)) as catalog, catalog.read() as snapshot:
        name = snapshot.meta("embedder_name") or settings.embedding_model
    return settings.model_copy(update={"embedding_model": name})
