"""From documents to rows and vectors: which of them stand for their copies, split, embed what is new, write.

Vectors go to Chroma first, under ids made from the embedded text, so that an interrupted run leaves nothing but
vectors that the next run finds and uses. What is not here: what changed, and the publish (indexing.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assistant.embedding import Embedder
from assistant.ingest import split_chunks, split_sentences
from assistant.store.parts import in_parts
from assistant.store.snapshot import FileRecord
from assistant.store.vectors import VectorStore
from assistant.store.writer import Writer, text_sha256
from assistant.types import Chunk, Document, Progress

# Texts embedded between two writes to Chroma: large enough to batch, small enough to lose little to a crash.
_EMBED_AT_ONCE = 256

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A document that is to be in the next version, with what its file looks like.

    Attributes:
        own_access: Those of the document's labels that the file itself names.
    """

    document: Document
    size: int
    mtime_ns: int
    own_access: tuple[str, ...] = ()

    @property
    def says(self) -> tuple[str, tuple[str, ...]]:
        """What files have in common that stand for each other: the stored text, and who may see it."""
        return text_sha256(self.document.text), self.document.access


@dataclass(frozen=True, slots=True)
class Changes:
    """What makes the next version out of the published one.

    Attributes:
        gone: Paths of documents that are not to be in it.
        incoming: Documents that are new in it or replace the one of their path.
        added, updated, deleted: How many documents that is.
    """

    gone: Sequence[str]
    incoming: Sequence[Incoming]
    added: int
    updated: int
    deleted: int


def build(
    writer: Writer, vectors: VectorStore, embedder: Embedder, changes: Changes, tell: OnProgress
) -> frozenset[str]:
    """Writes the next version into the open transaction; its publish is the caller's.

    Returns:
        Ids of vectors that the version before had and that may not be needed any more.
    """
    before = {path: record for path, record in writer.files().items() if record.skipped is None}
    incoming = {item.document.path: item for item in changes.incoming}
    leaving = (before.keys() & incoming.keys()) | (before.keys() & set(changes.gone))
    for item in _changing_places(writer, before, incoming, leaving):
        incoming[item.document.path] = item
    leaving |= before.keys() & incoming.keys()
    for path in sorted(leaving):
        if path not in incoming or not _same_content(incoming[path].document, before[path]):
            writer.archive(before[path])
    freed = frozenset(writer.vectors_of(sorted(leaving)))
    for path in {*leaving, *incoming, *changes.gone}:
        writer.remove(path)

    first = _first_of_each_text(before, incoming, leaving)
    prepared = []
    texts: dict[str, str] = {}  # vector id -> text; a text that stands twice is embedded once
    for path, item in incoming.items():
        if first[item.says] != path:
            continue
        sentences = split_sentences(item.document)
        with_ids: list[tuple[Chunk, list[str]]] = []
        for chunk in split_chunks(item.document, sentences, embedder.tokenizer):
            ids = [_vector_id(text) for text in chunk.embedding_texts]
            texts.update(zip(ids, chunk.embedding_texts, strict=True))
            with_ids.append((chunk, ids))
        prepared.append((item, sentences, with_ids))
    _embed(vectors, embedder, texts, tell)
    for done, (item, sentences, with_ids) in enumerate(prepared):
        tell(Progress("writing", done, len(prepared)))
        since = _since(item.document, before)
        writer.add(
            item.document,
            sentences,
            with_ids,
            size=item.size,
            mtime_ns=item.mtime_ns,
            since=since,
            own_access=item.own_access,
        )
    tell(Progress("writing", len(prepared), len(prepared)))
    written = {item.document.path for item, *_ in prepared}
    for path in incoming.keys() - written:
        item = incoming[path]
        since = _since(item.document, before)
        writer.add_copy(item.document, size=item.size, mtime_ns=item.mtime_ns, since=since, own_access=item.own_access)
    return freed


def _changing_places(
    writer: Writer, before: Mapping[str, FileRecord], incoming: Mapping[str, Incoming], leaving: set[str]
) -> list[Incoming]:
    """Documents that stay, and stand for their copies from now on, or do not any more."""
    touched = {_says(before[path]) for path in leaving}
    touched |= {item.says for item in incoming.values()}
    first = _first_of_each_text(before, incoming, leaving)
    return [
        Incoming(writer.document(path), record.size, record.mtime_ns, record.own_access)
        for path, record in before.items()
        if path not in leaving and _says(record) in touched and record.is_copy == (first[_says(record)] == path)
    ]


def _first_of_each_text(
    before: Mapping[str, FileRecord], incoming: Mapping[str, Incoming], leaving: set[str]
) -> dict[tuple[str, tuple[str, ...]], str]:
    """For each stored text of the next version, with the same labels, the first path in the alphabet that has it.

    A file whose readers are others stands for itself, so that none of them learns of it.
    """
    texts = {path: _says(record) for path, record in before.items() if path not in leaving}
    texts.update((path, item.says) for path, item in incoming.items())
    first: dict[tuple[str, tuple[str, ...]], str] = {}
    for path, text in texts.items():
        first[text] = min(path, first.get(text, path))
    return first


def _says(record: FileRecord) -> tuple[str, tuple[str, ...]]:
    return record.text_sha256, record.access


def _same_content(document: Document, record: FileRecord) -> bool:
    return (document.sha256, text_sha256(document.text)) == (record.sha256, record.text_sha256)


def _since(document: Document, before: Mapping[str, FileRecord]) -> int | None:
    record = before.get(document.path)
    return record.since if record is not None and _same_content(document, record) else None


def _embed(vectors: VectorStore, embedder: Embedder, texts: Mapping[str, str], tell: OnProgress) -> None:
    held = vectors.held(list(texts))
    wanted = [i for i in texts if i not in held]
    done = 0
    for part in in_parts(wanted, _EMBED_AT_ONCE):
        tell(Progress("embedding", done, len(wanted)))
        vectors.add(part, embedder.embed([texts[i] for i in part]))
        done += len(part)
    tell(Progress("embedding", done, len(wanted)))


def _vector_id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
