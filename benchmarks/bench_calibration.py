"""How far the confidence can be taken at its word: reliability and calibration error over the development sets.

    .venv/bin/python benchmarks/bench_calibration.py --work FOLDER [--half b]

FOLDER is where `bench_quality.py --work` left its answers. For each tenth of confidence: how many questions, and which
share of them the set calls answerable. The error is the mean distance of both, weighted by the questions (Naeini et al.
2015, ten bins of equal width). Draws `docs/reliability.svg`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from development import NAMES, ROOT, SETS, questions

PICTURE = ROOT / "docs" / "reliability.svg"
_BINS = 10
_SIDE = 320  # pixels of the square that is drawn in


def main() -> None:
    """Prints a table and draws it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=Path, default=SETS)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--half", choices=("a", "b"))
    options = parser.parse_args()
    pairs: list[tuple[float, bool]] = []
    for name in NAMES:
        there = {q.id: q.answerable for q in questions(options.sets, name, options.half)}
        rows = map(json.loads, (options.work / f"{name}.answers.jsonl").open(encoding="utf-8"))
        mine = [(row["confidence"], there[row["id"]]) for row in rows if row["id"] in there]
        print(f"{name:10} {len(mine):4} questions, expected calibration error {error(mine):.3f}")
        pairs += mine
    print(f"{'all':10} {len(pairs):4} questions, expected calibration error {error(pairs):.3f}")
    print("\n| confidence | questions | mean confidence | answerable |\n|---|---|---|---|")
    for low, held in sorted(bins(pairs).items()):
        sure, share = _means(held)
        print(f"| {low / _BINS:.1f} to {(low + 1) / _BINS:.1f} | {len(held)} | {sure:.2f} | {share:.2f} |")
    PICTURE.write_text(_svg(bins(pairs)), "utf-8")


def bins(pairs: list[tuple[float, bool]]) -> dict[int, list[tuple[float, bool]]]:
    """The pairs by tenth of confidence."""
    held: dict[int, list[tuple[float, bool]]] = {}
    for sure, there in pairs:
        held.setdefault(min(int(sure * _BINS), _BINS - 1), []).append((sure, there))
    return held


def error(pairs: list[tuple[float, bool]]) -> float:
    """Expected calibration error."""
    return sum(len(h) * abs(_means(h)[0] - _means(h)[1]) for h in bins(pairs).values()) / len(pairs)


def _means(held: list[tuple[float, bool]]) -> tuple[float, float]:
    return sum(s for s, _ in held) / len(held), sum(t for _, t in held) / len(held)


def _svg(held: dict[int, list[tuple[float, bool]]]) -> str:
    most = max(len(h) for h in held.values())
    marks = []
    for low in sorted(held):
        sure, share = _means(held[low])
        x, y, radius = 40 + sure * _SIDE, 20 + (1 - share) * _SIDE, 3 + 9 * (len(held[low]) / most) ** 0.5
        title = f"<title>{len(held[low])} questions: confidence {sure:.2f}, answerable {share:.2f}</title>"
        marks.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#2563eb" opacity=".75">{title}</circle>'
        )
    ticks = "".join(
        f'<text x="{40 + t * _SIDE:.0f}" y="{_SIDE + 38}" text-anchor="middle">{t:.1f}</text>'
        f'<text x="34" y="{24 + (1 - t) * _SIDE:.0f}" text-anchor="end">{t:.1f}</text>'
        for t in (0, 0.2, 0.4, 0.6, 0.8, 1.0)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE + 60} {_SIDE + 64}" '
        'font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="white"/><rect x="40" y="20" width="{_SIDE}" height="{_SIDE}" '
        'fill="none" stroke="#999"/>'
        f'<line x1="40" y1="{_SIDE + 20}" x2="{_SIDE + 40}" y2="20" stroke="#bbb" stroke-dasharray="4 4"/>'
        f'{ticks}{"".join(marks)}<text x="{40 + _SIDE / 2:.0f}" y="{_SIDE + 56}" text-anchor="middle">confidence</text>'
        '<text x="44" y="14">share of questions that the sets call answerable</text></svg>\n'
    )


if __name__ == "__main__":
    main()
