"""The class `Assistant`: the whole product behind a few methods.

It holds settings and, once needed, an opened index; a version that another process publishes is picked up
with the next question. `seeing` gives one that is limited to some documents: it reads through a catalog that has no
others. What is not here: any step of indexing, retrieval or answering, and how a catalog is limited (store).
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from assistant import indexing
from assistant.answering.abstention import THRESHOLDS
from assistant.answering.chain import AnswerChain
from assistant.answering.reader import Reader, bundled_reader
from assistant.building import OnProgress
from assistant.errors import AccessError, IndexMissingError, QuestionError
from assistant.publishing import CATALOG, Index
from assistant.retrieval.dates import read_as_of
from assistant.retrieval.hybrid import Retriever
from assistant.retrieval.query import analyse, read_question
from assistant.retrieval.retriever import CorpusRetriever
from assistant.settings import Settings
from assistant.store.reading import CatalogReader
from assistant.types import Answer, Document, DocumentSummary, Event, Passage, SyncReport, Turn, events

if TYPE_CHECKING:  # heavy, and only named here
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable, RunnableConfig

MOST_PASSAGES = 50
_MOST_LIMITED = 64  # sets of labels that are kept open; each holds the keywords of what it sees in memory


@dataclass(frozen=True, slots=True)
class _Shared:
    """An opened index and the models, which are the same whoever asks."""

    index: Index
    retriever: Retriever
    model: BaseChatModel | None
    reader: Reader | None
    file: tuple[int, int]


@dataclass(slots=True)
class _Opened:
    """A catalog with what answers from it; `version` is the published one, as the catalog names it."""

    shared: _Shared
    catalog: CatalogReader
    chain: AnswerChain
    version: str


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
        self._limited: OrderedDict[frozenset[str], _Limited] = OrderedDict()

    @classmethod
    def over(cls, index: Index, settings: Settings) -> Self:
        """An assistant over an index that is open already: a version that is reviewed before it is published."""
        assistant = cls(settings)
        assistant._current = assistant._with(index)
        return assistant

    def seeing(self, labels: Iterable[str]) -> Assistant:
        """An assistant for somebody who may see documents without labels, and those with one of `labels`.

        It shares the index, the models and the settings of this one, costs nothing to make, and cannot be made to see
        more: whatever is asked of it, the other documents are not in the catalog that it reads. One that is limited
        already can only be limited further. Closing it leaves the index open.

        Args:
            labels: In any case; none for what everybody may see.

        Raises:
            AccessError: `labels` is one string, or one of them is none.
        """
        if isinstance(labels, str):
            raise AccessError(f"labels is the text {labels!r}; give a list of labels")
        wanted = list(labels)
        if not all(isinstance(label, str) for label in wanted):
            raise AccessError(f"labels must be texts, not {wanted!r}")
        return self._seeing(frozenset(label.strip().lower() for label in wanted))

    def _seeing(self, labels: frozenset[str]) -> Assistant:
        with self._guard:
            limited = self._limited.pop(labels, None) or _Limited(self, labels)
            self._limited[labels] = limited  # the one asked for last is given up last
            if len(self._limited) > _MOST_LIMITED:
                self._limited.popitem(last=False)
            return limited

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
        read_as_of(as_of)
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
        yield from events(self.ask(question, history=history, as_of=as_of))

    async def astream(
        self, question: str, *, history: Sequence[Turn | Mapping[str, Any]] = (), as_of: str | None = None
    ) -> AsyncIterator[Event]:
        """`stream`, without blocking the event loop."""
        for event in events(await self.aask(question, history=history, as_of=as_of)):
            yield event

    def search(self, question: str, *, top_k: int = 5, as_of: str | None = None) -> list[Passage]:
        """The passages nearest to a question, best first.

        Args:
            question: At most 4,000 characters.
            top_k: 1 to 50.
            as_of: A date; documents dated later are left out.

        Raises:
            QuestionError: The question, `top_k` or the date can't be used.
        """
        read_as_of(as_of)
        if not 1 <= top_k <= MOST_PASSAGES:
            raise QuestionError(f"top_k is {top_k}; choose 1 to {MOST_PASSAGES}")
        opened = self._opened()
        with opened.catalog.read() as snapshot:
            return opened.shared.retriever.passages(analyse(read_question(question)), snapshot, top_k, as_of)

    async def asearch(self, question: str, *, top_k: int = 5, as_of: str | None = None) -> list[Passage]:
        """`search`, without blocking the event loop."""
        return await asyncio.to_thread(self.search, question, top_k=top_k, as_of=as_of)

    def document(self, id_or_path: str) -> Document:
        """One document with its stored text.

        Raises:
            DocumentError: There is none of that id or path.
        """
        with self._opened().catalog.read() as snapshot:
            return snapshot.document(id_or_path)

    def documents(self) -> list[DocumentSummary]:
        """All documents, by path."""
        with self._opened().catalog.read() as snapshot:
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

        def newest() -> tuple[Retriever, CatalogReader]:
            opened = self._opened()
            return opened.shared.retriever, opened.catalog

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
                self._current.shared.index.close()
                self._current = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _opened(self) -> _Opened:
        """The opened index, as it is published now."""
        with self._guard:
            if self._current is not None and self._current.shared.file != self._file():
                self.close()  # the index folder was removed or replaced
            if self._current is None:
                self._current = self._open()
                return self._current
            index = self._current.shared.index
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
        reader = bundled_reader() if self.settings.reader else None
        return self._answering(_Shared(index, retriever, model, reader, self._file()), index.catalog)

    def _answering(self, shared: _Shared, catalog: CatalogReader) -> _Opened:
        """What answers from all that a catalog gives."""
        chain = AnswerChain(
            CorpusRetriever(retriever=shared.retriever, catalog=catalog),
            catalog,
            shared.index.embedder,
            shared.model,
            shared.reader,
            THRESHOLDS[self.settings.caution],
        )
        return _Opened(shared, catalog, chain, self._version(catalog))

    def _version(self, catalog: CatalogReader) -> str:
        with catalog.read() as snapshot:
            version = snapshot.version()
        if version is None:
            raise IndexMissingError(f"nothing is published in {self.settings.index_dir}; run `assistant index` first")
        return version.name

    def _file(self) -> tuple[int, int]:
        try:
            stat = (self.settings.index_dir / CATALOG).stat()
        except FileNotFoundError:
            return (0, 0)
        return (stat.st_dev, stat.st_ino)


class _Limited(Assistant):
    """An assistant that shares another one's index and sees some of its documents."""

    def __init__(self, whole: Assistant, labels: frozenset[str]) -> None:
        super().__init__(whole.settings)
        self._whole = whole
        self._labels = labels

    def sync(self, *, progress: OnProgress | None = None) -> SyncReport:
        """Refused: what is indexed is more than this one sees.

        Raises:
            AccessError: Always.
        """
        raise AccessError("an assistant that is limited to labels can't index; call `sync` of the whole one")

    def close(self) -> None:
        """Leaves the index open, which is the whole assistant's."""
        with self._guard:
            if self._current is not None:
                self._current.catalog.close()
                self._current = None

    def _seeing(self, labels: frozenset[str]) -> Assistant:
        return self._whole._seeing(self._labels & labels)

    def _opened(self) -> _Opened:
        """The whole one's opened index, with a catalog that is limited."""
        shared = self._whole._opened().shared
        with self._guard:
            current = self._current
            if current is None or current.shared is not shared:
                self._current = self._answering(shared, shared.index.catalog.limited(self._labels))
                return self._current
            current.version = self._version(current.catalog)
            return current
