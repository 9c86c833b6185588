"""Two versions of an index on one data set: the published one, and one that is built and not published yet.

What is not here: asking and marking (runner.py), and whether a figure is good enough (gate.py).
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass

from assistant.assistant import Assistant
from assistant.errors import EmbedderError, IndexMissingError
from assistant.evaluation.cases import Dataset
from assistant.evaluation.report import Report, shown
from assistant.evaluation.runner import run
from assistant.publishing import Index
from assistant.settings import Settings
from assistant.store.catalog import Catalog


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


def compare(dataset: Dataset, settings: Settings, staged: Index) -> Comparison:
    """Asks both versions every case; to be called where the staged one is reviewed.

    Raises:
        CaseError: A case can't be asked; the message names it.
    """
    published = None
    # A first index, or a model that was removed: then there is nothing to compare with.
    with suppress(IndexMissingError, EmbedderError), Assistant(_as_published(settings, staged)) as assistant:
        published = run(dataset, assistant)
    return Comparison(published, run(dataset, Assistant.over(staged, settings)))


def _as_published(settings: Settings, staged: Index) -> Settings:
    """The settings with the embedding model that the published version was made with."""
    with closing(Catalog(staged.catalog.file)) as catalog, catalog.read() as snapshot:
        name = snapshot.meta("embedder_name") or settings.embedding_model
    return settings.model_copy(update={"embedding_model": name})
