"""The retriever as LangChain knows it: a `BaseRetriever` whose documents carry their spans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from assistant.errors import QuestionError
from assistant.retrieval.dates import read_as_of
from assistant.retrieval.hybrid import Retriever
from assistant.retrieval.query import analyse, read_question
from assistant.store.reading import CatalogReader
from assistant.types import Passage


class CorpusRetriever(BaseRetriever):
    """Finds passages of the corpus for a question, best first.

    Each document's `page_content` is the passage's bare text; `metadata` holds the other fields of
    `Passage`: document_id, path, title, date, url, page, start, end, score.

    Attributes:
        retriever, catalog: Of the index that is searched.
        newest: Gives both anew for each question, for whoever keeps the retriever while other versions are published.
        k: How many documents are returned at most.
        as_of: An ISO date; documents of the corpus that are dated later are left out.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever = Field(exclude=True, repr=False)
    catalog: CatalogReader = Field(exclude=True, repr=False)
    newest: Callable[[], tuple[Retriever, CatalogReader]] | None = Field(default=None, exclude=True, repr=False)
    k: int = 5
    as_of: str | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[LangChainDocument]:
        k, as_of = int(kwargs.get("k", self.k)), read_as_of(kwargs.get("as_of", self.as_of))
        if k < 1:
            raise QuestionError(f"k is {k}; choose 1 or more")
        asked = analyse(read_question(query), kwargs.get("focus"))
        retriever, catalog = self.newest() if self.newest else (self.retriever, self.catalog)
        with catalog.read() as snapshot:
            passages = retriever.passages(asked, snapshot, k, as_of)
        return to_documents(passages)


_METADATA = tuple(f.name for f in fields(Passage) if f.name != "text")


def to_documents(passages: Sequence[Passage]) -> list[LangChainDocument]:
    """Passages as LangChain documents."""
    return [
        LangChainDocument(page_content=p.text, metadata={name: getattr(p, name) for name in _METADATA})
        for p in passages
    ]


def to_passages(documents: Sequence[LangChainDocument]) -> list[Passage]:
    """The passages that such documents stand for."""
    return [Passage(text=d.page_content, **{name: d.metadata[name] for name in _METADATA}) for d in documents]
