"""Fits the weights of evidence and sufficiency (logistic regressions) and prints them with what they reach.

    .venv/bin/python benchmarks/fit_weights.py [--sets FOLDER] [--work FOLDER] [--write]

Four models: the sentences' and the answers' weights, without the reader and with it. Fitted on half a of the
development sets, the known answers over the starter corpus and the questions on the two articles; half b is never read
here. Deterministic: no random choice is made.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from development import NAMES, ROOT, SETS, SHARED, Question, article_questions, questions, scorer, starter_questions
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from assistant import Passage, Settings, Turn
from assistant.answering.abstention import BALANCED, SUFFICIENCY, sufficiency
from assistant.answering.chain import PASSAGES
from assistant.answering.evidence import READINGS, Judged, admissible, can_be_read, judge, readings_of
from assistant.answering.features import FEATURES
from assistant.answering.reader import Reader, bundled_reader
from assistant.embedding import Embedder
from assistant.indexing import open_index, sync
from assistant.retrieval.hybrid import Retriever
from assistant.retrieval.query import Query, analyse
from assistant.retrieval.rewriting import standalone
from assistant.store.snapshot import Snapshot

WEIGHTS_FILE = ROOT / "assistant" / "answering" / "weights.py"
# How far each set counts. mtragun's gold is whole passages, so that it says nothing about sentences.
EVIDENCE = {"squad2": 1.0, "timeqa": 1.0, "xquad_ru": 1.0, "starter": 1.0, "articles": 0.5}
ANSWERS = {"squad2": 1.0, "timeqa": 1.0, "mtragun": 1.3, "xquad_ru": 0.4, "starter": 1.3, "articles": 0.8}
_HELD_BACK = 0.2
_OF_READER = ("read_evidence", "read_answer", "read_most", "read_whole")
_OF_UNREAD = ("follow_up", "long_period", "timely", "best_then")  # of questions that the reader is not asked


@dataclass(frozen=True, slots=True)
class Measured:
    """A question with its judged sentences, which of them are gold, and the scores of its passages."""

    question: Question
    query: Query
    judged: Sequence[Judged]
    gold: Sequence[bool]
    scores: Sequence[float]

    @property
    def read(self) -> bool:
        """Whether the reader had a say."""
        return any(j.reading is not None for j in self.judged)


def main() -> None:
    """Fits the sentences' weights and, on the order that these give, the answers'; without the reader and with it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=Path, default=SETS)
    parser.add_argument("--work", type=Path, help="folder to keep the indexes in")
    parser.add_argument("--write", action="store_true", help="put the weights into assistant/answering/weights.py")
    options = parser.parse_args()
    corpora = {name: (options.sets / name / "docs", questions(options.sets, name, "a")) for name in NAMES}
    corpora["starter"] = (ROOT / "corpus", starter_questions())
    corpora["articles"] = (SHARED / "texts", article_questions())
    code = []
    with tempfile.TemporaryDirectory() as folder:
        work = options.work or Path(folder)
        alone: LogisticRegression | None = None
        for prefix, reader in (("", None), ("READ_", bundled_reader())):
            print("\nwithout the reader" if reader is None else "\nwith the reader")
            alone, lines = _fit(prefix, reader, corpora, work, scorer(options.sets), alone)
            code += lines
    if options.write:
        head = WEIGHTS_FILE.read_text("utf-8").split("\nBIAS")[0]
        WEIGHTS_FILE.write_text(head + "\n" + "\n".join(code), "utf-8")


def _fit(
    prefix: str,
    reader: Reader | None,
    corpora: dict[str, tuple[Path, list[Question]]],
    work: Path,
    score: object,
    alone: LogisticRegression | None,
) -> tuple[LogisticRegression, list[str]]:
    measured, embedders = {}, {}
    for name, (docs, asked) in corpora.items():
        measured[name], embedders[name] = _measure(work / name, docs, asked, score, reader)
    usable = {n: [m for m in measured[n] if any(m.gold) and m.read == (reader is not None)] for n in EVIDENCE}
    evidence = _fit_evidence(usable)
    if alone is not None:
        _hold_back(evidence, alone)
    names = (*FEATURES, *(READINGS if reader else ()))
    ordered = {n: [_in_order(m, evidence, read=reader is not None) for m in ms] for n, ms in measured.items()}
    for name, all_of_it in ordered.items():
        asked = [m for m in all_of_it if m.question.answerable]
        first = sum(m.gold[0] for m in asked if m.gold) / len(asked)
        three = sum(any(m.gold[:3]) for m in asked) / len(asked)
        print(f"{name:10} a right sentence first {first:.3f}, among three {three:.3f}")
    answers = _fit_answers(ordered, embedders, read=reader is not None)
    kept = _features(read=reader is not None)
    return evidence, [_as_code(f"{prefix}BIAS", f"{prefix}WEIGHTS", names, evidence.coef_[0], evidence.intercept_[0]),
                      _as_code(f"{prefix}ANSWER_BIAS", f"{prefix}ANSWER_WEIGHTS", kept, *answers)]  # fmt: skip


def _measure(
    index: Path, docs: Path, asked: Sequence[Question], score: object, reader: Reader | None
) -> tuple[list[Measured], Embedder]:
    settings = Settings(corpus_dir=docs, index_dir=index)
    sync(settings)
    opened = open_index(settings)
    retriever = Retriever(opened.vectors, opened.embedder)
    measured = []
    with opened.catalog.read() as snapshot:
        for question in asked:
            query, passages = found_for(question, retriever, snapshot)
            # Questions on periods too: what the reader is not asked in the end still teaches what a year is worth.
            alone = query.focus == query.text and not query.cyrillic
            judged = judge(query, passages, snapshot, reader if alone else None)
            gold = [is_gold(question, j, score) for j in judged]
            measured.append(Measured(question, query, judged, gold, [p.score for p in passages]))
    opened.close()
    return measured, opened.embedder


