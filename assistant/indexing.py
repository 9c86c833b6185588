"""From the corpus folder to the published index: what changed, read it, embed what is new, publish.

One writer holds the lock. Vectors go to Chroma first, under ids made from the embedded text, so that an
interrupted run leaves nothing but vectors that the next run finds and uses; rows go to the catalog in one
transaction whose commit is the publish. What is not here: reading files (ingest), rows (store).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant.embedding import Embedder, load_embedder, model_fingerprint
from assistant.errors import DocumentError, EmbedderError, IndexMissingError
from assistant.ingest import PIPELINE, Found, load_document, split_chunks, split_sentences, walk_corpus
from assistant.settings import Settings
from assistant.store.catalog import Catalog, FileRecord, Snapshot, Writer
from assistant.store.lock import writer_lock
from assistant.store.vectors import VectorStore
from assistant.types import Chunk, Document, Progress, Skipped, SyncReport

CATALOG = "catalog.sqlite3"
VECTORS = "chroma"
TWINS = "embedder"
# Texts embedded between two writes to Chroma: large enough to batch, small enough to lose little to a crash.
_EMBED_AT_ONCE = 256

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Index:
    """An opened index: catalog, vectors and the embedder that made them."""

    catalog: Catalog
    vectors: VectorStore
    embedder: Embedder

    def close(self) -> None:
        """Closes the catalog's connections."""
        self.catalog.close()


def open_index(settings: Settings) -> Index:
    """Opens the published index for reading.

    Raises:
        IndexMissingError: Nothing was published yet.
        EmbedderError: The index was built with another embedder than the setting names.
    """
    catalog = Catalog(settings.index_dir / CATALOG)
    with catalog.read() as snapshot:
        if snapshot.version() is None:
            raise IndexMissingError(f"nothing is published in {settings.index_dir}; run `assistant index` first")
        built_with, name = snapshot.meta("embedder"), snapshot.meta("embedder_name")
    embedder = load_embedder(settings.embedding_model, settings.index_dir / TWINS)
    if embedder.card.fingerprint != built_with:
        raise EmbedderError(
            f"the index in {settings.index_dir} was built with the embedding model {name!r} ({built_with}), the"
            f" setting names {settings.embedding_model!r} ({embedder.card.fingerprint}); set"
            f" ASSISTANT_EMBEDDING_MODEL back, or run `assistant index` to embed the corpus anew"
        )
    vectors = VectorStore(settings.index_dir / VECTORS, settings.chroma_url, embedder.card.fingerprint)
    return Index(catalog, vectors, embedder)


def sync(settings: Settings, *, progress: OnProgress | None = None) -> SyncReport:
    """Brings the index in line with the corpus folder and publishes it.

    Without a change nothing is written and the published version stays. A file that can't be read is
    skipped with its reason; the others go on.

    Raises:
        CorpusError: The folder is missing; what was published before stays.
        IndexingError: The index can't be written, or another process writes it.
        EmbedderError: The embedding model can't be loaded.
    """
    begun = time.perf_counter()
    tell = progress or (lambda _: None)
    files = list(walk_corpus(settings.corpus_dir))
    fingerprint = model_fingerprint(settings.embedding_model)
    with writer_lock(settings.index_dir):
        catalog = Catalog(settings.index_dir / CATALOG, create=True)
        try:
            with catalog.read() as snapshot:
                published = snapshot.version()
                records = snapshot.files()
                comparable = _same_pipeline(snapshot) and snapshot.meta("embedder") == fingerprint
            plan = _plan(files, records if comparable else {}, tell)
            gone = sorted(set(records) - {f.relative_path for f in files})
            known = {path for path, record in records.items() if record.skipped is None}
            if published and comparable and not plan.touches_index and not gone:
                _note_touched(catalog, plan.touched)
                return _report(catalog, plan, known, gone, begun)
            embedder = load_embedder(settings.embedding_model, settings.index_dir / TWINS)
            vectors = VectorStore(settings.index_dir / VECTORS, settings.chroma_url, embedder.card.fingerprint)
            with catalog.write() as writer:
                _write(writer, vectors, embedder, plan, gone, tell)
                writer.set_meta(_identity(embedder))
                added, updated, deleted = _tally(plan, known, gone)
                writer.publish(added=added, updated=updated, deleted=deleted)
            with catalog.read() as snapshot:
                vectors.keep_only(snapshot.vector_ids())
            return _report(catalog, plan, known, gone, begun)
        finally:
            catalog.close()


def check(settings: Settings) -> SyncReport:
    """Reports what `sync` would change, and changes nothing.

    Raises:
        CorpusError: The folder is missing.
    """
    begun = time.perf_counter()
    files = list(walk_corpus(settings.corpus_dir))
    records: Mapping[str, FileRecord] = {}
    version, documents, chunks = "", 0, 0
    if (settings.index_dir / CATALOG).is_file():
        catalog = Catalog(settings.index_dir / CATALOG)
        try:
            with catalog.read() as snapshot:
                same_embedder = snapshot.meta("embedder") == model_fingerprint(settings.embedding_model)
                if _same_pipeline(snapshot) and same_embedder:
                    records = snapshot.files()
                published = snapshot.version()
                version = published.name if published else ""
                documents, chunks = snapshot.counts()
        finally:
            catalog.close()
    plan = _plan(files, records, lambda _: None)
    gone = sorted(set(records) - {f.relative_path for f in files})
    known = {path for path, record in records.items() if record.skipped is None}
    added, updated, deleted = _tally(plan, known, gone)
    return SyncReport(
        added, updated, deleted, plan.unchanged, plan.skipped, documents, chunks, version, time.perf_counter() - begun
    )


