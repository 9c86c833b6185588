"""From the corpus folder to the published index: what changed, read it, build the next version, publish.

One writer holds the lock. Rows go to the catalog in one transaction whose commit is the publish; vectors that no
kept version needs are collected after it. What is not here: reading files (ingest), building and publishing a
version (building.py, publishing.py), going back to an older one (versions.py), rows (store).
"""

from __future__ import annotations

import logging
import os
import time
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistant.building import Changes, Incoming, OnProgress
from assistant.embedding import load_embedder, model_fingerprint
from assistant.errors import DocumentError, EmbedderError, IndexingError, IndexMissingError
from assistant.ingest import PIPELINE, Found, check_folder, walk_corpus
from assistant.ingest.access import AccessRules, read_access_rules
from assistant.ingest.loaders import Limits
from assistant.ingest.opening import sha256_of
from assistant.ingest.worker import FileReader
from assistant.publishing import (
    CATALOG,
    TWINS,
    VECTORS,
    Index,
    Load,
    Review,
    collect_leftovers,
    finish_erasing,
    open_vectors,
    publish,
)
from assistant.settings import Settings
from assistant.store.catalog import Catalog
from assistant.store.history import History
from assistant.store.lock import writer_lock
from assistant.store.snapshot import FileRecord, Snapshot
from assistant.store.vectors import ids_on_disk
from assistant.store.writer import Writer
from assistant.types import Document, Progress, Skipped, SyncReport

log = logging.getLogger(__name__)


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
            kept, held = len(snapshot.kept_vectors()), vectors.count()
            if held < kept:
                where = settings.chroma_url or settings.index_dir / VECTORS
                raise IndexingError(
                    f"{kept - held} of {kept} vectors are missing from Chroma at {where}; run `assistant index`, or"
                    f" set ASSISTANT_CHROMA_URL back"
                )
        return Index(catalog, vectors, load_embedder(settings.embedding_model, settings.index_dir / TWINS))
    except BaseException:
        catalog.close()
        raise


def sync(
    settings: Settings,
    *,
    progress: OnProgress | None = None,
    review: Review | None = None,
    load: Load = load_embedder,
    anew: bool = False,
) -> SyncReport:
    """Brings the index in line with the corpus folder and publishes it.

    Where no document changed the published version stays. A file that can't be read is skipped with its
    reason; the others go on. With another embedding model, or after an older release, the index is built anew
    beside the published one, which readers go on with until the publish.

    Args:
        settings: Where things are.
        progress: Called as the run goes on.
        review: Called with the version that is built before it is published.
        load: What loads the embedder, for whoever runs often and keeps it.
        anew: Reads every document again and writes every row again, whatever the catalog says: for one whose rows
            are not to be trusted. Vectors that are held stay.

    Raises:
        CorpusError: The folder is missing; what was published before stays.
        IndexingError: The index can't be written, or another process writes it.
        EmbedderError: The embedding model can't be loaded.
    """
    begun = time.perf_counter()
    tell = progress or (lambda _: None)
    check_folder(settings.corpus_dir)  # one that is missing is told before anything is made
    fingerprint = model_fingerprint(settings.embedding_model)
    with writer_lock(settings.index_dir):
        catalog = Catalog(settings.index_dir / CATALOG, create=True)
        try:
            finish_erasing(catalog)
            if catalog.outdated:
                log.warning("%s was written by an older release; the index is built anew", catalog.file)
                plan = _first_plan(settings, tell)
            else:
                with catalog.read() as snapshot:
                    whole = _vectors_are_there(settings, snapshot, fingerprint)
                    plan = _plan(settings, snapshot, fingerprint, tell, anew=anew or not whole)
            if plan.published and not plan.anew and not plan.changes_documents:
                _note_files(catalog, plan)
                collect_leftovers(settings, catalog, fingerprint)
            else:
                publish(settings, catalog, plan.changes(), tell, plan.note, anew=plan.anew, review=review, load=load)
            with catalog.read() as snapshot:
                alike = History(snapshot).near_duplicates([document.path for _, document in plan.read])
            return replace(_report(catalog, plan, begun), near_duplicates=tuple(alike))
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
        plan = _first_plan(settings, lambda _: None)
        added, updated, deleted = plan.tally()
        return SyncReport(added, updated, deleted, 0, plan.skipped, 0, 0, "", time.perf_counter() - begun)
    catalog = Catalog(settings.index_dir / CATALOG)
    try:
        with catalog.read() as snapshot:
            plan = _plan(settings, snapshot, fingerprint, lambda _: None)
        return _report(catalog, plan, begun)
    finally:
        catalog.close()


def follow(settings: Settings, *, progress: OnProgress | None = None) -> SyncReport:
    """As `sync`, without the right to write where nothing changed: several processes may do it at once."""
    try:
        report = check(settings)
    except IndexingError:  # of an older release, say, which `sync` makes anew
        return sync(settings, progress=progress)
    return report if report.version and not report.changed else sync(settings, progress=progress)


