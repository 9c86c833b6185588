"""The class `Assistant`: the whole product behind a few methods.

It holds settings and, once needed, an opened index; a version that another process publishes is picked up
with the next question. What is not here: any step of indexing, retrieval or answering.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from assistant import indexing
from assistant.answering.abstention import THRESHOLDS
from assistant.answering.chain import AnswerChain
from assistant.answering.reader import bundled_reader
from assistant.building import OnProgress
from assistant.errors import IndexMissingError, QuestionError
from assistant.publishing import CATALOG, Index
from assistant.retrieval.dates import read_as_of
from assistant.retrieval.hybrid import Retriever
from assistant.retrieval.query import analyse, read_question
from assistant.retrieval.retriever import CorpusRetriever
from assistant.settings import Settings
from assistant.types import Answer, Document, DocumentSummary, Event, Passage, SyncReport, Turn

if TYPE_CHECKING:  # heavy, and only named here
    from langchain_core.runnables import Runnable, RunnableConfig

    from assistant.store.catalog import Catalog

MOST_PASSAGES = 50
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(slots=True)
class _Opened:
    """An opened index with what answers from it; `version` is the published one."""

    index: Index
    retriever: Retriever
    chain: AnswerChain
    version: str
    file: tuple[int, int]


class Assistant:
    """Answers questions about a corpus with exact quotations. Thread-safe; usable as a context manager.

    Making one costs nothing; the index and the models are opened with the first question.

    Args:
        settings: Where things are; by default what environment and `assistant.toml` say.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings if settings is not None else Settings()
        self._guard = threading.RLock()
        self._current: _Opened | None = None

    @classmethod
    def over(cls, index: Index, settings: Settings) -> Self:
        """An assistant over an index that is open already: a version that is reviewed before it is published."""
        assistant = cls(settings)
        assistant._current = assistant._with(index)
        return assistant

    def sync(self, *, progress: OnProgress | None = None) -> SyncReport:
        """Brings the index in line with the corpus folder and publishes it.

        Args:
            progress: Called as the run goes on.

        Raises:
            CorpusError: The corpus folder is missing.
            IndexingError: The index can't be written.
        """
        return indexing.sync(self.settings, progress=progress)

    def ask(
        self, question: str, *, history: Sequence[Turn | Mapping[str, Any]] = (), as_of: str | None = None
    ) -> Answer:
        """Answers a question.

        Args:
            question: At most 4,000 characters.
            history: Earlier turns of the conversation, oldest first.
            as_of: A date (`2022`, `2022-03`, `2022-03-25`): documents dated later are left out.

        Returns:
            The answer; one with `answered=False` says why in `reason` and `explanation`.

        Raises:
            QuestionError: The question is empty or too long, or a turn or the date is malformed.
            IndexMissingError: Nothing has been indexed yet.
        """
        turns = [Turn.parse(turn) for turn in history]
        if as_of is not None and not _DATE.fullmatch(as_of):
            raise QuestionError(f"as_of is {as_of!r}; write a date as 2022, 2022-03 or 2022-03-25")
        return self._opened().chain.ask(question, turns, as_of)

    async def aask(
        self, question: str, *, history: Sequence[Turn | Mapping[str, Any]] = (), as_of: str | None = None
    ) -> Answer:
        """`ask`, without blocking the event loop."""
        return await asyncio.to_thread(self.ask, question, history=history, as_of=as_of)

    def stream(
        self, question: str, *, history: Sequence[Turn | Mapping[str, Any]] = (), as_of: str | None = None
    ) -> Iterator[Event]:
        """Answers step by step: each sentence after its citations, then the whole.

        Only what is verified is given out, so that nothing shown has to be taken back.
        """
        yield from _steps(self.ask(question, history=history, as_of=as_of))

    async def astream(
        self, question: str, *, history: Sequence[Turn | Mapping[str, Any]] = (), as_of: str | None = None
    ) -> AsyncIterator[Event]:
        """`stream`, without blocking the event loop."""
        for event in _steps(await self.aask(question, history=history, as_of=as_of)):
            yield event

    def search(self, question: str, *, top_k: int = 5, as_of: str | None = None) -> list[Passage]:
        """The passages nearest to a question, best first.

        Args:
            question: At most 4,000 characters.
            top_k: 1 to 50.
            as_of: A date; documents dated later are left out.

        Raises:
            QuestionError: The question or `top_k` can't be used.
        """
        if not 1 <= top_k <= MOST_PASSAGES:
            raise QuestionError(f"top_k is {top_k}; choose 1 to {MOST_PASSAGES}")
        opened = self._opened()
        with opened.index.catalog.read() as snapshot:
            return opened.retriever.passages(analyse(read_question(question)), snapshot, top_k, as_of)

    async def asearch(self, question: str, *, top_k: int = 5, as_of: str | None = None) -> list[Passage]:
        """`search`, without blocking the event loop."""
        return await asyncio.to_thread(self.search, question, top_k=top_k, as_of=as_of)

    def document(self, id_or_path: str) -> Document:
        """One document with its stored text.

        Raises:
            DocumentError: There is none of that id or path.
        """
        with self._opened().index.catalog.read() as snapshot:
            return snapshot.document(id_or_path)

    def documents(self) -> list[DocumentSummary]:
        """All documents, by path."""
        with self._opened().index.catalog.read() as snapshot:
            return snapshot.documents()

    def ready(self) -> str:
        """Opens the index and the models, and names the published version.

        Raises:
            IndexMissingError: Nothing has been indexed yet.
        """
        return self._opened().version

    def as_retriever(self, *, top_k: int = 5, as_of: str | None = None) -> CorpusRetriever:
        """The retriever for LangChain: documents whose metadata holds path, title, date, page and span.

        It searches what is published when it is invoked, also after `close`.

        Args:
            top_k: 1 to 50; `invoke(question, k=…)` overrides it.
            as_of: A date; documents dated later are left out. `invoke(question, as_of=…)` overrides it.

        Raises:
            QuestionError: `top_k` or the date can't be used.
            IndexMissingError: Nothing has been indexed yet.
        """
        if not 1 <= top_k <= MOST_PASSAGES:
            raise QuestionError(f"top_k is {top_k}; choose 1 to {MOST_PASSAGES}")

        def newest() -> tuple[Retriever, Catalog]:
            opened = self._opened()
            return opened.retriever, opened.index.catalog

        retriever, catalog = newest()
        return CorpusRetriever(retriever=retriever, catalog=catalog, newest=newest, k=top_k, as_of=read_as_of(as_of))

    def as_runnable(self) -> Runnable[Any, Answer]:
        """The whole chain for LangChain: a question, or `{"question", "history", "as_of"}`, to an `Answer`.

        It answers from what is published when it is invoked, also after `close`; each answer is of one version.

        Raises:
            IndexMissingError: Nothing has been indexed yet.
        """
        from langchain_core.runnables import RunnableLambda

        def answer(given: str | Mapping[str, Any], config: RunnableConfig) -> Answer:
            return self._opened().chain.invoke(given, config)

        self._opened()
        chain: Runnable[Any, Answer] = RunnableLambda(answer, name="corpus_assistant").with_types(output_type=Answer)
        return chain

    def close(self) -> None:
        """Closes the index; the next question opens it again."""
        with self._guard:
            if self._current is not None:
                self._current.index.close()
                self._current = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _opened(self) -> _Opened:
        """The opened index, as it is published now."""
        with self._guard:
            if self._current is not None and self._current.file != self._file():
                self.close()  # the index folder was removed or replaced
            if self._current is None:
                self._current = self._open()
                return self._current
            index = self._current.index
            with index.catalog.read() as snapshot:
                version, embedder = snapshot.version(), snapshot.meta("embedder")
            if embedder != index.embedder.card.fingerprint:  # another process has embedded the corpus anew
                self.close()
                self._current = self._open()
            elif version is not None:
                self._current.version = version.name
            return self._current

    def _open(self) -> _Opened:
        return self._with(indexing.open_index(self.settings))

    def _with(self, index: Index) -> _Opened:
        retriever = Retriever(index.vectors, index.embedder)
        model = None
        if self.settings.llm:
            from assistant.answering.generative import chat_model

            model = chat_model(self.settings)
        chain = AnswerChain(
            CorpusRetriever(retriever=retriever, catalog=index.catalog),
            index.catalog,
            index.embedder,
            model,
            bundled_reader() if self.settings.reader else None,
            THRESHOLDS[self.settings.caution],
        )
        with index.catalog.read() as snapshot:
            version = snapshot.version()
        if version is None:
            raise IndexMissingError(f"nothing is published in {self.settings.index_dir}; run `assistant index` first")
        return _Opened(index, retriever, chain, version.name, self._file())

    def _file(self) -> tuple[int, int]:
        try:
            stat = (self.settings.index_dir / CATALOG).stat()
        except FileNotFoundError:
            return (0, 0)
        return (stat.st_dev, stat.st_ino)


def _steps(answer: Answer) -> Iterator[Event]:
    """The answer's events: each sentence after its citations, then the whole."""
    citations = {c.number: c for c in answer.citations}
    for sentence in answer.sentences:
        for number in sentence.citations:
            if number in citations:
                yield Event("citation", citations.pop(number))
        yield Event("sentence", sentence)
    yield Event("done", answer)
