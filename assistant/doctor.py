"""The doctor: looks an installation over and says what is wrong with it, and what to do about it.

It changes nothing, and reads the catalog's tables itself rather than trust the code that wrote them. What is
not here: the mending (repairing.py), and whether the answers are good (evaluation).
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from assistant.embedding import load_embedder, model_fingerprint, verify_model
from assistant.errors import AssistantError, CorpusError, DocumentError, EmbedderError, IndexingError
from assistant.indexing import check
from assistant.ingest import SUPPORTED_SUFFIXES, walk_corpus
from assistant.ingest.opening import sha256_of
from assistant.publishing import CATALOG, SET_ASIDE, TWINS, VECTORS, open_vectors
from assistant.settings import Settings
from assistant.store.catalog import Catalog
from assistant.store.history import History
from assistant.store.keywords import keyword_row
from assistant.store.parts import in_parts
from assistant.store.snapshot import Snapshot
from assistant.store.vectors import VectorStore

_LOW_SPACE = 200_000_000
_PACKAGES = {
    "openai": "langchain_openai",
    "openai-compatible": "langchain_openai",
    "anthropic": "langchain_anthropic",
    "ollama": "langchain_ollama",
}
_NAMED = 3  # how many of many faulty things a message names
_AT_ONCE = 4_000  # vectors looked at together, so that a large index does not fill the memory
_REPAIR = "run `assistant doctor --repair`"


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
    for place in (folder, settings.index_dir / CATALOG, settings.index_dir / VECTORS):
        if place.exists() and not os.access(place, os.W_OK | (os.X_OK if place.is_dir() else 0)):
            yield Finding(
                "folder_not_writable", "warning", f"{place} can't be written", f"allow writing it, or {remedy}"
            )
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
            f"{_REPAIR}, which makes them anew, or remove {twin}",
        )


# The index


def _index(settings: Settings) -> Iterator[Finding]:
    file = settings.index_dir / CATALOG
    run_index = "run `assistant index`"
    anew = f"{_REPAIR}, which sets it aside and indexes the corpus again"
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
            yield from _vectors(settings, snapshot)
            yield from _near_duplicates(snapshot)
    except (IndexingError, sqlite3.Error) as error:
        yield Finding("catalog_damaged", "error", f"{file} can't be read: {_first_line(error)}", anew)
        return
    yield from _rows(file)
    yield from _against_the_corpus(settings)
    yield from _files(settings)
    for aside in sorted(settings.index_dir.glob(f"*{SET_ASIDE}*")):
        yield Finding("set_aside", "note", f"{aside} was damaged and set aside", "remove it when nobody needs it")


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


def _vectors(settings: Settings, snapshot: Snapshot) -> Iterator[Finding]:
    live = snapshot.kept_vectors()
    folder = settings.index_dir / VECTORS
    if not settings.chroma_url and not folder.is_dir():  # opening it would make it
        if live:
            yield Finding("vectors_missing", "error", f"{folder}, which holds the vectors, is gone", _REPAIR)
        return
    try:
        store = open_vectors(settings, snapshot, snapshot.meta("embedder") or "")
        held = store.held(sorted(live))
        extra = store.count() - len(held)
        wrong = wrong_vectors(store, sorted(held))
    except Exception as error:  # noqa: BLE001 - Chroma raises its own kinds, and plain ones, for a damaged folder
        yield Finding("vectors_unreadable", "error", f"the vectors can't be read: {_first_line(error)}", _REPAIR)
        return
    if wrong:
        yield Finding("vectors_wrong", "error", f"{len(wrong)} of {len(live)} vectors are not of unit length", _REPAIR)
    if missing := len(live) - len(held):
        yield Finding("vectors_missing", "error", f"{missing} of {len(live)} vectors are missing from Chroma", _REPAIR)
    if extra > 0:
        yield Finding(
            "vectors_extra",
            "note",
            f"Chroma holds {extra} vectors that no version needs (an interrupted run leaves them)",
            f"none is needed: the next run that changes something collects them, and so does {_REPAIR[4:]}",
        )


def _near_duplicates(snapshot: Snapshot) -> Iterator[Finding]:
    alike = History(snapshot).near_duplicates([document.path for document in snapshot.documents()])
    pairs = sorted({tuple(sorted((one.path, one.of))) for one in alike})
    if pairs:
        more = f" and {len(pairs) - _NAMED} pairs more" if len(pairs) > _NAMED else ""
        shown = "; ".join(f"{one}, {other}" for one, other in pairs[:_NAMED])
        yield Finding(
            "near_duplicates",
            "note",
            f"documents that say nearly the same: {shown}{more}",
            "none is needed; if one has replaced the other, remove it or list it in .assistantignore",
        )


def wrong_vectors(store: VectorStore, ids: Sequence[str]) -> list[str]:
    """Ids of held vectors that no embedder makes: every vector has unit length.

    Raises:
        IndexingError: The vectors can't be read at all.
    """
    wrong = []
    for part in in_parts(ids, _AT_ONCE):
        found = store.get(part)
        wrong += [name for name, vector in found.items() if not abs(float(np.linalg.norm(vector)) - 1) < 1e-3]
    return wrong


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
    "copies_of_nothing": """
        SELECT path FROM copies WHERE (text_sha256, access) NOT IN (SELECT text_sha256, access FROM documents)""",
    "chunks_without_vector": """
        SELECT d.path FROM chunks c JOIN documents d ON d.number = c.document
         WHERE c.number NOT IN (SELECT chunk FROM vectors)""",
}
_SAYS = {
    "offsets_wrong": "sentences or chunks lie outside their text or out of order",
    "keywords_wrong": "the keyword index and the chunks disagree",
    "copies_of_nothing": "files are recorded as copies of a document that is not there",
    "chunks_without_vector": "chunks have no vector",
}


def _rows(file: Path) -> Iterator[Finding]:
    with closing(sqlite3.connect(file)) as db:
        faults = {
            code: {str(row[0]) for row in db.execute(f"SELECT DISTINCT * FROM ({query})")}
            for code, query in _FAULTS.items()
        }
        faults["keywords_wrong"] |= set(_stale_keywords(db))
    for code, names in faults.items():
        if names:
            yield Finding(code, "error", f"{_SAYS[code]}: {_some(names)}", _REPAIR)


def _stale_keywords(db: sqlite3.Connection) -> Iterator[str]:
    """Paths of documents whose text, as it is stored, is not the one that its keyword rows were made of."""
    rows = db.execute(
        "SELECT d.path, d.title, c.headings, substr(d.text, c.start + 1, c.end - c.start), k.title, k.headings, k.text"
        " FROM chunks c JOIN documents d ON d.number = c.document JOIN keywords k ON k.rowid = c.number"
    )
    for path, title, headings, text, *kept in rows:
        if tuple(kept) != tuple(keyword_row(title, json.loads(headings), text)):
            yield str(path)


def _some(names: set[str]) -> str:
    first = sorted(names)[:_NAMED]
    return ", ".join(first) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


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
        message, _, remedy = skipped.reason.partition("; ")
        remedy = remedy or "mend the file"
        listing = "" if ".assistantignore" in remedy else ", or list it in .assistantignore"
        yield Finding("file_skipped", "warning", message, remedy + listing)


def _files(settings: Settings) -> Iterator[Finding]:
    """Files that look unchanged and are not: a run trusts size and time stamps, the doctor reads them."""
    try:
        files = {
            found.relative_path: found
            for found in walk_corpus(settings.corpus_dir, settings.max_depth)
            if not found.problem
        }
        with closing(Catalog(settings.index_dir / CATALOG)) as catalog, catalog.read() as snapshot:
            records = [record for record in snapshot.files().values() if record.skipped is None]
    except AssistantError:
        return  # told already
    unseen = set()
    for record in records:
        file = files.get(record.path)
        if file and (file.size, file.mtime_ns) == (record.size, record.mtime_ns):
            try:
                if sha256_of(file.path, record.path) != record.sha256:
                    unseen.add(record.path)
            except DocumentError:
                continue  # no file any more since it was listed: the next run says so
            except OSError as error:
                yield Finding(
                    "file_unreadable",
                    "warning",
                    f"{record.path} can't be read any more ({error.strerror})",
                    "allow reading it, or list it in .assistantignore",
                )
    if unseen:
        yield Finding(
            "change_unseen",
            "error",
            f"files have another content than the index, though size and time stamp are the same: {_some(unseen)}",
            _REPAIR,
        )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
