"""What each part of judging is worth: half a of the development sets, with one part taken away at a time.

    .venv/bin/python benchmarks/bench_ablation.py [--sets FOLDER] [--work FOLDER]

The weights stay as they are, so that a part that is missed is missed as its neighbours were fitted beside it; only
"without the reader" has weights of its own. Figures as in the scorer, from judged sentences, without the chain around.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

from development import NAMES, SETS, Question, questions, scorer
from fit_weights import found_for, is_gold

from assistant import Settings
from assistant.answering import extractive
from assistant.answering.abstention import BALANCED, Sufficiency, confidence, sufficiency
from assistant.answering.ambiguity import readings
from assistant.answering.evidence import Judged, admissible, can_be_read, judge, probability
from assistant.answering.premises import false_premise
from assistant.answering.reader import Reader, bundled_reader
from assistant.indexing import open_index, sync
from assistant.retrieval.hybrid import Retriever
from assistant.retrieval.query import Query

_DATES = dict.fromkeys(("year", "year_section", "year_before", "year_other", "span_other"), 0.0)


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what was found for it, and whether the chain would refuse it before the evidence is weighed."""

    question: Question
    query: Query
    every: Sequence[Judged]
    scores: Sequence[float]
    refused: bool


Weigh = Callable[[Case, Sequence[Judged], Sufficiency], float]


def main() -> None:
    """Prints a Markdown table: recall and precision of citations, precision and recall of refusals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=Path, default=SETS)
    parser.add_argument("--work", type=Path, help="folder with the indexes of bench_quality.py")
    options = parser.parse_args()
    print("| half a: cite_recall/precision, refusal p/r | " + " | ".join(NAMES) + " |\n|---|" + "---|" * len(NAMES))
    with tempfile.TemporaryDirectory() as folder:
        rows: dict[str, list[str]] = {}
        for name in NAMES:
            for label, figures in _ablate(options.sets, name, (options.work or Path(folder)) / name).items():
                rows.setdefault(label, []).append(figures)
    for label, cells in rows.items():
        print(f"| {label} | " + " | ".join(cells) + " |")


def _ablate(sets: Path, name: str, index: Path) -> dict[str, str]:
    settings = Settings(corpus_dir=sets / name / "docs", index_dir=index)
    sync(settings)
    opened = open_index(settings)
    score = scorer(sets)
    retriever = Retriever(opened.vectors, opened.embedder)

    def cases(reader: Reader | None) -> list[Case]:
        found = []
        with opened.catalog.read() as snapshot:
            for question in questions(sets, name, "a"):
                query, passages = found_for(question, retriever, snapshot)
                every = judge(query, passages, snapshot, reader if can_be_read(query) else None)
                refused = bool(every) and bool(
                    false_premise(query, every, snapshot) or readings(query, admissible(query, every), snapshot)
                )
                found.append(Case(question, query, every, [p.score for p in passages], refused))
        return found

    def figures(found: list[Case], weigh: Weigh = lambda _, judged, measured: confidence(judged, measured)) -> str:
        recall, precision, right, caught = [], [], [], []
        for case in found:
            judged = admissible(case.query, case.every)
            says = False
            if judged and not case.refused:
                measured = sufficiency(case.query, judged, case.scores, opened.embedder)
                says = weigh(case, judged, measured) >= BALANCED
            if not says:
                right.append(not case.question.answerable)
            if not case.question.answerable:
                caught.append(not says)
                continue
            gold = {(j.evidence.document_id, j.evidence.start): is_gold(case.question, j, score) for j in judged}
            marks = [gold[e.document_id, e.start] for e in extractive.select(case.query, judged)] if says else []
            recall.append(any(marks))
            precision += marks
        return f"{_share(recall)}/{_share(precision)}, {_share(right)}/{_share(caught)}"

    whole = cases(bundled_reader())
    table = {
        "as it is": figures(whole),
        "without the reader": figures(cases(None)),
        "without dates": figures([replace(c, every=_undated(c.every)) for c in whole]),
        "without false premises and ambiguity": figures([replace(c, refused=False) for c in whole]),
        "without the cosines": figures(
            whole, lambda _, judged, m: confidence(judged, m._replace(cosine=0.55, cosine_within=0.55))
        ),
        "without the reader's word on sufficiency": figures(
            whole,
            lambda _, judged, m: confidence(
                judged, m._replace(read_evidence=0.0, read_answer=0.0, read_most=0.0, read_whole=0.0)
            ),
        ),
        "without calibration: the best sentence's score": figures(whole, lambda _, judged, m: judged[0].evidence.score),
    }
    with ExitStack() as stack:
        for constant in ("_HEDGE", "_FURTHER"):
            stack.enter_context(mock.patch.object(extractive, constant, 0.2))
        table["without pruning"] = figures(whole)
    opened.close()
    return table


def _undated(every: Sequence[Judged]) -> list[Judged]:
    read = any(j.reading is not None for j in every)
    bare = []
    for j in every:
        features = j.features._replace(**_DATES)
        evidence = replace(j.evidence, score=probability(features, j.reading, read=read))
        bare.append(replace(j, features=features, evidence=evidence))
    return sorted(bare, key=lambda j: (-j.evidence.score, j.order))


def _share(marks: list[bool]) -> str:
    return f"{sum(marks) / len(marks):.2f}" if marks else "–"


if __name__ == "__main__":
    main()
