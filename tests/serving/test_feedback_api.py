"""What readers say of answers, over real HTTP: what is kept, what is refused, who may say it."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant import Assistant, Settings
from assistant.forgetting import forget
from assistant.serving.browser.ui import Conversation, converse
from assistant.serving.given import GivenAnswers
from assistant.store.feedback import FEEDBACK, Complaint, FeedbackStore
from tests.serving.conftest import Served, served

TOWER = "# The tower\n\nThe tower of Elmsford was built in 1873 by Ada Thornton, a builder of lighthouses.\n"
FERRY = "# The ferry\n\nThe ferry to Zanzibarish sank in the quagmirelike storm of October 1902.\n"
BUILT, SANK = "Who built the tower of Elmsford?", "When did the ferry to Zanzibarish sink?"


@pytest.fixture
def settings(new_index: Callable[[Path], Path], tmp_path: Path) -> Settings:
    """Two documents, not indexed yet."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "tower.md").write_text(TOWER, "utf-8")
    (corpus / "ferry.md").write_text(FERRY, "utf-8")
    return Settings(corpus_dir=corpus, index_dir=new_index(tmp_path / "index"))


@pytest.fixture
def chat(settings: Settings) -> Iterator[Served]:
    """The served chat over them."""
    with Assistant(settings) as assistant:
        assistant.sync()
        with served(assistant, settings) as chat:
            yield chat


def store(chat: Served) -> FeedbackStore:
    return FeedbackStore(chat.assistant.settings.index_dir)


def post(chat: Served, body: Any, **options: Any) -> httpx.Response:
    return httpx.post(f"{chat.url}/api/feedback", json=body, **options)


def test_feedback_is_kept_with_the_answer_and_without_its_passages(chat: Served) -> None:
    answer = chat.assistant.ask(BUILT)
    assert answer.answered
    body = {"question": BUILT, "verdict": "down", "reason": "wrong_source", "comment": " Said 1873? ё ",
            "answer": answer.to_dict(), "as_of": "2020"}  # fmt: skip
    reply = post(chat, body)
    assert reply.status_code == 201, reply.text
    (kept,) = store(chat).all()
    assert kept.id == reply.json()["id"]
    assert (kept.verdict, kept.reason, kept.comment) == ("down", Complaint.WRONG_SOURCE, "Said 1873? ё")
    assert (kept.question, kept.as_of, kept.status) == (BUILT, "2020", "new")
    assert kept.answer is not None
    assert kept.answer.citations == answer.citations
    assert kept.answer.passages == ()
    assert kept.index_version == answer.index_version == chat.assistant.ready()
    assert kept.time.endswith("+00:00")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"question": BUILT}, "verdict"),
        ({"verdict": "up"}, "either question or answer_id"),
        ({"question": BUILT, "verdict": "sideways"}, "verdict"),
        ({"question": " ", "verdict": "up"}, "question"),
        ({"question": BUILT, "verdict": "up", "reason": "other"}, "a thumb up has no reason"),
        ({"question": BUILT, "verdict": "down", "reason": "dull"}, "reason"),
        ({"question": BUILT, "verdict": "down", "comment": "x" * 2001}, "comment"),
        ({"question": BUILT, "verdict": "up", "history": [{"role": "king", "content": "x"}]}, "role"),
        ({"question": BUILT, "verdict": "up", "as_of": "soon"}, "write it as YYYY"),
        ({"question": BUILT, "verdict": "up", "id": "../x"}, "id"),
        ({"question": BUILT, "verdict": "up", "stars": 5}, "stars"),
        ([], "JSON object"),
    ],
)
def test_what_is_no_feedback_is_named_and_not_kept(starter_chat: Served, body: Any, said: str) -> None:
    reply = post(starter_chat, body)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert said in reply.json()["detail"]
    assert not store(starter_chat).all()


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"question": "\\ud800", "verdict": "up"}', "application/json", 422),
        (b'{"comment": "' + b"x" * 1_000_000 + b'"}', "application/json", 413),
        (b'{"question": "q", "verdict": "up"}', "text/plain", 415),
    ],
)
def test_what_is_not_json_or_too_large_is_refused(starter_chat: Served, content: bytes, kind: str, status: int) -> None:
    reply = httpx.post(f"{starter_chat.url}/api/feedback", content=content, headers={"content-type": kind})
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert not store(starter_chat).all()


def test_retry_makes_no_second_record_and_a_change_of_mind_replaces_the_first(chat: Served) -> None:
    body = {"question": BUILT, "verdict": "up"}
    for _ in range(3):
        assert post(chat, body, headers={"idempotency-key": "k-1"}).json() == {"id": "k-1"}
    assert post(chat, {**body, "verdict": "down", "id": "k-1"}).status_code == 201
    (kept,) = store(chat).all()
    assert kept.verdict == "down"
    other = post(chat, {"question": SANK, "verdict": "up", "id": "k-1"})
    assert other.status_code == 409
    store(chat).settle("k-1", None)
    assert post(chat, {**body, "verdict": "down", "id": "k-1"}).status_code == 201
    assert post(chat, {**body, "id": "k-1"}).status_code == 409
    assert [(f.question, f.verdict) for f in store(chat).all()] == [(BUILT, "down")]


def test_answer_that_is_not_one_or_answers_something_else_is_left_out(chat: Served) -> None:
    answer = chat.assistant.ask(BUILT).to_dict()
    forged = {**answer, "citations": [{**answer["citations"][0], "path": "nowhere.md"}]}
    for number, bad in enumerate(
        [{"answered": True}, "yes", {**answer, "text": 7}, {**answer, "question": "?"}, forged]
    ):
        assert post(chat, {"question": BUILT, "verdict": "up", "id": f"n{number}", "answer": bad}).status_code == 201
    assert [feedback.answer for feedback in store(chat).all()] == [None] * 5


