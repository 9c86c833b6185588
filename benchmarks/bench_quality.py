"""The figures of docs/RESULTS.md: each development set indexed and asked through the command line, then scored.

.venv/bin/python benchmarks/bench_quality.py [--sets FOLDER] [--work FOLDER] [NAME ...]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from development import NAMES, SETS, questions

COLUMNS = (
    "recall@5", "doc@5", "passage_words", "cite_recall", "cite_precision", "quote_exact", "refusal_p", "refusal_r",
    "answer_rate", "answer_hit", "answer_f1", "words", "p50_s", "p95_s",
)  # fmt: skip
THRESHOLDS = (0.4, 0.5, 0.55, 0.6, 0.65, 0.7)


def main() -> None:
    """Prints one row a set and half, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(NAMES), metavar="NAME")
    parser.add_argument("--sets", type=Path, default=SETS)
    parser.add_argument("--work", type=Path, help="where indexes and answers are kept (default: thrown away)")
    options = parser.parse_args()
    if not options.sets.is_dir():
        print(f"skipped: no development sets in {options.sets}; name their folder with --sets")
        return
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        print("| set | questions | " + " | ".join(COLUMNS) + " |")
        print("|---|---|" + "---|" * len(COLUMNS))
        given: dict[str, Path] = {}
        for name in options.names:
            given[name] = answers = _answer(options.sets / name, work)
            for half in (None, "a", "b"):
                figures = _score(options.sets, name, answers, half)
                label = name if half is None else f"{name}, half {half}"
                row = [str(figures["questions"])] + ["" if figures[c] is None else str(figures[c]) for c in COLUMNS]
                print(f"| {label} | " + " | ".join(row) + " |", flush=True)
        _print_curve(options.sets, given)


def _print_curve(sets: Path, given: dict[str, Path]) -> None:
    """What the threshold trades: answers given to answerable questions, refusals right, refusals found."""
    print("\n| threshold | " + " | ".join(f"{name}: answered, p, r" for name in given) + " |")
    print("|---|" + "---|" * len(given))
    for threshold in THRESHOLDS:
        row = []
        for name, answers in given.items():
            there = {q.id: q.answerable for q in questions(sets, name, None)}
            sure = {a["id"]: a["confidence"] for a in map(json.loads, answers.open(encoding="utf-8"))}
            refused = [there[i] for i, c in sure.items() if c < threshold]
            answered = _share([sure[i] >= threshold for i, answerable in there.items() if answerable])
            found = _share([sure[i] < threshold for i, answerable in there.items() if not answerable])
            row.append(f"{answered}, {_share([not t for t in refused])}, {found}")
        print(f"| {threshold} | " + " | ".join(row) + " |")


def _share(marks: list[bool]) -> str:
    return f"{sum(marks) / len(marks):.2f}" if marks else "–"


def _answer(folder: Path, work: Path) -> Path:
    where = ["--corpus", str(folder / "docs"), "--index", str(work / folder.name)]
    subprocess.run(
        [sys.executable, "-m", "assistant", "index", *where, "--json"], check=True, stdout=subprocess.DEVNULL
    )
    answers = work / f"{folder.name}.answers.jsonl"
    asked = ["--file", str(folder / "questions.jsonl"), "--json"]
    with answers.open("w", encoding="utf-8") as out:
        subprocess.run([sys.executable, "-m", "assistant", "ask", *where, *asked], check=True, stdout=out)
    return answers


def _score(sets: Path, name: str, answers: Path, half: str | None) -> dict[str, object]:
    command = [sys.executable, str(sets / "score.py"), str(sets / name), str(answers), "--json"]
    done = subprocess.run(command + (["--half", half] if half else []), capture_output=True, text=True, check=True)
    figures: dict[str, object] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    main()
