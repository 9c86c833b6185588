"""The versions that are kept: listing them, telling two apart, going back to one.

Every version that is kept can be restored: as a new one, in one transaction, without embedding anything that is
still held. What is not here: making a version out of the corpus folder (indexing.py), and the archive (store).
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import Any

from assistant.building import Changes, Incoming, OnProgress
from assistant.errors import IndexingError, IndexMissingError
from assistant.ingest import check_folder
from assistant.ingest.access import AccessRules, read_access_rules
from assistant.publishing import CATALOG, publish, refuse_other_pipeline
from assistant.settings import Settings
from assistant.store.catalog import Catalog
from assistant.store.history import History
from assistant.store.lock import writer_lock
from assistant.store.snapshot import Snapshot, Version


@dataclass(frozen=True, slots=True)
class Restored:
    """What a rollback did.

    Attributes:
        version: Name of the version that it published.
        restored: Name of the one that this holds the documents of.
        added, updated, deleted: Documents, against the version that was published before.
    """

    version: str
    restored: str
    added: int
    updated: int
    deleted: int
    documents: int
    chunks: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ChangedDocument:
    """A document that two versions have otherwise, with the texts of the chunks that only one of them has."""

    path: str
    chunks_added: tuple[str, ...]
    chunks_removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What version `after` has otherwise than version `before`; paths in alphabetical order."""

    before: str
    after: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[ChangedDocument, ...]

    def to_dict(self) -> dict[str, Any]:
        """The difference as JSON has it."""
        return asdict(self)


def versions(settings: Settings) -> list[Version]:
    """The versions that are kept, oldest first; the last one is published.

    Raises:
        IndexMissingError: Nothing was published yet.
    """
    with closing(Catalog(settings.index_dir / CATALOG)) as catalog, catalog.read() as snapshot:
        kept = snapshot.versions()
    if not kept:
        raise IndexMissingError(f"nothing is published in {settings.index_dir}; run `assistant index` first")
    return kept


def diff(settings: Settings, before: str, after: str) -> Difference:
    """What one version has otherwise than another.

    Args:
        settings: Where things are.
        before, after: Numbers or names of versions that are kept.

    Raises:
        IndexingError: One of them is not kept.
    """
    with closing(Catalog(settings.index_dir / CATALOG)) as catalog, catalog.read() as snapshot:
        history = History(snapshot)
        one, other = history.version(before), history.version(after)
        old, new = history.files(one), history.files(other)
        changed = []
        for path in sorted(path for path in old.keys() & new.keys() if old[path] != new[path]):
            had, has = history.chunk_texts(path, one), history.chunk_texts(path, other)
            changed.append(ChangedDocument(path, _only_in(has, had), _only_in(had, has)))
    return Difference(
        one.name,
        other.name,
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
        tuple(changed),
    )


def rollback(settings: Settings, version: str | None = None, *, progress: OnProgress | None = None) -> Restored:
    """Publishes a version again, as a new one; the next `sync` follows the corpus folder again.

    Args:
        settings: Where things are.
        version: Number or name of a version that is kept; by default the one before the published one.
        progress: Told how far the work has come.

    Raises:
        CorpusError: The corpus folder is missing, or its labels can't be read.
        IndexingError: It is not kept, is published already, or the index can't be written.
    """
    begun = time.perf_counter()
    with closing(Catalog(settings.index_dir / CATALOG)):  # whether there is one is told before a lock is made
        pass
    check_folder(settings.corpus_dir)  # without it nobody knows whom a document is kept from
    with writer_lock(settings.index_dir), closing(Catalog(settings.index_dir / CATALOG)) as catalog:
        with catalog.read() as snapshot:
            refuse_other_pipeline(settings, snapshot)
            target = _target(snapshot, version)
            changes = _changes_back_to(target, snapshot, read_access_rules(settings.corpus_dir))
        publish(settings, catalog, changes, progress or (lambda _: None))
        with catalog.read() as snapshot:
            published = snapshot.versions()[-1]
    return Restored(
        published.name,
        target.name,
        changes.added,
        changes.updated,
        changes.deleted,
        published.documents,
        published.chunks,
        time.perf_counter() - begun,
    )


def _target(snapshot: Snapshot, name: str | None) -> Version:
    kept = snapshot.versions()
    if name is None:
        if len(kept) < 2:
            raise IndexingError("there is no version before the published one; `assistant versions` lists them")
        return kept[-2]
    target = History(snapshot).version(name)
    if target == kept[-1]:
        raise IndexingError(f"version {target.name} is the published one; `assistant versions` lists the others")
    return target


def _changes_back_to(target: Version, snapshot: Snapshot, rules: AccessRules) -> Changes:
    """What makes the target of the published version; no document is opened to readers who may not see its path now."""
    history = History(snapshot)
    wanted, live = history.files(target), history.files(snapshot.versions()[-1])
    back = [history.archived(path, target) for path, sha256 in sorted(wanted.items()) if live.get(path) != sha256]
    gone = sorted(live.keys() - wanted.keys())
    now = snapshot.files()
    incoming = []
    for file in back:
        path, record = file.record.path, file.record
        live_access = now[path].access if path in now else ()
        access = rules.labels(path, (*record.access, *live_access))
        document = replace(file.document, access=access)
        incoming.append(Incoming(document, record.size, record.mtime_ns, record.own_access))
    added = len(wanted.keys() - live.keys())
    return Changes(gone, incoming, added, len(incoming) - added, len(gone))


def _only_in(texts: list[str], others: list[str]) -> tuple[str, ...]:
    """Those of the texts, in order, that the others do not have; one that stands twice counts twice."""
    spare = Counter(others)
    only = []
    for text in texts:
        if spare[text]:
            spare[text] -= 1
        else:
            only.append(text)
    return tuple(only)
