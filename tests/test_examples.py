"""Every example runs as its first lines say, against real servers at both ends."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest
from nbclient import NotebookClient

from assistant import Assistant, Settings
from tests.servers.openai_server import OpenAIServer, Raw

QUESTION = "Why did the 2017 working group collapse?"
UNKNOWN = "What is the price of Bitcoin?"
SECRET = "a signing secret"


@pytest.fixture
def environment(starter_index: Settings, repository: Path) -> dict[str, str]:
    """The environment of an example: the starter corpus, and its index in the place where tests have it."""
    folders = {"ASSISTANT_CORPUS_DIR": starter_index.corpus_dir, "ASSISTANT_INDEX_DIR": starter_index.index_dir}
    return {**os.environ, **{name: str(folder) for name, folder in folders.items()}, "PYTHONPATH": str(repository)}


def ran(command: list[str], environment: dict[str, str], repository: Path) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=repository, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def served(command: list[str], environment: dict[str, str], repository: Path, path: str) -> Iterator[str]:
    """Runs a server on a free port, and gives its address once it answers at `path`, with whatever status."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", *command, "--port", str(port)],
        cwd=repository, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
    try:
        while True:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, "the example's server is slow to start"
            try:
                httpx.get(address + path, timeout=30)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=20)


# --- programs ------------------------------------------------------------------------------------------------


def test_script_prints_the_answer_and_exact_quotations(
    new_index: Callable[[Path], Path], repository: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    text = "The lighthouse of Lindby was built in 1887 by the engineer Ada Holm."
    (folder / "lindby.md").write_text(text + "\n", "utf-8")
    new_index(tmp_path / "papers-index")
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    command = ["examples/script.py", str(folder)]
    answered = ran([*command, "Who built the lighthouse of Lindby?"], environment, repository)
    assert answered.splitlines() == [text, f"[1] lindby.md, 0 to {len(text)}: “{text}”"]
    assert "built" not in ran([*command, "Who painted the church of Malmby?"], environment, repository).lower()


def test_notebook_runs_from_top_to_bottom_and_is_kept_without_outputs(
    environment: dict[str, str], repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = nbformat.read(repository / "examples" / "notebook.ipynb", as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(repository)}}).execute()
    printed = "".join(output.get("text", "") for cell in cells for output in cell.outputs)
    assert "Why did the 2013 working group collapse?" in printed
    assert "not_in_corpus" in printed
    assert "sentence\n" in printed
    assert printed.splitlines().count("done") == 1


def test_agent_searches_the_corpus_and_answers_from_what_it_found(
    environment: dict[str, str], repository: Path, starter_index: Settings
) -> None:
    def script(request: dict[str, Any]) -> Raw:
        if request["messages"][-1]["role"] == "tool":
            message: dict[str, Any] = {"role": "assistant", "content": "Congress forbade it (2017-working-group.md)."}
        else:
            function = {"name": "search_documents", "arguments": json.dumps({"query": QUESTION})}
            call = {"id": "call_1", "type": "function", "function": function}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if "tool_calls" in message else "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        envelope = {"id": "1", "object": "chat.completion", "created": 0, "model": "scripted"}
        return Raw(json.dumps({**envelope, "choices": [choice], "usage": usage}))

    with OpenAIServer(script) as server:
        model = {"ASSISTANT_LLM": "openai-compatible:scripted", "ASSISTANT_LLM_BASE_URL": server.base_url}
        printed = ran(["examples/langchain_agent.py", QUESTION], {**environment, **model}, repository)
    assert printed.strip() == "Congress forbade it (2017-working-group.md)."
    first, second = server.requests
    assert [tool["function"]["name"] for tool in first["tools"]] == ["search_documents"]
    with Assistant(starter_index) as assistant:
        for passage in assistant.search(QUESTION, top_k=4):
            assert f"[{passage.path}] {passage.text}" in second["messages"][-1]["content"]


# --- pages ---------------------------------------------------------------------------------------------------


