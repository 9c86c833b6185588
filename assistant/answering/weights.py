"""The weights of the evidence and sufficiency features, by the features' names.

`benchmarks/fit_weights.py` fits and prints them (logistic regressions; half a of the development sets and the
known answers over the starter corpus). What is not here: what a feature means (evidence.py, abstention.py).
"""

BIAS = -6.73
WEIGHTS = {
    "coverage": 3.52,
    "above": 1.58,
    "before": 0.07,
    "after": -0.04,
    "passage": 3.26,
    "first_passage": 0.20,
    "outside": -0.61,
    "year": 0.38,
    "year_section": -0.16,
    "year_before": -0.17,
    "year_other": -0.98,
    "span_other": -0.69,
    "names": 0.42,
    "new_name": -0.11,
    "new_place": 1.19,
    "new_number": 0.28,
    "new_date": 0.45,
    "cause": 0.76,
    "effect": 0.41,
    "no_reason": -1.28,
    "manner": 0.37,
    "items": 0.29,
    "opening": 0.06,
    "short": -0.33,
    "long": 0.49,
    "pronoun": -0.27,
    "question": -0.02,
    "list_item": -0.06,
    "table_row": -0.42,
    "footnote": -0.61,
    "caption": -0.20,
}

ANSWER_BIAS = -3.60
ANSWER_WEIGHTS = {
    "second": 1.29,
    "cosine": 1.71,
    "cosine_near": 0.79,
    "cosine_within": 1.52,
    "reason": 0.45,
    "lacks_kind": -0.89,
    "missing_name": -1.26,
    "missing_year": -2.05,
    "missing_span": -0.85,
    "passage": 1.24,
    "lead": 1.67,
    "follow_up": 0.64,
}
