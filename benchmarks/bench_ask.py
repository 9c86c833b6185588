"""One question, beside the bare embedding of the same question in the same run.

.venv/bin/python benchmarks/bench_ask.py [--rounds N]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from development import ROOT, starter_questions

from assistant import Assistant, Settings
from assistant.indexing import open_index


def main() -> None:
    """Prints medians in milliseconds and the ratio of both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    asked = [q.text for q in starter_questions() if not q.history]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(corpus_dir=ROOT / "corpus", index_dir=Path(folder))
        with Assistant(settings) as assistant:
            assistant.sync()
            assistant.ask(asked[0])
            index = open_index(settings)
            bare, whole = [], []
            for _ in range(options.rounds):  # in turn, so that both see the same machine
                for question in asked:
                    bare.append(_seconds(lambda q=question: index.embedder.embed_query(q)))
                    whole.append(_seconds(lambda q=question: assistant.ask(q)))
            index.close()
    one, other = statistics.median(whole), statistics.median(bare)
    print(f"questions asked            {len(whole)}")
    print(f"ask, median                {one * 1000:.1f} ms (95 of 100 under {_percentile(whole) * 1000:.1f} ms)")
    print(f"bare embedding, median     {other * 1000:.1f} ms")
    print(f"ratio of the medians       {one / other:.1f}")


def _seconds(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def _percentile(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


if __name__ == "__main__":
    main()
