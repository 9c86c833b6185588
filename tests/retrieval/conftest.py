"""Assistants over the starter corpus and over corpora made on the spot; the model is exported once a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from assistant import Assistant, Settings


@pytest.fixture(scope="session")
def starter(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant over the starter corpus."""
    settings = Settings(corpus_dir=repository / "corpus", index_dir=tmp_path_factory.mktemp("starter") / "index")
    with Assistant(settings) as assistant:
        assistant.sync()
        yield assistant


@pytest.fixture(scope="session")
def make_assistant(starter: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Assistant]]:
    """Makes an assistant over a corpus of the given files, indexed."""
    made: list[Assistant] = []

    def make(files: Mapping[str, str], **settings: object) -> Assistant:
        root = tmp_path_factory.mktemp("made")
        (root / "corpus").mkdir()
        for name, text in files.items():
            (root / "corpus" / name).write_text(text, encoding="utf-8")
        shutil.copytree(starter.settings.index_dir / "embedder", root / "index" / "embedder")
        assistant = Assistant(Settings(corpus_dir=root / "corpus", index_dir=root / "index", **settings))
        assistant.sync()
        made.append(assistant)
        return assistant

    yield make
    for assistant in made:
        assistant.close()
