"""From the corpus folder to the published index: what changed, read it, embed what is new, publish.

One writer holds the lock. Vectors go to Chroma first, under ids made from the embedded text, so that an
interrupted run leaves nothing but vectors that the next run finds and uses; rows go to the catalog in one
transaction whose commit is the publish. What is not here: reading files (ingest), rows (store).
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.embedding import Embedder, load_embedder, model_fingerprint
from assistant.errors import DocumentError, EmbedderError, IndexingError, IndexMissingError
from assistant.ingest import PIPELINE, Found, document_id, split_chunks, split_sentences, walk_corpus
from assistant.ingest.loaders import Limits
from assistant.ingest.opening import sha256_of
from assistant.ingest.worker import FileReader
from assistant.settings import Settings
from assistant.store.catalog import Catalog, Writer
from assistant.store.lock import writer_lock
from assistant.store.snapshot import FileRecord, Snapshot
from assistant.store.vectors import VectorStore
from assistant.types import Chunk, Document, Progress, Skipped, SyncReport

log = logging.getLogger(__name__)

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
        IndexingError: The vectors are not where the settings say, or can't be read.
    """
    catalog = Catalog(settings.index_dir / CATALOG)
    try:
        with catalog.read() as snapshot:
            if snapshot.version() is None:
                raise IndexMissingError(f"nothing is published in {settings.index_dir}; run `assistant index` first")
            fingerprint = model_fingerprint(settings.embedding_model)
            if snapshot.meta("embedder") != fingerprint:
                raise EmbedderError(
                    f"the index in {settings.index_dir} was built with the embedding model"
                    f" {snapshot.meta('embedder_name')!r} ({snapshot.meta('embedder')}), the setting names"
                    f" {settings.embedding_model!r} ({fingerprint}); set ASSISTANT_EMBEDDING_MODEL back, or run"
                    f" `assistant index` to embed the corpus anew"
                )
            vectors = open_vectors(settings, snapshot, fingerprint)
            live, held = len(snapshot.vector_ids()), vectors.count()
            if held < live:
                where = settings.chroma_url or settings.index_dir / VECTORS
                raise IndexingError(
                    f"{live - held} of {live} vectors are missing from Chroma at {where}; run `assistant index`, or"
                    f" set ASSISTANT_CHROMA_URL back"
                )
        return Index(catalog, vectors, load_embedder(settings.embedding_model, settings.index_dir / TWINS))
    except BaseException:
        catalog.close()
        raise


def open_vectors(settings: Settings, snapshot: Snapshot, fingerprint: str) -> VectorStore:
    """The vectors of this index that an embedder of that fingerprint made.

    Raises:
        IndexingError: The folder or the server can't be used.
    """
    index = snapshot.meta("index") or ""
    return VectorStore(settings.index_dir / VECTORS, settings.chroma_url, fingerprint, index)


def sync(settings: Settings, *, progress: OnProgress | None = None) -> SyncReport:
    """Brings the index in line with the corpus folder and publishes it.

    Where no document changed the published version stays. A file that can't be read is skipped with its
    reason; the others go on.

    Raises:
        CorpusError: The folder is missing; what was published before stays.
        IndexingError: The index can't be written, or another process writes it.
        EmbedderError: The embedding model can't be loaded.
    """
    begun = time.perf_counter()
    tell = progress or (lambda _: None)
    list(
        walk_corpus(settings.corpus_dir, settings.max_depth)
    )  # a folder that is missing is told before anything is made
    fingerprint = model_fingerprint(settings.embedding_model)
    with writer_lock(settings.index_dir):
        catalog = Catalog(settings.index_dir / CATALOG, create=True)
        try:
            with catalog.read() as snapshot:
                whole = _vectors_are_there(settings, snapshot, fingerprint)
                plan = _plan(settings, snapshot, fingerprint, tell, anew=not whole)
            if plan.published and not plan.anew and not plan.changes_documents:
                _note_files(catalog, plan, settings)
                return _report(catalog, plan, begun)
            tell(Progress("loading", 0, 1))
            embedder = load_embedder(settings.embedding_model, settings.index_dir / TWINS)
            tell(Progress("loading", 1, 1))
            with catalog.write() as writer:
                vectors = open_vectors(settings, writer, embedder.card.fingerprint)
                _write(writer, vectors, embedder, plan, tell)
                writer.set_meta(_identity(settings, embedder))
                added, updated, deleted = plan.tally()
                writer.publish(added=added, updated=updated, deleted=deleted)
            _collect_leftovers(catalog, vectors)
            return _report(catalog, plan, begun)
        finally:
            catalog.close()