def test_with_keys_a_key_or_the_chats_login_is_needed(settings: Settings) -> None:
    with_keys = settings.model_copy(update={"api_keys": ("open-sesame",)})
    body = {"question": BUILT, "verdict": "up"}
    with Assistant(with_keys) as assistant:
        assistant.sync()
        with served(assistant, with_keys) as chat, httpx.Client(base_url=chat.url) as visitor:
            for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic open-sesame"}):
                refused = visitor.post("/api/feedback", json=body, headers=headers)
                assert refused.status_code == 401
                assert refused.headers["www-authenticate"] == "Bearer"
            assert not store(chat).all()
            kept = visitor.post("/api/feedback", json=body, headers={"authorization": "Bearer open-sesame"})
            assert kept.status_code == 201
            cookie = {"cookie": f"access-token-unsecure-{'x' * 20}=forged"}
            assert visitor.post("/api/feedback", json=body, headers=cookie).status_code == 401
            visitor.post("/login", data={"username": "me", "password": "open-sesame"})
            assert visitor.post("/api/feedback", json=body).status_code == 201
            for elsewhere in ({"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}):
                assert visitor.post("/api/feedback", json=body, headers=elsewhere).status_code == 403
            assert len(store(chat).all()) == 2


def test_another_site_can_not_speak_for_its_visitors(starter_chat: Served) -> None:
    body = {"question": BUILT, "verdict": "up"}
    assert post(starter_chat, body, headers={"origin": "http://evil.example"}).status_code == 403
    assert not store(starter_chat).all()


def test_damaged_file_is_named_with_the_remedy(chat: Served) -> None:
    file = chat.assistant.settings.index_dir / FEEDBACK
    file.write_bytes(b"this is no database, whatever it is called" * 50)
    reply = post(chat, {"question": BUILT, "verdict": "up"})
    assert reply.status_code == 503
    assert str(file) in reply.json()["detail"]
    assert "move it out of the index folder" in reply.json()["detail"]


def test_chats_own_answer_is_kept_by_its_key_and_not_after_it_was_forgotten(settings: Settings) -> None:
    given = GivenAnswers()
    with Assistant(settings) as assistant:
        assistant.sync()
        first = list(converse(assistant, SANK, Conversation(), given))[-1]
        second = list(converse(assistant, BUILT, first, given))[-1]
        held = list(given._held.values())
        assert [g.question for g in held] == [SANK, BUILT]
        assert held[0].answer.answered
        assert "ferry.md" in held[1].sources  # by its history
        assert len(second.turns) == 4


def test_kill_after_the_reply_loses_nothing(settings: Settings, repository: Path) -> None:
    with Assistant(settings) as assistant:
        assistant.sync()
    environment = os.environ | {
        "ASSISTANT_CORPUS_DIR": str(settings.corpus_dir),
        "ASSISTANT_INDEX_DIR": str(settings.index_dir),
        "ASSISTANT_PORT": "0",
    }
    said = settings.index_dir.parent / "stderr"
    with said.open("w") as stderr:
        server = subprocess.Popen(
            [sys.executable, "-m", "assistant", "serve"], cwd=repository, env=environment, stderr=stderr
        )
        try:
            deadline = time.monotonic() + 120
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", said.read_text())):
                assert server.poll() is None, said.read_text()
                assert time.monotonic() < deadline, said.read_text()
                time.sleep(0.2)
            for number in range(20):
                body = {"question": BUILT, "verdict": "up", "id": f"n{number}"}
                assert httpx.post(f"{found[0]}/api/feedback", json=body).status_code == 201
        finally:
            server.send_signal(signal.SIGKILL)
            server.wait(30)
    assert [feedback.id for feedback in FeedbackStore(settings.index_dir).all()] == [f"n{n}" for n in range(20)]


def test_forgotten_document_stands_in_no_feedback_and_comes_back_by_none(chat: Served) -> None:
    settings = chat.assistant.settings
    sank, built = chat.assistant.ask(SANK), chat.assistant.ask(BUILT)
    assert sank.answered
    assert built.answered
    history = [{"role": "user", "content": "And the ship?"}, {"role": "assistant", "content": sank.text}]
    for body in (
        {"question": SANK, "verdict": "down", "comment": "quagmirelike is wrong", "answer": sank.to_dict()},
        {"question": BUILT, "verdict": "up", "answer": built.to_dict()},
        {"question": BUILT, "verdict": "up", "answer": built.to_dict(), "history": history},
    ):
        assert post(chat, body).status_code == 201
    assert b"quagmirelike" in (settings.index_dir / FEEDBACK).read_bytes()
    forget(settings, "ferry.md")
    left = [
        file.name for file in settings.index_dir.rglob("*") if file.is_file() if b"quagmirelike" in file.read_bytes()
    ]
    assert left == []
    first, second, third = store(chat).all()
    assert (first.question, first.verdict, first.answer, first.comment) == (SANK, "down", None, "")
    assert second.answer is not None
    assert third.answer is not None
    assert [turn.content for turn in third.history] == ["And the ship?", ""]
    late = post(chat, {"question": SANK, "verdict": "down", "answer": sank.to_dict()})
    assert late.status_code == 201
    assert b"quagmirelike" not in (settings.index_dir / FEEDBACK).read_bytes()


def test_records_are_plain_rows_that_anyone_can_query(chat: Served) -> None:
    post(chat, {"question": BUILT, "verdict": "up"})
    with closing(sqlite3.connect(chat.assistant.settings.index_dir / FEEDBACK)) as db:
        assert db.execute("SELECT question, verdict, status FROM feedback").fetchall() == [(BUILT, "up", "new")]
