"""The Model Context Protocol: the official client, over a real process's stdio and over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import httpx
import mcp_types as types
import pytest
from fastapi import FastAPI
from mcp import Client, MCPError, StdioServerParameters
from starlette.requests import Request
from starlette.routing import Route

from assistant import Assistant, Settings
from assistant.errors import AccessError
from assistant.serving.programs import mcp as protocol
from assistant.serving.programs.mcp import McpEndpoint
from assistant.serving.server import Server, listen
from tests.serving.conftest import Served, served

QUESTION = "Why did the 2017 working group collapse?"
UNKNOWN = "Who won the football world cup in 1998?"
Act = Callable[[Client], Awaitable[Any]]


def talk(target: Any, act: Act, *, mode: Any = "auto") -> Any:
    """What a client gets that does one thing."""

    async def run() -> Any:
        with anyio.fail_after(60):
            async with Client(target, mode=mode, cache=None) as client:
                return await act(client)

    return anyio.run(run)


def text_of(result: types.CallToolResult) -> str:
    [content] = result.content
    assert isinstance(content, types.TextContent)
    return content.text


async def refused(act: Awaitable[Any]) -> str:
    """What the protocol's error says."""
    with pytest.raises(MCPError) as caught:
        await act
    return str(caught.value)


# What every client can do, over whatever transport


async def tools_tell_models_what_they_are_for(client: Client) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(tools) == ["ask", "search", "get_document"]
    for tool in tools.values():
        assert len(tool.description or "") > 100
        assert tool.annotations == types.ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        )
        assert tool.output_schema
        assert all("type" in argument for argument in tool.input_schema["properties"].values())
    assert tools["ask"].input_schema["required"] == ["question"]
    assert set(tools["ask"].input_schema["properties"]) == {"question", "history", "as_of"}
    top_k = tools["search"].input_schema["properties"]["top_k"]
    assert (top_k["default"], top_k["minimum"], top_k["maximum"]) == (5, 1, 50)
    assert "“corpus”" in (client.instructions or "")
    assert client.server_info is not None
    assert client.server_info.name == "corpus-assistant"
    assert client.server_info.version


async def answers_are_proved_by_the_documents(client: Client) -> None:
    result = await client.call_tool("ask", {"question": QUESTION, "history": None, "as_of": None})
    answer = result.structured_content or {}
    assert not result.is_error
    assert answer["answered"]
    assert "Congress" in answer["text"]
    said = text_of(result)
    for citation in answer["citations"]:
        document = await client.call_tool("get_document", {"id_or_path": citation["document_id"]})
        read = await client.read_resource(f"corpus://documents/{citation['document_id']}")
        [content] = read.contents
        assert isinstance(content, types.TextResourceContents)
        for stored in ((document.structured_content or {})["text"], content.text):
            assert stored[citation["start"] : citation["end"]] == citation["quote"]
        assert content.mime_type == "text/plain"
        assert f"[{citation['number']}] “{citation['quote']}”" in said
        assert f"{citation['title']}, {citation['date']}, {citation['path']}" in said
        assert citation["quote"] in text_of(document)
    for sentence in answer["sentences"]:
        assert sentence["text"] + "".join(f" [{n}]" for n in sentence["citations"]) in said


async def refusals_tell_models_not_to_make_an_answer_up(client: Client) -> None:
    result = await client.call_tool("ask", {"question": UNKNOWN})
    answer = result.structured_content or {}
    assert not result.is_error
    assert (answer["answered"], answer["reason"], answer["text"]) == (False, "not_in_corpus", "")
    said = text_of(result)
    assert said.startswith(answer["explanation"])
    assert "The corpus does not answer this question" in said
    assert "do not answer it from other knowledge" in said


async def follow_ups_and_dates_are_understood(client: Client) -> None:
    history = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "Congress."}]
    result = await client.call_tool("ask", {"question": "And the 2013 one?", "history": history})
    answer = result.structured_content or {}
    assert answer["standalone_question"] == "Why did the 2013 working group collapse?"
    assert "Ukraine" in answer["text"]
    past = await client.call_tool("search", {"question": QUESTION, "as_of": "1990"})
    assert all(passage["date"] is None for passage in (past.structured_content or {})["passages"])


