"""Plots of a report as inline SVG: drawn here, so that the page asks nobody for anything.

Colours are classes that the page's style sheet fills, light and dark. What is not here: the page (html.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT = 340, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 10, 12, 30
Point = tuple[float, float]


def reliability(pairs: Sequence[tuple[float, bool]], error: float | None = None, bins: int = 10) -> str:
    """How often questions of a confidence are answerable, against the confidence; points as large as they are many.

    Args:
        pairs: Confidence in [0, 1], and whether the corpus answers the question.
        error: The expected calibration error, if it was measured.
        bins: Of equal width.
    """
    held: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for confidence, answerable in pairs:
        held[min(bins - 1, int(confidence * bins))].append((confidence, answerable))
    marks = [f'<line class="ideal" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>']
    for one in filter(None, held):
        sure = sum(confidence for confidence, _ in one) / len(one)
        right = sum(answerable for _, answerable in one) / len(one)
        radius = 2.5 + 9 * (len(one) / max(1, len(pairs))) ** 0.5
        told = f"{len(one)} questions of confidence {sure:.2f}: {right:.0%} answerable"
        marks.append(_dot(sure, right, radius, told, "good"))
    title = "Calibration" if error is None else f"Calibration (expected error {error:.3f})"
    return _frame(title, "confidence", "answerable", marks)


def distributions(answerable: Sequence[float], others: Sequence[float], bins: int = 20) -> str:
    """How the confidence is spread over questions that have an answer and those that have none."""
    marks = []
    for values, kind, name in ((answerable, "good", "answerable"), (others, "bad", "not answerable")):
        counts = _counts(values, bins, 1.0)
        most = max(1, *_counts(answerable, bins, 1.0), *_counts(others, bins, 1.0))
        steps = [
            point
            for i, count in enumerate(counts)
            for point in ((i / bins, count / most), ((i + 1) / bins, count / most))
        ]
        marks.append(_area(steps, kind, f"{len(values)} {name}"))
    return _frame("Confidence", "confidence", "questions", marks, ticks=("", ""))


def recall_by_k(recalls: Sequence[tuple[int, float]]) -> str:
    """The share of the expected documents among the first k passages."""
    last = max((k for k, _ in recalls), default=1)
    points = [(k / last, value) for k, value in recalls]
    marks = [_line(points, "good")]
    marks += [_dot(x, y, 4, f"recall@{k}: {y:.3f}", "good") for (k, _), (x, y) in zip(recalls, points, strict=True)]
    marks += [f'<text x="{_x(k / last):.0f}" y="{_HEIGHT - 16}">{k}</text>' for k, _ in recalls]
    return _frame("Recall by k", "passages looked at", "found", marks, ticks=("", ""))


def latency(seconds: Sequence[float], bins: int = 24) -> str:
    """How long answers took, as a histogram."""
    last = max(seconds, default=0.0) or 1.0
    counts = _counts(seconds, bins, last)
    most = max(1, *counts)
    wide = (_WIDTH - _LEFT - _RIGHT) / bins
    marks = [
        f'<rect class="good" x="{_x(i / bins):.1f}" y="{_y(count / most):.1f}" width="{max(1.0, wide - 1):.1f}"'
        f' height="{_y(0) - _y(count / most):.1f}"><title>{count} answers in {last * i / bins:.2f} to'
        f" {last * (i + 1) / bins:.2f} s</title></rect>"
        for i, count in enumerate(counts)
        if count
    ]
    return _frame("Latency", "seconds", "answers", marks, ticks=("0", f"{last:.2f}"))


def history(runs: Sequence[tuple[str, float]], name: str) -> str:
    """A figure over the runs, the oldest first; `runs` are times and values."""
    last = max(1, len(runs) - 1)
    points = [(i / last, value) for i, (_, value) in enumerate(runs)]
    marks = [_line(points, "good")]
    marks += [_dot(x, y, 3.5, f"{at}: {y:.3f}", "good") for (at, _), (x, y) in zip(runs, points, strict=True)]
    ends = (runs[0][0][:10], runs[-1][0][:10]) if runs else ("", "")
    return _frame(f"History: {name}", "runs", name, marks, ticks=ends)


def _counts(values: Sequence[float], bins: int, last: float) -> list[int]:
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(value / last * bins))] += 1
    return counts


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _dot(x: float, y: float, radius: float, told: str, kind: str) -> str:
    at = f'cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="{radius:.1f}"'
    return f'<circle class="{kind}" {at}><title>{escape(told)}</title></circle>'


def _line(points: Sequence[Point], kind: str) -> str:
    return f'<polyline class="{kind}" points="{_points(points)}"/>'


def _area(points: Sequence[Point], kind: str, told: str) -> str:
    closed = [(0.0, 0.0), *points, (1.0, 0.0)]
    return f'<polygon class="{kind}" points="{_points(closed)}"><title>{escape(told)}</title></polygon>'


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)


def _frame(title: str, below: str, left: str, marks: Sequence[str], ticks: tuple[str, str] = ("0", "1")) -> str:
    """Axes, their names and the marks between them."""
    grid = "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{_y(share):.0f}" y2="{_y(share):.0f}"/>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    ends = (
        f'<text x="{_LEFT}" y="{_HEIGHT - 16}">{escape(ticks[0])}</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 16}" text-anchor="end">{escape(ticks[1])}</text>'
        f'<text x="{(_WIDTH + _LEFT) / 2:.0f}" y="{_HEIGHT - 3}" text-anchor="middle">{escape(below)}</text>'
        f'<text transform="translate(11 {_HEIGHT / 2:.0f}) rotate(-90)" text-anchor="middle">{escape(left)}</text>'
    )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' aria-label="{escape(title)}: {escape(left)} by {escape(below)}">{grid}{"".join(marks)}{ends}</svg></figure>'
    )
