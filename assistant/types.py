"""The records that pass through the assistant: document, sentence, chunk, passage, citation, answer.

They are plain frozen values, used by every module, logged, and returned over every way in. What is not
here: how any of them is made. Offsets count Unicode code points of the document's stored text, spans are
half-open `[start, end)`, pages are 1-based, dates are ISO strings of a year, a month or a day
(`2022`, `2022-03`, `2022-03-25`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Literal

from assistant.errors import QuestionError


class BlockKind(StrEnum):
    """What a stretch of a document is, as far as its reader cares."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    CAPTION = "caption"
    FOOTNOTE = "footnote"
    BOILERPLATE = "boilerplate"


class Reason(StrEnum):
    """Why a question was not answered."""

    NOT_IN_CORPUS = "not_in_corpus"
    FALSE_PREMISE = "false_premise"
    AMBIGUOUS = "ambiguous"
    LANGUAGE = "language"
    SMALL_TALK = "small_talk"
    EMPTY_CORPUS = "empty_corpus"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the facts of a document come from, as its front matter names it."""

    title: str
    publisher: str | None = None
    date: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a document's text of one kind. `level` is a heading's depth (1 to 6), else 0."""

    start: int
    end: int
    kind: BlockKind
    level: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """One file, read to plain text.

    Attributes:
        id: Derived from the path, safe in a URL.
        path: Relative to the corpus folder, with forward slashes.
        text: The stored text that every offset refers to; never changed after ingest.
        sha256: Of the file's bytes, in hexadecimal.
        language: ISO 639-1 code of the main language (`en`, `ru`), or `und`.
        blocks: In text order, not overlapping, covering every character that is not white space.
        pages: Offset of each page's first character; empty where the format has no pages.
        copies: Paths of the other files with the same stored text; the first in the alphabet of those with it
            and the same `access` is searched and cited. Known of documents in the index only.
        access: Labels, sorted: a reader who is limited to labels sees it with one of them. Without any, all do.
    """

    id: str
    path: str
    title: str
    text: str
    sha256: str
    date: str | None = None
    url: str | None = None
    language: str = "und"
    tags: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    blocks: tuple[Block, ...] = ()
    pages: tuple[int, ...] = ()
    copies: tuple[str, ...] = ()
    access: tuple[str, ...] = ()

    def page_at(self, offset: int) -> int | None:
        """The 1-based page that holds `offset`, or None where the format has no pages."""
        return page_at(self.pages, offset)


