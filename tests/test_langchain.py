"""LangChain gets what it expects: its own standard tests, chains, tools, callbacks, and nothing that blocks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_core.tools import create_retriever_tool
from langchain_tests.integration_tests import RetrieversIntegrationTests

from assistant import Answer, Assistant, QuestionError, Settings
from assistant.indexing import sync
from assistant.retrieval.retriever import CorpusRetriever

QUESTION = "Why did the 2017 working group collapse?"
QUESTIONS = (QUESTION, "What are Putin's four points?", "What is the price of Bitcoin?", "hello")


@pytest.fixture(scope="module")
def starter(starter_index: Settings) -> Iterator[Assistant]:
    """An assistant over the starter corpus."""
    with Assistant(starter_index) as assistant:
        assistant.ask(QUESTION)
        yield assistant


@pytest.fixture
def growing(new_index: Callable[[Path], Path], tmp_path: Path) -> Iterator[Assistant]:
    """An assistant over a corpus of one document, which may change."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "ferry.md").write_text("The ferry Albatross sank in October 1901.\n", "utf-8")
    settings = Settings(corpus_dir=tmp_path / "corpus", index_dir=new_index(tmp_path / "index"))
    sync(settings)
    with Assistant(settings) as assistant:
        yield assistant


def said(answer: Answer) -> tuple[object, ...]:
    """An answer without its times, which differ."""
    return (answer.question, answer.text, answer.citations, answer.passages, answer.reason, answer.index_version)


class _StandardTests(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _over_the_starter_corpus(self, starter: Assistant) -> None:
        self.made = starter.as_retriever()

    @property
    def retriever_constructor(self) -> type[CorpusRetriever]:
        return CorpusRetriever

    @property
    def retriever_query_example(self) -> str:
        return QUESTION


@pytest.mark.filterwarnings("ignore:.*is marked with '@pytest.mark.asyncio' but it is not an async function")
@pytest.mark.asyncio
class TestRetrieverOfAnAssistant(_StandardTests):
    """LangChain's tests of the retriever that `as_retriever` gives."""

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {name: getattr(self.made, name) for name in ("retriever", "catalog", "newest")}


@pytest.mark.filterwarnings("ignore:.*is marked with '@pytest.mark.asyncio' but it is not an async function")
@pytest.mark.asyncio
class TestRetrieverOfAnIndex(_StandardTests):
    """The same of one that is put together by hand."""

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"retriever": self.made.retriever, "catalog": self.made.catalog}


# --- the retriever -------------------------------------------------------------------------------------------


def test_retriever_leaves_out_what_is_dated_later(starter: Assistant) -> None:
    everything, early = starter.as_retriever(top_k=10), starter.as_retriever(top_k=10, as_of="2023")
    dates = [document.metadata["date"] or "" for document in everything.invoke(QUESTION)]
    assert max(dates) > "2023-12-31"
    found = early.invoke(QUESTION)
    assert found
    assert all((document.metadata["date"] or "") <= "2023-12-31" for document in found)
    assert everything.invoke(QUESTION, as_of="2023") == found == asyncio.run(early.ainvoke(QUESTION))


@pytest.mark.parametrize("wanted", [{"top_k": 0}, {"top_k": 51}, {"as_of": "last year"}])
def test_retriever_that_can_find_nothing_is_refused_when_it_is_made(starter: Assistant, wanted: dict[str, Any]) -> None:
    with pytest.raises(QuestionError, match=next(iter(wanted))):
        starter.as_retriever(**wanted)


@pytest.mark.parametrize("wanted", [{"k": 0}, {"k": -3}, {"as_of": "2022/03"}, {"as_of": 2022}])
def test_retriever_refuses_what_it_cannot_do(starter: Assistant, wanted: dict[str, Any]) -> None:
    with pytest.raises(QuestionError, match=next(iter(wanted))):
        starter.as_retriever().invoke(QUESTION, **wanted)


def test_retriever_in_a_chain_fills_a_prompt(starter: Assistant) -> None:
    def joined(documents: list[Document]) -> str:
        return "\n\n".join(f"[{document.metadata['path']}] {document.page_content}" for document in documents)

    prompt = ChatPromptTemplate.from_messages([("system", "Answer from:\n{context}"), ("human", "{question}")])
    chain = {"context": starter.as_retriever(top_k=3) | joined, "question": RunnablePassthrough()} | prompt
    system, human = chain.invoke(QUESTION).to_messages()
    assert human.content == QUESTION
    for document in starter.as_retriever(top_k=3).invoke(QUESTION):
        assert document.page_content in system.content
    assert asyncio.run(chain.ainvoke(QUESTION)).to_messages() == [system, human]


def test_retriever_as_a_tool_gives_text_and_documents(starter: Assistant) -> None:
    tool = create_retriever_tool(
        starter.as_retriever(top_k=2), "corpus", "Searches the corpus.", response_format="content_and_artifact"
    )
    call = {"name": "corpus", "args": {"query": QUESTION}, "id": "1", "type": "tool_call"}
    message = tool.invoke(call)
    assert message.artifact == starter.as_retriever(top_k=2).invoke(QUESTION)
    assert all(document.page_content in message.content for document in message.artifact)
    assert asyncio.run(tool.ainvoke(call)).content == message.content


# --- the runnable --------------------------------------------------------------------------------------------


def test_batches_keep_the_order_of_their_questions(starter: Assistant) -> None:
    chain, asked = starter.as_runnable(), [*QUESTIONS, *reversed(QUESTIONS)]
    alone = {question: said(starter.ask(question)) for question in QUESTIONS}
    expected = [alone[question] for question in asked]
    assert [said(answer) for answer in chain.batch(asked, {"max_concurrency": 3})] == expected
    assert [said(answer) for answer in asyncio.run(chain.abatch(asked))] == expected


