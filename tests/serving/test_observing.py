"""What an operator sees of the server: numbers, logs, traces, readiness; and that no question is among it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import Mount

from assistant import Assistant, AssistantError, Settings
from assistant.serving.readiness import Readiness
from assistant.serving.server import listen
from assistant.serving.watching.finished import Finished
from assistant.serving.watching.logs import JsonLines
from assistant.serving.watching.metrics import Metrics
from assistant.serving.watching.observing import Observed
from assistant.serving.watching.traces import open_traces
from assistant.store.feedback import FEEDBACK
from assistant.versions import versions
from tests.serving.conftest import Served, served

Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]
SECRET = "zanzibar"
ANSWERS = "assistant_answers_total"


def read(text: str, parse: Callable[[str], Any] = text_string_to_metric_families) -> Numbers:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def number(url: str, name: str, **labels: str) -> float | None:
    return read(httpx.get(f"{url}/metrics").text).get((name, frozenset(labels.items())))


def eventually(condition: Callable[[], Any], seconds: float = 10) -> Any:
    """What the condition says as soon as it says something; a response is sent before it is counted."""
    deadline = time.monotonic() + seconds
    while not (said := condition()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
    return said


def send_raw(url: str, data: bytes) -> None:
    """Sends bytes and leaves."""
    with socket.create_connection(("127.0.0.1", httpx.URL(url).port)) as connection:
        connection.sendall(data)
        time.sleep(0.2)


# A small application with every way a request can go


@contextmanager
def small_server(assistant: Assistant, settings: Settings) -> Iterator[str]:
    """Observed routes over an assistant: an answer, a stream, a failure."""
    metrics = Metrics(lambda: versions(assistant.settings)[-1], waiting=lambda: 3)
    traces = open_traces(settings)
    app = FastAPI()

    @app.get("/metrics")
    def numbers() -> Any:
        return StreamingResponse(iter([metrics.text()[0]]))

    @app.get("/items/{name}")
    def item(name: str) -> dict[str, str]:
        return {"name": name}

    @app.post("/api/ask")
    async def ask(request: Request) -> dict[str, bool]:
        answer = await assistant.aask((await request.json())["question"])
        request.state.answer = answer
        return {"answered": answer.answered}

    @app.get("/api/broken")
    def broken() -> None:
        raise KeyError(SECRET)

    @app.get("/api/refused")
    def refused(request: Request) -> None:
        request.state.refused = "rate"

    @app.get("/api/stream")
    async def stream(request: Request) -> StreamingResponse:
        async def parts() -> Any:
            for _ in range(4):
                yield "part "
                await asyncio.sleep(0.1)
            if request.query_params.get("breaks"):
                raise RuntimeError(SECRET)

        return StreamingResponse(parts())

    async def folder(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app.routes.append(Mount("/folder", folder))
    app.add_middleware(Observed, metrics=metrics, traces=traces)
    with listen(Settings(port=0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        eventually(lambda: server.started, 30)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
            if traces is not None:
                traces.close()


@pytest.fixture(scope="module")
def small(starter: Assistant) -> Iterator[str]:
    with small_server(starter, starter.settings) as url:
        yield url


def test_requests_are_counted_by_template_never_by_path(small: str) -> None:
    for name in (SECRET, "b", "c"):
        httpx.get(f"{small}/items/{name}")
    httpx.get(f"{small}/{SECRET}")
    httpx.get(f"{small}/{SECRET}/more")
    httpx.request("PROPFIND", f"{small}/nowhere")
    httpx.get(f"{small}/folder/{SECRET}")
    counted = "assistant_requests_total"
    eventually(lambda: number(small, counted, route="/folder", method="GET", status="204") == 1)
    assert number(small, counted, route="/items/{name}", method="GET", status="200") == 3
    assert number(small, "assistant_request_seconds_count", route="/items/{name}", method="GET") == 3
    assert number(small, counted, route="other", method="GET", status="404") == 2
    assert number(small, counted, route="other", method="_OTHER", status="404") == 1
    assert SECRET not in httpx.get(f"{small}/metrics").text


def test_answers_are_counted_by_outcome_with_the_time_of_each_stage(small: str) -> None:
    for question in (
        "Why did the 2017 working group collapse?",
        "Hello!",
        "How many moons does the planet Jupiter have?",
    ):
        assert httpx.post(f"{small}/api/ask", json={"question": question}, timeout=60).status_code == 200
    eventually(lambda: number(small, "assistant_answer_seconds_count", stage="compose") == 3)
    assert number(small, ANSWERS, outcome="small_talk", mode="extractive") == 1
    read_now = read(httpx.get(f"{small}/metrics").text)
    counted = {dict(labels)["outcome"]: value for (name, labels), value in read_now.items() if name == ANSWERS}
    assert sum(counted.values()) == 3
    assert (counted["answered"], counted["not_in_corpus"]) == (1, 1)
    assert (number(small, "assistant_answer_seconds_sum", stage="retrieve") or 0) > 0


def test_what_a_callable_knows_is_asked_when_the_numbers_are_read(small: str, starter: Assistant) -> None:
    assert number(small, "assistant_waiting") == 3
    assert number(small, "assistant_documents") == len(starter.documents())
    assert (number(small, "assistant_chunks") or 0) > 0
    assert number(small, "assistant_index_info", version=starter.ready()) == 1
    assert number(small, "assistant_index_available") == 1
    assert (number(small, "assistant_uptime_seconds") or 0) > 0
    if sys.platform == "linux":
        assert (number(small, "process_resident_memory_bytes") or 0) > 1e7


def test_refusals_are_counted_by_cause(small: str) -> None:
    httpx.get(f"{small}/api/refused")
    eventually(lambda: number(small, "assistant_refused_total", cause="rate") == 1)
    assert number(small, "assistant_refused_total", cause="queue") == 0  # known before the first, for rate()


def test_failure_is_a_problem_with_an_id_and_counted(small: str) -> None:
    response = httpx.get(f"{small}/api/broken", headers={"x-request-id": "mine-1"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"] == "mine-1"
    assert "mine-1" in response.json()["detail"]
    assert SECRET not in response.text
    counted = "assistant_requests_total"
    eventually(lambda: number(small, counted, route="/api/broken", method="GET", status="500") == 1)


def test_traceback_of_a_failure_carries_the_id_of_its_request(small: str) -> None:
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(JsonLines())
    logging.getLogger("uvicorn.error").addHandler(handler)
    try:
        httpx.get(f"{small}/api/broken", headers={"x-request-id": "mine-2"})
        line = json.loads(eventually(said.getvalue))
    finally:
        logging.getLogger("uvicorn.error").removeHandler(handler)
    assert line["request_id"] == "mine-2"
    assert "in broken" in line["traceback"]
    assert line["traceback"].endswith("KeyError")


def test_stream_is_timed_to_its_last_byte_and_counted_also_when_it_breaks_or_its_client_leaves(small: str) -> None:
    def told(name: str) -> float:
        return number(small, f"assistant_request_seconds_{name}", route="/api/stream", method="GET") or 0

    assert httpx.get(f"{small}/api/stream").text == "part " * 4
    eventually(lambda: told("count") == 1)
    assert told("sum") >= 0.4
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{small}/api/stream", params={"breaks": "1"})
    eventually(lambda: told("count") == 2)
    assert number(small, "assistant_requests_total", route="/api/stream", method="GET", status="500") == 1
    with httpx.stream("GET", f"{small}/api/stream") as response:
        next(response.iter_text())
    eventually(lambda: told("count") == 3)
    assert httpx.get(f"{small}/items/after").status_code == 200


def test_client_that_leaves_before_its_request_is_whole_is_counted_and_no_error(
    small: str, caplog: pytest.LogCaptureFixture
) -> None:
    send_raw(small, b"POST /api/ask HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{")
    counted = "assistant_requests_total"
    eventually(lambda: number(small, counted, route="/api/ask", method="POST", status="499") == 1)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("sent", ["abc-1_2.X", "a" * 64])
def test_request_id_of_the_caller_comes_back(small: str, sent: str) -> None:
    assert httpx.get(f"{small}/items/a", headers={"x-request-id": sent}).headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", ["", "a" * 65, "a b", "a;b", 'a"', "<i>"])
def test_request_id_that_could_do_harm_is_replaced(small: str, sent: str) -> None:
    got = httpx.get(f"{small}/nowhere", headers={"x-request-id": sent}).headers["x-request-id"]
    assert got != sent
    assert re.fullmatch("[0-9a-f]{32}", got)


# The server itself


@pytest.fixture(scope="module")
def own_chat(starter_index: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chat over a copy of the index, in which feedback may be left."""
    index = tmp_path_factory.mktemp("own") / "index"
    shutil.copytree(starter_index.index_dir, index)
    settings = starter_index.model_copy(update={"index_dir": index})
    with Assistant(settings) as assistant, served(assistant, settings) as chat:
        yield chat


