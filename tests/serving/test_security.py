"""What a stranger, or a visitor who wants more than its key gives, tries on a served index."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from assistant import Assistant, Settings
from assistant.store.keys import KeyStore
from tests.serving.conftest import Served, served

ORIGIN = "https://www.example.org"


@pytest.fixture(scope="module")
def kept(starter_index: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, KeyStore]]:
    """A server with keys, over an index with one document that only the board may see."""
    folder = tmp_path_factory.mktemp("kept")
    shutil.copytree(starter_index.corpus_dir, folder / "corpus")
    shutil.copytree(starter_index.index_dir, folder / "index")
    (folder / "corpus" / "merger.md").write_text(MERGER, "utf-8")
    settings = Settings(corpus_dir=folder / "corpus", index_dir=folder / "index", api_keys=("open-sesame",))
    with Assistant(settings) as assistant:
        assistant.sync()
        with served(assistant, settings) as server:
            yield server, KeyStore(settings.index_dir)


MERGER = """---
title: Memorandum of the merger
access: board
---
The Zanzibar merger was approved by the board on 5 May 2023 for 77 million dollars.
"""


def bearer(key: str, **headers: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}", **headers}


@pytest.mark.parametrize("word", ["who ", "漢", "1999-01-", "a' "])
def test_question_of_more_words_than_the_reader_takes_is_answered(kept: tuple[Served, KeyStore], word: str) -> None:
    question = (word * 4_000)[:4_000]
    said = httpx.post(f"{kept[0].url}/api/ask", json={"question": question}, headers=bearer("open-sesame"), timeout=60)
    assert said.status_code == 200, said.text
    assert said.json()["answered"] is False
