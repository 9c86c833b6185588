"""The doctor: looks an installation over and says what is wrong with it, and what to do about it.

It mends nothing, and reads the catalog's tables itself rather than trust the code that wrote them. What is
not here: the mending (`assistant index` does most of it), and whether the answers are good (evaluation).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from assistant.embedding import load_embedder, model_fingerprint, verify_model
from assistant.errors import AssistantError, CorpusError, EmbedderError, IndexingError
from assistant.indexing import CATALOG, TWINS, VECTORS, check, open_vectors
from assistant.ingest import SUPPORTED_SUFFIXES, walk_corpus
from assistant.settings import Settings
from assistant.store.catalog import Catalog
from assistant.store.snapshot import Snapshot

_LOW_SPACE = 200_000_000
_PACKAGES = {
    "openai": "langchain_openai",
    "openai-compatible": "langchain_openai",
    "anthropic": "langchain_anthropic",
    "ollama": "langchain_ollama",
}
_NAMED = 3  # how many of many faulty things a message names


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or (`note`) only worth knowing.

    Attributes:
        code: For programs; `severity` an `error` keeps the assistant from answering rightly, a `warning`
            keeps something out or will bite later.
    """

    code: str
    severity: Literal["error", "warning", "note"]
    message: str
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        return asdict(self)


def diagnose(settings: Settings) -> list[Finding]:
    """Looks over corpus, models, disk and index; an empty list, or one of notes alone, means that all is well."""
    return [*_corpus(settings), *_language_model(settings), *_disk(settings), *_embedder(settings), *_index(settings)]


# What is there before there is an index


def _corpus(settings: Settings) -> Iterator[Finding]:
    try:
        files = list(walk_corpus(settings.corpus_dir, settings.max_depth))
    except CorpusError as error:
        yield Finding("corpus_missing", "error", str(error), "put documents into the folder that --corpus names")
        return
    if not any(file.problem is None for file in files):
        kinds = " ".join(sorted(SUPPORTED_SUFFIXES))
        yield Finding(
            "corpus_empty",
            "error",
            f"the corpus folder {settings.corpus_dir} holds no file that can be read",
            f"put {kinds} files in",
        )


def _language_model(settings: Settings) -> Iterator[Finding]:
    provider = settings.llm.partition(":")[0]
    package = _PACKAGES.get(provider)
    if package and importlib.util.find_spec(package) is None:
        extra = provider.removesuffix("-compatible")
        yield Finding(
            "llm_not_installed",
            "error",
            f"the language model {settings.llm} needs the package {package}, which is not installed",
            f"pip install 'corpus-assistant[{extra}]', or empty ASSISTANT_LLM for extractive answers",
        )
    if provider == "openai-compatible" and not settings.llm_base_url:
        yield Finding(
            "llm_address_missing",
            "error",
            f"the language model {settings.llm} has no address",
            "set ASSISTANT_LLM_BASE_URL to http://host:port/v1",
        )


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = next(f for f in (settings.index_dir.absolute(), *settings.index_dir.absolute().parents) if f.exists())
    remedy = "choose another folder with --index"
    if not folder.is_dir():
        yield Finding("index_folder_is_a_file", "error", f"{folder} is a file, not a folder", remedy)
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("folder_not_writable", "warning", f"{folder} can't be written", f"allow writing it, or {remedy}")
    free = shutil.disk_usage(folder).free
    if free < _LOW_SPACE:
        yield Finding(
            "disk_low", "warning", f"{free // 1_000_000} MB are free on the disk of {folder}", f"free some, or {remedy}"
        )


def _embedder(settings: Settings) -> Iterator[Finding]:
    name = settings.embedding_model
    try:
        twin = settings.index_dir / TWINS / model_fingerprint(name)
        verify_model(name)
    except EmbedderError as error:
        yield Finding("embedder_damaged", "error", str(error), "reinstall the model, or name another")
        return
    if not twin.is_dir():
        return
    try:
        load_embedder(name, settings.index_dir / TWINS).embed_query("a probe")
    except Exception as error:  # noqa: BLE001 - the runtime has a kind of its own for each way a file can be damaged
        yield Finding(
            "embedder_damaged",
            "error",
            f"the embedder's files in {twin} can't be used ({_first_line(error)})",
            f"remove {twin} and run `assistant index`",
        )


# The index


def _index(settings: Settings) -> Iterator[Finding]:
    file = settings.index_dir / CATALOG
    run_index = "run `assistant index`"
    anew = f"remove {settings.index_dir} and {run_index}"
    if not file.is_file():
        yield Finding("index_missing", "error", f"there is no index in {settings.index_dir}", run_index)
        return
    try:
        damage = _damage(file)
        if damage:
            yield Finding("catalog_damaged", "error", f"{file} is damaged: {damage}", anew)
            return
        with closing(Catalog(file)) as catalog, catalog.read() as snapshot:
            if snapshot.version() is None:
                yield Finding("index_missing", "error", f"nothing is published in {settings.index_dir}", run_index)
                return
            yield from _recorded_embedder(settings, snapshot)
            yield from _vectors(settings, snapshot, anew)
    except (IndexingError, sqlite3.Error) as error:
        yield Finding("catalog_damaged", "error", f"{file} can't be read: {_first_line(error)}", anew)
        return
    yield from _rows(file, anew)
    yield from _against_the_corpus(settings)