async def search_finds_passages(client: Client) -> None:
    result = await client.call_tool("search", {"question": QUESTION, "top_k": 2})
    passages = (result.structured_content or {})["passages"]
    assert len(passages) == 2
    assert passages[0]["path"] == "working-group-2017.md"
    assert passages[0]["text"] in text_of(result)
    assert "working-group-2017.md" in text_of(result)


async def what_is_wrong_is_told_to_the_model(client: Client) -> None:
    for tool, arguments, why in (
        ("ask", {"question": "  "}, "the question is empty"),
        ("ask", {}, "question: Field required"),
        ("ask", {"question": QUESTION, "as_of": "lately"}, "as_of is 'lately'; write a date as 2022"),
        ("ask", {"question": QUESTION, "history": [{"role": "robot"}]}, "a turn of the history needs role"),
        ("ask", {"question": QUESTION, "langauge": "en"}, "langauge: Extra inputs are not permitted"),
        ("search", {"question": QUESTION, "top_k": 0}, "top_k is 0; choose 1 to 50"),
        ("search", {"question": QUESTION, "top_k": 51}, "top_k is 51; choose 1 to 50"),
        ("search", {"question": QUESTION, "as_of": "lately"}, "as_of is 'lately'"),
        ("get_document", {"id_or_path": "no-such.md"}, "no document 'no-such.md'"),
    ):
        result = await client.call_tool(tool, arguments)
        assert result.is_error, arguments
        assert why in text_of(result)
    assert "there is no tool answer" in await refused(client.call_tool("answer", {}))
    assert "no document 'nowhere'" in await refused(client.read_resource("corpus://documents/nowhere"))
    assert "there is no resource" in await refused(client.read_resource("file:///etc/passwd"))
    assert "cursor" in await refused(client.list_resources(cursor="seven"))
    assert (await client.list_tools()).tools  # it goes on


async def documents_are_resources(client: Client) -> None:
    listed = await client.list_resources()
    assert listed.next_cursor is None
    found = {resource.name: resource for resource in listed.resources}
    assert len(found) > 20
    one = found["putin-four-points.md"]
    assert one.title == "Putin's four points on cooperation in cyberspace"
    assert one.description == "putin-four-points.md, 2024-04-15"
    assert one.mime_type == "text/plain"
    [template] = (await client.list_resource_templates()).resource_templates
    assert template.uri_template == "corpus://documents/{id}"
    assert one.uri.startswith("corpus://documents/")


SCENES = (
    tools_tell_models_what_they_are_for,
    answers_are_proved_by_the_documents,
    refusals_tell_models_not_to_make_an_answer_up,
    follow_ups_and_dates_are_understood,
    search_finds_passages,
    what_is_wrong_is_told_to_the_model,
    documents_are_resources,
)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_over_http(starter_chat: Served, scene: Act, mode: str) -> None:
    talk(f"{starter_chat.url}/mcp", scene, mode=mode)


def _command(settings: Settings) -> list[str]:
    folders = ["--corpus", str(settings.corpus_dir), "--index", str(settings.index_dir)]
    return [sys.executable, "-m", "assistant", "mcp", *folders]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_over_stdio(starter_index: Settings, mode: str) -> None:
    program, *arguments = _command(starter_index)

    async def everything(client: Client) -> None:
        for scene in SCENES:
            await scene(client)

    talk(StdioServerParameters(command=program, args=arguments, env=dict(os.environ)), everything, mode=mode)


# Stdio


