"""Versions: any that is kept can be listed, told apart, published again; what is forgotten is in none of them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant import Assistant, Settings
from assistant.embedding import Embedder, model_fingerprint
from assistant.errors import DocumentError, IndexingError
from assistant.forgetting import _blank, forget
from assistant.indexing import CATALOG, VECTORS, sync
from assistant.store.keywords import stem
from assistant.store.vectors import VectorStore
from assistant.versions import diff, rollback, versions

TOWER = "# The tower\n\nThe tower of Elmsford was built in 1873 by Ada Thornton, a builder of lighthouses.\n"
FERRY = "# The ferry\n\nThe ferry to Zanzibarish sank in the quagmirelike storm of October 1902.\n"
MILL = "# The mill\n\nThe mill grinds the barley of nine villages.\n"


@pytest.fixture
def settings(new_index: Callable[[Path], Path], tmp_path: Path) -> Settings:
    """A corpus of three documents, indexed as version 1."""
    settings = Settings(corpus_dir=tmp_path / "corpus", index_dir=new_index(tmp_path / "index"))
    for name, text in {"tower.md": TOWER, "sub/ferry.md": FERRY, "mill.md": MILL}.items():
        write(settings, name, text)
    sync(settings)
    return settings


def write(settings: Settings, name: str, text: str) -> None:
    file = settings.corpus_dir / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def texts(settings: Settings) -> dict[str, str]:
    """The documents that the published version has."""
    with Assistant(settings) as assistant:
        return {d.path: assistant.document(d.path).text for d in assistant.documents()}


def digests(settings: Settings) -> list[str]:
    return [version.name.partition("-")[2] for version in versions(settings)]


def vectors(settings: Settings) -> tuple[set[str], set[str]]:
    """Ids of the vectors that Chroma holds, and of those that the kept versions need."""
    store = VectorStore(settings.index_dir / VECTORS, "", model_fingerprint("bundled"))
    with closing(sqlite3.connect(settings.index_dir / CATALOG)) as db:
        needed = db.execute("SELECT vector_id FROM vectors UNION SELECT vector_id FROM archived_vectors").fetchall()
    return set(store._all_ids()), {row[0] for row in needed}


def change_all(settings: Settings) -> None:
    write(settings, "tower.md", TOWER.replace("1873", "1874"))
    write(settings, "pier.md", "# The pier\n\nThe pier is green.\n")
    (settings.corpus_dir / "sub" / "ferry.md").unlink()
    sync(settings)


def test_every_sync_that_changes_something_makes_a_version_and_no_other_does(settings: Settings) -> None:
    sync(settings)
    assert len(versions(settings)) == 1
    change_all(settings)
    first, second = versions(settings)
    assert (first.number, first.added, first.documents) == (1, 3, 3)
    assert (second.number, second.added, second.updated, second.deleted, second.documents) == (2, 1, 1, 1, 3)


def test_rollback_publishes_the_documents_of_an_older_version_again_and_embeds_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = texts(settings)
    change_all(settings)
    after = texts(settings)
    with Assistant(settings) as reader:
        assert "1874" in reader.search("Who built the tower?")[0].text
        with monkeypatch.context() as patch:

            def refuse(self: Embedder, batch: Sequence[str]) -> Any:
                raise AssertionError(f"embeds {list(batch)}")

            patch.setattr(Embedder, "embed", refuse)
            report = rollback(settings)
        assert (report.added, report.updated, report.deleted, report.documents) == (1, 1, 1, 3)
        assert texts(settings) == before
        assert "1873" in reader.search("Who built the tower?")[0].text
        assert reader.ask("When was the tower of Elmsford built?").index_version == report.version
    assert digests(settings)[2] == digests(settings)[0]
    assert report.restored == versions(settings)[0].name
    held, needed = vectors(settings)
    assert held == needed
    rollback(settings, "0002")
    assert texts(settings) == after
    sync(settings)
    assert texts(settings) == after
    assert digests(settings)[-1] == digests(settings)[1]


def test_index_follows_the_folder_again_after_a_rollback(settings: Settings) -> None:
    change_all(settings)
    rollback(settings)
    report = sync(settings)
    assert (report.added, report.updated, report.deleted, report.unchanged) == (1, 1, 1, 1)
    assert "1874" in texts(settings)["tower.md"]
    assert not sync(settings).changed


def test_rollback_to_what_is_not_there_is_told(settings: Settings) -> None:
    with pytest.raises(IndexingError, match="no version before"):
        rollback(settings)
    change_all(settings)
    with pytest.raises(IndexingError, match=r"no version '7' is kept; those that are: 0001-.*0002-"):
        rollback(settings, "7")
    with pytest.raises(IndexingError, match="is the published one"):
        rollback(settings, versions(settings)[-1].name)


def test_diff_tells_documents_and_chunks(settings: Settings) -> None:
    change_all(settings)
    difference = diff(settings, "1", versions(settings)[1].name)
    assert (difference.added, difference.removed) == (("pier.md",), ("sub/ferry.md",))
    (changed,) = difference.changed
    assert changed.path == "tower.md"
    assert "1874" in "".join(changed.chunks_added)
    assert "1873" in "".join(changed.chunks_removed)
    back = diff(settings, "2", "1")
    assert (back.added, back.removed) == (difference.removed, difference.added)
    assert back.changed[0].chunks_added == changed.chunks_removed
    same = diff(settings, "2", "2")
    assert not same.added + same.removed + same.changed


def test_versions_beyond_the_setting_are_collected_with_their_vectors(settings: Settings) -> None:
    few = settings.model_copy(update={"keep_versions": 2})
    for year in range(1880, 1884):
        write(few, "tower.md", TOWER.replace("1873", str(year)))
        sync(few)
    assert [version.number for version in versions(few)] == [4, 5]
    held, needed = vectors(few)
    assert held == needed
    with closing(sqlite3.connect(few.index_dir / CATALOG)) as db:
        assert db.execute("SELECT count(*) FROM archive").fetchone() == (1,)
    rollback(few)
    assert "1882" in texts(few)["tower.md"]
    with pytest.raises(IndexingError, match="no version '1' is kept"):
        rollback(few, "1")


def test_copies_come_back_with_a_rollback(settings: Settings) -> None:
    write(settings, "a.md", TOWER)
    sync(settings)
    before = texts(settings)
    (settings.corpus_dir / "a.md").unlink()
    write(settings, "tower.md", TOWER.replace("1873", "1999"))
    sync(settings)
    rollback(settings)
    assert texts(settings) == before
    with Assistant(settings) as assistant:
        assert assistant.document("tower.md").copies == ("a.md",)
        assert [p.path for p in assistant.search("Who built the tower?") if "tower" in p.text] == ["a.md"]


def test_nearly_equal_documents_are_both_indexed_and_flagged(settings: Settings) -> None:
    write(settings, "later.md", TOWER.replace("1873", "1874"))
    report = sync(settings)
    assert [(one.path, one.of) for one in report.near_duplicates] == [("later.md", "tower.md")]
    with Assistant(settings) as assistant:
        found = [p.path for p in assistant.search("When was the tower of Elmsford built?")]
    assert {"later.md", "tower.md"} <= set(found)
    assert sync(settings).near_duplicates == ()


# Forgetting


def words_left(folder: Path, words: Sequence[str]) -> dict[str, list[str]]:
    """The words that stand in each file of a folder, in small letters and in Unicode's."""
    left = {}
    for file in folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes().lower()
            if found := [word for word in words if word.encode() in data]:
                left[file.name] = found
    return left


