"""From marks to a figure: mean, median, 95th percentile, calibration error.

Each takes weights as well, one row for each resample, so that thousands of resamples are one piece of arithmetic.
What is not here: what is resampled (statistics.py), and what a mark means (metrics.py).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Summary = Callable[[Array, Array], Array]
"""Observations (a row for each mark: its value, and the probability claimed of it) and weights (a row for each
resample, whole numbers: how often it drew each mark) to one figure for each resample."""

_BINS = 10


def mean(observations: Array, weights: Array) -> Array:
    """The share of a thing, where marks are zeros and ones."""
    total: Array = weights @ observations[:, 0] / weights.sum(axis=1)
    return total


def median(observations: Array, weights: Array) -> Array:
    """The middle value, or the mean of the two in the middle."""
    counts = weights.sum(axis=1)
    low, high = np.floor((counts + 1) / 2), np.floor(counts / 2) + 1
    return (_ranked(observations, weights, low) + _ranked(observations, weights, high)) / 2


def percentile_95(observations: Array, weights: Array) -> Array:
    """The value that 95 of 100 do not exceed (nearest rank)."""
    return _ranked(observations, weights, np.ceil(0.95 * weights.sum(axis=1)))


def calibration_error(observations: Array, weights: Array) -> Array:
    """Expected calibration error: how far claimed probabilities lie from what came true, on the average of marks.

    Claims are put into ten bins of equal width (Guo et al. 2017, "On Calibration of Modern Neural Networks"); a
    bin's error is the distance between its mean claim and the share that came true.
    """
    values, claims = observations[:, 0], observations[:, 1]
    bins = np.clip(np.ceil(claims * _BINS).astype(int) - 1, 0, _BINS - 1)
    gaps = np.zeros((len(values), _BINS))
    gaps[np.arange(len(values)), bins] = values - claims
    error: Array = np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1)
    return error


def _ranked(observations: Array, weights: Array, rank: Array) -> Array:
    """The value at a rank (from 1), for each resample."""
    order = np.argsort(observations[:, 0], kind="stable")
    below = weights[:, order].cumsum(axis=1) < rank[:, None]
    chosen: Array = observations[order, 0][below.sum(axis=1)]
    return chosen
