"""The catalog: what a reader sees while another writes, what an error leaves, what words find."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.errors import DocumentError, IndexingError, IndexMissingError
from assistant.store.catalog import Catalog, Writer
from assistant.store.keywords import stem, stems
from assistant.types import BlockKind, Chunk, Document, Sentence

WEIGHTS = (1.0, 1.0, 1.0)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """An empty catalog."""
    return Catalog(tmp_path / "index" / "catalog.sqlite3", create=True)


def add(writer: Writer, path: str, text: str) -> None:
    """Adds a document of one sentence and one chunk."""
    document = Document(id=f"id-of-{path}", path=path, title=path, text=text, sha256=f"sum of {text}")
    chunk = Chunk(0, len(text), (), 0, (text,))
    writer.add(
        document, [Sentence(0, len(text), BlockKind.PARAGRAPH)], [(chunk, [f"v-{path}"])], size=len(text), mtime_ns=1
    )


def publish(catalog: Catalog, **texts: str) -> None:
    with catalog.write() as writer:
        for path, text in texts.items():
            writer.remove(path)
            add(writer, path, text)
        writer.publish(added=len(texts), updated=0, deleted=0)


def paths(catalog: Catalog) -> list[str]:
    with catalog.read() as snapshot:
        return [document.path for document in snapshot.documents()]


def found(catalog: Catalog, question: str) -> list[str]:
    """Paths of the documents that hold the words of a question."""
    with catalog.read() as snapshot:
        match = " ".join(f'"{word}"' for word in stems(question))
        numbers = [number for number, _ in snapshot.keyword_scores(match, 10, WEIGHTS)]
        chunks = snapshot.chunks(numbers)
        return [chunks[number].path for number in numbers]


def test_reader_sees_the_old_state_until_the_write_is_done_and_the_new_one_after_it(catalog: Catalog) -> None:
    publish(catalog, a="The old text.")
    with catalog.write() as writer:
        writer.remove("a")
        add(writer, "b", "The new text.")
        assert paths(catalog) == ["a"]
        assert found(catalog, "old") == ["a"]
        writer.publish(added=1, updated=0, deleted=1)
        assert paths(catalog) == ["a"]
    assert paths(catalog) == ["b"]
    assert found(catalog, "old") == []


def test_open_snapshot_stays_the_same_whatever_is_published(catalog: Catalog) -> None:
    publish(catalog, a="The old text.")
    with catalog.read() as snapshot:  # nothing was asked of it yet
        publish(catalog, a="The new text.", b="More.")
        assert snapshot.document("a").text == "The old text."
        assert snapshot.counts() == (1, 1)
        with catalog.read() as inner:
            assert inner.counts() == (1, 1)
        with ThreadPoolExecutor(1) as other:
            assert other.submit(paths, catalog).result() == ["a", "b"]
    assert paths(catalog) == ["a", "b"]


def test_threads_read_whole_states_while_one_writes(catalog: Catalog) -> None:
    publish(catalog, a="0", b="0", c="0")
    stop = threading.Event()

    def look() -> int:
        looked = 0
        while not stop.is_set():
            with catalog.read() as snapshot:
                texts = {snapshot.document(path).text for path in "abc"}
            assert len(texts) == 1
            looked += 1
        return looked

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(look) for _ in range(4)]
        try:
            for n in range(1, 40):
                publish(catalog, **dict.fromkeys("abc", str(n)))
        finally:
            stop.set()
        assert sum(reader.result() for reader in readers) > 40


def test_error_in_a_write_leaves_nothing_of_it(catalog: Catalog) -> None:
    publish(catalog, a="The old text.")
    with catalog.read() as snapshot:
        before = snapshot.version()

    def broken_off() -> None:
        with catalog.write() as writer:
            writer.remove("a")
            add(writer, "b", "The new text.")
            writer.publish(added=1, updated=0, deleted=1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    with catalog.read() as snapshot:
        assert snapshot.version() == before
    assert found(catalog, "old text") == ["a"]
    assert found(catalog, "new") == []
    publish(catalog, c="Writing goes on.")
    assert paths(catalog) == ["a", "c"]


def test_words_are_found_in_every_form_in_english_and_russian(catalog: Catalog) -> None:
    publish(
        catalog,
        en="The delegations were negotiating agreements.",
        ru="Страны подписали соглашения о ещё одной встрече и полёте. Её назначили на май.",
    )
    for question in ("delegation", "NEGOTIATED", "agreement", "the delegation's"):
        assert found(catalog, question) == ["en"], question
    for question in ("соглашение", "страна", "встречу", "еще", "ЕЩЁ", "полете", "полёт"):
        assert found(catalog, question) == ["ru"], question
    assert found(catalog, "banana") == []


def test_yo_and_ye_are_one_letter() -> None:
    assert stem("Ёлка") == stem("елка")
    assert stem("её") == stem("ее")


def test_removed_document_leaves_no_row(catalog: Catalog) -> None:
    publish(catalog, a="The first text.", b="The second text.")
    with catalog.write() as writer:
        writer.remove("a")
    assert found(catalog, "first") == []
    with catalog.read() as snapshot:
        assert snapshot.kept_vectors() == {"v-b"}
        assert snapshot.document_frequency(["first", "second"]) == {"first": 0, "second": 1}
        with pytest.raises(DocumentError, match="no document 'a'"):
            snapshot.document("a")


def test_name_that_is_no_text_names_no_document(catalog: Catalog) -> None:
    with catalog.read() as snapshot, pytest.raises(DocumentError, match="no document"):
        snapshot.document("\udcff")


def test_version_names_tell_states_apart_and_count_up(catalog: Catalog) -> None:
    names = []
    for text in ("one", "two", "one"):
        publish(catalog, a=text)
        with catalog.read() as snapshot:
            version = snapshot.version()
            assert version is not None
            names.append(version.name)
    number, digest = zip(*(name.split("-") for name in names), strict=True)
    assert number == ("0001", "0002", "0003")
    assert digest[0] == digest[2] != digest[1]


def test_missing_catalog_is_an_error_with_the_remedy_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="run `assistant index`"):
        Catalog(tmp_path / "index" / "catalog.sqlite3")
    assert not (tmp_path / "index").exists()


def test_catalog_of_another_release_is_refused(catalog: Catalog) -> None:
    with catalog.write() as writer:
        writer.set_meta({"schema": "999"})
    with pytest.raises(IndexingError, match=r"another release.*index again"):
        Catalog(catalog.file)


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite3").write_bytes(b"not a database" * 1000)
    with pytest.raises(IndexingError, match=r"catalog\.sqlite3 can't be used.*index again"):
        Catalog(tmp_path / "catalog.sqlite3")


def test_full_disk_is_told_with_the_remedy(catalog: Catalog) -> None:
    publish(catalog, a="The old text.")

    def too_large() -> None:
        with catalog.write() as writer:
            writer._db.execute("PRAGMA max_page_count = 1")  # the nearest to a full disk that every machine has
            add(writer, "b", "The new text. " * 10_000)

    with pytest.raises(IndexingError, match="free some disk space"):
        too_large()
    assert paths(catalog) == ["a"]


def test_second_writer_waits_for_the_first_and_then_gives_up(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    def impatient(file: Path) -> sqlite3.Connection:
        return sqlite3.connect(file, isolation_level=None, timeout=0.1)

    with catalog.write():
        monkeypatch.setattr("assistant.store.catalog.connect", impatient)
        with pytest.raises(IndexingError, match="another process is writing"), catalog.write():
            pass