def check(settings: Settings) -> SyncReport:
    """Reports what `sync` would change, and changes nothing.

    Raises:
        CorpusError: The folder is missing.
        EmbedderError: There is no such embedding model.
    """
    begun = time.perf_counter()
    fingerprint = model_fingerprint(settings.embedding_model)
    if not (settings.index_dir / CATALOG).is_file():
        plan = _Plan(anew=True)
        with FileReader(_limits(settings)) as reader:
            plan.compare(list(walk_corpus(settings.corpus_dir, settings.max_depth)), {}, reader, lambda _: None)
        added, updated, deleted = plan.tally()
        return SyncReport(added, updated, deleted, 0, plan.skipped, 0, 0, "", time.perf_counter() - begun)
    catalog = Catalog(settings.index_dir / CATALOG)
    try:
        with catalog.read() as snapshot:
            plan = _plan(settings, snapshot, fingerprint, lambda _: None)
        return _report(catalog, plan, begun)
    finally:
        catalog.close()


@dataclass(slots=True)
class _Plan:
    """What the walk found against the catalog.

    Attributes:
        anew: Every document is read again: nothing that the catalog says can be used.
        retry: What was skipped is read again: the limits are others now.
        known: Paths of the documents that the catalog holds.
        gone: Paths that the catalog knows and the corpus does not have any more.
    """

    anew: bool = False
    retry: bool = False
    published: bool = False
    known: frozenset[str] = frozenset()
    read: list[tuple[Found, Document]] = field(default_factory=list)
    newly_skipped: list[tuple[Found, str]] = field(default_factory=list)
    still_skipped: list[Skipped] = field(default_factory=list)
    touched: list[Found] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    unchanged: int = 0

    @property
    def changes_documents(self) -> bool:
        return any(self.tally())

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        new = [Skipped(found.relative_path, reason) for found, reason in self.newly_skipped]
        return tuple(sorted(new + self.still_skipped, key=lambda s: s.path))

    def tally(self) -> tuple[int, int, int]:
        """Documents added, updated and deleted; a document that can't be read any more counts as deleted."""
        read = {found.relative_path for found, _ in self.read}
        lost = {found.relative_path for found, _ in self.newly_skipped} | set(self.gone)
        return len(read - self.known), len(read & self.known), len(lost & self.known)

    def compare(
        self, files: Sequence[Found], records: Mapping[str, FileRecord], reader: FileReader, tell: OnProgress
    ) -> None:
        """Sorts the files of the corpus by what is to be done with them, reading those that changed."""
        present = {found.relative_path for found in files}
        usable = {} if self.anew else records
        ids: dict[str, str] = {}
        for done, found in enumerate(files):
            tell(Progress("reading", done, len(files)))
            path = found.relative_path
            record = usable.get(path)
            twin = ids.setdefault(document_id(path), path)
            problem = found.problem or (
                None if twin == path else f"{path} has the same name as {twin} in another Unicode form; rename one"
            )
            if problem is None and record and (record.size, record.mtime_ns) == (found.size, found.mtime_ns):
                if record.skipped is None:
                    self.unchanged += 1
                    continue
                problem = None if self.retry else record.skipped
            if problem is not None:
                self._skip(found, problem, record)
            elif not self._read(found, record, reader):
                present.discard(path)
        self.gone = sorted(records.keys() - present)
        tell(Progress("reading", len(files), len(files)))

    def _skip(self, found: Found, reason: str, record: FileRecord | None) -> None:
        if record is not None and record.skipped == reason:
            self.still_skipped.append(Skipped(record.path, reason))
        else:
            self.newly_skipped.append((found, reason))

    def _read(self, found: Found, record: FileRecord | None, reader: FileReader) -> bool:
        """Reads a file that is new or looks changed; False where it vanished since the walk."""
        try:
            if record is not None and record.skipped is None and _is_same(found, record):
                self.touched.append(found)
                self.unchanged += 1
            else:
                self.read.append((found, reader.read(found.path, found.relative_path)))
        except IndexingError:  # no file is to blame
            raise
        except Exception as error:  # a file can break its format's reader in any way; one must not stop the others
            if not os.path.lexists(found.path):
                return False
            if isinstance(error, DocumentError):
                reason = str(error)
            elif isinstance(error, OSError):
                reason = f"{found.relative_path} can't be read ({error.strerror}); make it readable"
            else:
                log.warning("%s broke its reader", found.relative_path, exc_info=error)
                what = f"{type(error).__name__}: {error}"
                reason = f"{found.relative_path} can't be read ({what}); mend it, or list it in .assistantignore"
            self.newly_skipped.append((found, reason))
        return True


