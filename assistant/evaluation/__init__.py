"""How well it answers: cases are asked, evaluators mark the answers, a report adds up, a gate decides.

The nouns are Case, Dataset (cases.py), Evaluator (metrics.py) and Report (report.py). What is not here:
the evaluation set itself, which is data (`evals/`).
"""

from pathlib import Path

CASES = Path("evals/known_answers.jsonl")
"""Where the evaluation set is, seen from the working directory."""
