"""One question, beside the bare embedding of the same question in the same run.

.venv/bin/python benchmarks/bench_ask.py
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
    """Prints medians in milliseconds and their ratios."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    asked = [q.text for q in starter_questions() if not q.history]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(corpus_dir=ROOT / "corpus", index_dir=Path(folder))
        plain = settings.model_copy(update={"reader": False})
        with Assistant(settings) as reading, Assistant(plain) as features:
            reading.sync()
            index = open_index(settings)
            ways: dict[str, Callable[[str], object]] = {
                "bare embedding": lambda q: index.embedder.embed([q]),
                "ask, features alone": features.ask,
                "ask, with the reader": reading.ask,
            }
            for way in ways.values():
                way("Is it warm?")
            seconds: dict[str, list[float]] = {name: [] for name in ways}
            for question in asked:  # in turn, so that all see the same machine; once each, since vectors are kept
                for name, way in ways.items():
                    seconds[name].append(_seconds(lambda way=way, q=question: way(q)))
            index.close()
    bare = statistics.median(seconds["bare embedding"])
    print(f"questions asked {len(asked)}")
    for name, values in seconds.items():
        one, most = statistics.median(values) * 1000, _percentile(values) * 1000
        print(
            f"{name:22} median {one:6.1f} ms (95 of 100 under {most:6.1f} ms), {one / bare / 1000:5.1f} times the bare"
        )


def _seconds(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def _percentile(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


if __name__ == "__main__":
    main()
