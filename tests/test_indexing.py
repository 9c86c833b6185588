"""Indexing: the index follows the corpus, whatever happens to files, processes, models and servers."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Settings, indexing, publishing
from assistant.embedding import Embedder, model_fingerprint
from assistant.embedding.models import model_folder
from assistant.errors import CorpusError, EmbedderError, IndexingError, IndexMissingError
from assistant.indexing import CATALOG, VECTORS, Index, check, open_index, sync
from assistant.ingest import worker
from assistant.ingest.loaders import Limits
from assistant.store.vectors import VectorStore
from assistant.types import Progress

LIGHTHOUSE = "# The lighthouse\n\nThe lighthouse of Marsh Point was built in 1873 by Ada Thornton.\n"
FERRY = "# The ferry\n\nThe ferry to Elmsford sank in the storm of October 1902.\n"
MAYAK = "# Маяк\n\nМаяк на мысе Топком построили в 1873 году.\n"
SHARED = "The harbour master keeps the keys of the boathouse in a red tin.\n"
# The user password is not the empty one that readers try by themselves.
ENCRYPTED_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\n"
    b"4 0 obj<</Filter/Standard/V 1/R 2/P -4/O<" + b"11" * 32 + b">/U<" + b"22" * 32 + b">>>endobj\n"
    b"trailer<</Root 1 0 R/Encrypt 4 0 R/ID[<01><01>]>>\n%%EOF\n"
)


@dataclass(frozen=True)
class Place:
    """A corpus and its index."""

    corpus: Path
    index: Path

    @property
    def settings(self) -> Settings:
        return Settings(corpus_dir=self.corpus, index_dir=self.index)

    def write(self, name: str, text: str) -> Path:
        file = self.corpus / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    def found(self, question: str) -> list[str]:
        """Paths of the documents that a search offers."""
        with Assistant(self.settings) as assistant:
            return [passage.path for passage in assistant.search(question, top_k=10)]


@pytest.fixture
def place(new_index: Callable[[Path], Path], tmp_path: Path) -> Place:
    """A small corpus that is not indexed yet."""
    place = Place(tmp_path / "corpus", new_index(tmp_path / "index"))
    for name, text in {"lighthouse.md": LIGHTHOUSE, "sub/ferry.md": FERRY, "mayak.md": MAYAK}.items():
        place.write(name, text)
    return place


@pytest.fixture
def indexed(place: Place) -> Place:
    """A small corpus and its index."""
    sync(place.settings)
    return place


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are embedded from here on."""
    texts: list[str] = []
    embed = Embedder.embed

    def counted(self: Embedder, batch: Sequence[str]) -> Any:
        texts.extend(batch)
        return embed(self, batch)

    monkeypatch.setattr(Embedder, "embed", counted)
    return texts


def rows(place: Place, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(place.index / CATALOG)) as db:
        return db.execute(query).fetchall()


