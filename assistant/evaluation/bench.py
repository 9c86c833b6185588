"""The bench that mutants are built on: the parts of an opened index, and a copy of the corpus that may be changed.

Production code has no hooks for being broken: a mutant wraps an assistant, or is a chain put together of other parts.
What is not here: the mutants themselves (mutants.py).
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from assistant.answering.abstention import THRESHOLDS
from assistant.answering.chain import AnswerChain
from assistant.answering.reader import bundled_reader
from assistant.assistant import Assistant
from assistant.evaluation.report import Outcome
from assistant.evaluation.subjects import Answering
from assistant.indexing import open_index, sync
from assistant.publishing import TWINS, Index
from assistant.retrieval.hybrid import Retriever
from assistant.retrieval.retriever import CorpusRetriever
from assistant.settings import Settings
from assistant.types import Answer, Document, Turn

if TYPE_CHECKING:  # only where a mutant has a language model
    from langchain_core.language_models import BaseChatModel


class Bench:
    """What mutants of one version are built with; a context manager.

    Args:
        settings: Of the published version.
        outcomes: What came of asking it.
        recorded: The unbroken assistant.
        folder: For copies; emptied by its owner.
    """

    def __init__(self, settings: Settings, outcomes: Sequence[Outcome], recorded: Answering, folder: Path) -> None:
        self.settings = settings
        self.outcomes = tuple(outcomes)
        self.recorded = recorded
        self._folder = folder
        self._copied: Assistant | None = None

    @cached_property
    def index(self) -> Index:
        """The published version."""
        return open_index(self.settings)

    @cached_property
    def cited(self) -> tuple[str, ...]:
        """Paths of the documents that right answers rest on alone, the one with the most such answers first."""
        alone = (outcome.case.expect.sources for outcome in self.outcomes if outcome.is_right)
        counts = Counter(sources[0] for sources in alone if len(sources) == 1)
        return tuple(path for path, _ in counts.most_common() if (self.settings.corpus_dir / path).is_file())

    def quotations(self, path: str) -> tuple[str, ...]:
        """What right answers quote from a document."""
        citations = (citation for one in self.outcomes if one.is_right for citation in one.answer.citations)
        return tuple(dict.fromkeys(citation.quote for citation in citations if citation.path == path))

    def chain(
        self,
        *,
        retriever: Callable[..., Retriever] = Retriever,
        model: BaseChatModel | None = None,
        threshold: float | None = None,
    ) -> Answering:
        """An assistant over the published version, with another part."""
        index, settings = self.index, self.settings
        if model is None and settings.llm:
            from assistant.answering.generative import chat_model

            model = chat_model(settings)
        chain = AnswerChain(
            CorpusRetriever(retriever=retriever(index.vectors, index.embedder), catalog=index.catalog),
            index.catalog,
            index.embedder,
            model,
            bundled_reader() if settings.reader else None,
            THRESHOLDS[settings.caution] if threshold is None else threshold,
        )
        return Wrapped(self.recorded, ask=chain.ask)

    def over(self, change: Callable[[Path], None]) -> Answering:
        """An assistant over a copy of the corpus with a change."""
        corpus, index = self._folder / "corpus", self._folder / "index"
        shutil.rmtree(corpus, ignore_errors=True)
        shutil.copytree(self.settings.corpus_dir, corpus)
        change(corpus)
        if not (index / TWINS).exists():  # making it takes half a minute
            shutil.copytree(self.settings.index_dir / TWINS, index / TWINS)
        settings = self.settings.model_copy(update={"corpus_dir": corpus, "index_dir": index, "chroma_url": ""})
        sync(settings)
        if self._copied is None:
            self._copied = Assistant(settings)
        return self._copied

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._copied is not None:
            self._copied.close()
        if "index" in self.__dict__:
            self.index.close()


class Wrapped:
    """An assistant with its questions, or its answers, changed on the way.

    Args:
        assistant: Whose documents citations point to.
        ask: What answers; the assistant where it is not said.
        before: Changes question, history and date.
        after: Changes the answer.
    """

    def __init__(
        self,
        assistant: Answering,
        *,
        ask: Callable[..., Answer] | None = None,
        before: Callable[[Request], Request] = lambda request: request,
        after: Callable[[Answer], Answer] = lambda answer: answer,
    ) -> None:
        self._assistant = assistant
        self._ask = ask or assistant.ask
        self._before = before
        self._after = after

    def ask(self, question: str, *, history: Sequence[Turn] = (), as_of: str | None = None) -> Answer:
        """Answers a question."""
        request = self._before(Request(question, tuple(history), as_of))
        return self._after(self._ask(request.question, history=request.history, as_of=request.as_of))

    def document(self, id_or_path: str) -> Document:
        """The document that a citation points to."""
        return self._assistant.document(id_or_path)


@dataclass(frozen=True, slots=True)
class Request:
    """What an assistant is asked."""

    question: str
    history: tuple[Turn, ...]
    as_of: str | None


def _any(_: Bench, outcome: Outcome) -> bool:
    return outcome.case.expect.answered


@dataclass(frozen=True, slots=True)
class Mutant:
    """A way in which an assistant can be broken.

    Attributes:
        name: Short, in lower case with hyphens.
        says: What it does.
        make: Builds the broken assistant; None where the corpus or its cases have nothing to break in this way.
        remedy: The case that is missing where nothing catches it: "add a case …".
        aims: Whether a case is likely to be broken; such are asked first.
    """

    name: str
    says: str
    make: Callable[[Bench], Answering | None]
    remedy: str
    aims: Callable[[Bench, Outcome], Any] = _any
