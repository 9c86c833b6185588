"""Fits the weights of evidence and sufficiency (logistic regressions) and prints them with what they reach.

    .venv/bin/python benchmarks/fit_weights.py [--sets FOLDER] [--write]

Fitted on half a of the development sets, the known answers over the starter corpus and the questions on the two
articles; half b is never read here. Deterministic: no random choice is made.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from development import NAMES, ROOT, SETS, SHARED, Question, article_questions, questions, scorer, starter_questions
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from assistant import Settings, Turn
from assistant.answering.abstention import BALANCED, SUFFICIENCY, sufficiency
from assistant.answering.chain import PASSAGES
from assistant.answering.evidence import Judged, admissible, judge
from assistant.answering.features import FEATURES
from assistant.indexing import open_index, sync
from assistant.retrieval.hybrid import Retriever
from assistant.retrieval.query import analyse
from assistant.retrieval.rewriting import standalone

WEIGHTS_FILE = ROOT / "assistant" / "answering" / "weights.py"
# How far each set counts. mtragun's gold is whole passages, so that it says nothing about sentences.
EVIDENCE = {"squad2": 1.0, "timeqa": 1.0, "xquad_ru": 1.0, "starter": 1.0, "articles": 0.5}
ANSWERS = {"squad2": 1.0, "timeqa": 1.0, "mtragun": 1.3, "xquad_ru": 0.4, "starter": 1.3, "articles": 0.8}


@dataclass(frozen=True, slots=True)
class Measured:
    """A question with its judged sentences, best first, which of them are gold, and the scores of its passages."""

    question: Question
    judged: Sequence[Judged]
    gold: Sequence[bool]
    sufficiency: Sequence[float]


def main() -> None:
    """Fits twice: the sentences' weights, then, with those in force, the answers'."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=Path, default=SETS)
    parser.add_argument("--write", action="store_true", help="put the weights into assistant/answering/weights.py")
    options = parser.parse_args()
    corpora = {name: (options.sets / name / "docs", questions(options.sets, name, "a")) for name in NAMES}
    corpora["starter"] = (ROOT / "corpus", starter_questions())
    corpora["articles"] = (SHARED / "texts", article_questions())
    score = scorer(options.sets)
    with tempfile.TemporaryDirectory() as folder:
        measured = {n: _measure(Path(folder, n), docs, asked, score) for n, (docs, asked) in corpora.items()}
    if options.write:
        print("The sufficiency weights hold for the evidence weights in force: run twice.")
    evidence = _fit_evidence(measured)
    answers = _fit_answers(measured)
    if options.write:
        head = WEIGHTS_FILE.read_text("utf-8").split("\nBIAS")[0]
        WEIGHTS_FILE.write_text(head + "\n" + evidence + "\n" + answers, "utf-8")


def _measure(index: Path, docs: Path, asked: Sequence[Question], score: object) -> list[Measured]:
    settings = Settings(corpus_dir=docs, index_dir=index)
    sync(settings)
    opened = open_index(settings)
    retriever = Retriever(opened.vectors, opened.embedder)
    measured = []
    with opened.catalog.read() as snapshot:
        for question in asked:
            alone = standalone(question.text, [Turn.parse(t) for t in question.history])
            query = analyse(alone.text, alone.focus)
            passages = retriever.passages(query, snapshot, PASSAGES)
            judged = judge(query, passages, snapshot)
            best = admissible(query, judged)
            facts = sufficiency(query, best, [p.score for p in passages], opened.embedder)
            measured.append(Measured(question, judged, [_is_gold(question, j, score) for j in judged], facts))
    opened.close()
    return measured


def _is_gold(question: Question, judged: Judged, score: object) -> bool:
    text, path = judged.evidence.text, judged.evidence.path
    if not question.answerable:
        return False
    if not question.paths:  # the articles: fragments of the answering sentences
        return any(e in " ".join(text.replace("\xa0", " ").split()) for e in question.evidence)
    if any(score.overlap(text, e) for e in question.evidence):  # type: ignore[attr-defined]
        return True
    return path in question.paths and any(score.contains(text, a) for a in question.answers)  # type: ignore[attr-defined]


def _fit_evidence(measured: dict[str, list[Measured]]) -> str:
    rows, gold, weights = [], [], []
    for name, weight in EVIDENCE.items():
        usable = [m for m in measured[name] if any(m.gold)]
        for m in usable:
            rows += [tuple(j.features) for j in m.judged]
            gold += m.gold
            weights += [60 * weight / len(usable)] * len(m.judged)
    model = LogisticRegression(C=0.3, max_iter=3000).fit(np.array(rows), np.array(gold), sample_weight=weights)
    for name in measured:
        asked = [m for m in measured[name] if m.question.answerable]
        first = three = 0
        for m in asked:
            order = np.argsort(-model.decision_function(np.array([tuple(j.features) for j in m.judged])), kind="stable")
            first += m.gold[order[0]]
            three += any(m.gold[i] for i in order[:3])
        print(f"{name:10} a right sentence first {first / len(asked):.3f}, among three {three / len(asked):.3f}")
    return _as_code("BIAS", "WEIGHTS", FEATURES, model)


def _fit_answers(measured: dict[str, list[Measured]]) -> str:
    rows, truth, weights = [], [], []
    for name, weight in ANSWERS.items():
        rows += [m.sufficiency for m in measured[name]]
        truth += [m.question.answerable for m in measured[name]]
        weights += [100 * weight / len(measured[name])] * len(measured[name])
    model = LogisticRegression(C=3, max_iter=5000).fit(np.array(rows), np.array(truth), sample_weight=weights)
    for name in ANSWERS:
        sure = model.predict_proba(np.array([m.sufficiency for m in measured[name]]))[:, 1]
        there = np.array([m.question.answerable for m in measured[name]])
        refused = sure < BALANCED
        auroc = f"{roc_auc_score(there, sure):.3f}" if not there.all() else "–"
        right = f"{(~there[refused]).mean():.2f}" if refused.any() else "–"
        found = f"{refused[~there].mean():.2f}" if not there.all() else "–"
        print(f"{name:10} AUROC {auroc}; at {BALANCED}: refusals right {right}, found {found}, "
              f"answered {(~refused)[there].mean():.2f}")  # fmt: skip
    return _as_code("ANSWER_BIAS", "ANSWER_WEIGHTS", SUFFICIENCY, model)


def _as_code(bias: str, weights: str, names: Sequence[str], model: LogisticRegression) -> str:
    found = {name: round(float(value), 2) for name, value in zip(names, model.coef_[0], strict=True)}
    code = f"{bias} = {model.intercept_[0]:.2f}\n{weights} = {json.dumps(found, indent=4)}\n".replace("\n}", ",\n}")
    print(code)
    return code


if __name__ == "__main__":
    main()
