"""Taking a document out of every version, so that none of its text stands in any file of the index folder.

It goes from the live rows and from the archive with all files of the same text, its vectors go from Chroma, and the
catalog's files are written anew; answers that quote it go from what readers said of them, and from evaluations;
damaged files that a repair set aside, which may hold it too, are removed. What is not here: the file in the corpus
folder, which is its owner's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.building import Changes
from assistant.embedding import model_fingerprint
from assistant.errors import DocumentError, IndexingError
from assistant.publishing import (
    CATALOG,
    RUNS,
    SET_ASIDE,
    VECTORS,
    collect_leftovers,
    erase_later,
    finish_erasing,
    publish,
    refuse_other_pipeline,
)
from assistant.settings import Settings
from assistant.store.catalog import Catalog
from assistant.store.feedback import FeedbackStore
from assistant.store.history import History
from assistant.store.lock import writer_lock
from assistant.store.snapshot import Snapshot
from assistant.store.writer import Writer

_PIECE = 8  # bytes that tell a text
_READABLE = re.compile(rb"[\x20-\x7e\xc2-\xf4\x80-\xbf\n]{%d,}" % _PIECE)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was taken out of every version.

    Attributes:
        paths: Of the document, and of the files that hold the same text.
        in_corpus: Those whose files are still there: the next `sync` would read them again.
        version: Name of the published version, which does not have them.
    """

    paths: tuple[str, ...]
    in_corpus: tuple[str, ...]
    version: str

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return asdict(self)


def forget(settings: Settings, path: str) -> Forgotten:
    """Takes a document out of every version that is kept, with every file that holds the same text.

    Args:
        settings: Where things are.
        path: Of the document, relative to the corpus folder.

    Raises:
        DocumentError: No version has it.
        FeedbackError: What readers said of answers can't be rid of it.
        IndexingError: The index can't be written, or somebody goes on reading what was deleted; the next `sync`
            erases it then.
    """
    with closing(Catalog(settings.index_dir / CATALOG)):  # whether there is one is told before a lock is made
        pass
    fingerprint = model_fingerprint(settings.embedding_model)
    with writer_lock(settings.index_dir), closing(Catalog(settings.index_dir / CATALOG)) as catalog:
        finish_erasing(catalog)
        with catalog.read() as snapshot:
            refuse_other_pipeline(settings, snapshot)
            history = History(snapshot)
            texts = history.texts_of(path)
            paths = sorted({other for text in texts for other in history.files_with(text)})
            said = _said_in(path, snapshot, history)
            live = [record.path for record in snapshot.files().values() if record.text_sha256 in texts]
        feedback = FeedbackStore(settings.index_dir)
        if not texts and not feedback.draws_on(path):
            raise DocumentError(f"no version of the index has a document {path!r}; `assistant versions` lists them")
        # First, so that a run that dies here can be repeated: the document is still there to be named.
        feedback.forget({path, *paths})
        if not texts:  # an answer outlived every version that it was drawn from
            return _forgotten(settings, catalog, [path])

        def take_out(writer: Writer) -> None:
            writer.forget(path, texts)
            erase_later(writer)

        if live:
            publish(settings, catalog, Changes(live, (), 0, 0, len(live)), lambda _: None, take_out, sweep=True)
        else:
            with catalog.write() as writer:
                take_out(writer)
            collect_leftovers(settings, catalog, fingerprint)
        finish_erasing(catalog)
        _forget_answers(settings.index_dir / RUNS, paths)
        for aside in settings.index_dir.glob(f"*{SET_ASIDE}*"):
            shutil.rmtree(aside) if aside.is_dir() else aside.unlink()
        feedback.forget(paths)  # what was said while this went on
        _blank(settings.index_dir / VECTORS, said)
        return _forgotten(settings, catalog, paths)


def _said_in(path: str, snapshot: Snapshot, history: History) -> list[bytes]:
    """The stored texts of a file in the versions that are kept."""
    record = snapshot.files().get(path)
    found = set() if record is None or record.skipped is not None else {snapshot.document(path).text}
    for version in snapshot.versions():
        with suppress(IndexingError):  # the version has it as the live one does, or not at all
            found.add(history.archived(path, version).document.text)
    return [text.encode("utf-8", "surrogatepass") for text in found]


def _blank(folder: Path, texts: Sequence[bytes]) -> None:
    """Blanks what stands of the texts in the files of Chroma's index.

    It writes memory out that it did not clear, and which may have held anything before; no vector stands there.
    """

    def blanked(run: re.Match[bytes]) -> bytes:
        pieces = (run[0][i : i + _PIECE] for i in range(len(run[0]) - _PIECE + 1))
        return bytes(len(run[0])) if any(piece in text for piece in pieces for text in texts) else run[0]

    for file in folder.rglob("*.bin"):
        held = file.read_bytes()
        clean = _READABLE.sub(blanked, held)
        if clean != held:
            with file.open("r+b") as open_file:
                open_file.write(clean)


def _forgotten(settings: Settings, catalog: Catalog, paths: list[str]) -> Forgotten:
    with catalog.read() as snapshot:
        version = snapshot.versions()[-1].name
    there = tuple(other for other in paths if (settings.corpus_dir / other).is_file())
    return Forgotten(tuple(paths), there, version)


def _forget_answers(folder: Path, paths: Sequence[str]) -> None:
    """Drops every line of the run files that names one of these documents: it is asked for again.

    A refusal that explains itself may quote a passage that it does not list, and is dropped whatever it names.
    """
    marks = [json.dumps(path, ensure_ascii=False).encode("utf-8", "surrogatepass") for path in paths]
    marks.append(b'"reason": "false_premise"')
    try:
        for file in sorted(folder.glob("*.jsonl")):
            lines = file.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if not any(mark in line for mark in marks)]
            if len(kept) < len(lines):
                written = file.with_suffix(".new")
                written.write_bytes(b"".join(kept))
                os.replace(written, file)
    except OSError as error:
        raise IndexingError(
            f"the document is forgotten, but answers that quote it stand in {folder} ({error.strerror}); remove it"
        ) from error