def _rpc(number: int, method: str, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"


_HELLO = _rpc(
    1, "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "test", "version": "1"}
)


def test_stdout_carries_the_protocol_only_and_the_end_of_stdin_ends_it(starter_index: Settings) -> None:
    chatty = (
        "import os, sys; from assistant import Assistant; from assistant.cli import main; quiet = Assistant.ask\n"
        "def ask(*given, **named):\n"
        "    print('a library says hello', flush=True); os.write(1, b'and its C code too')\n"
        "    return quiet(*given, **named)\n"
        "Assistant.ask = ask; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", chatty, *_command(starter_index)[3:]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(_HELLO)
        process.stdin.write(_rpc(2, "tools/call", name="ask", arguments={"question": QUESTION}))
        process.stdin.flush()
        said = [process.stdout.readline(), process.stdout.readline()]
        process.stdin.close()
        assert process.wait(20) == 0
        said += process.stdout.readlines()
        errors = process.stderr.read().decode()
    assert [json.loads(line)["id"] for line in said] == [1, 2]
    assert "a library says hello" in errors
    assert "and its C code too" in errors
    assert "Traceback" not in errors


def test_a_client_that_leaves_at_once_leaves_a_clean_end(starter_index: Settings) -> None:
    ended = subprocess.run(_command(starter_index), input=_HELLO, capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_ctrl_c_ends_it_though_stdin_is_open(starter_index: Settings) -> None:
    with subprocess.Popen(_command(starter_index), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(_HELLO)
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(5) in (-signal.SIGINT, 130)


def test_without_an_index_the_model_is_told_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    settings = Settings(corpus_dir=tmp_path / "corpus", index_dir=tmp_path / "index")
    program, *arguments = _command(settings)

    async def asks(client: Client) -> None:
        result = await client.call_tool("ask", {"question": QUESTION})
        assert result.is_error
        assert "assistant index" in text_of(result)
        assert "assistant index" in await refused(client.list_resources())

    talk(StdioServerParameters(command=program, args=arguments, env=dict(os.environ)), asks)


# HTTP


def _post(url: str, body: bytes, **headers: str) -> httpx.Response:
    return httpx.post(
        url, content=body, headers={"content-type": "application/json", "accept": "application/json", **headers}
    )


def test_it_is_at_exactly_mcp_as_one_json_object_without_sessions(starter_chat: Served) -> None:
    said = _post(f"{starter_chat.url}/mcp", _HELLO)
    assert said.status_code == 200  # no redirect
    assert said.headers["content-type"] == "application/json"
    assert "mcp-session-id" not in said.headers
    assert said.json()["result"]["serverInfo"]["name"] == "corpus-assistant"
    assert _post(f"{starter_chat.url}/mcp", _rpc(2, "tools/list")).json()["result"]["tools"]  # after a restart, say
    assert httpx.get(starter_chat.url).status_code == 200  # the chat is still there


def test_nobody_can_hold_a_stream(starter_chat: Served) -> None:
    asked = httpx.get(f"{starter_chat.url}/mcp", headers={"accept": "text/event-stream"}, timeout=5)
    assert asked.status_code == 405
    assert asked.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("host", "status"), [("localhost:7860", 200), ("127.0.0.1", 200), ("[::1]:7860", 200), ("evil.example", 403)]
)
def test_guard_decides_on_host_names_and_nothing_else(starter_chat: Served, host: str, status: int) -> None:
    assert _post(f"{starter_chat.url}/mcp", _HELLO, host=host).status_code == status


def test_with_keys_every_host_name_is_served(starter: Assistant) -> None:
    settings = starter.settings.model_copy(update={"api_keys": ("open-sesame",)})
    with served(starter, settings) as chat:
        said = _post(f"{chat.url}/mcp", _HELLO, host="docs.example", authorization="Bearer open-sesame")
    assert said.status_code == 200


def test_a_web_page_elsewhere_can_not_call_without_being_asked_first(starter_chat: Served) -> None:
    # Only these types go out of a browser without a preflight.
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        said = _post(f"{starter_chat.url}/mcp", _HELLO, **{"content-type": kind, "origin": "http://evil.example"})
        assert said.status_code == 403


def test_several_clients_at_once(starter_chat: Served) -> None:
    answers: dict[str, Any] = {}

    async def ask(question: str) -> None:
        async with Client(f"{starter_chat.url}/mcp") as client:
            answers[question] = (await client.call_tool("ask", {"question": question})).structured_content

    async def run() -> None:
        async with anyio.create_task_group() as group:
            for question in (QUESTION, UNKNOWN, "What is the Budapest Convention?"):
                group.start_soon(ask, question)

    anyio.run(run)
    assert {question: answer["question"] for question, answer in answers.items()} == {q: q for q in answers}
    assert answers[QUESTION]["answered"]
    assert not answers[UNKNOWN]["answered"]


def test_a_slow_answer_holds_nobody_up(starter: Assistant) -> None:
    release = threading.Event()

    def admit(_request: Request | None, scope: str) -> Assistant:
        if scope == "ask":
            assert release.wait(30)
        return starter

    async def act(client: Client) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "ask", {"question": QUESTION})
            await anyio.sleep(0.3)
            with anyio.fail_after(10):
                assert (await client.list_resources()).resources
            release.set()

    with _served_alone(McpEndpoint(admit, starter.settings)) as server:
        talk(f"{server.address}/mcp", act)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_server_ends_at_once_though_a_client_stays(starter: Assistant, mode: str) -> None:
    with _served_alone(McpEndpoint(lambda _request, _scope: starter, starter.settings)) as server:

        async def act(client: Client) -> None:
            assert (await client.list_tools()).tools
            await anyio.sleep(0.3)  # time to ask for a stream of its own
            server.should_exit = True
            await anyio.to_thread.run_sync(_wait_for_the_end, server.address)

        talk(f"{server.address}/mcp", act, mode=mode)


def _wait_for_the_end(address: str) -> None:
    port = int(address.rpartition(":")[2])
    deadline = time.monotonic() + 3
    with suppress(ConnectionRefusedError):
        while True:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            assert time.monotonic() < deadline, "the server goes on"
            time.sleep(0.05)


def test_long_lists_come_in_pages_without_a_gap(
    starter_chat: Served, starter: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "PAGE", 7)

    async def all_pages(client: Client) -> list[list[str]]:
        pages, cursor = [], None
        while True:
            listed = await client.list_resources(cursor=cursor)
            pages.append([resource.name for resource in listed.resources])
            cursor = listed.next_cursor
            if cursor is None:
                return pages

    pages = talk(f"{starter_chat.url}/mcp", all_pages)
    assert all(len(page) == 7 for page in pages[:-1])
    assert [path for page in pages for path in page] == [document.path for document in starter.documents()]


def test_every_call_asks_who_may(starter: Assistant) -> None:
    """A key that may only ask reads no document; the request's headers say which key it is."""
    scopes = {"Bearer asks": {"ask"}, "Bearer reads": {"read"}}

    def admit(request: Request | None, scope: str) -> Assistant:
        assert request is not None
        if scope not in scopes.get(request.headers.get("authorization", ""), set()):
            raise AccessError(f"this key may not {scope}")
        return starter

    def try_all(url: str) -> None:
        def call(key: str, method: str, **params: Any) -> dict[str, Any]:
            answer: dict[str, Any] = _post(url, _rpc(1, method, **params), authorization=f"Bearer {key}").json()
            return answer

        def tool(key: str, name: str, **arguments: Any) -> tuple[bool, str]:
            result = call(key, "tools/call", name=name, arguments=arguments)["result"]
            return result["isError"], result["content"][0]["text"]

        path = "putin-four-points.md"
        uri = "corpus://documents/" + starter.document(path).id
        assert not tool("asks", "ask", question=QUESTION)[0]
        assert tool("asks", "search", question=QUESTION) == (True, "this key may not read")
        assert tool("asks", "get_document", id_or_path=path) == (True, "this key may not read")
        assert call("asks", "resources/list")["error"]["message"] == "this key may not read"
        assert call("asks", "resources/read", uri=uri)["error"]["message"] == "this key may not read"
        assert tool("reads", "ask", question=QUESTION) == (True, "this key may not ask")
        assert not tool("reads", "search", question=QUESTION)[0]
        assert not tool("reads", "get_document", id_or_path=path)[0]
        assert call("reads", "resources/list")["result"]["resources"]
        assert call("reads", "resources/read", uri=uri)["result"]["contents"]
        assert tool("none", "ask", question=QUESTION) == (True, "this key may not ask")

    with _served_alone(McpEndpoint(admit, starter.settings)) as server:
        try_all(f"{server.address}/mcp")


@contextmanager
def _served_alone(endpoint: McpEndpoint) -> Iterator[Server]:
    """An endpoint that is served by itself, and has ended in the end."""
    app = FastAPI(lifespan=lambda _: endpoint.run())
    app.router.routes.append(Route("/mcp", endpoint))
    with listen(Settings(port=0)) as listener:
        server = Server(app, listener)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < deadline, "the server is slow to start"
            time.sleep(0.02)
        try:
            yield server
        finally:
            server.should_exit = True
            thread.join(3)
        assert not thread.is_alive(), "the server is slow to end"
