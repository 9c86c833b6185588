"""The weights of the evidence features; `benchmarks/fit_evidence.py` fits and prints them."""

BIAS = -4.0
WEIGHTS = (4.0, 3.0, 0.5, 1.0, 1.5, 0.5, -0.5, 1.0, 0.7, -1.5, 0.7, 0.7, 1.0, 1.0, 0.7, 0.7, 0.4, 0.4, 0.0, -1.0, 0.0,
           -0.3, -1.5, 0.0, 0.0, -1.5, -1.0)  # fmt: skip
ANSWER_BIAS = -3.0
ANSWER_WEIGHTS = (2.0, 0.0, 2.0, 1.0, 2.0, -1.0, -1.0, -1.0, 0.0, 0.0, 0.0, 0.0)
