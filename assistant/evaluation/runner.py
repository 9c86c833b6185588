"""The runner: asks every case of a data set and has the answers marked.

It knows no data set and no evaluator by name. What is not here: who answers (subjects.py), whether the result is good
enough (gate.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

from assistant.errors import CaseError, QuestionError
from assistant.evaluation.cases import Case, Dataset
from assistant.evaluation.metrics import EVALUATORS, Evaluator
from assistant.evaluation.report import Outcome, Report
from assistant.evaluation.subjects import Answering
from assistant.types import Answer, Progress


def run(
    dataset: Dataset,
    answering: Callable[[str], Answering],
    *,
    evaluators: Sequence[Evaluator] = EVALUATORS,
    progress: Callable[[Progress], None] | None = None,
    workers: int | None = None,
) -> Report:
    """Asks every case, several at the same time, and marks the answers; the order of the report is that of the cases.

    Args:
        dataset: What is asked.
        answering: Who answers over the corpus of that name; called once for each.
        evaluators: What is looked at.
        progress: Told how many cases are done, of how many.
        workers: How many are asked at the same time; as many as there are cores where it is not said.

    Raises:
        CaseError: A case can't be asked; the message names it.
        IndexMissingError: Nothing was published yet.
    """
    tell = progress or (lambda _: None)
    who = {name: answering(name) for name in dict.fromkeys(case.corpus for case in dataset.cases)}
    total = len(dataset.cases)
    tell(Progress("asking", 0, total))
    with ThreadPoolExecutor(max(1, min(workers or os.cpu_count() or 1, total))) as pool:
        asked: list[Future[Answer]] = [pool.submit(_ask, who[case.corpus], case) for case in dataset.cases]
        try:
            answers = []
            for done, future in enumerate(asked, 1):
                answers.append(future.result())
                tell(Progress("asking", done, total))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return mark(dataset, answers, who.__getitem__, evaluators)


def mark(
    dataset: Dataset,
    answers: Sequence[Answer],
    answering: Callable[[str], Answering],
    evaluators: Sequence[Evaluator] = EVALUATORS,
) -> Report:
    """Marks the answers to the cases, one each, in order."""

    @cache
    def stored_text(corpus: str, document_id: str) -> str:
        return answering(corpus).document(document_id).text

    outcomes = []
    for case, answer in zip(dataset.cases, answers, strict=True):

        def text_of(document_id: str, corpus: str = case.corpus) -> str:
            return stored_text(corpus, document_id)

        marks = {evaluator.name: tuple(evaluator.measure(case, answer, text_of)) for evaluator in evaluators}
        outcomes.append(Outcome(case, answer, marks))
    version = next((o.answer.index_version for o in outcomes if not o.case.corpus), "")
    return Report(dataset.name, version, tuple(evaluators), tuple(outcomes))


def _ask(answering: Answering, case: Case) -> Answer:
    try:
        return answering.ask(case.question, history=case.history, as_of=case.as_of)
    except QuestionError as error:  # anything else would hit every case alike
        raise CaseError(f"case {case.id} can't be asked: {error}") from error
