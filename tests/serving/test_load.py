"""A short run of the load benchmark: nothing but answers as given alone, and nothing lost when the server is killed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant import Settings
from assistant.store.keys import KeyStore
from benchmarks.bench_load import measure


@pytest.mark.slow
def test_answers_are_the_same_under_load_and_a_kill_loses_no_feedback(starter_index: Settings, tmp_path: Path) -> None:
    index = tmp_path / "index"
    shutil.copytree(starter_index.index_dir, index)
    _, secret = KeyStore(index).make("load", scopes=["ask"], access=None)
    figures, _ = measure(20, 5, index, secret, most=8)  # growth of memory is for the long run
    assert figures["wrong"] == []
    assert figures["lost"] == []
    assert figures["answers"] > 5
    assert figures["acknowledged"] > 5
