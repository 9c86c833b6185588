"""What a stranger, or a visitor who wants more than its key gives, tries on a served index."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from assistant import Assistant, Settings
from assistant.serving.door import admission
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


def test_body_that_trickles_in_is_cut_off(kept: tuple[Served, KeyStore], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_BODY_SECONDS", 1)
    host, port = kept[0].url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=0.2) as connection:
        connection.sendall(b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n")
        deadline, said = time.monotonic() + 10, b""
        while not said and time.monotonic() < deadline:
            connection.sendall(b"a")
            with suppress(TimeoutError):
                said = connection.recv(100)
    assert said.startswith(b"HTTP/1.1 408")


def test_nobody_leaves_files_and_the_key_of_a_web_page_opens_no_chat(kept: tuple[Served, KeyStore]) -> None:
    _, web = kept[1].make("website", origins=[ORIGIN])
    for_page = bearer(web, origin=ORIGIN)
    for path in ("/", "/config", "/gradio_api/info"):
        assert httpx.get(kept[0].url + path, headers=for_page).status_code == 403
    assert httpx.get(f"{kept[0].url}/v1/models", headers=for_page).status_code == 200
    for headers, status in ((for_page, 403), (bearer("open-sesame"), 415)):
        sent = httpx.post(f"{kept[0].url}/gradio_api/upload", headers=headers, files={"files": ("a.txt", b"a")})
        assert sent.status_code == status


def test_numbers_count_no_document_that_the_maintainer_may_not_see(kept: tuple[Served, KeyStore]) -> None:
    _, limited = kept[1].make("limited", scopes=["maintain"])
    _, whole = kept[1].make("whole", scopes=["maintain"], access=None)
    for accept in ("text/plain", "application/openmetrics-text; version=1.0.0"):
        seen = httpx.get(f"{kept[0].url}/metrics", headers=bearer(limited, accept=accept)).text
        assert "assistant_requests_total" in seen
        assert "assistant_documents" not in seen
        assert "assistant_index" not in seen
        assert (
            "\nassistant_documents 33" in httpx.get(f"{kept[0].url}/metrics", headers=bearer(whole, accept=accept)).text
        )


def test_readiness_tells_strangers_of_no_change_that_they_may_not_see(kept: tuple[Served, KeyStore]) -> None:
    server = kept[0]
    before = httpx.get(f"{server.url}/api/ready", timeout=60).json()
    hidden = server.assistant.settings.corpus_dir / "second.md"
    hidden.write_text(MERGER.replace("77", "88"), "utf-8")
    published = server.assistant.ready()
    server.assistant.sync()
    assert server.assistant.ready() != published
    assert httpx.get(f"{server.url}/api/ready", timeout=60).json() == before
    hidden.unlink()
    server.assistant.sync()


def test_second_word_shows_no_more_than_the_first(kept: tuple[Served, KeyStore]) -> None:
    server = kept[0]
    _, limited = kept[1].make("limited reviewer", scopes=["maintain"])
    question = "How much did the Zanzibar merger cost?"
    answer = httpx.post(f"{server.url}/api/ask", json={"question": question}, headers=bearer("open-sesame")).json()
    assert [each["path"] for each in answer["citations"]] == ["merger.md"]
    for more in ({}, {"answer": answer, "comment": "it was less than that memorandum says"}):
        sent = {"id": "two-words", "verdict": "down", "question": question, **more}
        said = httpx.post(f"{server.url}/api/feedback", json=sent, headers=bearer("open-sesame"))
        assert said.status_code == 201
    assert "memorandum" not in httpx.get(f"{server.url}/review", headers=bearer(limited)).text
    assert "memorandum" in httpx.get(f"{server.url}/review", headers=bearer("open-sesame")).text
