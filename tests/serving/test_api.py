"""The REST routes as programs meet them: over a real connection, with and without keys."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant import Assistant, Settings
from assistant.store.keys import KeyStore
from tests.serving.conftest import Served, served

COLLAPSE = "Why did the 2017 working group collapse?"


@pytest.fixture(scope="module")
def client(starter_chat: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=starter_chat.url, timeout=60) as made:
        yield made


@pytest.fixture(scope="module")
def kept(starter_index: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, KeyStore]]:
    """A server with keys, over a copy of the starter index's folder so that the other tests' has none."""
    import shutil

    folder = tmp_path_factory.mktemp("kept") / "index"
    shutil.copytree(starter_index.index_dir, folder)
    settings = Settings(corpus_dir=starter_index.corpus_dir, index_dir=folder, api_keys=("open-sesame",))
    with Assistant(settings) as assistant, served(assistant, settings) as server:
        yield server, KeyStore(folder)


def events(text: str) -> list[tuple[str, Any]]:
    """The events of a stream; comments are no events."""
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_answer_is_the_same_as_in_python_and_every_quotation_stands_in_its_document(
    client: httpx.Client, starter: Assistant
) -> None:
    reply = client.post("/api/ask", json={"question": COLLAPSE})
    assert reply.status_code == 200
    answer, own = reply.json(), starter.ask(COLLAPSE).to_dict()
    assert {**answer, "seconds": 0} == {**own, "seconds": 0}
    for citation in answer["citations"]:
        document = client.get(f"/api/documents/{citation['document_id']}").json()
        assert document["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert document["path"] == citation["path"]


def test_refusal_is_an_answer(client: httpx.Client) -> None:
    reply = client.post("/api/ask", json={"question": "How tall is the Eiffel Tower in metres?"})
    assert reply.status_code == 200
    answer = reply.json()
    assert (answer["answered"], answer["text"], answer["citations"]) == (False, "", [])
    assert answer["reason"]
    assert answer["explanation"]


def test_history_makes_a_follow_up_stand_alone(client: httpx.Client) -> None:
    history = [{"role": "user", "content": COLLAPSE}, {"role": "assistant", "content": "No consensus."}]
    answer = client.post("/api/ask", json={"question": "And who had chaired it?", "history": history}).json()
    assert "2017" in answer["standalone_question"]


def test_stream_gives_each_citation_before_its_sentence_and_the_whole_at_the_end(client: httpx.Client) -> None:
    with client.stream("POST", "/api/ask/stream", json={"question": COLLAPSE}) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        steps = events(reply.read().decode())
    assert steps[-1][0] == "done"
    known: set[int] = set()
    for kind, data in steps[:-1]:
        if kind == "citation":
            known.add(data["number"])
        else:
            assert kind == "sentence"
            assert data["citations"]
            assert set(data["citations"]) <= known
    said = [data["text"] for kind, data in steps if kind == "sentence"]
    assert " ".join(said) == steps[-1][1]["text"]


def test_search_gives_as_many_passages_as_asked_for(client: httpx.Client) -> None:
    found = client.post("/api/search", json={"question": "Geneva consultations", "top_k": 3}).json()
    assert found["question"] == "Geneva consultations"
    assert len(found["passages"]) == 3
    scores = [passage["score"] for passage in found["passages"]]
    assert scores == sorted(scores, reverse=True)


def test_documents_come_in_pages_that_leave_nothing_out(client: httpx.Client, starter: Assistant) -> None:
    paths: list[str] = []
    cursor: str | None = None
    for _ in range(1000):
        page = client.get("/api/documents", params={"limit": 7, **({"cursor": cursor} if cursor else {})}).json()
        assert len(page["documents"]) <= 7
        paths += [document["path"] for document in page["documents"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paths == [document.path for document in starter.documents()]


def test_what_did_not_change_is_not_sent_again(client: httpx.Client, starter: Assistant) -> None:
    for address in ("/api/documents", f"/api/documents/{starter.documents()[0].id}"):
        first = client.get(address)
        assert first.headers["etag"] == f'"{starter.ready()}"'
        again = client.get(address, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(address, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/api/ask", {"question": ""}, 422, "question"),
        ("/api/ask", {"question": "?!"}, 422, "empty"),
        ("/api/ask", {"question": "x" * 4001}, 422, "4000"),
        ("/api/ask", {"qestion": "x"}, 422, "qestion"),
        ("/api/ask", {"question": COLLAPSE, "as_of": "soon"}, 422, "write it as YYYY"),
        ("/api/ask", {"question": COLLAPSE, "history": [{"role": "king", "content": "x"}]}, 422, "history.0.role"),
        ("/api/ask/stream", {"question": " "}, 422, "question"),
        ("/api/search", {"question": COLLAPSE, "top_k": 51}, 422, "top_k"),
        ("/v1/chat/completions", {"messages": []}, 422, "messages"),
        ("/v1/chat/completions", {"messages": [{"role": "assistant", "content": "x"}]}, 400, "last message"),
    ],
)
def test_bad_input_is_named(client: httpx.Client, path: str, body: dict[str, Any], status: int, said: str) -> None:
    reply = client.post(path, json=body)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert said in reply.json()["detail"]


def test_unknown_routes_methods_and_documents_are_problems(client: httpx.Client) -> None:
    for method, path, status in (
        ("GET", "/api/nothing", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/api/documents/none", 404),
        ("GET", "/api/documents?cursor=%21", 422),
        ("DELETE", "/api/ask", 405),
    ):
        reply = client.request(method, path)
        assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
    assert client.delete("/api/ask").headers["allow"] == "POST"


def test_retry_with_the_same_key_gets_the_same_answer_and_another_question_none(client: httpx.Client) -> None:
    headers = {"idempotency-key": "one"}
    first = client.post("/api/ask", json={"question": COLLAPSE}, headers=headers)
    again = client.post("/api/ask", json={"question": COLLAPSE}, headers=headers)
    assert first.content == again.content  # to the millisecond of its timing
    assert client.post("/api/ask", json={"question": "Who?"}, headers=headers).status_code == 409


def test_keys_open_what_their_scopes_say_and_nothing_after_they_are_revoked(kept: tuple[Served, KeyStore]) -> None:
    server, store = kept
    tried = {
        "ask": ("POST", "/api/ask", {"question": COLLAPSE}),
        "v1": ("GET", "/v1/models", None),
        "search": ("POST", "/api/search", {"question": COLLAPSE}),
        "documents": ("GET", "/api/documents", None),
    }

    def statuses(secret: str | None) -> dict[str, int]:
        headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
        return {
            name: httpx.request(method, f"{server.url}{path}", json=body, headers=headers, timeout=60).status_code
            for name, (method, path, body) in tried.items()
        }

    assert set(statuses(None).values()) == {401}
    assert set(statuses("open-sesame").values()) == {200}
    _, asks = store.make("asks", scopes=["ask"])
    reader, reads = store.make("reads", scopes=["read"])
    assert statuses(asks) == {"ask": 200, "v1": 200, "search": 403, "documents": 403}
    assert statuses(reads) == {"ask": 403, "v1": 403, "search": 200, "documents": 200}
    assert set(statuses(asks[:-1] + "x").values()) == {401}
    store.revoke(reader.id)
    assert set(statuses(reads).values()) == {401}
    for public in ("/api/health", "/api/ready"):
        assert httpx.get(server.url + public).status_code == 200


def test_secret_stands_in_no_file(kept: tuple[Served, KeyStore]) -> None:
    server, store = kept
    _, secret = store.make("somebody")
    httpx.post(f"{server.url}/api/ask", json={"question": COLLAPSE}, headers={"authorization": f"Bearer {secret}"})
    for file in store.file.parent.rglob("*"):
        if file.is_file():
            assert secret.split("_", 2)[2].encode() not in file.read_bytes(), file


def test_key_that_has_used_up_its_minute_is_told_when_to_come_again(kept: tuple[Served, KeyStore]) -> None:
    server, store = kept
    _, secret = store.make("hasty", per_minute=2)
    headers = {"authorization": f"Bearer {secret}"}
    replies = [httpx.get(f"{server.url}/v1/models", headers=headers) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 31


def test_key_of_a_web_page_is_good_on_its_pages_only(kept: tuple[Served, KeyStore]) -> None:
    server, store = kept
    _, secret = store.make("page", origins=["https://example.org"])
    address, headers = f"{server.url}/api/ask", {"authorization": f"Bearer {secret}"}

    def ask(origin: str | None) -> httpx.Response:
        more = {} if origin is None else {"origin": origin}
        return httpx.post(address, json={"question": COLLAPSE}, headers={**headers, **more}, timeout=60)

    there = ask("https://example.org")
    assert there.status_code == 200
    assert there.headers["access-control-allow-origin"] == "https://example.org"
    for elsewhere in ("https://example.com", None):
        assert ask(elsewhere).status_code == 403
        assert "access-control-allow-origin" not in ask(elsewhere).headers
    wants = {"origin": "https://example.org", "access-control-request-method": "POST"}
    may = httpx.options(address, headers={**wants, "access-control-request-headers": "authorization,content-type"})
    assert (may.status_code, may.headers["access-control-allow-origin"]) == (200, "https://example.org")
    assert httpx.options(address, headers={**wants, "origin": "https://example.com"}).status_code == 400
    assert httpx.post(f"{server.url}/login", data={"password": secret}).status_code == 400


def test_wrong_keys_without_end_are_told_to_wait(starter_index: Settings, tmp_path: Path) -> None:
    settings = starter_index.model_copy(update={"api_keys": ("open-sesame",), "index_dir": tmp_path})
    with Assistant(settings) as assistant, served(assistant, settings) as server:
        wrong = {"authorization": "Bearer wrong"}
        statuses = [httpx.get(f"{server.url}/v1/models", headers=wrong).status_code for _ in range(25)]
    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_audit_tells_who_asked_what_and_holds_no_question_in_clear(kept: tuple[Served, KeyStore]) -> None:
    server, store = kept
    key, secret = store.make("audited", scopes=["ask", "read"])
    headers = {"authorization": f"Bearer {secret}"}
    for _ in range(2):
        answer = httpx.post(f"{server.url}/api/ask", json={"question": COLLAPSE}, headers=headers, timeout=60).json()
    path = answer["citations"][0]["path"]
    httpx.get(f"{server.url}/api/documents/{answer['citations'][0]['document_id']}", headers=headers)
    text = "".join(file.read_text("utf-8") for file in (store.file.parent / "audit").glob("*.jsonl"))
    mine = [line for line in map(json.loads, text.splitlines()) if line["key"] == key.id]
    assert [line["act"] for line in mine] == ["ask", "ask", "read"]
    assert mine[0]["question_hmac"] == mine[1]["question_hmac"]
    assert path in mine[0]["documents"]
    assert mine[2]["documents"] == [path]
    assert mine[0]["index_version"] == answer["index_version"]
    assert COLLAPSE not in text


def test_command_makes_lists_and_revokes_keys(repository: Path, tmp_path: Path) -> None:
    import sys

    def keys(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "assistant", "keys", *arguments, "--index", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, cwd=repository)

    made = json.loads(keys("add", "front", "--origin", "https://example.org", "--json").stdout)
    assert (made["scopes"], made["origins"], made["per_minute"]) == (["ask"], ["https://example.org"], 30)
    assert KeyStore(tmp_path).find(made["key"])
    again = keys("add", "front")
    assert (again.returncode, "front" in again.stderr) == (1, True)
    assert keys("add", "x", "--scope", "king").returncode == 1
    assert keys("add").returncode == 2
    listed = keys("list").stdout
    assert "front" in listed
    assert made["key"] not in listed
    assert keys("revoke", "front").returncode == 0
    assert KeyStore(tmp_path).find(made["key"]) is None
    assert KeyStore(tmp_path).exist()