def _damage(file: Path) -> str:
    with closing(sqlite3.connect(file)) as db:
        rows = [str(row[0]) for row in db.execute("PRAGMA integrity_check(3)")]
        broken_links = db.execute("PRAGMA foreign_key_check").fetchone()
    if broken_links:
        rows.append(f"a row of {broken_links[0]} belongs to nothing")
    return "; ".join(row for row in rows if row != "ok")


def _recorded_embedder(settings: Settings, snapshot: Snapshot) -> Iterator[Finding]:
    try:
        wanted = model_fingerprint(settings.embedding_model)
    except EmbedderError:
        return  # told already
    if snapshot.meta("embedder") != wanted:
        yield Finding(
            "embedder_mismatch",
            "error",
            f"the index was built with the embedding model {snapshot.meta('embedder_name')!r} "
            f"({snapshot.meta('embedder')}), the setting names {settings.embedding_model!r} ({wanted})",
            "set ASSISTANT_EMBEDDING_MODEL back, or run `assistant index` to embed the corpus anew",
        )


def _vectors(settings: Settings, snapshot: Snapshot, anew: str) -> Iterator[Finding]:
    live = snapshot.vector_ids()
    folder = settings.index_dir / VECTORS
    if not settings.chroma_url and not folder.is_dir():  # opening it would make it
        if live:
            yield Finding("vectors_missing", "error", f"{folder}, which holds the vectors, is gone", anew)
        return
    try:
        store = open_vectors(settings, snapshot, snapshot.meta("embedder") or "")
        held = store.held(sorted(live))
        extra = store.count() - len(held)
    except Exception as error:  # noqa: BLE001 - Chroma raises its own kinds, and plain ones, for a damaged folder
        yield Finding("vectors_unreadable", "error", f"the vectors can't be read: {_first_line(error)}", anew)
        return
    if missing := len(live) - len(held):
        yield Finding("vectors_missing", "error", f"{missing} of {len(live)} vectors are missing from Chroma", anew)
    if extra > 0:
        yield Finding(
            "vectors_extra",
            "note",
            f"Chroma holds {extra} vectors that are not live (an interrupted run leaves them)",
            "none is needed: the next run that changes something collects them",
        )


_FAULTS = {
    # The length of a text is counted once: for each of its sentences, a long one would take hours.
    "offsets_wrong": """
        WITH texts AS MATERIALIZED (SELECT number, path, length(text) AS length FROM documents)
        SELECT d.path FROM texts d JOIN chunks s ON s.document = d.number
         WHERE s.start < 0 OR s.end > d.length OR s.start >= s.end
        UNION SELECT d.path FROM texts d JOIN sentences s ON s.document = d.number
         WHERE s.start < 0 OR s.end > d.length OR s.start >= s.end
        UNION SELECT d.path FROM documents d JOIN
              (SELECT document, start, lag(start) OVER (PARTITION BY document ORDER BY ordinal) AS before FROM chunks) s
              ON s.document = d.number WHERE s.start <= s.before
        UNION SELECT d.path FROM documents d JOIN
              (SELECT document, start, lag(end) OVER (PARTITION BY document ORDER BY start) AS before FROM sentences) s
              ON s.document = d.number WHERE s.start < s.before""",
    "keywords_wrong": """
        SELECT d.path FROM chunks c JOIN documents d ON d.number = c.document
         WHERE c.number NOT IN (SELECT rowid FROM keywords)
        UNION SELECT 'keyword rows of no chunk' WHERE EXISTS
              (SELECT 1 FROM keywords WHERE rowid NOT IN (SELECT number FROM chunks))""",
    "chunks_without_vector": """
        SELECT d.path FROM chunks c JOIN documents d ON d.number = c.document
         WHERE c.number NOT IN (SELECT chunk FROM vectors)""",
}
_SAYS = {
    "offsets_wrong": "sentences or chunks lie outside their text or out of order",
    "keywords_wrong": "the keyword index and the chunks disagree",
    "chunks_without_vector": "chunks have no vector",
}


def _rows(file: Path, anew: str) -> Iterator[Finding]:
    with closing(sqlite3.connect(file)) as db:
        for code, query in _FAULTS.items():
            names = [str(row[0]) for row in db.execute(f"SELECT DISTINCT * FROM ({query})")]
            if names:
                shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
                yield Finding(code, "error", f"{_SAYS[code]}: {shown}", anew)


def _against_the_corpus(settings: Settings) -> Iterator[Finding]:
    try:
        report = check(settings)
    except AssistantError:
        return  # told already: the corpus, the embedder or the catalog can't be read
    if report.changed:
        yield Finding(
            "index_outdated",
            "warning",
            f"the corpus differs from the index: {report.added} files new, {report.updated} changed, "
            f"{report.deleted} gone",
            "run `assistant index`",
        )
    for skipped in report.skipped:
        yield Finding("file_skipped", "warning", skipped.reason, "mend the file, or list it in .assistantignore")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
