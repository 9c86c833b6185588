"""The runner: asks every case of a data set and has the answers marked.

It knows no data set and no evaluator by name. What is not here: whether the result is good enough (gate.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from assistant.errors import CaseError, QuestionError
from assistant.evaluation.cases import Case, Dataset
from assistant.evaluation.metrics import EVALUATORS, Evaluator
from assistant.evaluation.report import Outcome, Report
from assistant.types import Answer, Document, Turn


class Answering(Protocol):
    """What the runner needs of an assistant."""

    def ask(
        self, question: str, *, history: Sequence[Turn | Mapping[str, Any]] = (), as_of: str | None = None
    ) -> Answer:
        """Answers a question."""
        ...

    def document(self, id_or_path: str) -> Document:
        """The document that a citation points to."""
        ...


def run(
    dataset: Dataset,
    assistant: Answering,
    *,
    evaluators: Sequence[Evaluator] = EVALUATORS,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Asks every case, one after the other, and marks the answers.

    Args:
        dataset: What is asked.
        assistant: Who answers.
        evaluators: What is looked at.
        progress: Told how many cases are done, of how many.

    Raises:
        CaseError: A case can't be asked; the message names it.
        IndexMissingError: Nothing was published yet.
    """

    @cache
    def stored_text(document_id: str) -> str:
        return assistant.document(document_id).text

    outcomes = []
    for done, case in enumerate(dataset.cases):
        if progress:
            progress(done, len(dataset.cases))
        answer = _ask(assistant, case)
        marks = {evaluator.name: tuple(evaluator.measure(case, answer, stored_text)) for evaluator in evaluators}
        outcomes.append(Outcome(case, answer, marks))
    if progress:
        progress(len(dataset.cases), len(dataset.cases))
    version = outcomes[-1].answer.index_version if outcomes else ""
    return Report(dataset.name, version, tuple(evaluators), tuple(outcomes))


def _ask(assistant: Answering, case: Case) -> Answer:
    try:
        return assistant.ask(case.question, history=case.history, as_of=case.as_of)
    except QuestionError as error:  # anything else would hit every case alike
        raise CaseError(f"case {case.id} can't be asked: {error}") from error
