"""Assistants over the starter corpus and over corpora made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from assistant import Assistant, Settings


@pytest.fixture(scope="session")
def starter(starter_index: Settings) -> Iterator[Assistant]:
    """An assistant over the starter corpus."""
    with Assistant(starter_index) as assistant:
        yield assistant


@pytest.fixture(scope="session")
def make_assistant(
    new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Assistant]]:
    """Makes an assistant over a corpus of the given files, indexed."""
    made: list[Assistant] = []

    def make(files: Mapping[str, str], **settings: object) -> Assistant:
        root = tmp_path_factory.mktemp("made")
        (root / "corpus").mkdir()
        for name, text in files.items():
            (root / "corpus" / name).write_text(text, encoding="utf-8")
        index = new_index(root / "index")
        made.append(Assistant(Settings(corpus_dir=root / "corpus", index_dir=index, **settings)))
        made[-1].sync()
        return made[-1]

    yield make
    for assistant in made:
        assistant.close()
