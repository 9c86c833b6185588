"""Clients that others wrote, as their users have them: openai, LangChain's ChatOpenAI, curl."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from langchain_openai import ChatOpenAI

from assistant import Assistant, Settings
from assistant.store.keys import KeyStore
from tests.serving.conftest import Served, served

COLLAPSE = "Why did the 2017 working group collapse?"
UNKNOWN = "How tall is the Eiffel Tower in metres?"


@pytest.fixture(scope="module")
def guarded(starter_index: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A server, and a key that may ask and read."""
    folder = tmp_path_factory.mktemp("guarded") / "index"
    shutil.copytree(starter_index.index_dir, folder)
    settings = Settings(corpus_dir=starter_index.corpus_dir, index_dir=folder)
    _, secret = KeyStore(folder).make("client", scopes=["ask", "read"], access=None)
    with Assistant(settings) as assistant, served(assistant, settings) as server:
        yield server, secret


@pytest.fixture(scope="module")
def client(guarded: tuple[Served, str]) -> openai.OpenAI:
    server, secret = guarded
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=secret, max_retries=0)


def test_openai_completion_has_the_answer_its_footnotes_and_its_citations(
    client: openai.OpenAI, guarded: tuple[Served, str]
) -> None:
    said = client.chat.completions.create(
        model="corpus-assistant", messages=[{"role": "user", "content": COLLAPSE}], temperature=0.2, max_tokens=50
    )
    own = guarded[0].assistant.ask(COLLAPSE)
    message = said.choices[0].message
    assert said.choices[0].finish_reason == "stop"
    assert message.content is not None
    for sentence in own.sentences:
        assert f"{sentence.text} {''.join(f'[{n}]' for n in sentence.citations)}" in message.content
    citations = message.model_extra["citations"]  # type: ignore[index]
    assert citations == [citation.to_dict() for citation in own.citations]
    for citation in citations:
        assert f"[{citation['number']}] “{' '.join(citation['quote'].split())}”" in message.content
    assert said.model_extra["answer"]["answered"]  # type: ignore[index]


def test_openai_stream_adds_up_to_the_same_text(client: openai.OpenAI) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": COLLAPSE}]
    whole = client.chat.completions.create(model="corpus-assistant", messages=messages)  # type: ignore[arg-type]
    options = {"include_usage": True}
    stream = client.chat.completions.create(  # type: ignore[call-overload]
        model="corpus-assistant", messages=messages, stream=True, stream_options=options
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    last = [chunk for chunk in chunks if chunk.choices][-1]
    assert last.choices[0].finish_reason == "stop"
    assert last.choices[0].delta.model_extra["citations"]
    assert chunks[-1].usage.total_tokens == 0


def test_openai_refusal_says_why_and_cites_nothing(client: openai.OpenAI) -> None:
    said = client.chat.completions.create(model="any", messages=[{"role": "user", "content": UNKNOWN}])
    assert said.choices[0].message.content == said.model_extra["answer"]["explanation"]  # type: ignore[index]
    assert said.choices[0].message.model_extra["citations"] == []  # type: ignore[index]


def test_openai_conversation_goes_on(client: openai.OpenAI) -> None:
    said = client.chat.completions.create(
        model="corpus-assistant",
        messages=[
            {"role": "user", "content": COLLAPSE},
            {"role": "assistant", "content": "There was no consensus."},
            {"role": "user", "content": [{"type": "text", "text": "And who had chaired it?"}]},
        ],
    )
    assert "2017" in said.model_extra["answer"]["standalone_question"]  # type: ignore[index]


def test_openai_errors_are_of_the_clients_own_kinds(client: openai.OpenAI, guarded: tuple[Served, str]) -> None:
    ask = [{"role": "user", "content": COLLAPSE}]
    stranger = openai.OpenAI(base_url=f"{guarded[0].url}/v1", api_key="wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError, match="key"):
        stranger.models.list()
    with pytest.raises(openai.BadRequestError, match="n: there is one answer"):
        client.chat.completions.create(model="m", messages=ask, n=2)  # type: ignore[arg-type]
    with pytest.raises(openai.UnprocessableEntityError, match="empty"):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?!"}])
    with pytest.raises(openai.NotFoundError, match="corpus-assistant"):
        client.models.retrieve("gpt-9")
    assert [model.id for model in client.models.list()] == ["corpus-assistant"]


def test_langchains_chat_model_works_unchanged(guarded: tuple[Served, str]) -> None:
    server, secret = guarded
    model = ChatOpenAI(model="corpus-assistant", base_url=f"{server.url}/v1", api_key=secret)  # type: ignore[arg-type]
    whole = model.invoke(COLLAPSE)
    assert "[1]" in str(whole.content)
    assert "".join(str(part.content) for part in model.stream(COLLAPSE)) == whole.content


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_as_the_readme_has_it(guarded: tuple[Served, str], tmp_path: Path) -> None:
    server, secret = guarded

    def curl(*arguments: str) -> str:
        command = ["curl", "-sS", "--fail-with-body", "-H", f"Authorization: Bearer {secret}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    answer = json.loads(curl(f"{server.url}/api/ask", "--json", json.dumps({"question": COLLAPSE})))
    assert answer["answered"]
    stream = curl("-N", f"{server.url}/api/ask/stream", "--json", json.dumps({"question": COLLAPSE}))
    assert stream.count("event: sentence\n") == len(answer["sentences"])
    page = json.loads(curl(f"{server.url}/api/documents?limit=3"))
    assert len(page["documents"]) == 3
