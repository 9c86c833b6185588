"""What programs send and get, as the OpenAPI document describes it.

The records themselves (answer, citation, passage) stand in `assistant.types`. What is not here: the routes.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from assistant.assistant import MOST_PASSAGES
from assistant.evaluation.cases import check_date
from assistant.retrieval.query import LONGEST
from assistant.types import Document, DocumentSummary, Passage, Source, Turn

Question = Annotated[str, Field(max_length=LONGEST, pattern=r"\S", description="What is asked, in any language.")]
_DATE = r"^[1-9][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
AsOf = Annotated[
    str | None,
    Field(
        description="YYYY, YYYY-MM or YYYY-MM-DD: documents dated later are left out.",
        json_schema_extra={"anyOf": [{"type": "string", "pattern": _DATE}, {"type": "null"}]},
    ),
]


class Sent(BaseModel):
    """A body: nothing in it that isn't known, and `as_of`, where it has one, a date."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("as_of", check_fields=False)
    @classmethod
    def _is_a_date(cls, value: str | None) -> str | None:
        return value if value is None else check_date(value)


class Message(BaseModel):
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: str = Field(max_length=20_000)


class AskBody(Sent):
    """A question, with the conversation that it continues."""

    question: Question
    history: Annotated[tuple[Message, ...], Field(max_length=200)] = ()
    as_of: AsOf = None

    def turns(self) -> list[Turn]:
        """The history as the assistant takes it."""
        return [Turn.parse(message.model_dump()) for message in self.history]


class SearchBody(Sent):
    """What to look for."""

    question: Question
    top_k: int = Field(default=5, ge=1, le=MOST_PASSAGES)
    as_of: AsOf = None


class Passages(BaseModel):
    """Passages found for a question, best first."""

    question: str
    passages: list[Passage]


class Documents(BaseModel):
    """A page of the documents, by path.

    Attributes:
        next_cursor: What to send as `cursor` for the next page; null on the last one.
    """

    documents: list[DocumentSummary]
    next_cursor: str | None


class StoredDocument(BaseModel):
    """A document with its stored text, which the offsets of citations and passages refer to (in code points).

    Attributes:
        pages: Offset of each page's first character; empty where the format has no pages.
        copies: Paths of other files with the same text.
    """

    id: str
    path: str
    title: str
    date: str | None
    url: str | None
    language: str
    tags: tuple[str, ...]
    sources: tuple[Source, ...]
    pages: tuple[int, ...]
    copies: tuple[str, ...]
    sha256: str
    text: str

    @classmethod
    def of(cls, document: Document) -> Self:
        """The document as programs get it."""
        return cls(**{name: getattr(document, name) for name in cls.model_fields})


class Ready(BaseModel):
    """That the server can answer, and from which version of the index."""

    status: Literal["ready"] = "ready"
    index_version: str


class Health(BaseModel):
    """That the server runs."""

    status: Literal["ok"] = "ok"