def test_nothing_of_a_forgotten_document_stands_in_any_file_of_the_index(settings: Settings) -> None:
    words = ["zanzibarish", "quagmirelike", stem("quagmirelike"), "маячник", stem("маячник")]
    text = FERRY + "\nЕё капитаном был маячник.\n"
    write(settings, "sub/ferry.md", text)
    sync(settings)
    write(settings, "copy.md", text)
    write(settings, "sub/ferry.md", FERRY.replace("1902", "1903"))
    sync(settings)
    (settings.index_dir / f"{CATALOG}.damaged-20260101").write_text(text, "utf-8")  # as a repair leaves it
    with Assistant(settings) as reader:
        assert reader.search("Which ferry sank?")
        assert set(words_left(settings.index_dir, words)[CATALOG]) >= {"zanzibarish"}
        report = forget(settings, "sub/ferry.md")
        assert report.paths == ("copy.md", "sub/ferry.md")
        assert report.in_corpus == ("copy.md", "sub/ferry.md")
        assert words_left(settings.index_dir, words) == {}
        assert all("ferry" not in p.text for p in reader.search("Which ferry sank?", top_k=10))
    held, needed = vectors(settings)
    assert held == needed
    assert set(texts(settings)) == {"tower.md", "mill.md"}
    rollback(settings, "1")
    assert set(texts(settings)) == {"tower.md", "mill.md"}
    with pytest.raises(DocumentError, match=r"no version .* 'sub/ferry\.md'"):
        forget(settings, "sub/ferry.md")


