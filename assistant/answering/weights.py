"""The weights of the evidence and sufficiency features, by the features' names.

`benchmarks/fit_weights.py` fits and prints them (logistic regressions; half a of the development sets and the
known answers over the starter corpus). What is not here: what a feature means (evidence.py, abstention.py).
"""

BIAS = -6.76
WEIGHTS = {
    "coverage": 3.46,
    "above": 1.57,
    "before": 0.05,
    "after": -0.04,
    "passage": 3.37,
    "first_passage": 0.18,
    "outside": -0.61,
    "year": 0.39,
    "year_section": -0.20,
    "year_before": -0.21,
    "year_other": -1.05,
    "span_other": -0.69,
    "names": 0.46,
    "new_name": -0.02,
    "new_number": -0.33,
    "new_date": 0.40,
    "cause": 0.66,
    "effect": 0.31,
    "no_reason": -1.32,
    "manner": 0.38,
    "items": 0.41,
    "opening": 0.07,
    "short": -0.39,
    "long": 0.48,
    "pronoun": -0.24,
    "question": -0.02,
    "list_item": -0.04,
    "table_row": -0.44,
    "footnote": -0.60,
    "caption": -0.21,
}

ANSWER_BIAS = -3.70
ANSWER_WEIGHTS = {
    "second": 2.11,
    "cosine": 0.26,
    "cosine_near": 2.51,
    "cosine_within": 1.48,
    "reason": 0.40,
    "lacks_kind": -0.80,
    "missing_name": -1.15,
    "unknown_name": -0.03,
    "missing_year": -2.35,
    "missing_span": -0.91,
    "passage": 0.91,
    "lead": 1.85,
    "follow_up": 0.80,
}
