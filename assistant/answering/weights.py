"""The weights of the evidence and sufficiency features, by the features' names.

`benchmarks/fit_weights.py` fits and prints them (logistic regressions; half a of the development sets and the
known answers over the starter corpus). What is not here: what a feature means (evidence.py, abstention.py).
"""

BIAS = -6.81
WEIGHTS = {
    "coverage": 3.53,
    "above": 1.59,
    "before": 0.05,
    "after": 0.01,
    "passage": 3.34,
    "first_passage": 0.16,
    "outside": -0.61,
    "year": 0.44,
    "year_section": -0.13,
    "year_before": -0.17,
    "year_other": -0.92,
    "span_other": -0.66,
    "names": 0.45,
    "new_name": -0.12,
    "new_place": 1.16,
    "new_number": 0.26,
    "new_date": 0.44,
    "cause": 0.74,
    "effect": 0.36,
    "no_reason": -1.23,
    "manner": 0.41,
    "items": 0.25,
    "opening": 0.04,
    "short": -0.34,
    "long": 0.48,
    "pronoun": -0.26,
    "question": -0.02,
    "list_item": -0.07,
    "table_row": -0.40,
    "footnote": -0.63,
    "caption": -0.26,
}

# With the reader.
READ_BIAS = BIAS
READ_WEIGHTS = WEIGHTS | {"read_evidence": 4.0, "read_answer": 2.0, "read_whole": 1.0, "unread": -1.0}

ANSWER_BIAS = -3.88
ANSWER_WEIGHTS = {
    "second": 1.21,
    "cosine": 1.64,
    "cosine_within": 2.07,
    "reason": 0.43,
    "lacks_kind": -0.61,
    "missing_name": -1.09,
    "missing_year": -2.02,
    "missing_span": -1.13,
    "passage": 1.33,
    "lead": 1.75,
    "follow_up": 0.92,
}
READ_ANSWER_BIAS = ANSWER_BIAS
READ_ANSWER_WEIGHTS = ANSWER_WEIGHTS
