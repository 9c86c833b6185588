"""The development sets as the benchmarks use them: questions with gold evidence, on a folder of documents.

What is not here: a figure; `bench_quality.py` and `fit_weights.py` make them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
SETS = SHARED / "bench"
NAMES = ("squad2", "timeqa", "mtragun", "xquad_ru")


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what answers it; `gold` tells whether a sentence does."""

    id: str
    text: str
    history: tuple[dict[str, str], ...]
    answerable: bool
    evidence: tuple[str, ...]
    answers: tuple[str, ...]
    paths: frozenset[str]


def scorer(sets: Path) -> ModuleType:
    """The scorer that lies beside the sets, as a module."""
    spec = importlib.util.spec_from_file_location("score", sets / "score.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{sets / 'score.py'} is missing; name the folder of the development sets with --sets")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def questions(sets: Path, name: str, half: str | None) -> list[Question]:
    """The questions of one set; `half` a or b, or None for all."""
    rows = _lines(sets / name / "questions.jsonl")
    return [_question(row) for row in rows if half is None or in_half(row["id"], half)]


def in_half(question_id: str, half: str) -> bool:
    """The halves of the scorer: choose on a, report b once."""
    return (hashlib.sha1(question_id.encode(), usedforsecurity=False).digest()[0] % 2 == 0) == (half == "a")


def starter_questions(half: str | None = "a") -> list[Question]:
    """The known answers over the starter corpus, of one half; the expected facts stand for the evidence."""
    return [
        Question(
            row["id"],
            row["question"],
            tuple(row.get("history", ())),
            row["expect"]["answered"],
            (),
            tuple(alternative for fact in row["expect"].get("facts", ()) for alternative in fact),
            frozenset(row["expect"].get("sources", ())),
        )
        for row in _lines(ROOT / "evals" / "known_answers.jsonl")
        if "small-talk" not in row["tags"] and not row.get("corpus") and (half is None or in_half(row["id"], half))
    ]


def article_questions() -> list[Question]:
    """Questions on the two articles, with fragments of the sentences that answer them."""
    rows = _lines(ROOT / "benchmarks" / "texts_questions.jsonl")
    return [Question(r["id"], r["question"], (), "gold" in r, tuple(r.get("gold", ())), (), frozenset()) for r in rows]


def _question(row: dict[str, Any]) -> Question:
    short = () if row.get("answer_type") == "long" else tuple(row.get("answers", ()))
    return Question(
        row["id"],
        row["question"],
        tuple(row.get("history", ())),
        row["answerable"],
        tuple(row.get("evidence") or ()),
        short,
        frozenset(row["doc_ids"]),
    )


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    if not file.is_file():
        raise SystemExit(f"{file} is missing; name the folder of the development sets with --sets")
    with file.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())