def test_metrics_of_the_server_count_the_chat_and_feedback(own_chat: Served) -> None:
    url = own_chat.url
    assert httpx.get(f"{url}/config").headers["x-request-id"]
    httpx.get(f"{url}/nosuch/{SECRET}")
    assert httpx.get(f"{url}/api/health", headers={"host": "evil.example"}).headers["x-request-id"]
    body = {"verdict": "up", "question": "Why?"}
    before = number(url, "assistant_feedback_total", verdict="up") or 0
    assert httpx.post(f"{url}/api/feedback", json=body).status_code == 201
    eventually(lambda: number(url, "assistant_feedback_total", verdict="up") == before + 1)
    assert (number(url, "assistant_requests_total", route="/api/feedback", method="POST", status="201") or 0) >= 1
    assert (number(url, "assistant_requests_total", route="chat", method="GET", status="200") or 0) >= 1
    assert (number(url, "assistant_requests_total", route="other", method="GET", status="404") or 0) >= 1
    assert (number(url, "assistant_requests_total", route="other", method="GET", status="403") or 0) >= 1
    routes = {dict(labels)["route"] for (name, labels) in read(httpx.get(f"{url}/metrics").text) if "requests" in name}
    assert not [route for route in routes if SECRET in route]


def test_openmetrics_is_given_to_who_asks_for_it(starter_chat: Served) -> None:
    response = httpx.get(f"{starter_chat.url}/metrics", headers={"accept": "application/openmetrics-text"})
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert ("assistant_index_available", frozenset()) in read(response.text, open_metrics)
    assert httpx.get(f"{starter_chat.url}/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")