def test_batch_gives_an_error_in_the_place_of_its_question(starter: Assistant) -> None:
    first, failed, last = starter.as_runnable().batch([QUESTION, " ", "hello"], return_exceptions=True)
    assert said(first) == said(starter.ask(QUESTION))
    assert isinstance(failed, QuestionError)
    assert said(last) == said(starter.ask("hello"))


def test_stream_yields_the_answer_also_in_the_midst_of_a_chain(starter: Assistant) -> None:
    async def streamed(chain: Any) -> list[Any]:
        return [part async for part in chain.astream(QUESTION)]

    expected = said(starter.ask(QUESTION))
    assert [said(part) for part in starter.as_runnable().stream(QUESTION)] == [expected]
    assert [said(part) for part in asyncio.run(streamed(starter.as_runnable()))] == [expected]
    text = starter.as_runnable() | RunnableLambda(lambda answer: answer.text)
    assert list(text.stream(QUESTION)) == asyncio.run(streamed(text)) == [starter.ask(QUESTION).text]


class _Heard(BaseCallbackHandler):
    """Notes what runs, and with which tags."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, tuple[str, ...], str]] = []
        self.found: list[Document] = []

    def on_chain_start(self, _serialized: Any, _inputs: Any, **more: Any) -> None:
        self.runs.append((more["name"], tuple(more["tags"]), more["metadata"].get("who", "")))

    def on_retriever_end(self, documents: Any, **_more: Any) -> None:
        self.found = list(documents)


@pytest.mark.parametrize("awaited", [False, True])
def test_callbacks_tags_and_metadata_reach_every_step(starter: Assistant, awaited: bool) -> None:
    heard = _Heard()
    config: Any = {"callbacks": [heard], "tags": ["mine"], "metadata": {"who": "me"}, "run_name": "asked"}
    chain = starter.as_runnable()
    answer = asyncio.run(chain.ainvoke(QUESTION, config)) if awaited else chain.invoke(QUESTION, config)
    names = [name for name, _, _ in heard.runs]
    assert names[0] == "asked"
    assert {"understand", "retrieve", "answer"} <= set(names)
    assert all("mine" in tags and who == "me" for _, tags, who in heard.runs)
    assert [document.page_content for document in heard.found][: len(answer.passages)] == [
        passage.text for passage in answer.passages
    ]


def test_schemas_are_made(starter: Assistant) -> None:
    chain = starter.as_runnable()
    assert chain.OutputType is Answer
    assert chain.get_input_jsonschema()
    assert "index_version" in str(chain.get_output_jsonschema())


# --- an index that changes -----------------------------------------------------------------------------------


def test_what_was_made_once_answers_after_close_and_from_an_index_that_was_built_anew(growing: Assistant) -> None:
    chain, retriever = growing.as_runnable(), growing.as_retriever()
    before = chain.invoke("When did the ferry Albatross sink?")
    assert "1901" in before.text
    growing.close()
    assert said(chain.invoke("When did the ferry Albatross sink?")) == said(before)
    assert "1901" in retriever.invoke("Albatross")[0].page_content
    file = growing.settings.corpus_dir / "ferry.md"
    file.write_text("The ferry Albatross sank in October 1907.\n", "utf-8")
    for left in growing.settings.index_dir.glob("catalog.sqlite3*"):
        left.unlink()  # another index from now on: what was opened before would answer for ever
    sync(growing.settings)
    assert "1907" in chain.invoke("When did the ferry Albatross sink?").text
    assert "1907" in retriever.invoke("Albatross")[0].page_content


def test_each_answer_of_the_runnable_is_of_one_version(growing: Assistant) -> None:
    """The documents that were found and those that are quoted belong together, whatever is published in between."""
    file = growing.settings.corpus_dir / "ferry.md"

    class Publish(_Heard):
        def on_retriever_end(self, documents: Any, **_more: Any) -> None:
            file.write_text("The ferry Albatross sank in November 1907, some say.\n", "utf-8")
            sync(growing.settings)

    chain = growing.as_runnable()
    answer = chain.invoke("When did the ferry Albatross sink?", {"callbacks": [Publish()]})
    assert "1901" in answer.text
    assert {passage.text for passage in answer.passages} == {"The ferry Albatross sank in October 1901."}
    later = chain.invoke("When did the ferry Albatross sink?")
    assert "1907" in later.text
    assert later.index_version != answer.index_version


# --- the event loop ------------------------------------------------------------------------------------------


def test_event_loop_goes_on_while_questions_are_answered(starter_index: Settings) -> None:
    """Also while index and models are opened, which takes longest."""

    async def longest_pause(assistant: Assistant) -> float:
        pauses, done = [0.0], asyncio.Event()

        async def tick() -> None:
            while not done.is_set():
                begun = time.perf_counter()
                await asyncio.sleep(0.005)
                pauses.append(time.perf_counter() - begun)

        ticking = asyncio.create_task(tick())
        await assistant.aask(QUESTION)
        await assistant.asearch(QUESTION)
        await assistant.as_runnable().ainvoke(QUESTION)
        await assistant.as_retriever().ainvoke(QUESTION)
        assert [event.kind async for event in assistant.astream(QUESTION)][-1] == "done"
        done.set()
        await ticking
        assert len(pauses) > 10
        return max(pauses)

    with Assistant(starter_index) as assistant:
        begun = time.perf_counter()
        pause = asyncio.run(longest_pause(assistant))
        assert pause < 0.25 * (time.perf_counter() - begun)