class _Elements(HTMLParser):
    """The elements of a page, by name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = dict(attrs)


def test_flask_page_has_the_widget_of_the_assistant_that_the_environment_names(repository: Path) -> None:
    named = {"WIDGET_ENDPOINT": "https://ask.example.org/", "WIDGET_KEY": 'k"<1>'}
    command = ["flask", "--app", "examples/flask_page/app.py", "run"]
    with served(command, {**os.environ, **named}, repository, "/") as address:
        page = _Elements(httpx.get(address).raise_for_status().text).found
    assert page["script"]["src"] == "https://ask.example.org/widget.js"
    assert page["corpus-assistant"] == {"endpoint": "https://ask.example.org", "key": 'k"<1>'}
    with served(command, {**os.environ}, repository, "/") as address:
        page = _Elements(httpx.get(address).raise_for_status().text).found
    assert page["corpus-assistant"] == {"endpoint": "http://127.0.0.1:7860"}


def test_plain_page_has_the_widget(repository: Path) -> None:
    page = _Elements((repository / "examples" / "page.html").read_text("utf-8")).found
    assert page["script"]["src"] == f"{page['corpus-assistant']['endpoint']}/widget.js"


# --- FastAPI -------------------------------------------------------------------------------------------------


def test_fastapi_app_answers_at_endpoints_of_its_own(
    environment: dict[str, str], repository: Path, starter_index: Settings
) -> None:
    with served(["uvicorn", "examples.fastapi_app:app"], environment, repository, "/") as address:
        assert httpx.get(address).json() == {"hello": "this app's own endpoint"}
        answered = httpx.post(f"{address}/help", json={"question": QUESTION}, timeout=60).raise_for_status().json()
        refused = httpx.post(f"{address}/help", json={"question": UNKNOWN}, timeout=60).raise_for_status().json()
        empty = httpx.post(f"{address}/help", json={"question": "  "}, timeout=60)
    with Assistant(starter_index) as assistant:
        assert answered["text"] == assistant.ask(QUESTION).text
        assert answered["quotations"]
        for quotation in answered["quotations"]:
            assert quotation["quote"] in assistant.document(quotation["path"]).text
        assert (refused["answered"], refused["text"]) == (False, assistant.ask(UNKNOWN).explanation)
    assert empty.status_code == 422
    assert "empty" in empty.json()["detail"]


# --- the bot -------------------------------------------------------------------------------------------------


class _Channel:
    """A webhook address that keeps what is posted to it, and can fail first."""

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.failures = 0
        channel = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:  # type: ignore[override]
                """Quiet."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                failing = channel.failures > 0
                channel.failures -= failing
                if not failing:
                    channel.posted.append(json.loads(body)["text"])
                self.send_response(503 if failing else 200)
                self.end_headers()

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/hook"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def wait_for(self, count: int) -> list[str]:
        deadline = time.monotonic() + 60
        while len(self.posted) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.posted

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Bot:
    """Sends events as Slack does."""

    def __init__(self, address: str, channel: _Channel) -> None:
        self.address = address
        self.channel = channel

    def send(self, value: object, *, secret: str = SECRET, age: int = 0, **headers: str) -> httpx.Response:
        body = json.dumps(value).encode()
        timestamp = str(int(time.time()) - age)
        digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
        signed = {"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={digest}", **headers}
        return httpx.post(f"{self.address}/slack/events", content=body, headers=signed, timeout=10)

    def mention(self, text: str, event_id: str, **more: Any) -> httpx.Response:
        event = {"type": "app_mention", "user": "U1", "channel": "C1", "text": f"<@U0LAN0Z89> {text}", **more}
        return self.send({"type": "event_callback", "event_id": event_id, "event": event})


