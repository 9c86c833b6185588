"""A living corpus: a run without changes, and how soon a change that `--watch` follows is in an answer.

The corpus is made here: short documents of two sentences, so that embedding them is cheap.

.venv/bin/python benchmarks/bench_sync.py [--documents N] [--rounds N] [--work FOLDER]
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from assistant import Answer, Assistant, Settings

_SYLLABLES = ("bren", "cal", "dor", "els", "fal", "gor", "har", "ing", "kel", "lun", "mar", "nor", "ost", "pel", "rad",
              "sel", "tor", "ul", "ver", "wes", "yar", "zan")  # fmt: skip
_ENDS = ("wick", "ford", "mouth", "haven", "by", "stead", "field", "bury")
_PATIENCE = 60  # seconds after which a change counts as never noticed


def main() -> None:
    """Prints seconds of a first run, runs without changes, and changes and deletions until an answer has them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=Path, help="keeps corpus and index there between runs")
    options = parser.parse_args()
    with _folder(options.work) as folder:
        corpus, index = folder / "corpus", folder / "index"
        names = _names(options.documents)
        _write(corpus, names)
        first = _index(corpus, index)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        again = [_index(corpus, index) for _ in range(options.rounds)]
        processor = (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before) / options.rounds
        print(f"documents                       {options.documents}")
        print(f"first run (or what was left)    {first:.2f} s")
        print(f"no change, the whole command    {_spread(again)}, {processor:.2f} s of a processor")
        with _watching(corpus, index), Assistant(Settings(corpus_dir=corpus, index_dir=index)) as assistant:
            assistant.ask("When was the lighthouse of Nowhere built?")
            changed = [_change(corpus, assistant, name, n) for n, name in enumerate(names[: options.rounds])]
            print(f"changed file until it is cited  {_spread(changed)}")
            gone = [_delete(corpus, assistant, name) for name in names[-options.rounds :]]
            print(f"deleted file until it is not    {_spread(gone)}")
        _write(corpus, names)  # as it was, for the next run


@contextmanager
def _folder(work: Path | None) -> Iterator[Path]:
    if work is not None:
        yield work
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _names(documents: int) -> list[str]:
    made = ["".join(parts) for parts in product(_SYLLABLES, _SYLLABLES, _SYLLABLES, _ENDS)]
    step = len(made) // documents  # neighbours in the list are alike, which would make them hard to tell apart
    return made[::step][:documents]


def _path(corpus: Path, name: str) -> Path:
    return corpus / name[:3] / f"{name}.txt"


def _text(name: str, year: int) -> str:
    place = name.capitalize()
    return f"The lighthouse of {place} was built in {year}. Ships on their way to {place} look out for its lamp.\n"


def _write(corpus: Path, names: Sequence[str]) -> None:
    """Writes what is missing or differs; a file that is right keeps its time stamp."""
    for number, name in enumerate(names):
        file, text = _path(corpus, name), _text(name, 1700 + number % 300)
        if not file.is_file() or file.read_text("utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")


def _command(corpus: Path, index: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "assistant", "index", "--corpus", str(corpus), "--index", str(index), "--json", *more]


def _index(corpus: Path, index: Path) -> float:
    begun = time.perf_counter()
    subprocess.run(_command(corpus, index), check=True, capture_output=True)
    return time.perf_counter() - begun


@contextmanager
def _watching(corpus: Path, index: Path) -> Iterator[None]:
    process = subprocess.Popen(
        _command(corpus, index, "--watch"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        json.loads(process.stdout.readline())  # the run at the start is done
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=_PATIENCE)


def _change(corpus: Path, assistant: Assistant, name: str, number: int) -> float:
    """Seconds from writing a file to the answer that quotes what is new in it."""
    year = str(1400 + number)  # before those of all others
    written = time.perf_counter()
    _path(corpus, name).write_text(_text(name, int(year)), "utf-8")
    return _until(assistant, name, written, lambda answer: any(year in c.quote for c in answer.citations))


def _delete(corpus: Path, assistant: Assistant, name: str) -> float:
    """Seconds from deleting a file to the first answer that does not cite it; none after that may."""
    file = _path(corpus, name)
    cited = f"{file.parent.name}/{file.name}"
    written = time.perf_counter()
    file.unlink()
    seconds = _until(assistant, name, written, lambda answer: all(c.path != cited for c in answer.citations))
    for _ in range(5):
        assert all(c.path != cited for c in _ask(assistant, name).citations), f"{cited} is cited after its deletion"
    return seconds


def _until(assistant: Assistant, name: str, begun: float, is_there: Callable[[Answer], bool]) -> float:
    while not is_there(_ask(assistant, name)):
        if time.perf_counter() - begun > _PATIENCE:
            raise SystemExit(f"the change of {name} was not noticed within {_PATIENCE} s")
    return time.perf_counter() - begun


def _ask(assistant: Assistant, name: str) -> Answer:
    return assistant.ask(f"When was the lighthouse of {name.capitalize()} built?")


def _spread(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.2f} s (worst of {len(seconds)}: {max(seconds):.2f} s)"


if __name__ == "__main__":
    main()