@dataclass(slots=True)
class _Plan:
    """What the walk found against the catalog."""

    read: list[tuple[Found, Document]] = field(default_factory=list)
    newly_skipped: list[tuple[Found, str]] = field(default_factory=list)
    still_skipped: list[Skipped] = field(default_factory=list)
    touched: list[Found] = field(default_factory=list)
    unchanged: int = 0

    @property
    def touches_index(self) -> bool:
        return bool(self.read or self.newly_skipped)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        new = [Skipped(found.relative_path, reason) for found, reason in self.newly_skipped]
        return tuple(sorted(new + self.still_skipped, key=lambda s: s.path))


def _plan(files: Sequence[Found], records: Mapping[str, FileRecord], tell: OnProgress) -> _Plan:
    plan = _Plan()
    for done, found in enumerate(files):
        tell(Progress("reading", done, len(files)))
        record = records.get(found.relative_path)
        same_stat = record is not None and (record.size, record.mtime_ns) == (found.size, found.mtime_ns)
        if record is not None and same_stat:
            if record.skipped is None:
                plan.unchanged += 1
            else:
                plan.still_skipped.append(Skipped(record.path, record.skipped))
            continue
        if found.problem:
            plan.newly_skipped.append((found, found.problem))
            continue
        try:
            if record is not None and record.skipped is None and _sha256(found.path) == record.sha256:
                plan.touched.append(found)
                plan.unchanged += 1
                continue
            plan.read.append((found, load_document(found.path, found.relative_path)))
        except DocumentError as error:
            plan.newly_skipped.append((found, str(error)))
        except OSError as error:
            plan.newly_skipped.append(
                (found, f"{found.relative_path} can't be read ({error.strerror}); make it readable")
            )
    tell(Progress("reading", len(files), len(files)))
    return plan


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _write(
    writer: Writer, vectors: VectorStore, embedder: Embedder, plan: _Plan, gone: Iterable[str], tell: OnProgress
) -> None:
    if not _same_embedder(writer, embedder) or not _same_pipeline(writer):
        gone = writer.files()
    for path in gone:
        writer.remove(path)
    for found, _ in plan.read:
        writer.remove(found.relative_path)
    for found, reason in plan.newly_skipped:
        writer.remove(found.relative_path)
        writer.skip(found.relative_path, reason, size=found.size, mtime_ns=found.mtime_ns)
    for found in plan.touched:
        writer.touch(found.relative_path, size=found.size, mtime_ns=found.mtime_ns)
    prepared = []
    texts: dict[str, str] = {}  # vector id -> text; a text that stands twice is embedded once
    for found, document in plan.read:
        sentences = split_sentences(document)
        chunks = split_chunks(document, sentences, embedder.tokenizer)
        with_ids: list[tuple[Chunk, list[str]]] = []
        for chunk in chunks:
            ids = [_vector_id(text) for text in chunk.embedding_texts]
            texts.update(zip(ids, chunk.embedding_texts, strict=True))
            with_ids.append((chunk, ids))
        prepared.append((found, document, sentences, with_ids))
    _embed(vectors, embedder, texts, tell)
    for done, (found, document, sentences, with_ids) in enumerate(prepared):
        tell(Progress("writing", done, len(prepared)))
        writer.add(document, sentences, with_ids, size=found.size, mtime_ns=found.mtime_ns)
    tell(Progress("writing", len(prepared), len(prepared)))


def _embed(vectors: VectorStore, embedder: Embedder, texts: Mapping[str, str], tell: OnProgress) -> None:
    held = vectors.held(list(texts))
    wanted = [i for i in texts if i not in held]
    done = 0
    for part in _parts(wanted):
        tell(Progress("embedding", done, len(wanted)))
        vectors.add(part, embedder.embed([texts[i] for i in part]))
        done += len(part)
    tell(Progress("embedding", done, len(wanted)))


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for i in range(0, len(ids), _EMBED_AT_ONCE):
        yield ids[i : i + _EMBED_AT_ONCE]


def _vector_id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _identity(embedder: Embedder) -> dict[str, str]:
    return {
        "embedder": embedder.card.fingerprint,
        "embedder_name": embedder.card.name,
        "pipeline": str(PIPELINE),
    }


def _same_embedder(snapshot: Snapshot, embedder: Embedder) -> bool:
    return snapshot.meta("embedder") == embedder.card.fingerprint


def _same_pipeline(snapshot: Snapshot) -> bool:
    return snapshot.meta("pipeline") == str(PIPELINE)


def _note_touched(catalog: Catalog, touched: Sequence[Found]) -> None:
    if touched:
        with catalog.write() as writer:
            for found in touched:
                writer.touch(found.relative_path, size=found.size, mtime_ns=found.mtime_ns)


def _tally(plan: _Plan, known: set[str], gone: Iterable[str]) -> tuple[int, int, int]:
    """Documents added, updated and deleted; a document that can't be read any more counts as deleted."""
    read = {found.relative_path for found, _ in plan.read}
    lost = {found.relative_path for found, _ in plan.newly_skipped} | set(gone)
    return len(read - known), len(read & known), len(lost & known)


def _report(catalog: Catalog, plan: _Plan, known: set[str], gone: Iterable[str], begun: float) -> SyncReport:
    with catalog.read() as snapshot:
        version = snapshot.version()
        documents, chunks = snapshot.counts()
    added, updated, deleted = _tally(plan, known, gone)
    return SyncReport(
        added,
        updated,
        deleted,
        plan.unchanged,
        plan.skipped,
        documents,
        chunks,
        version.name if version else "",
        time.perf_counter() - begun,
    )
