"""The server: health, readiness, who is let in, and what is said when it can't serve."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import httpx
import pytest

from assistant import Assistant, ServerError, Settings
from assistant.serving.door.security import is_loopback, key_fits
from assistant.serving.server import check_address, serve
from tests.serving.conftest import Served, served


def test_health_and_readiness(starter_chat: Served) -> None:
    assert httpx.get(f"{starter_chat.url}/api/health").json() == {"status": "ok"}
    ready = httpx.get(f"{starter_chat.url}/api/ready")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ready", "index_version": starter_chat.assistant.ready()}


def test_without_an_index_the_server_is_up_and_not_ready(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    settings = Settings(corpus_dir=tmp_path / "corpus", index_dir=tmp_path / "index")
    with Assistant(settings) as assistant, served(assistant, settings) as chat:
        assert httpx.get(f"{chat.url}/api/health").status_code == 200
        ready = httpx.get(f"{chat.url}/api/ready")
        assert ready.status_code == 503
        assert ready.headers["content-type"].startswith("application/problem+json")
        assert "assistant index" in ready.json()["detail"]
        assert httpx.get(chat.url).status_code == 200


def test_browser_is_told_to_fetch_nothing_from_elsewhere(starter_chat: Served) -> None:
    page = httpx.get(starter_chat.url)
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:7860", 200),
        ("127.0.0.1", 200),
        ("[::1]:7860", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
    ],
)
def test_without_keys_only_names_of_this_machine_are_served(starter_chat: Served, host: str, status: int) -> None:
    assert httpx.get(f"{starter_chat.url}/api/health", headers={"host": host}).status_code == status


def test_taken_port_is_named_with_the_remedy_before_any_model_is_loaded() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=rf"port {port} is taken; choose another with --port or ASSISTANT_PORT"):
            serve(Settings(port=port), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_host_open_to_others_is_refused_without_keys(host: str) -> None:
    with pytest.raises(ServerError, match=r"ASSISTANT_API_KEYS.*ASSISTANT_HOST"):
        check_address(Settings(host=host))


def test_unknown_host_is_named() -> None:
    with pytest.raises(ServerError, match=r"host no-such-host\.invalid is not known"):
        check_address(Settings(host="no-such-host.invalid"))


def test_open_host_is_served_with_keys() -> None:
    check_address(Settings(host="0.0.0.0", port=0, api_keys=("k",)))


def test_loopback_names_and_numbers() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("127.1.2.3")
    assert is_loopback("::1")
    assert is_loopback("localhost")
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("10.0.0.1")


def test_key_must_be_one_of_the_keys() -> None:
    assert key_fits("ключ-2", ("one", "ключ-2"))
    assert not key_fits("", ("one",))
    assert not key_fits("one ", ("one",))
    assert not key_fits("one", ())


def test_with_keys_nothing_of_the_chat_is_had_without_one(starter: Assistant) -> None:
    settings = starter.settings.model_copy(update={"api_keys": ("open-sesame",)})
    with served(starter, settings) as chat, httpx.Client(base_url=chat.url) as visitor:
        assert visitor.get("/api/health").status_code == 200
        assert visitor.get("/config").status_code == 401
        body = {"data": ["Why?", None], "fn_index": 1, "session_hash": "abc"}
        assert visitor.post("/gradio_api/queue/join", json=body).status_code == 401
        assert visitor.post("/login", data={"username": "me", "password": "open"}).status_code == 400
        assert visitor.post("/login", data={"username": "me", "password": "open-sesame"}).status_code == 200
        assert visitor.get("/config").status_code == 200


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent another way there")
def test_app_serves_says_where_and_ends_quietly_on_ctrl_c(repository: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.md").write_text("# Zeppelins\n\nThe zeppelin was moored in Lakehurst in 1929.\n", encoding="utf-8")
    environment = os.environ | {
        "ASSISTANT_CORPUS_DIR": str(corpus),
        "ASSISTANT_INDEX_DIR": str(tmp_path / "index"),
        "ASSISTANT_PORT": "0",
    }
    said_file = tmp_path / "stderr"
    with said_file.open("w") as stderr:
        app = subprocess.Popen([sys.executable, "app.py"], cwd=repository, env=environment, stderr=stderr)
        try:
            deadline = time.monotonic() + 120
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", said_file.read_text())):
                assert app.poll() is None, said_file.read_text()
                assert time.monotonic() < deadline, said_file.read_text()
                time.sleep(0.2)
            assert httpx.get(f"{found[0]}/api/ready").status_code == 200
            app.send_signal(signal.SIGINT)
            assert app.wait(30) in (0, 130)
        finally:
            app.kill()
    said = said_file.read_text()
    assert "Traceback" not in said
    assert len(re.findall(r"http://", said)) == 1


def test_answers_that_are_being_made_are_finished_at_the_end(starter_index: Settings, repository: Path) -> None:
    places = ["--corpus", str(starter_index.corpus_dir), "--index", str(starter_index.index_dir), "--port", "0"]
    command = [sys.executable, "-m", "assistant", "serve", *places]
    with subprocess.Popen(command, cwd=repository, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", server.stderr.readline())):
                assert server.poll() is None
            url = found[0]

            def ask(number: int) -> httpx.Response:
                kind = "/stream" if number % 2 else ""
                body = {"question": "Why did the 2017 working group collapse?"}
                return httpx.post(f"{url}/api/ask{kind}", json=body, timeout=60)

            with ThreadPoolExecutor(8) as pool:
                asked = [pool.submit(ask, number) for number in range(8)]
                wait(asked, return_when=FIRST_COMPLETED)  # the others are in the making, or wait for their turn
                server.send_signal(signal.SIGTERM)
                replies = [reply.result() for reply in asked]
            assert [reply.status_code for reply in replies] == [200] * 8
            assert all('"answered": true' in reply.text or '"answered":true' in reply.text for reply in replies)
            assert server.wait(30) in (0, -signal.SIGTERM, 143)
        finally:
            server.kill()