@dataclass(slots=True)
class _Plan:
    """What the walk found against the catalog.

    Attributes:
        limits: What one file may cost.
        rules: The labels that paths have.
        anew: Every document is read again: nothing that the catalog says can be used.
        retry: What was skipped is read again: the limits are others now.
        known: Paths of the documents that the catalog holds, with the sha256 of their bytes.
        gone: Paths that the catalog knows and the corpus does not have any more.
    """

    limits: Limits
    rules: AccessRules
    anew: bool = False
    retry: bool = False
    published: bool = False
    known: Mapping[str, str] = field(default_factory=dict)
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
        known = self.known.keys()
        return len(read - known), len(read & known), len(lost & known)

    def moved(self) -> int:
        """How many documents that are new have the content of one whose file is gone."""
        gone = Counter(self.known[path] for path in self.gone if path in self.known)
        new = Counter(document.sha256 for found, document in self.read if found.relative_path not in self.known)
        return (gone & new).total()

    def changes(self) -> Changes:
        """What the next version is to have and not to have."""
        gone = [*self.gone, *(found.relative_path for found, _ in self.newly_skipped)]
        incoming = [
            Incoming(
                replace(document, access=self.rules.labels(document.path, document.access)),
                found.size,
                found.mtime_ns,
                own_access=document.access,
            )
            for found, document in self.read
        ]
        return Changes(gone, incoming, *self.tally())

    def note(self, writer: Writer) -> None:
        """Records what was learnt of files that are no documents, or still the same ones."""
        for found, reason in self.newly_skipped:
            writer.remove(found.relative_path)
            writer.skip(found.relative_path, reason, size=found.size, mtime_ns=found.mtime_ns)
        for found in self.touched:
            writer.touch(found.relative_path, size=found.size, mtime_ns=found.mtime_ns)
        writer.set_meta({"limits": str(self.limits)})

    def compare(
        self, files: Sequence[Found], records: Mapping[str, FileRecord], reader: FileReader, tell: OnProgress
    ) -> None:
        """Sorts the files of the corpus by what is to be done with them, reading those that changed."""
        present = {found.relative_path for found in files}
        usable = {} if self.anew else records
        names: dict[str, str] = {}
        for done, found in enumerate(files):
            tell(Progress("reading", done, len(files)))
            path = found.relative_path
            record = usable.get(path)
            twin = names.setdefault(unicodedata.normalize("NFC", path), path)  # paths of one id
            problem = found.problem or (
                None if twin == path else f"{path} has the same name as {twin} in another Unicode form; rename one"
            )
            if problem is None and record and (record.size, record.mtime_ns) == (found.size, found.mtime_ns):
                if record.skipped is None and self._has_its_labels(record):
                    self.unchanged += 1
                    continue
                problem = None if self.retry else record.skipped
            if problem is not None:
                self._skip(found, problem, record)
            elif not self._read(found, record, reader):
                present.discard(path)
        self.gone = sorted(records.keys() - present)
        tell(Progress("reading", len(files), len(files)))

    def _has_its_labels(self, record: FileRecord) -> bool:
        return record.access == self.rules.labels(record.path, record.own_access)

    def _skip(self, found: Found, reason: str, record: FileRecord | None) -> None:
        if record is not None and record.skipped == reason:
            self.still_skipped.append(Skipped(record.path, reason))
        else:
            self.newly_skipped.append((found, reason))

    def _read(self, found: Found, record: FileRecord | None, reader: FileReader) -> bool:
        """Reads a file that is new or looks changed; False where it vanished since the walk."""
        try:
            if (
                record is not None
                and record.skipped is None
                and self._has_its_labels(record)
                and _is_same(found, record)
            ):
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


def _first_plan(settings: Settings, tell: OnProgress) -> _Plan:
    plan = _Plan(_limits(settings), read_access_rules(settings.corpus_dir), anew=True)
    with FileReader(plan.limits) as reader:
        plan.compare(list(walk_corpus(settings.corpus_dir, settings.max_depth)), {}, reader, tell)
    return plan


def _plan(settings: Settings, snapshot: Snapshot, fingerprint: str, tell: OnProgress, *, anew: bool = False) -> _Plan:
    records = snapshot.files()
    comparable = snapshot.meta("pipeline") == str(PIPELINE) and snapshot.meta("embedder") == fingerprint
    limits = _limits(settings)
    known = {path: record.sha256 for path, record in records.items() if record.skipped is None}
    plan = _Plan(
        limits,
        read_access_rules(settings.corpus_dir),
        anew=anew or not comparable,
        retry=snapshot.meta("limits") != str(limits),
        published=snapshot.version() is not None,
        known=known,
    )
    with FileReader(limits) as reader:
        plan.compare(list(walk_corpus(settings.corpus_dir, settings.max_depth)), records, reader, tell)
    return plan


def _limits(settings: Settings) -> Limits:
    return Limits(settings.max_file_mb * 1_000_000, settings.max_text_mb * 1_000_000, settings.file_seconds)


def _vectors_are_there(settings: Settings, snapshot: Snapshot, fingerprint: str) -> bool:
    """Whether the live vectors are where the settings say: a folder may be lost, a server another one."""
    if snapshot.version() is None or snapshot.meta("embedder") != fingerprint:
        return True  # they are made anyway
    kept = snapshot.kept_vectors()
    same_place = (snapshot.meta("chroma_url") or "") == settings.chroma_url
    if same_place and not settings.chroma_url and kept <= ids_on_disk(settings.index_dir / VECTORS, fingerprint):
        return True
    vectors = open_vectors(settings, snapshot, fingerprint)
    if same_place and settings.chroma_url:
        return vectors.count() >= len(kept)  # which ones, the doctor looks up
    return len(vectors.held(sorted(kept))) == len(kept)


def _is_same(found: Found, record: FileRecord) -> bool:
    return found.size == record.size and sha256_of(found.path, found.relative_path) == record.sha256


def _note_files(catalog: Catalog, plan: _Plan) -> None:
    """Records what was learnt of files that are no documents, or still the same ones: nothing to publish."""
    if plan.touched or plan.newly_skipped or plan.gone or plan.retry:
        with catalog.write() as writer:
            for path in plan.gone:
                writer.remove(path)
            plan.note(writer)


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
        moved=plan.moved(),
    )