def test_answers_of_the_chat_are_counted(starter_chat: Served) -> None:
    def greeted() -> float:
        return number(starter_chat.url, ANSWERS, outcome="small_talk", mode="extractive") or 0

    before = greeted()
    with httpx.Client(base_url=f"{starter_chat.url}/gradio_api", timeout=60) as visitor:
        config = httpx.get(f"{starter_chat.url}/config").json()
        ask = next(each["id"] for each in config["dependencies"] if len(each["inputs"]) == 2)
        body = {"data": ["Hello!", None], "fn_index": ask, "session_hash": "observed"}
        assert visitor.post("/queue/join", json=body).status_code == 200
        with visitor.stream("GET", "/queue/data", params={"session_hash": "observed"}) as events:
            assert any("process_completed" in line for line in events.iter_lines())
    assert greeted() == before + 1


def test_ready_and_numbers_follow_the_index_as_it_goes_and_comes_back(starter_index: Settings, tmp_path: Path) -> None:
    index = tmp_path / "index"
    shutil.copytree(starter_index.index_dir, index)
    settings = Settings(corpus_dir=starter_index.corpus_dir, index_dir=index)
    with Assistant(settings) as assistant, served(assistant, settings) as chat:

        def ready() -> httpx.Response:
            return httpx.get(f"{chat.url}/api/ready", timeout=60)

        version = ready().json()["index_version"]
        assert ready().json() == {"status": "ready", "index_version": version}
        index.rename(tmp_path / "away")
        gone = ready()
        assert gone.status_code == 503
        assert gone.headers["content-type"] == "application/problem+json"
        assert "assistant index" in gone.json()["detail"]
        assert number(chat.url, "assistant_index_available") == 0
        assert number(chat.url, "assistant_documents") is None
        assert not index.exists()  # asking makes nothing
        assert httpx.get(f"{chat.url}/api/health").json() == {"status": "ok"}
        (tmp_path / "away").rename(index)
        assert ready().json() == {"status": "ready", "index_version": version}
        assert number(chat.url, "assistant_index_available") == 1


