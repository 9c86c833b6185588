"""Mending an index by what is known for certain: the corpus, the embedding model and the rows that agree with them.

Everything in the index folder is made from these, so that what is damaged can be made again. What needs a person's
decision (another embedding model, a corpus that can't be read, a full disk) is left as it is. What is not here:
finding out what is wrong (doctor.py).
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.building import OnProgress
from assistant.doctor import diagnose, wrong_vectors
from assistant.embedding import load_embedder, model_fingerprint, verify_model
from assistant.errors import EmbedderError
from assistant.indexing import sync
from assistant.publishing import CATALOG, SET_ASIDE, TWINS, VECTORS, open_vectors
from assistant.settings import Settings
from assistant.store.catalog import Catalog
from assistant.store.lock import writer_lock

_NEEDS_A_PERSON = frozenset(
    "corpus_missing corpus_empty disk_low embedder_mismatch folder_not_writable index_folder_is_a_file".split()
)
_ROWS = frozenset("offsets_wrong keywords_wrong chunks_without_vector vectors_wrong change_unseen".split())
_VECTORS = frozenset("vectors_missing vectors_unreadable".split())
_BY_A_RUN = frozenset("index_missing index_outdated catalog_damaged".split()) | _ROWS | _VECTORS


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was mended.

    Attributes:
        code: Of the finding that it answers.
    """

    code: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        """The repair as JSON has it."""
        return asdict(self)


def repair(settings: Settings, *, progress: OnProgress | None = None) -> list[Repair]:
    """Mends what the doctor finds, as far as nobody has to decide anything; `diagnose` then says what is left.

    Raises:
        IndexingError: Another process writes the index, or it can't be written.
    """
    findings = diagnose(settings)
    codes = {finding.code for finding in findings}
    if codes & _NEEDS_A_PERSON or not _model_is_whole(settings):
        return []
    done: list[Repair] = []
    if codes & (_BY_A_RUN | {"embedder_damaged", "vectors_extra"}):
        with writer_lock(settings.index_dir):
            done += _clear_the_way(settings, codes)
    if codes & _BY_A_RUN:
        report = sync(settings, progress=progress, anew=bool(codes & (_ROWS | _VECTORS)))
        what = f"version {report.version} holds {report.documents} documents in {report.chunks} chunks"
        done += [
            Repair(finding.code, f"{finding.message}: mended, {what}")
            for finding in findings
            if finding.code in _BY_A_RUN
        ]
    return done


def _model_is_whole(settings: Settings) -> bool:
    try:
        verify_model(settings.embedding_model)
    except EmbedderError:
        return False
    return True


def _clear_the_way(settings: Settings, codes: set[str]) -> Iterator[Repair]:
    """Takes out what a run would stumble over, or would not touch."""
    twins = settings.index_dir / TWINS
    if "embedder_damaged" in codes:
        twin = twins / model_fingerprint(settings.embedding_model)
        shutil.rmtree(twin)
        load_embedder(settings.embedding_model, twins)
        yield Repair("embedder_damaged", f"made {twin} anew from the embedding model")
    if "catalog_damaged" in codes:
        yield Repair("catalog_damaged", f"set aside as {_set_aside(settings.index_dir / CATALOG)}")
    if "vectors_unreadable" in codes and not settings.chroma_url:
        yield Repair("vectors_unreadable", f"set aside as {_set_aside(settings.index_dir / VECTORS)}")
    elif codes & {"vectors_extra", "vectors_wrong"}:
        with closing(Catalog(settings.index_dir / CATALOG)) as catalog, catalog.read() as snapshot:
            vectors = open_vectors(settings, snapshot, snapshot.meta("embedder") or "")
            kept = snapshot.kept_vectors()
            if "vectors_extra" in codes:
                vectors.keep_only(kept)
                yield Repair("vectors_extra", "removed the vectors that no version needs")
            if "vectors_wrong" in codes:
                vectors.keep_only(kept - set(wrong_vectors(vectors, sorted(kept))))
    if "keywords_wrong" in codes:  # those of live chunks are written again with their documents
        with closing(sqlite3.connect(settings.index_dir / CATALOG)) as db, db:
            db.execute("DELETE FROM keywords WHERE rowid NOT IN (SELECT number FROM chunks)")


def _set_aside(place: Path) -> Path:
    """Renames a damaged file with its write-ahead files, or a folder, so that nothing is lost that may be wanted."""
    aside = place.with_name(f"{place.name}{SET_ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    for suffix in ("-wal", "-shm", ""):
        file = place.with_name(place.name + suffix)
        if file.exists():
            file.rename(aside.with_name(aside.name + suffix))
    return aside