def _plan(settings: Settings, snapshot: Snapshot, fingerprint: str, tell: OnProgress, *, anew: bool = False) -> _Plan:
    records = snapshot.files()
    comparable = snapshot.meta("pipeline") == str(PIPELINE) and snapshot.meta("embedder") == fingerprint
    known = frozenset(path for path, record in records.items() if record.skipped is None)
    retry = snapshot.meta("limits") != str(_limits(settings))
    plan = _Plan(anew=anew or not comparable, retry=retry, published=snapshot.version() is not None, known=known)
    with FileReader(_limits(settings)) as reader:
        plan.compare(list(walk_corpus(settings.corpus_dir, settings.max_depth)), records, reader, tell)
    return plan


def _limits(settings: Settings) -> Limits:
    return Limits(settings.max_file_mb * 1_000_000, settings.max_text_mb * 1_000_000, settings.file_seconds)


def _vectors_are_there(settings: Settings, snapshot: Snapshot, fingerprint: str) -> bool:
    """Whether the live vectors are where the settings say: a folder may be lost, a server another one."""
    if snapshot.version() is None or snapshot.meta("embedder") != fingerprint:
        return True  # they are made anyway
    live = snapshot.vector_ids()
    vectors = open_vectors(settings, snapshot, fingerprint)
    if (snapshot.meta("chroma_url") or "") != settings.chroma_url:
        return len(vectors.held(sorted(live))) == len(live)
    return vectors.count() >= len(live)  # which ones, the doctor looks up


def _is_same(found: Found, record: FileRecord) -> bool:
    return found.size == record.size and sha256_of(found.path, found.relative_path) == record.sha256


def _write(writer: Writer, vectors: VectorStore, embedder: Embedder, plan: _Plan, tell: OnProgress) -> None:
    for path in writer.files() if plan.anew else plan.gone:
        writer.remove(path)
    for found, _ in plan.read:
        writer.remove(found.relative_path)
    _write_files(writer, plan)
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


def _identity(settings: Settings, embedder: Embedder) -> dict[str, str]:
    return {
        "embedder": embedder.card.fingerprint,
        "embedder_name": embedder.card.name,
        "pipeline": str(PIPELINE),
        "chroma_url": settings.chroma_url,
        "limits": str(_limits(settings)),
    }


def _note_files(catalog: Catalog, plan: _Plan, settings: Settings) -> None:
    """Records what was learnt of files that are no documents, or still the same ones: nothing to publish."""
    if plan.touched or plan.newly_skipped or plan.gone or plan.retry:
        with catalog.write() as writer:
            for path in plan.gone:
                writer.remove(path)
            _write_files(writer, plan)
            writer.set_meta({"limits": str(_limits(settings))})


def _write_files(writer: Writer, plan: _Plan) -> None:
    for found, reason in plan.newly_skipped:
        writer.remove(found.relative_path)
        writer.skip(found.relative_path, reason, size=found.size, mtime_ns=found.mtime_ns)
    for found in plan.touched:
        writer.touch(found.relative_path, size=found.size, mtime_ns=found.mtime_ns)


def _collect_leftovers(catalog: Catalog, vectors: VectorStore) -> None:
    """Drops vectors that are not live. What could not be dropped is in nobody's way, and the next run tries again."""
    try:
        with catalog.read() as snapshot:
            vectors.keep_only(snapshot.vector_ids())
    except IndexingError as error:
        log.warning("the new version is published, but old vectors could not be removed: %s", error)


def _report(catalog: Catalog, plan: _Plan, begun: float) -> SyncReport:
    with catalog.read() as snapshot:
        version = snapshot.version()
        documents, chunks = snapshot.counts()
    return SyncReport(
        *plan.tally(),
        unchanged=plan.unchanged,
        skipped=plan.skipped,
        documents=documents,
        chunks=chunks,
        version=version.name if version else "",
        seconds=time.perf_counter() - begun,
    )
