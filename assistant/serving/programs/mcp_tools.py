"""The tools that the corpus gives to language models: what they take, what they answer, and how that reads.

What it does not hold: the protocol that carries them (`mcp.py`), and who may call them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, cast

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.config import JsonDict

from assistant.assistant import MOST_PASSAGES
from assistant.store.keys import Scope
from assistant.types import Answer, Citation, Document, DocumentSummary, Passage

_AS_OF = Field(default=None, description="A date, as 2022, 2022-03 or 2022-03-25: documents dated later are left out.",
               json_schema_extra={"type": "string"})  # fmt: skip
_TURN: JsonDict = {
    "type": "object",
    "properties": {"role": {"enum": ["user", "assistant"]}, "content": {"type": "string"}},
    "required": ["role", "content"],
}


class Arguments(BaseModel):
    """What a tool is called with. The schema tells ranges; the assistant checks them and names the remedy."""

    model_config = ConfigDict(extra="forbid")


class AskArguments(Arguments):
    """Arguments of `ask`."""

    question: str = Field(description="The question, in words; at most 4,000 characters.")
    history: list[dict[str, Any]] = Field(
        default=[],
        description="Earlier turns of the conversation, oldest first, so that a follow-up such as "
        '"And when was it signed?" is understood. Give the words that were said, not a summary.',
        json_schema_extra={"items": _TURN},
    )
    as_of: str | None = _AS_OF


class SearchArguments(Arguments):
    """Arguments of `search`."""

    question: str = Field(description="A question or keywords; at most 4,000 characters.")
    top_k: int = Field(
        default=5,
        description=f"How many passages, 1 to {MOST_PASSAGES}.",
        json_schema_extra={"minimum": 1, "maximum": MOST_PASSAGES},
    )
    as_of: str | None = _AS_OF


class DocumentArguments(Arguments):
    """Arguments of `get_document`."""

    id_or_path: str = Field(description="`document_id` or `path` of a citation, a passage or a listed resource.")


class Source(Protocol):
    """What the tools ask: an `Assistant`, or somebody who asks one for a visitor."""

    def ask(self, question: str, *, history: Sequence[Mapping[str, Any]] = (), as_of: str | None = None) -> Answer: ...

    def search(self, question: str, *, top_k: int = 5, as_of: str | None = None) -> list[Passage]: ...

    def document(self, id_or_path: str) -> Document: ...

    def documents(self) -> list[DocumentSummary]: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What a tool answers: for a model that reads, and for a program."""

    text: str
    structured: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool; `scope` is what its caller must be allowed."""

    name: str
    title: str
    description: str
    scope: Scope
    arguments: type[Arguments]
    output: Callable[[], dict[str, Any]]
    run: Callable[[Source, Any], Reply]

    def input_schema(self) -> dict[str, Any]:
        """JSON Schema of the arguments. An argument that may be left out is of one type, which all clients read."""
        schema = self.arguments.model_json_schema()
        del schema["title"], schema["description"]
        for argument in schema["properties"].values():
            argument.pop("anyOf", None)
            if argument.get("default", ...) is None:
                del argument["default"]
        return schema


# What they do


def _ask(source: Source, given: AskArguments) -> Reply:
    answer = source.ask(given.question, history=given.history, as_of=given.as_of)
    return Reply(answer_text(answer), answer.to_dict())


def _search(source: Source, given: SearchArguments) -> Reply:
    passages = source.search(given.question, top_k=given.top_k, as_of=given.as_of)
    structured = {"question": given.question, "passages": [passage.to_dict() for passage in passages]}
    return Reply(_passages_text(passages), structured)


def _get_document(source: Source, given: DocumentArguments) -> Reply:
    document = source.document(given.id_or_path)
    known = {name: getattr(document, name) for name in ("title", "path", "date", "url")}
    head = "\n".join(f"{name}: {value}" for name, value in known.items() if value)
    fields = {name: value for name, value in asdict(document).items() if name != "blocks"}
    structured = cast("dict[str, Any]", TypeAdapter(dict[str, Any]).dump_python(fields, mode="json"))
    return Reply(f"{head}\n\n{document.text}", structured)


# How that reads


def answer_text(answer: Answer) -> str:
    """Sentences with marks, then the quotations; a refusal with its explanation and what not to do about it."""
    if not answer.answered:
        return (
            f"{answer.explanation or ''}\n\nThe corpus does not answer this question (reason: {answer.reason}). "
            "Tell the user so; do not answer it from other knowledge."
        ).lstrip()
    short = answer.short_answer
    marked = " ".join(s.text + "".join(f" [{number}]" for number in s.citations) for s in answer.sentences)
    parts = [] if short is None else [f"In short: {short.text} [{short.citation}]"]
    parts += [marked, "Quotations, word for word:", *map(_quotation, answer.citations)]
    parts += [f"Note: {note}" for note in answer.notes]
    return "\n\n".join(parts)


def _quotation(citation: Citation) -> str:
    return f"[{citation.number}] “{citation.quote}”\n{_source(citation)}"


def _passages_text(passages: Sequence[Passage]) -> str:
    if not passages:
        return "The corpus holds no such passage."
    found = (f"{n}. {_source(passage)}\n{passage.text}" for n, passage in enumerate(passages, 1))
    return "\n\n".join(
        ("The nearest passages, best first; whether they answer the question is for their reader to see:", *found)
    )


def _source(place: Citation | Passage) -> str:
    """Title, date, path and page, as far as they are known."""
    page = None if place.page is None else f"page {place.page}"
    return "— " + ", ".join(part for part in (place.title, place.date, place.path, page) if part)


# Their schemas


def _answer_schema() -> dict[str, Any]:
    return _schema_of(Answer)


def _passages_schema() -> dict[str, Any]:
    properties = {"question": {"type": "string"}, "passages": {"type": "array", "items": _schema_of(Passage)}}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _document_schema() -> dict[str, Any]:
    schema = _schema_of(Document)
    del schema["properties"]["blocks"]  # how the text was read, which is of use to the index only
    schema["required"].remove("blocks")
    schema["$defs"] = {"Source": schema["$defs"]["Source"]}
    schema["description"] = "One document; `text` is the stored text that every start and end refers to."
    return schema


def _schema_of(record: type) -> dict[str, Any]:
    """JSON Schema of a record; no field of it is ever left out, also where it has a default."""
    schema = TypeAdapter(record).json_schema(mode="serialization")
    for part in (schema, *schema.get("$defs", {}).values()):
        if "properties" in part:
            part["required"] = list(part["properties"])
    return schema


TOOLS = (
    Tool(
        "ask",
        "Ask the corpus",
        "Answers a question from the documents of this corpus, and from nothing else. Every sentence of the answer "
        "carries the numbers of quotations that prove it, word for word, with title, date and path of the document. "
        "Use it whenever the user asks what the documents say. When they do not answer the question, it refuses and "
        "says why: then say so instead of answering from memory. Ask one thing at a time, in a full sentence.",
        Scope.ASK,
        AskArguments,
        _answer_schema,
        _ask,
    ),
    Tool(
        "search",
        "Search the corpus",
        "Finds the passages of this corpus that are nearest to a question, best first, each with title, date and path "
        "of its document and the place in it. Use it to look around a topic, or to read more than `ask` quotes. "
        "It always finds something: near is not the same as an answer, so prefer `ask` for a question.",
        Scope.READ,
        SearchArguments,
        _passages_schema,
        _search,
    ),
    Tool(
        "get_document",
        "Read a document",
        "Gives one document of this corpus as a whole: title, date, path, sources and the stored text, which `start` "
        "and `end` of citations and passages count in (Unicode code points, end excluded). Use it to read around a "
        "quotation or to check it.",
        Scope.READ,
        DocumentArguments,
        _document_schema,
        _get_document,
    ),
)
