"""An opened index, and the publish: one transaction, and the collecting of what no version needs after it.

Who calls it holds the writer's lock and knows what changes; readers see the old version until the commit and the
new one after it. What is not here: what the version is built of (building.py), what changed (indexing.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.building import Changes, OnProgress, build
from assistant.embedding import Embedder, load_embedder, model_fingerprint
from assistant.errors import IndexingError
from assistant.ingest import PIPELINE
from assistant.settings import Settings
from assistant.store.catalog import Catalog
from assistant.store.snapshot import Snapshot
from assistant.store.vectors import VectorStore
from assistant.store.writer import Writer
from assistant.types import Progress

log = logging.getLogger(__name__)

CATALOG = "catalog.sqlite3"
VECTORS = "chroma"
TWINS = "embedder"
RUNS = "runs"  # answers of evaluations, which quote documents and are forgotten with them
SET_ASIDE = ".damaged-"  # in the names of what a repair took out of the way
# Recorded before vectors are written or dropped and taken back when all is done: what a run that died left behind
# is looked for only where one did.
_UNFINISHED = "unfinished"
_ERASING = "erasing"
_YES, _NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Index:
    """An opened index: catalog, vectors and the embedder that made them."""

    catalog: Catalog
    vectors: VectorStore
    embedder: Embedder

    def close(self) -> None:
        """Closes the catalog's connections."""
        self.catalog.close()


Load = Callable[[str, Path], Embedder]
Review = Callable[[Index], None]
"""Looks at a version that is built and not published yet; what it raises drops the version."""


def open_vectors(settings: Settings, snapshot: Snapshot, fingerprint: str) -> VectorStore:
    """The vectors of this index that an embedder of that fingerprint made.

    Raises:
        IndexingError: The folder or the server can't be used.
    """
    index = snapshot.meta("index") or ""
    return VectorStore(settings.index_dir / VECTORS, settings.chroma_url, fingerprint, index)


def publish(
    settings: Settings,
    catalog: Catalog,
    changes: Changes,
    tell: OnProgress,
    note: Callable[[Writer], None] = lambda _: None,
    *,
    anew: bool = False,
    sweep: bool = False,
    review: Review | None = None,
    load: Load = load_embedder,
) -> None:
    """Builds the next version and publishes it in one transaction, then collects what no version needs any more.

    Args:
        note: Writes along what is no document.
        anew: Nothing that the catalog says of vectors can be used.
        sweep: Vectors may be left behind that the catalog knows nothing of.
        review: Called with the version that is built; what it raises drops it.
        load: What loads the embedder, for whoever publishes often and keeps it.

    Raises:
        IndexingError: The index can't be written; what was published before stays.
    """
    tell(Progress("loading", 0, 1))
    embedder = load(settings.embedding_model, settings.index_dir / TWINS)
    tell(Progress("loading", 1, 1))
    with catalog.write() as writer:
        sweep = sweep or anew or writer.meta(_UNFINISHED) == _YES
        writer.set_meta({_UNFINISHED: _YES})
    with catalog.write() as writer:
        if catalog.outdated:
            catalog.renew(writer)
            writer.set_meta({_UNFINISHED: _YES})
        vectors = open_vectors(settings, writer, embedder.card.fingerprint)
        if anew:
            writer.give_up_archived_vectors()
        freed = build(writer, vectors, embedder, changes, tell)
        note(writer)
        writer.set_meta(_identity(settings, embedder))
        writer.publish(added=changes.added, updated=changes.updated, deleted=changes.deleted)
        freed |= writer.collect(settings.keep_versions)
        if review is not None:
            with catalog.seen_by(writer):
                review(Index(catalog, vectors, embedder))
        kept = writer.kept_vectors()
    _collect(catalog, lambda: vectors.keep_only(kept) if sweep else vectors.remove(sorted(freed - kept)))


def collect_leftovers(settings: Settings, catalog: Catalog, fingerprint: str) -> None:
    """Drops the vectors that a run has left behind that did not come to its end."""
    with catalog.read() as snapshot:
        if snapshot.meta(_UNFINISHED) != _YES:
            return
        kept = snapshot.kept_vectors()
        vectors = open_vectors(settings, snapshot, fingerprint)
    _collect(catalog, lambda: vectors.keep_only(kept))


def erase_later(writer: Writer) -> None:
    """Records that what this transaction deletes is to be erased from the catalog's files."""
    writer.set_meta({_UNFINISHED: _YES, _ERASING: _YES})


def finish_erasing(catalog: Catalog) -> None:
    """Erases what was deleted for good, if it is not yet.

    Raises:
        IndexingError: Somebody goes on reading it.
    """
    with catalog.read() as snapshot:
        if snapshot.meta(_ERASING) != _YES:
            return
    catalog.erase()
    with catalog.write() as writer:
        writer.set_meta({_ERASING: _NO})


def refuse_other_pipeline(settings: Settings, snapshot: Snapshot) -> None:
    """Makes sure that the published version was made with this model, by this release's reading of files.

    Raises:
        IndexingError: It was not: only the corpus folder can give the next version.
    """
    same_model = snapshot.meta("embedder") == model_fingerprint(settings.embedding_model)
    if not same_model or snapshot.meta("pipeline") != str(PIPELINE):
        what = "this release" if same_model else f"the embedding model {settings.embedding_model!r}"
        raise IndexingError(f"the published index was not made by {what}; run `assistant index` first")


def _identity(settings: Settings, embedder: Embedder) -> dict[str, str]:
    return {
        "embedder": embedder.card.fingerprint,
        "embedder_name": embedder.card.name,
        "pipeline": str(PIPELINE),
        "chroma_url": settings.chroma_url,
    }


def _collect(catalog: Catalog, drop: Callable[[], object]) -> None:
    """Drops vectors that nobody needs. What could not be is in nobody's way, and the next run tries again."""
    try:
        drop()
    except IndexingError as error:
        log.warning("the version is published, but old vectors could not be removed: %s", error)
        return
    with catalog.write() as writer:
        writer.set_meta({_UNFINISHED: _NO})