def page_at(pages: tuple[int, ...], offset: int) -> int | None:
    """The 1-based page that holds `offset`, given each page's first offset; None without pages."""
    return max(1, bisect_right(pages, offset)) if pages else None


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A document without its text, for lists."""

    id: str
    path: str
    title: str
    date: str | None
    url: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """The unit of evidence: a span of a document's text. `section` counts the headings before it."""

    start: int
    end: int
    kind: BlockKind
    section: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a document that is embedded; it begins and ends where a sentence does.

    Attributes:
        headings: The heading path that the span stands under, outermost first, without the title.
        section: Ordinal of the section; chunks of one section share it.
        embedding_texts: What is embedded: title and headings as context, then the span; several
            overlapping windows where one sentence exceeds the embedder's limit.
    """

    start: int
    end: int
    headings: tuple[str, ...]
    section: int
    embedding_texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A span found for a question: a chunk, widened by its neighbours where they are short."""

    document_id: str
    path: str
    title: str
    date: str | None
    start: int
    end: int
    text: str
    score: float
    url: str | None = None
    page: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The passage as the JSON contract has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Citation:
    """A number in the answer that points to one quotation: `stored_text[start:end] == quote`, always."""

    number: int
    document_id: str
    path: str
    title: str
    date: str | None
    url: str | None
    page: int | None
    quote: str
    start: int
    end: int

    def to_dict(self) -> dict[str, Any]:
        """The citation as the JSON contract has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One displayed sentence and the numbers of the citations that support it (never none)."""

    text: str
    citations: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """The sentence as the JSON contract has it."""
        return {"text": self.text, "citations": list(self.citations)}


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """The words that answer a who, when, where or how many: a span inside the quote of `citation`."""

    text: str
    document_id: str
    start: int
    end: int
    citation: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: str

    @classmethod
    def parse(cls, value: Turn | Mapping[str, Any]) -> Turn:
        """Takes `{"role", "content"}` (or `"text"` for `"content"`) as people write it.

        Raises:
            QuestionError: The turn has no known role or no text.
        """
        if isinstance(value, Turn):
            return value
        if not isinstance(value, Mapping):
            raise QuestionError(f"a turn of the history must be an object with role and content, not {value!r}")
        role = {"human": "user", "ai": "assistant"}.get(str(value.get("role")), value.get("role"))
        content = value.get("content", value.get("text"))
        if role not in ("user", "assistant") or not isinstance(content, str):
            raise QuestionError(
                f"a turn of the history needs role (user or assistant) and content (text), got {dict(value)!r}"
            )
        return cls(role, content)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Seconds:
    """Where an answer's time went, in seconds of wall time."""

    retrieve: float = 0.0
    compose: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant says to a question; `answered=False` is a value and says why.

    Attributes:
        text: The sentences joined by a space, without citation marks; empty on a refusal.
        passages: Best first, also on a refusal (then: the nearest, offered as such).
        confidence: Probability in [0, 1] that the evidence answers the question, as fitted on development sets.
        reason, explanation: On a refusal the code, and the sentence for people.
        mode: How it was composed; a language model that failed leaves `extractive` and a note.
        index_version: The published version that it was answered from.
    """

    question: str
    standalone_question: str
    answered: bool
    text: str = ""
    short_answer: ShortAnswer | None = None
    sentences: tuple[AnswerSentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    confidence: float = 0.0
    reason: Reason | None = None
    explanation: str | None = None
    mode: Literal["extractive", "generative"] = "extractive"
    notes: tuple[str, ...] = ()
    seconds: Seconds = field(default_factory=Seconds)
    index_version: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The answer as the JSON contract has it: plain dicts, lists, strings and numbers."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Answer:
        """The answer that `to_dict` made this of.

        Raises:
            KeyError, TypeError, ValueError: It was not made by this release's `to_dict`.
        """
        short = value["short_answer"]
        parts: dict[str, Any] = {
            "short_answer": None if short is None else ShortAnswer(**short),
            "sentences": tuple(AnswerSentence(s["text"], tuple(s["citations"])) for s in value["sentences"]),
            "citations": tuple(Citation(**citation) for citation in value["citations"]),
            "passages": tuple(Passage(**passage) for passage in value["passages"]),
            "reason": None if value["reason"] is None else Reason(value["reason"]),
            "notes": tuple(value["notes"]),
            "seconds": Seconds(**value["seconds"]),
        }
        return cls(**{**value, **parts})


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a streamed answer: `sentence` and `citation` as they are verified, `done` with the whole."""

    kind: Literal["sentence", "citation", "done"]
    data: AnswerSentence | Citation | Answer


def events(answer: Answer) -> Iterator[Event]:
    """The steps of an answer: each sentence after the citations that are new in it, then the whole."""
    citations = {c.number: c for c in answer.citations}
    for sentence in answer.sentences:
        for number in sentence.citations:
            if number in citations:
                yield Event("citation", citations.pop(number))
        yield Event("sentence", sentence)
    yield Event("done", answer)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that did not become a document, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """A document that changed and says nearly what another one says.

    Attributes:
        of: Path of the other one, the nearest.
        likeness: Share of runs of words that both hold, of those that either does.
    """

    path: str
    of: str
    likeness: float


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What an indexing run did (or, for a check, would do).

    Attributes:
        moved: Files with the content of one that is gone; each counts as added, and as deleted where it was, too.
        near_duplicates: Of the documents that were added or updated.
    """

    added: int
    updated: int
    deleted: int
    unchanged: int
    skipped: tuple[Skipped, ...]
    documents: int
    chunks: int
    version: str
    seconds: float
    moved: int = 0
    near_duplicates: tuple[NearDuplicate, ...] = ()

    @property
    def changed(self) -> bool:
        """True where the corpus differs from the published index."""
        return bool(self.added or self.updated or self.deleted)

    def to_dict(self) -> dict[str, Any]:
        """The report as the JSON contract has it."""
        return {name: _plain(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: in files while reading and writing, in texts while embedding, in cases while asking.

    `loading` is the embedder being loaded, which takes seconds, and half a minute the first time.
    """

    stage: Literal["reading", "loading", "embedding", "writing", "asking"]
    done: int
    total: int


def _plain(value: Any) -> Any:
    """Tuples to lists, enums to their values, all the way down."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.value if isinstance(value, StrEnum) else value