def test_not_ready_where_feedback_could_not_be_kept_or_the_server_ends(starter_index: Settings, tmp_path: Path) -> None:
    index = tmp_path / "index"
    shutil.copytree(starter_index.index_dir, index)
    with Assistant(Settings(corpus_dir=starter_index.corpus_dir, index_dir=index)) as assistant:
        readiness = Readiness(assistant)
        assert readiness.check() == assistant.ready()
        with pytest.raises(AssistantError, match="shutting down"):
            readiness.check(ending=True)
        (index / FEEDBACK).unlink(missing_ok=True)
        (index / FEEDBACK).mkdir()
        with pytest.raises(AssistantError, match="feedback"):
            Readiness(assistant).check()
        (index / FEEDBACK).rmdir()
        readiness.check()
        assert not (index / FEEDBACK).exists()


# Traces


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """A collector that keeps what it gets."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - its name in the protocol
        for resource in request.resource_spans:
            self.services |= {
                each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
            }
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    kept = Collector()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(kept, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield kept, f"http://127.0.0.1:{port}"
    server.stop(0)


def attributes(span: Span) -> dict[str, Any]:
    return {each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in span.attributes}


def test_request_and_the_stages_of_its_answer_are_spans_in_the_trace_of_the_caller(
    starter: Assistant, collector: tuple[Collector, str]
) -> None:
    kept, address = collector
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    question = f"When was {SECRET} founded?"
    with small_server(starter, starter.settings.model_copy(update={"traces_url": address})) as url:
        headers = {"traceparent": f"00-{trace}-{parent}-01"}
        httpx.post(f"{url}/api/ask", params={"q": SECRET}, json={"question": question}, headers=headers, timeout=60)
        httpx.get(f"{url}/api/broken")
        httpx.get(f"{url}/{SECRET}")
    # All of them are sent when the server has ended.
    spans = {span.name: span for span in kept.spans}
    assert spans.keys() >= {"POST /api/ask", "retrieve", "compose", "GET /api/broken", "GET"}
    assert kept.services == {"corpus-assistant"}
    ask, retrieve, compose = spans["POST /api/ask"], spans["retrieve"], spans["compose"]
    assert ask.kind == Span.SPAN_KIND_SERVER
    assert (ask.trace_id.hex(), ask.parent_span_id.hex()) == (trace, parent)
    assert {span.trace_id.hex() for span in (retrieve, compose)} == {trace}
    assert {span.parent_span_id for span in (retrieve, compose)} == {ask.span_id}
    assert ask.start_time_unix_nano <= retrieve.start_time_unix_nano < retrieve.end_time_unix_nano
    assert retrieve.end_time_unix_nano <= compose.start_time_unix_nano < compose.end_time_unix_nano
    assert compose.end_time_unix_nano <= ask.end_time_unix_nano
    said = attributes(ask)
    assert said["http.request.method"] == "POST"
    assert said["http.route"] == said["url.path"] == "/api/ask"
    assert said["http.response.status_code"] == 200
    broken = spans["GET /api/broken"]
    assert broken.status.code == 2
    assert attributes(broken)["error.type"] == "KeyError"
    assert broken.trace_id.hex() != trace
    assert not broken.parent_span_id
    assert SECRET not in str(kept.spans)


def test_server_sends_its_last_spans_before_it_ends(starter: Assistant, collector: tuple[Collector, str]) -> None:
    kept, address = collector
    settings = starter.settings.model_copy(update={"traces_url": address})
    with served(starter, settings) as chat:
        assert httpx.get(f"{chat.url}/api/health").status_code == 200
    assert "GET /api/health" in {span.name for span in kept.spans}


def test_dead_collector_neither_slows_nor_breaks_anything_and_is_told_once(
    starter: Assistant, caplog: pytest.LogCaptureFixture
) -> None:
    with listen(Settings(port=0)) as nobody:
        port = nobody.getsockname()[1]
    settings = starter.settings.model_copy(update={"traces_url": f"http://127.0.0.1:{port}"})
    with small_server(starter, settings) as url, httpx.Client() as client:
        for _ in range(2):
            begun = time.monotonic()
            for _ in range(20):
                assert client.get(f"{url}/items/a").status_code == 200
            assert time.monotonic() - begun < 2
            eventually(lambda: "traces can't be sent" in caplog.text)
            time.sleep(2)
        begun = time.monotonic()
    assert time.monotonic() - begun < 4
    assert len([record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]) == 1


def test_nothing_of_traces_is_imported_without_their_setting() -> None:
    code = (
        "import sys; from assistant import Settings; from assistant.serving.watching import traces;"
        "assert traces.open_traces(Settings()) is None;"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'grpc'))])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


# Logs


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent another way there")
def test_log_of_a_server_is_json_line_by_line_and_holds_no_question(starter_index: Settings, tmp_path: Path) -> None:
    index = tmp_path / "index"
    shutil.copytree(starter_index.index_dir, index)
    environment = os.environ | {
        "ASSISTANT_INDEX_DIR": str(index),
        "ASSISTANT_CORPUS_DIR": str(starter_index.corpus_dir),
        "ASSISTANT_PORT": "0",
        "ASSISTANT_LOGS": "json",
        "ASSISTANT_API_KEYS": f"{SECRET}-key",
    }
    file = tmp_path / "stderr"
    with file.open("w") as stderr:
        server = subprocess.Popen([sys.executable, "-m", "assistant", "serve"], env=environment, stderr=stderr)
        try:
            url = eventually(lambda: re.search(r"http://127\.0\.0\.1:\d+", file.read_text()), 120)[0]
            headers = {"x-request-id": "the-first", "authorization": f"Bearer {SECRET}-key"}
            httpx.get(f"{url}/api/ready", headers=headers, timeout=60)
            feedback = {"verdict": "down", "question": f"Where is {SECRET}?", "comment": SECRET}
            httpx.post(f"{url}/api/feedback", json=feedback, headers=headers)
            httpx.get(f"{url}/{SECRET}", params={"question": SECRET})
            send_raw(url, b"this is no HTTP\r\n\r\n")
            eventually(lambda: '"other"' in file.read_text() or '"chat"' in file.read_text())
            server.send_signal(signal.SIGINT)
            assert server.wait(30) in (0, 130)
        finally:
            server.kill()
    assert SECRET not in file.read_text().lower()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["address"] for line in lines if line["event"] == "started"] == [url]
    assert [line["logger"] for line in lines if line["event"] == "log"] == ["uvicorn.error"]
    first = next(line for line in lines if line["event"] == "request")
    assert first["request_id"] == "the-first"
    assert (first["method"], first["route"], first["status"]) == ("GET", "/api/ready", 200)
    assert first["level"] == "info"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first["time"])
    assert first["seconds"] > 0


_FAILING = """
import logging, warnings, threading
from assistant import Settings
from assistant.serving.watching.logs import REQUEST_ID, set_up_logs