@pytest.fixture(scope="module")
def bot(starter_index: Settings, repository: Path) -> Iterator[_Bot]:
    channel = _Channel()
    environment = {
        **os.environ,
        "PYTHONPATH": str(repository),
        "ASSISTANT_CORPUS_DIR": str(starter_index.corpus_dir),
        "ASSISTANT_INDEX_DIR": str(starter_index.index_dir),
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_WEBHOOK_URL": channel.url,
    }
    with served(["uvicorn", "examples.slack_bot:app"], environment, repository, "/") as address:
        yield _Bot(address, channel)
    channel.close()


def test_bot_answers_the_challenge_of_its_address(bot: _Bot) -> None:
    reply = bot.send({"type": "url_verification", "token": "old", "challenge": "3eZbrw1aB"})
    assert (reply.status_code, reply.json()) == (200, {"challenge": "3eZbrw1aB"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another"},
        {"age": 400},
        {"age": -400},
        {"x-slack-signature": ""},
        {"x-slack-signature": "v0=0"},
        {"x-slack-request-timestamp": "now"},
        {"x-slack-request-timestamp": "1" * 40},
    ],
)
def test_bot_listens_only_to_what_is_signed_now(bot: _Bot, wrong: dict[str, Any]) -> None:
    assert bot.send({"type": "url_verification", "challenge": "x"}, **wrong).status_code == 401


def test_bot_acknowledges_at_once_and_posts_the_answer_with_its_quotations_once(
    bot: _Bot, starter_index: Settings
) -> None:
    before = len(bot.channel.posted)
    begun = time.monotonic()
    assert bot.mention(QUESTION, "Ev1").status_code == 200
    assert bot.mention(QUESTION, "Ev1").status_code == 200  # Slack tries again what was slow
    assert time.monotonic() - begun < 3
    assert not bot.channel.posted[before:], "acknowledged after the answer, which takes longer than Slack waits"
    (posted,) = bot.channel.wait_for(before + 1)[before:]
    with Assistant(starter_index) as assistant:
        answer = assistant.ask(QUESTION)
    for sentence in answer.sentences:
        assert sentence.text in posted
    for citation in answer.citations:
        assert f"> [{citation.number}] {citation.quote} ({citation.path})" in posted
    assert bot.mention(UNKNOWN, "Ev2").status_code == 200
    assert len(bot.channel.wait_for(before + 2)) == before + 2
    assert bot.channel.posted[-1]
    time.sleep(0.5)
    assert len(bot.channel.posted) == before + 2


def test_bot_shows_no_markup_of_others_and_hears_no_bot(bot: _Bot) -> None:
    before = len(bot.channel.posted)
    assert bot.mention("hello", "Ev3", bot_id="B1").status_code == 200
    assert bot.mention("What is &lt;!channel&gt; &amp; Zrmk?", "Ev4").status_code == 200
    assert bot.mention("  ", "Ev5").status_code == 200
    posted = bot.channel.wait_for(before + 2)[before:]
    assert len(posted) == 2
    assert not any("<" in text for text in posted)
    assert any("empty" in text for text in posted)


def test_bot_posts_again_what_the_channel_did_not_take(bot: _Bot) -> None:
    before = len(bot.channel.posted)
    bot.channel.failures = 1
    assert bot.mention("hello", "Ev6").status_code == 200
    assert len(bot.channel.wait_for(before + 1)) == before + 1


# --- all of them ---------------------------------------------------------------------------------------------


def test_every_example_is_listed_says_how_to_run_it_and_names_no_place_of_one_machine(repository: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "examples"], cwd=repository, capture_output=True, text=True, check=True
    ).stdout.split()
    files = [repository / name for name in listing if not name.endswith("README.md")]
    readme = (repository / "examples" / "README.md").read_text("utf-8")
    for file in files:
        text = file.read_text("utf-8")
        assert "/home/" not in text
        assert "/work" not in text
        if file.parent.name == "templates":
            continue
        name = file.relative_to(repository / "examples")
        assert f"]({name})" in readme
        assert "From the repository's root" in text[:1500]
        assert ".venv/bin/" in text[:1500]