def found_for(question: Question, retriever: Retriever, snapshot: Snapshot) -> tuple[Query, list[Passage]]:
    """The question as the chain reads it, and the passages that it gets."""
    alone = standalone(question.text, [Turn.parse(t) for t in question.history])
    query = analyse(alone.text, alone.focus)
    return query, retriever.passages(query, snapshot, PASSAGES)


def is_gold(question: Question, judged: Judged, score: object) -> bool:
    text, path = judged.evidence.text, judged.evidence.path
    if not question.answerable:
        return False
    if not question.paths:  # the articles: fragments of the answering sentences
        return any(e in " ".join(text.replace("\xa0", " ").split()) for e in question.evidence)
    if any(score.overlap(text, e) for e in question.evidence):  # type: ignore[attr-defined]
        return True
    return path in question.paths and any(score.contains(text, a) for a in question.answers)  # type: ignore[attr-defined]


def _row(judged: Judged, *, read: bool) -> tuple[float, ...]:
    return (*judged.features, *readings_of(judged.reading)) if read else tuple(judged.features)


def _fit_evidence(usable: dict[str, list[Measured]]) -> LogisticRegression:
    rows, gold, weights = [], [], []
    for name, weight in EVIDENCE.items():
        for m in usable[name]:
            rows += [_row(j, read=m.read) for j in m.judged]
            gold += m.gold
            weights += [60 * weight / len(usable[name])] * len(m.judged)
    return LogisticRegression(C=0.3, max_iter=3000).fit(np.array(rows), np.array(gold), sample_weight=weights)


def _hold_back(evidence: LogisticRegression, alone: LogisticRegression) -> None:
    """Draws the weights beside the reader a little towards those without it, which more questions were fitted on.

    Half a, cross-validated: mtragun's cite_recall .65 to .70, squad2's unchanged within a question.
    """
    prior = np.zeros_like(evidence.coef_)
    prior[:, : alone.coef_.shape[1]] = alone.coef_
    evidence.coef_ = (1 - _HELD_BACK) * evidence.coef_ + _HELD_BACK * prior
    evidence.intercept_ = (1 - _HELD_BACK) * evidence.intercept_ + _HELD_BACK * alone.intercept_


def _in_order(measured: Measured, evidence: LogisticRegression, *, read: bool) -> Measured:
    """Scored anew by the fitted weights; what was not read keeps the weights that it has."""
    if not measured.judged or measured.read != read:
        return measured
    scores = evidence.predict_proba(np.array([_row(j, read=read) for j in measured.judged]))[:, 1]
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], measured.judged[i].order))
    anew = [
        replace(j, evidence=replace(j.evidence, score=float(p))) for j, p in zip(measured.judged, scores, strict=True)
    ]
    return replace(measured, judged=[anew[i] for i in order], gold=[measured.gold[i] for i in order])


def _fit_answers(
    measured: dict[str, list[Measured]], embedders: dict[str, Embedder], *, read: bool
) -> tuple[NDArray[np.float64], float]:
    rows, truth, weights, of = [], [], [], []
    for name, weight in ANSWERS.items():
        for m in measured[name]:
            best = admissible(m.query, m.judged)
            if best and m.read == read and (not read or can_be_read(m.query)):
                rows.append(sufficiency(m.query, best, m.scores, embedders[name]))
                truth.append(m.question.answerable)
                weights.append(100 * weight / len(measured[name]))
                of.append(name)
    used = [SUFFICIENCY.index(name) for name in _features(read=read)]
    values = np.array(rows)[:, used]
    # Each value counts in its own spread, so that the ridge holds all back alike.
    spread = np.maximum(values.std(axis=0), 1e-9)
    model = LogisticRegression(C=0.05, max_iter=5000).fit(values / spread, np.array(truth), sample_weight=weights)
    sure = model.predict_proba(values / spread)[:, 1]
    for name in ANSWERS:
        mine = np.array([n == name for n in of])
        if not mine.any():
            continue
        there, p = np.array(truth)[mine], sure[mine]
        refused = p < BALANCED
        auroc = f"{roc_auc_score(there, p):.3f}" if not there.all() else "–"
        right = f"{(~there[refused]).mean():.2f}" if refused.any() else "–"
        found = f"{refused[~there].mean():.2f}" if not there.all() else "–"
        print(f"{name:10} AUROC {auroc}; at {BALANCED}: refusals right {right}, found {found}, "
              f"answered {(~refused)[there].mean():.2f}")  # fmt: skip
    return model.coef_[0] / spread, float(model.intercept_[0])


def _features(*, read: bool) -> list[str]:
    return [name for name in SUFFICIENCY if name not in (_OF_UNREAD if read else _OF_READER)]


def _as_code(bias: str, weights: str, names: Sequence[str], fitted: NDArray[np.float64], intercept: float) -> str:
    found = {name: round(float(value), 2) for name, value in zip(names, fitted, strict=True)}
    code = f"{bias} = {intercept:.2f}\n{weights} = {json.dumps(found, indent=4)}\n".replace("\n}", ",\n}")
    print(code)
    return code


if __name__ == "__main__":
    main()