set_up_logs(Settings(logs="json"))
REQUEST_ID.set("r-1")
warnings.warn("old thing")
log = logging.getLogger("some.library")
log.info("not shown")
try:
    try:
        {}["zanzibar"]
    except KeyError as error:
        raise ValueError("zanzibar") from error
except ValueError as error:
    log.exception("failed: %s", error)
try:
    open("/no/such/file")
except OSError:
    log.exception("failed")
def fail(): raise RuntimeError("zanzibar")
thread = threading.Thread(target=fail); thread.start(); thread.join()
"""


def test_warnings_and_errors_of_all_loggers_are_json_with_the_traceback_in_a_field() -> None:
    done = subprocess.run([sys.executable, "-c", _FAILING], capture_output=True, text=True, check=True)
    warning, failed, missing, thread = [json.loads(line) for line in done.stderr.splitlines()]
    assert warning["level"] == "warning"
    assert "old thing" in warning["message"]
    assert (failed["level"], failed["logger"], failed["request_id"]) == ("error", "some.library", "r-1")
    assert failed["message"] == "failed: ValueError"
    assert failed["traceback"].index("KeyError") < failed["traceback"].index("ValueError")
    assert "No such file" in missing["traceback"]
    assert "RuntimeError" in thread["traceback"]
    assert SECRET not in done.stderr


def test_line_of_an_answer_tells_its_outcome_and_not_its_words(starter: Assistant) -> None:
    answer = starter.ask("Hello!")
    line = Finished("r", "POST", "http", "/api/ask", 200, 0, 10**9, key="intranet", answer=answer).fields()
    assert line == {
        "request_id": "r",
        "method": "POST",
        "route": "/api/ask",
        "status": 200,
        "seconds": 1.0,
        "key": "intranet",
        "outcome": "small_talk",
        "mode": "extractive",
        "index_version": starter.ready(),
        "retrieve_seconds": answer.seconds.retrieve,
        "compose_seconds": answer.seconds.compose,
    }
