"""Whatever happens to a folder and its index, in whatever order, a run ends in what a fresh build would be.

One machine of Hypothesis adds, edits, moves, copies, touches and deletes files, lets runs die at named steps, rolls
back, and compares by content: documents, copies, sentences, chunks, vectors, keyword rows.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from assistant import Settings
from assistant.embedding import model_fingerprint
from assistant.indexing import CATALOG, VECTORS, check, sync
from assistant.store.vectors import VectorStore
from assistant.versions import rollback, versions

NAMES = st.sampled_from(["a.md", "b.md", "c.txt", "sub/a.md", "sub/d.md"])
TEXTS = st.sampled_from(
    [
        "# The tower\n\nThe tower was built in 1873.\n",
        "# The tower\n\nThe tower was built in 1874.\n",
        "The keys of the boathouse are in a red tin.\n",
        "---\ntitle: The mill\ndate: 1901-05-02\n---\nThe mill grinds barley.\n\nIt has two stones.\n",
        "---\ntitle: The old mill\n---\nThe mill grinds barley.\n\nIt has two stones.\n",
        "",
    ]
)
STEPS = st.sampled_from(
    [
        "assistant.store.vectors.VectorStore.add",
        "assistant.store.writer.Writer.archive",
        "assistant.store.writer.Writer.add",
        "assistant.store.writer.Writer.publish",
        "assistant.store.writer.Writer.collect",
        "assistant.publishing._collect",
        "assistant.store.vectors.VectorStore.remove",
    ]
)
QUERIES = {
    "documents": "SELECT document_id, path, title, date, url, language, sha256, details, text FROM documents"
    " ORDER BY path",
    "copies": "SELECT document_id, path, title, date, url, language, sha256, details FROM copies ORDER BY 2",
    "sentences": "SELECT path, start, end, kind, section FROM sentences JOIN documents ON number = document"
    " ORDER BY 1, 2",
    "chunks": "SELECT path, ordinal, start, end, section, headings FROM chunks c JOIN documents d"
    " ON d.number = c.document ORDER BY 1, 2",
    "vectors": "SELECT path, ordinal, vector_id FROM vectors v JOIN chunks c ON c.number = v.chunk JOIN documents d"
    " ON d.number = c.document ORDER BY 1, 2, 3",
    "keywords": "SELECT path, ordinal, k.title, k.headings, k.text FROM keywords k LEFT JOIN chunks c"
    " ON c.number = k.rowid LEFT JOIN documents d ON d.number = c.document ORDER BY 1, 2",
    "likeness": "SELECT path, band FROM likeness JOIN documents ON number = document ORDER BY 1, 2",
    "skipped": "SELECT path, reason FROM skipped ORDER BY 1",
}


class Died(BaseException):
    """What a killed run looks like from inside, as nothing of ours catches it."""


class Corpus(RuleBasedStateMachine):
    """A folder and its index; `Corpus.new_index` makes an empty index with the embedder in it."""

    new_index: Callable[[Path], Path]

    @initialize()
    def begin(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.settings = Settings(
            corpus_dir=self.root / "corpus", index_dir=type(self).new_index(self.root / "index"), keep_versions=3
        )
        self.settings.corpus_dir.mkdir()
        self.clock = 1_700_000_000
        self.in_line = False

    def teardown(self) -> None:
        if hasattr(self, "root"):
            sync(self.settings)
            self.is_like_a_fresh_build()
            shutil.rmtree(self.root)

    def file(self, name: str) -> Path:
        file = self.settings.corpus_dir / name
        file.parent.mkdir(exist_ok=True)
        return file

    def stamp(self, file: Path) -> None:
        self.clock += 1  # no two states of a file share a time stamp, as clocks of file systems have it
        os.utime(file, (self.clock, self.clock))
        self.in_line = False

    @rule(name=NAMES, text=TEXTS)
    def write(self, name: str, text: str) -> None:
        self.file(name).write_text(text, "utf-8")
        self.stamp(self.file(name))

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        self.file(name).unlink(missing_ok=True)
        self.in_line = False

    @rule(name=NAMES, to=NAMES)
    def move(self, name: str, to: str) -> None:
        if self.file(name).exists():
            self.file(name).rename(self.file(to))
            self.in_line = False

    @rule(name=NAMES, to=NAMES)
    def copy(self, name: str, to: str) -> None:
        if self.file(name).exists() and name != to:
            shutil.copy(self.file(name), self.file(to))
            self.stamp(self.file(to))

    @rule(name=NAMES)
    def touch(self, name: str) -> None:
        if self.file(name).exists():
            self.stamp(self.file(name))

    @rule()
    def index(self) -> None:
        expected = check(self.settings)
        report = sync(self.settings)
        counted = ("added", "updated", "deleted", "unchanged", "skipped", "moved")
        assert [getattr(report, name) for name in counted] == [getattr(expected, name) for name in counted]
        self.in_line = True

    @rule(step=STEPS)
    def index_and_die(self, step: str) -> None:
        with patch(step, side_effect=Died), suppress(Died):
            sync(self.settings)
        self.in_line = False

    @rule(back=st.integers(1, 2))
    def roll_back(self, back: int) -> None:
        if not (self.settings.index_dir / CATALOG).exists() or len(kept := self.names()) <= back:
            return
        rollback(self.settings, kept[-1 - back])
        assert self.names()[-1].partition("-")[2] == kept[-1 - back].partition("-")[2]
        self.in_line = False

    def names(self) -> list[str]:
        return [version.name for version in versions(self.settings)] if self.published() else []

    def published(self) -> bool:
        return bool(self.rows("SELECT 1 FROM versions"))

    @precondition(lambda self: self.in_line)
    @invariant()
    def is_like_a_fresh_build(self) -> None:
        fresh = self.settings.model_copy(update={"index_dir": type(self).new_index(self.root / "fresh")})
        try:
            sync(fresh)
            assert self.content(self.settings) == self.content(fresh)
            held, needed = self.vectors(self.settings)
            assert held == needed
        finally:
            shutil.rmtree(fresh.index_dir)

    def rows(self, query: str, index: Path | None = None) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect((index or self.settings.index_dir) / CATALOG)) as db:
            return db.execute(query).fetchall()

    def content(self, settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
        return {name: self.rows(query, settings.index_dir) for name, query in QUERIES.items()}

    def vectors(self, settings: Settings) -> tuple[set[str], set[str]]:
        store = VectorStore(settings.index_dir / VECTORS, "", model_fingerprint("bundled"))
        both = "SELECT vector_id FROM vectors UNION SELECT vector_id FROM archived_vectors"
        return set(store._all_ids()), {row[0] for row in self.rows(both)}


def test_any_sequence_of_changes_crashes_and_rollbacks_ends_in_what_a_fresh_build_is(
    new_index: Callable[[Path], Path],
) -> None:
    Corpus.new_index = staticmethod(new_index)
    run_state_machine_as_test(
        Corpus,
        settings=settings(
            max_examples=int(os.environ.get("EXAMPLES", "8")),
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
