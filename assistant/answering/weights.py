"""The weights of the evidence and sufficiency features, by the features' names.

`benchmarks/fit_weights.py` fits and prints them (logistic regressions; half a of the development sets and the
known answers over the starter corpus). What is not here: what a feature means (evidence.py, abstention.py).
"""

BIAS = -6.73
WEIGHTS = {
    "coverage": 3.52,
    "above": 1.57,
    "before": 0.06,
    "after": -0.05,
    "passage": 3.28,
    "first_passage": 0.19,
    "outside": -0.61,
    "year": 0.36,
    "year_section": -0.19,
    "year_before": -0.21,
    "year_other": -1.02,
    "span_other": -0.71,
    "names": 0.41,
    "new_name": -0.08,
    "new_place": 1.19,
    "new_number": 0.28,
    "new_date": 0.45,
    "cause": 0.76,
    "effect": 0.41,
    "no_reason": -1.27,
    "manner": 0.37,
    "items": 0.42,
    "opening": 0.05,
    "short": -0.34,
    "long": 0.50,
    "pronoun": -0.26,
    "question": -0.02,
    "list_item": -0.04,
    "table_row": -0.41,
    "footnote": -0.60,
    "caption": -0.20,
}

ANSWER_BIAS = -3.82
ANSWER_WEIGHTS = {
    "second": 1.77,
    "cosine": 0.87,
    "cosine_near": 1.77,
    "cosine_within": 1.85,
    "reason": 0.64,
    "lacks_kind": -0.11,
    "missing_name": -1.38,
    "unknown_name": 0.20,
    "missing_year": -1.47,
    "missing_span": -0.78,
    "passage": 1.05,
    "lead": 1.57,
    "follow_up": 0.78,
}
