"""The limited catalog: every table of the catalog is shadowed, and what it gives follows what is published."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import pytest

from assistant.errors import DocumentError
from assistant.store.catalog import Catalog
from assistant.types import Block, BlockKind, Chunk, Document, Sentence

TEXT = "The heron stands in the reeds."


def _add(catalog: Catalog, path: str, text: str, access: Sequence[str] = (), *, copy: bool = False) -> None:
    document = Document(
        id=f"id-{path}",
        path=path,
        title=path,
        text=text,
        sha256=path,
        blocks=(Block(0, len(text), BlockKind.PARAGRAPH),),
        access=tuple(access),
    )
    with catalog.write() as writer:
        writer.remove(path)
        if copy:
            writer.add_copy(document, size=1, mtime_ns=1)
        else:
            chunk = Chunk(0, len(text), (), 0, (text,))
            sentence = Sentence(0, len(text), BlockKind.PARAGRAPH)
            writer.add(document, [sentence], [(chunk, [f"v-{text}"])], size=1, mtime_ns=1)
        writer.publish(added=1, updated=0, deleted=0)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """An open document, one of the board and one of the board and the lawyers; the last has a copy."""
    made = Catalog(tmp_path / "catalog.sqlite3", create=True)
    _add(made, "open.md", TEXT)
    _add(made, "board.md", "The heron is sold.", ["board"])
    _add(made, "legal.md", "The sale of the heron is void.", ["board", "legal"])
    _add(made, "legal2.md", "The sale of the heron is void.", ["board", "legal"], copy=True)
    with made.write() as writer:
        writer.skip("secret.bin", "can't be read", size=1, mtime_ns=1)
    yield made
    made.close()


def _paths(catalog: Catalog, *labels: str) -> list[str]:
    with catalog.limited(frozenset(labels)).read() as snapshot:
        return [document.path for document in snapshot.documents()]


def test_who_has_one_of_the_labels_sees_a_document_and_others_see_what_has_none(catalog: Catalog) -> None:
    assert _paths(catalog) == ["open.md"]
    assert _paths(catalog, "board") == ["board.md", "legal.md", "legal2.md", "open.md"]
    assert _paths(catalog, "legal", "other") == ["legal.md", "legal2.md", "open.md"]
    assert _paths(catalog, "boar") == ["open.md"]


def test_every_table_of_the_catalog_is_shadowed(catalog: Catalog) -> None:
    schema = files("assistant.store").joinpath("schema.sql").read_text("utf-8")
    tables = set(re.findall(r"CREATE (?:VIRTUAL )?TABLE (\w+)", schema))
    with catalog.limited(frozenset()).read() as snapshot:
        shadowed = {row[0] for row in snapshot.connection.execute("SELECT name FROM sqlite_temp_master")}
        rows = {
            table: repr(snapshot.connection.execute(f"SELECT * FROM {table}").fetchall())
            for table in sorted(tables - {"keywords"})
        }
    assert tables
    assert tables <= shadowed, "a new table has to be limited in store/limited.py"
    for table, held in rows.items():
        assert not re.search(r"board|legal|secret|sold|void|sale", held), table


def test_counts_words_and_spans_are_those_of_what_is_seen(catalog: Catalog) -> None:
    with catalog.limited(frozenset()).read() as snapshot:
        assert snapshot.counts() == (1, 1)
        assert snapshot.document_frequency(["heron", "sold"]) == {"heron": 1, "sold": 0}
        assert snapshot.keyword_scores('"void" OR "sold"', 10, (1, 1, 1)) == []
        assert [n for n, _ in snapshot.keyword_scores('"heron"', 10, (1, 1, 1))] == [1]
        assert snapshot.chunks_of_vectors(["v-The heron is sold.", f"v-{TEXT}"]) == {f"v-{TEXT}": [1]}
        assert snapshot.span("id-board.md", 0, 5) is None
        assert snapshot.chunks([1, 2, 3]).keys() == {1}
        assert snapshot.skipped() == ()
        assert len(snapshot.versions()) == 1
        assert snapshot.kept_vectors() == {f"v-{TEXT}"}
    with catalog.read() as snapshot:
        assert snapshot.counts() == (4, 3)


def test_scores_are_those_of_a_catalog_without_the_others(catalog: Catalog, tmp_path: Path) -> None:
    alone = Catalog(tmp_path / "alone" / "catalog.sqlite3", create=True)
    _add(alone, "open.md", TEXT)
    scores = []
    for reader in (alone, catalog.limited(frozenset())):
        with reader.read() as snapshot:
            scores.append(snapshot.keyword_scores('"heron" OR "reed"', 10, (1, 1, 1)))
    alone.close()
    assert scores[0] == scores[1] != []


def test_words_are_kept_as_in_the_whole_catalog(catalog: Catalog) -> None:
    with catalog.limited(frozenset()).read() as snapshot:
        query = "SELECT sql FROM {} WHERE name = 'keywords'"
        made = snapshot.connection.execute(query.format("sqlite_temp_master")).fetchone()[0]
        whole = snapshot.connection.execute(query.format("main.sqlite_master")).fetchone()[0]
    assert made.replace("temp.", "").replace("content = '', ", "").split("(")[1] == whole.split("(")[1]


def test_a_hidden_document_and_an_unknown_one_are_refused_in_the_same_words(catalog: Catalog) -> None:
    said = []
    for path in ("board.md", "nosuch.md"):
        with (
            catalog.limited(frozenset()).read() as snapshot,
            pytest.raises(DocumentError) as caught,
        ):
            snapshot.document(path)
        said.append(str(caught.value).replace(path, "…"))
    assert said[0] == said[1]


def test_the_version_changes_with_what_is_seen_and_only_with_that(catalog: Catalog) -> None:
    limited = catalog.limited(frozenset())

    def version() -> object:
        with limited.read() as snapshot:
            return snapshot.version(), [(r.path, r.since) for r in snapshot.files().values()]

    before = version()
    _add(catalog, "board3.md", "The heron was never bought.", ["board"])
    with catalog.write() as writer:
        writer.remove("board.md")
        writer.publish(added=0, updated=0, deleted=1)
    assert version() == before
    _add(catalog, "open2.md", "The stork is white.")
    assert version() != before
    assert _paths(catalog) == ["open.md", "open2.md"]
    with limited.read() as snapshot:
        assert {record.since for record in snapshot.files().values()} == {1}, "tells how many versions there were"


def test_a_label_that_is_given_or_taken_is_followed(catalog: Catalog) -> None:
    limited = catalog.limited(frozenset())
    assert _paths(catalog) == ["open.md"]
    _add(catalog, "open.md", TEXT, ["legal"])
    _add(catalog, "board.md", "The heron is sold.")
    with limited.read() as snapshot:
        assert [document.path for document in snapshot.documents()] == ["board.md"]
        assert snapshot.document_frequency(["reed", "sold"]) == {"reed": 0, "sold": 1}


def test_a_reader_goes_on_with_its_state_while_another_is_published(catalog: Catalog) -> None:
    limited = catalog.limited(frozenset(["board"]))
    with limited.read() as snapshot:
        writing = threading.Thread(target=_add, args=(catalog, "open2.md", "The stork is white."))
        writing.start()
        writing.join()
        assert snapshot.counts() == (4, 3)
        with limited.read() as inner:
            assert inner.counts() == (4, 3)
    with limited.read() as snapshot:
        assert snapshot.counts() == (5, 4)


def test_nothing_can_be_written_through_it(catalog: Catalog) -> None:
    with catalog.limited(frozenset()).read() as snapshot:
        for statement in (
            "DELETE FROM main.documents",
            "DELETE FROM temp.visible",
            "INSERT INTO temp.visible VALUES (2)",
        ):
            with pytest.raises(sqlite3.OperationalError):
                snapshot.connection.execute(statement)


def test_many_readers_of_different_labels_at_once_see_their_own(catalog: Catalog) -> None:
    expected = {(): 1, ("board",): 4, ("legal",): 3, ("board", "legal"): 4}
    wrong: list[object] = []

    def read(labels: tuple[str, ...]) -> None:
        for _ in range(15):
            with catalog.limited(frozenset(labels)).read() as snapshot:
                seen = snapshot.counts()[0], len(snapshot.documents())
            if seen != (expected[labels],) * 2:
                wrong.append((labels, seen))

    threads = [threading.Thread(target=read, args=(labels,)) for labels in expected for _ in range(4)]
    _in_turn(threads, threading.Thread.start)
    for number in range(5):
        _add(catalog, "nobody.md", f"Number {number} is for nobody here.", ["nobody"])
    _in_turn(threads, threading.Thread.join)
    assert wrong == []


def test_erasing_leaves_nothing_though_limited_readers_are_open(catalog: Catalog) -> None:
    limited = catalog.limited(frozenset(["board"]))
    with limited.read() as snapshot:
        assert snapshot.document("board.md").text
    with catalog.write() as writer:
        writer.remove("board.md")
        writer.publish(added=0, updated=0, deleted=1)
    catalog.erase()
    assert not limited._idle
    held = b"".join(file.read_bytes() for file in catalog.file.parent.glob(f"{catalog.file.name}*"))
    assert b"heron is sold" not in held
    with limited.read() as snapshot:
        assert [document.path for document in snapshot.documents()] == ["legal.md", "legal2.md", "open.md"]


def _in_turn(threads: Sequence[threading.Thread], do: Callable[[threading.Thread], None]) -> None:
    for thread in threads:
        do(thread)
