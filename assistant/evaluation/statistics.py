"""How sure a figure is: its interval, and whether a difference between two reports is more than noise.

Cases are resampled, never single marks: the marks of one case come from one answer and are right or wrong together.
Everything is seeded, so that the same marks give the same numbers. What is not here: how marks add up
(summaries.py).

References: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapters 8 and 13 (percentile interval,
resampling of whole units); Noreen 1989, "Computer-Intensive Methods for Testing Hypotheses" (approximate
randomization); Phipson and Smyth 2010 (a p value of a permutation test is never zero).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assistant.evaluation.metrics import Evaluator, Mark
from assistant.evaluation.summaries import Array

RESAMPLES = 2000
_SEED = 20_240_229
_LEVEL = 0.95
_SIGNIFICANT = 0.05
_CELLS = 2_000_000  # of one block of weights: 16 MB, however many cases there are
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the figure would lie for 95 of 100 sets of cases like this one."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """A figure before and after, over the cases that both reports hold.

    Attributes:
        difference: After less before.
        interval: Of the difference.
        p_value: How often chance alone would make a difference as large, if the two answered equally well.
        cases: How many there are in both reports with a mark in either.
        better: Which way is up.
    """

    metric: str
    before: float
    after: float
    difference: float
    interval: Interval
    p_value: float
    cases: int
    better: Literal["higher", "lower"] = "higher"

    def __str__(self) -> str:
        between = f"{self.interval.low:+.3f} to {self.interval.high:+.3f}"
        return f"{self.metric} from {self.before:.3f} to {self.after:.3f} ({between}, p {self.p_value:.3f})"

    @property
    def is_fall(self) -> bool:
        """Whether it got worse by more than noise."""
        worse = self.difference < 0 if self.better == "higher" else self.difference > 0
        return worse and self.p_value < _SIGNIFICANT


def figure(evaluator: Evaluator, marks: Sequence[Mark]) -> float | None:
    """The evaluator's figure; None without marks."""
    if not marks:
        return None
    return float(evaluator.summary(_observations(marks), np.ones((1, len(marks))))[0])


def interval(evaluator: Evaluator, cases: Sequence[Sequence[Mark]]) -> Interval | None:
    """The 95 % interval of a figure by the percentile bootstrap over cases.

    Args:
        cases: The marks of each case; cases without any are left out.

    Returns:
        None where fewer than two cases have marks: one case says nothing about others.
    """
    marked = [marks for marks in cases if marks]
    if len(marked) < 2:
        return None
    observations = _observations([mark for marks in marked for mark in marks])
    of = np.repeat(np.arange(len(marked)), [len(marks) for marks in marked])
    rng = np.random.default_rng(_SEED)
    figures = [
        evaluator.summary(observations, _drawn(rng, size, len(marked))[:, of]) for size in _blocks(len(observations))
    ]
    return _percentiles(np.concatenate(figures))


def paired_difference(
    evaluator: Evaluator, before: Mapping[str, Sequence[Mark]], after: Mapping[str, Sequence[Mark]]
) -> PairedDifference | None:
    """Compares one figure of two reports on the cases that both hold.

    The interval comes from a paired bootstrap; the p value from exchanging the two answers of each case at random,
    which holds for any figure, not only for means.

    Args:
        before, after: The marks by the id of their case.

    Returns:
        None where either side has no marks in the cases that both hold.
    """
    both = [case for case in before if case in after and (before[case] or after[case])]
    old, new = ([mark for case in both for mark in marks[case]] for marks in (before, after))
    was, now = figure(evaluator, old), figure(evaluator, new)
    if was is None or now is None:
        return None
    observations = _observations([*old, *new])
    of = np.concatenate([np.repeat(np.arange(len(both)), [len(m[c]) for c in both]) for m in (before, after)])
    is_new = np.arange(len(observations)) >= len(old)

    def differences(weights: Array, news: Array) -> Array:
        """After less before; `news` says which marks count as after. Resamples with an empty side are left out."""
        one, other = weights * (1 - news), weights * news
        usable = (one.sum(axis=1) > 0) & (other.sum(axis=1) > 0)
        return evaluator.summary(observations, other[usable]) - evaluator.summary(observations, one[usable])

    rng = np.random.default_rng(_SEED)
    drawn, exchanged = [], []
    for size in _blocks(len(observations)):
        drawn.append(differences(_drawn(rng, size, len(both))[:, of], is_new[None, :].astype(float)))
        swaps = rng.integers(0, 2, (size, len(both))).astype(bool)[:, of]
        exchanged.append(differences(np.ones((size, len(of))), (is_new[None, :] ^ swaps).astype(float)))
    chance = np.abs(np.concatenate(exchanged)) >= abs(now - was) - _ROUNDING
    p_value = float((1 + chance.sum()) / (1 + len(chance)))
    between = _percentiles(np.concatenate(drawn))
    return PairedDifference(evaluator.name, was, now, now - was, between, p_value, len(both), evaluator.better)


def _observations(marks: Sequence[Mark]) -> Array:
    return np.array([(mark.value, np.nan if mark.claim is None else mark.claim) for mark in marks], dtype=np.float64)


def _blocks(width: int) -> Iterator[int]:
    """The resamples in blocks that memory can hold."""
    left = RESAMPLES
    while left:
        size = min(left, max(1, _CELLS // width))
        left -= size
        yield size


def _drawn(rng: np.random.Generator, resamples: int, cases: int) -> Array:
    """How often each resample draws each case, with replacement."""
    picks = rng.integers(0, cases, (resamples, cases)) + np.arange(resamples)[:, None] * cases
    counts = np.bincount(picks.ravel(), minlength=resamples * cases)
    return counts.reshape(resamples, cases).astype(np.float64)


def _percentiles(figures: Array) -> Interval:
    low, high = np.quantile(figures, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Interval(float(low), float(high))
