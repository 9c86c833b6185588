"""The weights of the evidence and sufficiency features, by the features' names.

`benchmarks/fit_weights.py` fits and prints them (logistic regressions; half a of the development sets and the
known answers over the starter corpus). What is not here: what a feature means (evidence.py, abstention.py).
"""

BIAS = -6.72
WEIGHTS = {
    "coverage": 3.52,
    "above": 1.57,
    "before": 0.06,
    "after": -0.04,
    "passage": 3.27,
    "first_passage": 0.20,
    "outside": -0.61,
    "year": 0.37,
    "year_section": -0.15,
    "year_before": -0.19,
    "year_other": -0.99,
    "span_other": -0.70,
    "names": 0.42,
    "new_name": -0.09,
    "new_place": 1.19,
    "new_number": 0.28,
    "new_date": 0.45,
    "cause": 0.76,
    "effect": 0.40,
    "no_reason": -1.28,
    "manner": 0.37,
    "items": 0.42,
    "opening": 0.06,
    "short": -0.34,
    "long": 0.50,
    "pronoun": -0.27,
    "question": -0.02,
    "list_item": -0.05,
    "table_row": -0.42,
    "footnote": -0.60,
    "caption": -0.20,
}

ANSWER_BIAS = -3.64
ANSWER_WEIGHTS = {
    "second": 1.37,
    "cosine": 0.85,
    "cosine_near": 1.70,
    "cosine_within": 1.60,
    "reason": 0.54,
    "lacks_kind": -0.30,
    "missing_name": -1.60,
    "missing_year": -2.07,
    "missing_span": -0.85,
    "passage": 1.19,
    "lead": 1.53,
    "follow_up": 0.70,
}