def test_document_that_only_older_versions_have_can_be_forgotten(settings: Settings) -> None:
    change_all(settings)
    kept = digests(settings)
    report = forget(settings, "sub/ferry.md")
    assert (report.paths, report.in_corpus) == (("sub/ferry.md",), ())
    assert digests(settings) == kept
    assert words_left(settings.index_dir, ["zanzibarish", "quagmirelike"]) == {}
    assert "sub/ferry.md" not in diff(settings, "1", "2").removed
    held, needed = vectors(settings)
    assert held == needed


def test_erasing_that_was_broken_off_is_done_by_the_next_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("assistant.store.catalog.Catalog.erase", dies)
        with pytest.raises(KeyboardInterrupt):
            forget(settings, "sub/ferry.md")
    assert words_left(settings.index_dir, ["zanzibarish"])
    (settings.corpus_dir / "sub" / "ferry.md").unlink()
    assert not sync(settings).changed
    assert words_left(settings.index_dir, ["zanzibarish"]) == {}


# The command line


def test_commands_print_what_happened(settings: Settings) -> None:
    change_all(settings)
    places = ["--corpus", str(settings.corpus_dir), "--index", str(settings.index_dir)]

    def run(*arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "assistant", *arguments, *places], capture_output=True, text=True, timeout=120
        )
        return done.returncode, done.stdout, done.stderr

    code, out, _ = run("rollback", "--json")
    assert (code, json.loads(out)["version"][:4]) == (0, "0003")
    code, out, _ = run("versions", "--json")
    assert [version["live"] for version in json.loads(out)] == [False, False, True]
    code, out, _ = run("diff", "1", "3", "--json")
    assert (code, json.loads(out)["changed"]) == (0, [])
    code, out, err = run("rollback", "77")
    assert (code, out) == (1, "")
    assert "no version '77' is kept" in err


def test_what_chroma_wrote_of_a_forgotten_text_out_of_its_memory_is_blanked(tmp_path: Path) -> None:
    vector = np.linspace(0.01, 0.2, 384, dtype=np.float32).tobytes()
    file = tmp_path / "chroma" / "data_level0.bin"
    file.parent.mkdir()
    file.write_bytes(vector + b"\x00 was built by Ada Thornton, and\x00 the harbour master" + vector)
    _blank(tmp_path / "chroma", [b"The light was built by Ada Thornton, and opened in 1873."])
    held = file.read_bytes()
    assert b"Thornton" not in held
    assert held.startswith(vector)
    assert held.endswith(b" the harbour master" + vector)
