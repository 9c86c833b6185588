"""The OpenAPI document holds: schemathesis tries every route by it, and a client that is made from it works."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from assistant import Assistant, Settings
from assistant.store.keys import KeyStore
from tests.serving.conftest import Served, served

# JSON Schema can't say of a text that it holds a letter, nor of a day that its month has it: what breaks only such a
# rule is refused with 422 and is still valid by the document, so `positive_data_acceptance` is not asked for.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,unsupported_method,ignored_auth"
)
CONFIG = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429]
"""  # its own list leaves 413 out


@pytest.fixture(scope="module")
def guarded(starter_index: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A server with a key for everything."""
    import shutil

    folder = tmp_path_factory.mktemp("guarded") / "index"
    shutil.copytree(starter_index.index_dir, folder)
    settings = Settings(corpus_dir=starter_index.corpus_dir, index_dir=folder)
    _, secret = KeyStore(folder).make("all", scopes=["ask", "read", "maintain"], access=None)
    with Assistant(settings) as assistant, served(assistant, settings) as server:
        yield server, secret


@pytest.mark.parametrize(
    "most", [pytest.param(100, marks=pytest.mark.slow, id="thorough"), pytest.param(10, id="brief")]
)
def test_nothing_breaks_the_document(guarded: tuple[Served, str], tmp_path: Path, most: int) -> None:
    server, secret = guarded
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG, "utf-8")
    command = [
        str(Path(sys.executable).with_name("st")),
        "--config-file",
        str(config),
        "run",
        f"{server.url}/api/openapi.json",
        "--no-color",
    ]
    command += ["--checks", CHECKS, "--max-examples", str(most), "--header", f"Authorization: Bearer {secret}"]
    ran = subprocess.run([*command, "--seed", "1"], capture_output=True, text=True, cwd=tmp_path, timeout=3000)
    said = "\n".join(line[:300] for line in ran.stdout.splitlines())
    assert ran.returncode == 0, said
    made = re.search(r"([\d,]+) generated", ran.stdout)
    assert made, said
    assert int(made[1].replace(",", "")) > (2_000 if most == 100 else 200)


def test_client_that_is_generated_works(
    guarded: tuple[Served, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, secret = guarded
    (tmp_path / "openapi.json").write_bytes(httpx.get(f"{server.url}/api/openapi.json").content)
    program = str(Path(sys.executable).with_name("openapi-python-client"))
    command = [program, "generate", "--path", "openapi.json", "--output-path", "made_client", "--meta", "none"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it puts what it made in form with ruff
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PATH": path})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Warning" not in ran.stdout, ran.stdout
    monkeypatch.syspath_prepend(str(tmp_path))
    made = importlib.import_module("made_client")
    ask = importlib.import_module("made_client.api.questions.ask")
    listing = importlib.import_module("made_client.api.questions.list_documents")
    models = importlib.import_module("made_client.models")
    with made.AuthenticatedClient(base_url=server.url, token=secret, timeout=60) as client:
        answer = ask.sync(client=client, body=models.AskBody(question="Why did the 2017 working group collapse?"))
        assert isinstance(answer, models.Answer)
        own = server.assistant.ask("Why did the 2017 working group collapse?")
        assert answer.text == own.text
        assert [citation.quote for citation in answer.citations] == [citation.quote for citation in own.citations]
        page = listing.sync(client=client, limit=2)
        assert [document.path for document in page.documents] == [d.path for d in server.assistant.documents()[:2]]
        wrong = ask.sync(client=client, body=models.AskBody(question="?!"))
        assert isinstance(wrong, models.Problem)
        assert "empty" in wrong.detail