def content(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """All that the catalog says, without what only counts (row numbers, versions, time stamps)."""
    ordered = "JOIN documents d ON d.number = c.document ORDER BY d.path, c.ordinal"
    return {
        "documents": rows(
            place, "SELECT document_id, path, title, date, url, language, sha256, text FROM documents ORDER BY path"
        ),
        "sentences": rows(
            place,
            "SELECT path, start, end, kind, section FROM sentences JOIN documents ON number = document ORDER BY 1, 2",
        ),
        "chunks": rows(place, f"SELECT d.path, ordinal, start, end, section, headings FROM chunks c {ordered}"),
        "vectors": rows(
            place,
            "SELECT d.path, ordinal, vector_id FROM chunks c JOIN vectors v ON v.chunk = c.number"
            " JOIN documents d ON d.number = c.document ORDER BY 1, 2, 3",
        ),
        "keywords": rows(
            place,
            "SELECT d.path, ordinal, k.title, k.headings, k.text FROM chunks c"
            f" LEFT JOIN keywords k ON k.rowid = c.number {ordered}",
        ),
        "keyword rows": rows(place, "SELECT count(*) FROM keywords"),
        "copies": rows(place, "SELECT document_id, path, title, date, url, language, sha256 FROM copies ORDER BY path"),
        "skipped": rows(place, "SELECT path, reason FROM skipped ORDER BY path"),
        "embedder": rows(place, "SELECT value FROM meta WHERE key = 'embedder'"),
    }


def version(place: Place) -> tuple[Any, ...]:
    return rows(place, "SELECT name FROM versions ORDER BY number DESC LIMIT 1")[0]


def held(place: Place) -> list[str]:
    """Ids of all vectors in Chroma."""
    store = VectorStore(place.index / VECTORS, "", model_fingerprint("bundled"))
    return sorted(store._all_ids())


def live(place: Place) -> list[str]:
    return [row[0] for row in rows(place, "SELECT DISTINCT vector_id FROM vectors ORDER BY 1")]


def kept(place: Place) -> list[str]:
    """Ids of the vectors that the versions need which are kept."""
    both = "SELECT vector_id FROM vectors UNION SELECT vector_id FROM archived_vectors ORDER BY 1"
    return [row[0] for row in rows(place, both)]


def everything_under(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(f): (f.stat().st_size, f.stat().st_mtime_ns) for f in folder.rglob("*") if f.is_file()}


# What changed


def test_first_run_makes_every_document_findable(place: Place) -> None:
    report = sync(place.settings)
    assert (report.added, report.updated, report.deleted, report.unchanged) == (3, 0, 0, 0)
    assert (report.documents, report.skipped) == (3, ())
    assert report.chunks == rows(place, "SELECT count(*) FROM chunks")[0][0] >= 3
    assert report.version == version(place)[0]
    assert held(place) == live(place)
    assert place.found("Who built the lighthouse?")[0] == "lighthouse.md"
    assert place.found("Когда построили маяк?")[0] == "mayak.md"


def test_run_without_a_change_writes_nothing(indexed: Place) -> None:
    sync(indexed.settings)
    before = everything_under(indexed.index / VECTORS), (indexed.index / CATALOG).read_bytes()
    stages: set[str] = set()
    report = sync(indexed.settings, progress=lambda p: stages.add(p.stage))
    assert (report.added, report.updated, report.deleted, report.unchanged) == (0, 0, 0, 3)
    assert stages == {"reading"}
    assert (everything_under(indexed.index / VECTORS), (indexed.index / CATALOG).read_bytes()) == before


def test_change_deletion_and_addition_are_followed(indexed: Place) -> None:
    first = version(indexed)
    indexed.write("lighthouse.md", LIGHTHOUSE.replace("Ada Thornton", "Otto Brandt"))
    indexed.write("pier.txt", "The pier was painted green in 1950.")
    (indexed.corpus / "sub" / "ferry.md").unlink()
    report = sync(indexed.settings)
    assert (report.added, report.updated, report.deleted, report.unchanged) == (1, 1, 1, 1)
    assert version(indexed) != first
    assert held(indexed) == kept(indexed)
    with Assistant(indexed.settings) as assistant:
        assert "Otto Brandt" in assistant.search("Who built the lighthouse?")[0].text
        assert "Ada Thornton" not in json.dumps([p.to_dict() for p in assistant.search("Ada Thornton", top_k=10)])
    assert indexed.found("What was painted green?")[0] == "pier.txt"


def test_deleted_document_is_never_found_again(indexed: Place) -> None:
    with Assistant(indexed.settings) as reader:
        assert any(p.path == "sub/ferry.md" for p in reader.search("Which ferry sank in the storm?"))
        (indexed.corpus / "sub" / "ferry.md").unlink()
        sync(indexed.settings)
        for question in ("Which ferry sank in the storm?", "ferry", "sub/ferry.md", FERRY):
            assert not any(p.path == "sub/ferry.md" for p in reader.search(question, top_k=50))
        assert [d.path for d in reader.documents()] == ["lighthouse.md", "mayak.md"]
    assert b"The ferry to Elmsford" not in rows(indexed, "SELECT group_concat(text) FROM documents")[0][0].encode()


def test_renamed_document_moves(indexed: Place) -> None:
    (indexed.corpus / "lighthouse.md").rename(indexed.corpus / "tower.md")
    report = sync(indexed.settings)
    assert (report.added, report.deleted, report.moved) == (1, 1, 1)
    assert indexed.found("Who built the lighthouse?")[0] == "tower.md"


def test_file_that_moved_keeps_its_vectors(indexed: Place, embedded: list[str]) -> None:
    (indexed.corpus / "old").mkdir()
    for name in ("lighthouse.md", "sub/ferry.md"):
        (indexed.corpus / name).rename(indexed.corpus / "old" / Path(name).name)
    report = sync(indexed.settings)
    assert (report.added, report.deleted, report.moved, report.unchanged) == (2, 2, 2, 1)
    assert embedded == []
    assert held(indexed) == live(indexed)


def test_only_the_chunks_that_are_new_are_embedded(place: Place, embedded: list[str]) -> None:
    place.write("barge.md", big_text("barge", range(4)))
    sync(place.settings)
    embedded.clear()
    place.write("barge.md", big_text("barge", range(5)))
    sync(place.settings)
    assert embedded
    assert all("Part 4" in text for text in embedded)


def test_edit_is_seen_though_size_and_time_stamp_are_the_old_ones(indexed: Place) -> None:
    file = indexed.corpus / "lighthouse.md"
    before = file.stat()
    indexed.write("lighthouse.md", LIGHTHOUSE.replace("1873", "1874"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert sync(indexed.settings).updated == 1


def test_new_time_stamp_alone_publishes_nothing_and_is_remembered(indexed: Place) -> None:
    first, stamp = version(indexed), rows(indexed, "SELECT mtime_ns FROM documents WHERE path = 'lighthouse.md'")
    os.utime(indexed.corpus / "lighthouse.md")
    report = sync(indexed.settings)
    assert (report.changed, report.unchanged, version(indexed)) == (False, 3, first)
    assert rows(indexed, "SELECT mtime_ns FROM documents WHERE path = 'lighthouse.md'") > stamp


def test_same_text_in_two_files_is_embedded_once_and_cited_from_the_first_in_the_alphabet(place: Place) -> None:
    text = f"---\ntitle: The boathouse\n---\n{SHARED}"
    for name in ("two.md", "one.md", "three.md"):
        place.write(name, text)
    report = sync(place.settings)
    assert (report.added, report.documents) == (6, 6)
    question = "Where are the keys of the boathouse?"
    with Assistant(place.settings) as assistant:
        passages = [p for p in assistant.search(question, top_k=10) if "boathouse" in p.text]
        assert [p.path for p in passages] == ["one.md"]
        assert assistant.document("one.md").copies == ("three.md", "two.md")
        copy = assistant.document("two.md")
        assert (copy.path, copy.text, copy.copies) == (
            "two.md",
            assistant.document("one.md").text,
            ("one.md", "three.md"),
        )
        assert assistant.document(copy.id) == copy
        assert {"one.md", "two.md", "three.md"} <= {d.path for d in assistant.documents()}


def test_next_copy_stands_in_when_the_first_goes_and_nothing_is_embedded_for_it(
    place: Place, embedded: list[str]
) -> None:
    text = f"---\ntitle: The boathouse\n---\n{SHARED}"
    place.write("one.md", text)
    place.write("two.md", text)
    sync(place.settings)
    embedded.clear()
    (place.corpus / "one.md").unlink()
    report = sync(place.settings)
    assert (report.added, report.updated, report.deleted, report.documents) == (0, 0, 1, 4)
    found = place.found("Where are the keys of the boathouse?")
    assert found[0] == "two.md"
    assert "one.md" not in found
    place.write("a.md", text)
    sync(place.settings)
    found = place.found("Where are the keys of the boathouse?")
    assert found[0] == "a.md"
    assert "two.md" not in found
    assert embedded == []


def test_check_reports_and_changes_nothing(place: Place) -> None:
    assert check(place.settings).added == 3
    assert not (place.index / CATALOG).exists()
    sync(place.settings)
    assert not check(place.settings).changed
    place.write("pier.txt", "The pier was painted green.")
    place.write("lighthouse.md", LIGHTHOUSE + "It was painted white.\n")
    (place.corpus / "mayak.md").unlink()
    place.write("empty.md", "")
    before, stored = content(place), held(place)
    report = check(place.settings)
    assert (report.added, report.updated, report.deleted, report.unchanged) == (1, 1, 1, 1)
    assert [s.path for s in report.skipped] == ["empty.md"]
    assert (content(place), held(place), report.version) == (before, stored, version(place)[0])
    done = sync(place.settings)
    assert (done.added, done.updated, done.deleted, done.unchanged) == (1, 1, 1, 1)


def test_missing_corpus_leaves_the_index_as_it_is(indexed: Place) -> None:
    before = content(indexed)
    indexed.corpus.rename(indexed.corpus.with_name("moved"))
    with pytest.raises(CorpusError, match="does not exist"):
        sync(indexed.settings)
    assert content(indexed) == before


def test_nothing_published_is_told_with_the_remedy(place: Place) -> None:
    with pytest.raises(IndexMissingError, match="run `assistant index`"):
        open_index(place.settings)


# Files that make trouble


def test_files_that_can_not_be_read_are_skipped_with_reasons_and_the_rest_goes_on(place: Place) -> None:
    place.write("empty.md", " \n")
    (place.corpus / "locked.pdf").write_bytes(ENCRYPTED_PDF)
    (place.corpus / "noise.txt").write_bytes(bytes(range(256)) * 20)
    (place.corpus / "broken.pdf").write_bytes(b"%PDF-1.4\nno more\n")
    (place.corpus / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (place.corpus / "nowhere.md").symlink_to(place.corpus / "gone.md")
    report = sync(place.settings)
    reasons = {s.path: s.reason for s in report.skipped}
    assert list(reasons) == ["broken.pdf", "empty.md", "locked.pdf", "noise.txt", "nowhere.md", "picture.png"]
    assert all(path in reason for path, reason in reasons.items())
    assert "encrypted" in reasons["locked.pdf"]
    assert report.documents == 3
    again = sync(place.settings)
    assert (again.skipped, again.changed, again.version) == (report.skipped, False, report.version)


def test_document_that_becomes_unreadable_is_deleted_and_reported_and_comes_back_when_mended(indexed: Place) -> None:
    (indexed.corpus / "lighthouse.md").write_bytes(b"---\ntitle: [unclosed\n---\n" + LIGHTHOUSE.encode())
    report = sync(indexed.settings)
    assert (report.deleted, report.documents) == (1, 2)
    assert report.skipped[0].path == "lighthouse.md"
    assert "lighthouse.md" not in indexed.found("Who built the lighthouse?")
    indexed.write("lighthouse.md", LIGHTHOUSE)
    report = sync(indexed.settings)
    assert (report.added, report.skipped) == (1, ())
    assert indexed.found("Who built the lighthouse?")[0] == "lighthouse.md"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_forbidden_document_is_deleted_and_comes_back_when_allowed(indexed: Place) -> None:
    file = indexed.corpus / "lighthouse.md"
    file.chmod(0)
    report = sync(indexed.settings)
    assert (report.deleted, [s.path for s in report.skipped]) == (1, ["lighthouse.md"])
    file.chmod(0o644)
    assert sync(indexed.settings).added == 1


def test_file_that_only_can_not_be_read_publishes_nothing_when_it_comes_and_goes(indexed: Place) -> None:
    first = version(indexed)
    indexed.write("empty.md", "")
    assert [s.path for s in sync(indexed.settings).skipped] == ["empty.md"]
    (indexed.corpus / "empty.md").unlink()
    assert sync(indexed.settings).skipped == ()
    assert rows(indexed, "SELECT * FROM skipped") == []
    assert version(indexed) == first


def test_file_that_vanishes_while_the_run_reads_is_gone_and_not_skipped(indexed: Place) -> None:
    indexed.write("lighthouse.md", LIGHTHOUSE + "It was painted white.\n")
    indexed.write("brief.md", "A file that does not stay.")

    def remove(progress: Progress) -> None:
        if progress == Progress("reading", 0, 4):
            (indexed.corpus / "brief.md").unlink()
            (indexed.corpus / "lighthouse.md").unlink()

    report = sync(indexed.settings, progress=remove)
    assert (report.added, report.updated, report.deleted, report.skipped) == (0, 0, 1, ())
    assert "lighthouse.md" not in indexed.found("Who built the lighthouse?")
    assert not sync(indexed.settings).changed


def test_file_that_changes_while_the_run_works_is_read_again_by_the_next(place: Place) -> None:
    def change(progress: Progress) -> None:
        if progress.stage == "loading":
            place.write("lighthouse.md", LIGHTHOUSE.replace("1873", "1874"))

    sync(place.settings, progress=change)
    assert sync(place.settings).updated == 1


def test_file_that_breaks_its_reader_does_not_stop_the_others(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    load = worker.load_document

    def breaks(path: Path, relative_path: str, limits: Limits) -> Any:
        if relative_path == "mayak.md":
            raise RecursionError("too deep")
        return load(path, relative_path, limits)

    monkeypatch.setattr(worker, "load_document", breaks)
    report = sync(place.settings)
    assert report.documents == 2
    assert "mayak.md can't be read (RecursionError: too deep)" in report.skipped[0].reason


def test_what_was_too_large_is_read_once_the_limit_is_raised(place: Place) -> None:
    place.write("long.txt", "The breakwater is long. " * 50_000)
    strict = place.settings.model_copy(update={"max_file_mb": 1})
    assert "ASSISTANT_MAX_FILE_MB" in sync(strict).skipped[0].reason
    assert check(strict).added == 0
    assert sync(place.settings).added == 1
    assert not check(place.settings).changed


def test_names_that_differ_only_in_unicode_form_do_not_stop_the_run(place: Place) -> None:
    place.write("caf\u00e9.md", "# One\n\nThe café opens at nine.\n")
    place.write("cafe\u0301.md", "# Two\n\nThe other café opens at ten.\n")
    report = sync(place.settings)
    assert (report.documents, len(report.skipped)) == (4, 1)
    assert "Unicode form" in report.skipped[0].reason
    assert not check(place.settings).changed


def test_lone_surrogates_in_front_matter_and_question_do_no_harm(place: Place) -> None:
    front = (
        '---\ntitle: "The \\ud800pier"\nurl: "http://x/\\ud800"\ntags: ["\\udfff"]\nsources:\n  - title: "A\\ud800"\n'
    )
    place.write("pier.md", front + '    publisher: "\\udfff"\n---\nThe pier was painted green.\n')
    report = sync(place.settings)
    assert report.skipped == ()
    assert place.found("What was \ud800painted green?")[0] == "pier.md"


# Crashes

RUN = """
import os, sys
from assistant import Settings, building, indexing
building._EMBED_AT_ONCE = 3
corpus, index, stage, done = sys.argv[1:]
def tell(progress):
    if progress.stage == stage and progress.done >= int(done):
        os._exit(9)
print("begun", flush=True)
indexing.sync(Settings(corpus_dir=corpus, index_dir=index), progress=tell)
"""


def big_text(name: str, parts: Iterable[int]) -> str:
    sections = [f"## Part {n}\n\n" + f"The {name} of year {1800 + n} carried {n} barrels of oil. " * 12 for n in parts]
    return f"# The {name}\n\n" + "\n\n".join(sections) + "\n"


@pytest.fixture(scope="module")
def changed(new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An indexed corpus that has changed much since; not to be changed further, only copied."""
    root = tmp_path_factory.mktemp("crash")
    place = Place(root / "corpus", new_index(root / "index"))
    for name in ("barge", "cutter", "dinghy"):
        place.write(f"{name}.md", big_text(name, range(4)))
    sync(place.settings)
    place.write("barge.md", big_text("barge", range(2, 9)))
    place.write("ketch.md", big_text("ketch", range(6)))
    (place.corpus / "dinghy.md").unlink()
    return place


@pytest.fixture(scope="module")
def fresh(changed: Place, new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same corpus, indexed at one go."""
    place = Place(changed.corpus, new_index(tmp_path_factory.mktemp("fresh") / "index"))
    sync(place.settings)
    return place


def start(corpus: Path, index: Path, stage: str = "", done: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(corpus), str(index), stage, str(done)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def assert_whole_and_finished_by_the_next_run(place: Place, before: dict[str, Any], fresh: Place) -> None:
    """The published version is the old one or the new one, whole, and the next run leads to the new one."""
    assert content(place) in (before, content(fresh))
    with Assistant(place.settings) as assistant:
        assert set(kept(place)) <= set(held(place))
        assert assistant.search("How many barrels of oil did the cutter carry?")[0].path == "cutter.md"
    sync(place.settings)
    assert content(place) == content(fresh)
    assert live(place) == live(fresh)
    assert held(place) == kept(place)
    assert place.found("How many barrels did the ketch carry?")[0] == "ketch.md"


@pytest.mark.parametrize(
    ("stage", "done"),
    [("reading", 1), ("loading", 0), ("embedding", 0), ("embedding", 4), ("writing", 0), ("writing", 2)],
)
def test_run_that_dies_at_any_stage_leaves_the_old_version_and_the_next_run_finishes(
    changed: Place, fresh: Place, tmp_path: Path, stage: str, done: int
) -> None:
    place = Place(changed.corpus, Path(shutil.copytree(changed.index, tmp_path / "index")))
    before = content(place)
    died = start(place.corpus, place.index, stage, done)
    _, err = died.communicate(timeout=60)
    assert died.returncode == 9, err
    assert content(place) == before
    assert_whole_and_finished_by_the_next_run(place, before, fresh)


@pytest.mark.parametrize("seed", range(3))
def test_run_that_is_killed_at_a_random_moment_leaves_a_whole_version_and_the_next_run_finishes(
    changed: Place, fresh: Place, tmp_path: Path, seed: int
) -> None:
    place = Place(changed.corpus, Path(shutil.copytree(changed.index, tmp_path / "index")))
    before = content(place)
    running = start(place.corpus, place.index)
    assert running.stdout is not None
    running.stdout.readline()
    time.sleep(random.uniform(0.2, 2.5))
    running.kill()
    running.communicate(timeout=60)
    assert_whole_and_finished_by_the_next_run(place, before, fresh)


def test_second_run_at_the_same_time_is_refused_and_spoils_nothing(indexed: Place) -> None:
    indexed.write("pier.txt", "The pier was painted green.")

    def second(progress: Progress) -> None:
        if progress.stage == "loading":
            with pytest.raises(IndexingError, match="written by another process"):
                sync(indexed.settings)

    assert sync(indexed.settings, progress=second).added == 1


def test_error_while_embedding_leaves_the_old_version(indexed: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(indexed)
    indexed.write("pier.txt", "The pier was painted green.")

    def fails(*_: object) -> None:
        raise IndexingError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(VectorStore, "add", fails)
        with pytest.raises(IndexingError, match="disk is full"):
            sync(indexed.settings)
    assert content(indexed) == before
    assert sync(indexed.settings).added == 1


# Another embedder, another pipeline, another place for the vectors


@pytest.fixture
def other_model(tmp_path: Path) -> Path:
    """A second embedding model: the bundled one that reads less of each text."""
    folder = Path(shutil.copytree(model_folder("bundled"), tmp_path / "other-model"))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 48, "do_lower_case": false}', "utf-8")
    return folder


def test_index_of_another_embedder_is_refused_until_it_is_embedded_anew(indexed: Place, other_model: Path) -> None:
    other = Settings(corpus_dir=indexed.corpus, index_dir=indexed.index, embedding_model=str(other_model))
    with pytest.raises(EmbedderError) as refused:
        open_index(other)
    for name in ("'bundled'", str(other_model), "assistant index"):
        assert name in str(refused.value)
    assert check(other).updated == 3
    versions = rows(indexed, "SELECT count(*) FROM versions")[0][0]
    report = sync(other)
    assert (report.added, report.updated, report.deleted, report.unchanged) == (0, 3, 0, 0)
    assert rows(indexed, "SELECT count(*) FROM versions")[0][0] == versions + 1
    with Assistant(other) as assistant:
        assert assistant.search("Who built the lighthouse?")[0].path == "lighthouse.md"
    assert held(indexed) == []  # of the first embedder nothing is left behind
    with pytest.raises(EmbedderError, match=r"other-model.*'bundled'"):
        open_index(indexed.settings)
    assert sync(indexed.settings).updated == 3
    assert held(indexed) == live(indexed)


def test_open_reader_is_told_when_another_embedder_takes_over(indexed: Place, other_model: Path) -> None:
    with Assistant(indexed.settings) as reader:
        assert reader.search("Who built the lighthouse?")
        sync(Settings(corpus_dir=indexed.corpus, index_dir=indexed.index, embedding_model=str(other_model)))
        with pytest.raises(EmbedderError, match="other-model"):
            reader.search("Who built the lighthouse?")


def test_reader_goes_on_with_the_old_embedder_until_the_new_index_is_published(
    indexed: Place, other_model: Path
) -> None:
    other = Settings(corpus_dir=indexed.corpus, index_dir=indexed.index, embedding_model=str(other_model))
    seen = []

    def look(staged: Index) -> None:
        assert staged.embedder.card.fingerprint == model_fingerprint(str(other_model))
        for assistant in (reader, Assistant.over(staged, other)):
            answer = assistant.ask("Who built the lighthouse of Marsh Point?")
            assert answer.citations[0].path == "lighthouse.md"
            seen.append(answer.index_version)

    with Assistant(indexed.settings) as reader:
        report = sync(other, review=look)
    assert seen == [rows(indexed, "SELECT name FROM versions WHERE number = 1")[0][0], report.version]


def test_version_that_its_review_refuses_is_not_published(indexed: Place, other_model: Path) -> None:
    other = Settings(corpus_dir=indexed.corpus, index_dir=indexed.index, embedding_model=str(other_model))
    before = content(indexed)

    def refuse(staged: Index) -> None:
        raise IndexingError("it answers worse")

    with pytest.raises(IndexingError, match="answers worse"):
        sync(other, review=refuse)
    assert content(indexed) == before
    assert indexed.found("Who built the lighthouse?")[0] == "lighthouse.md"


def test_index_of_an_older_release_is_built_anew_by_itself(
    indexed: Place, embedded: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    before, first = content(indexed), version(indexed)
    with closing(sqlite3.connect(indexed.index / CATALOG)) as db:
        db.execute("UPDATE meta SET value = '1' WHERE key = 'schema'")
        for table in ("copies", "archived_vectors", "archive", "likeness"):
            db.execute(f"DROP TABLE {table}")
        db.execute("DROP INDEX documents_by_text")
        db.execute("ALTER TABLE documents DROP COLUMN text_sha256")
        db.commit()
    with pytest.raises(IndexingError, match=r"older release.*run `assistant index`"):
        open_index(indexed.settings)
    assert sync(indexed.settings).added == 3
    assert "older release" in caplog.text
    assert content(indexed) == before
    assert (embedded, held(indexed)) == ([], live(indexed))
    assert version(indexed)[0] == first[0].replace("0001", "0002")


def test_change_of_the_pipeline_reads_everything_again(indexed: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(indexed)
    for module in (indexing, publishing):
        monkeypatch.setattr(module, "PIPELINE", 10_000)
    assert check(indexed.settings).updated == 3
    assert sync(indexed.settings).updated == 3
    assert content(indexed) == before
    assert not sync(indexed.settings).changed


def test_lost_vectors_are_told_and_made_again(indexed: Place) -> None:
    shutil.rmtree(indexed.index / VECTORS)
    with pytest.raises(IndexingError, match=r"vectors are missing.*assistant index"):
        open_index(indexed.settings)
    sync(indexed.settings)
    assert held(indexed) == live(indexed)
    VectorStore(indexed.index / VECTORS, "", model_fingerprint("bundled")).keep_only(live(indexed)[1:])
    sync(indexed.settings)
    assert held(indexed) == live(indexed)
    assert indexed.found("Who built the lighthouse?")[0] == "lighthouse.md"


def test_index_folder_that_was_removed_is_built_again_in_the_same_process(indexed: Place) -> None:
    shutil.rmtree(indexed.index)
    assert sync(indexed.settings).added == 3
    assert indexed.found("Who built the lighthouse?")[0] == "lighthouse.md"


def test_server_that_does_not_listen_leaves_the_published_version(indexed: Place) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    before = content(indexed)
    settings = Settings(corpus_dir=indexed.corpus, index_dir=indexed.index, chroma_url=address)
    indexed.write("pier.txt", "The pier was painted green.")
    for run in (sync, open_index):
        with pytest.raises(IndexingError, match=rf"{address}.*chroma_url"):
            run(settings)
    assert content(indexed) == before


def test_index_folder_that_can_not_be_written_is_told_with_the_remedy(place: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(IndexingError, match="--index"):
        sync(Settings(corpus_dir=place.corpus, index_dir=tmp_path / "file"))


def test_progress_tells_each_stage_to_its_end(place: Place) -> None:
    told: list[Progress] = []
    sync(place.settings, progress=told.append)
    assert list(dict.fromkeys(p.stage for p in told)) == ["reading", "loading", "embedding", "writing"]
    for stage in ("reading", "loading", "embedding", "writing"):
        last = [p for p in told if p.stage == stage][-1]
        assert last.done == last.total > 0
