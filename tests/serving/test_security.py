"""What a stranger, or a visitor who wants more than its key gives, tries on a served index."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def told_by_the_chat(client: httpx.Client, data: list[Any], function: int) -> str:
    """What the chat's own protocol says of one call."""
    call = {"data": data, "fn_index": function, "session_hash": "stranger", "event_data": None, "trigger_id": 1}
    joined = client.post("/gradio_api/queue/join", json=call)
    if joined.status_code != 200:
        return joined.text
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": "stranger"}) as stream:
        lines = []
        for line in stream.iter_lines():
            lines.append(line)
            if "process_completed" in line:
                break
    return "\n".join(lines)


@pytest.mark.parametrize("deep", [False, True])
def test_chat_copies_no_file_of_the_machine_for_its_visitor(kept: tuple[Served, KeyStore], deep: bool) -> None:
    """Gradio takes `{"path": …}` for any input, and gives the file's copy out at /gradio_api/file=…"""
    secret = kept[0].assistant.settings.corpus_dir / "merger.md"
    file: Any = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    _, key = kept[1].make(f"reader {deep}")
    with httpx.Client(base_url=kept[0].url, timeout=60) as client:
        assert client.post("/login", data={"password": key}).status_code == 200
        asks = [each["id"] for each in client.get("/config").json()["dependencies"] if len(each["inputs"]) == 2]
        assert len(asks) == 4  # the box and three buttons, none of which may be a way in
        for function in asks:
            said = told_by_the_chat(client, [{"a": [file]} if deep else file, None], function)
            assert "process_completed" in said
            assert "merger.md" not in said
        assert "Krutskikh" in told_by_the_chat(client, ["Who is Krutskikh?", None], asks[0])
