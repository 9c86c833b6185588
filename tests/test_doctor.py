"""The doctor names what is wrong with an installation and changes nothing; a repair mends what needs no decision."""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from assistant import Assistant, Settings, doctor
from assistant.doctor import Finding, diagnose
from assistant.embedding import model_fingerprint
from assistant.embedding.models import BUNDLED_SHA256
from assistant.errors import IndexingError
from assistant.indexing import CATALOG, TWINS, VECTORS, sync
from assistant.repairing import repair
from assistant.store.lock import writer_lock
from assistant.store.vectors import VectorStore

TEXT = """# The harbour of Elmsford

The harbour was dug in 1820. It froze in every winter until the warm current came.

## Ships

Twelve ships belong to it. The oldest is the Albatross, which was launched in 1911.
"""


@pytest.fixture(scope="session")
def healthy(new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A small indexed corpus; not to be changed."""
    root = tmp_path_factory.mktemp("doctor")
    (root / "corpus").mkdir()
    (root / "corpus" / "harbour.md").write_text(TEXT, "utf-8")
    (root / "corpus" / "pier.txt").write_text("The pier is 80 metres long. It was painted green.", "utf-8")
    settings = Settings(corpus_dir=root / "corpus", index_dir=new_index(root / "index"))
    sync(settings)
    return settings


@pytest.fixture
def patient(healthy: Settings, tmp_path: Path) -> Settings:
    """A copy of it, to be broken."""
    shutil.copytree(healthy.corpus_dir, tmp_path / "corpus")
    shutil.copytree(healthy.index_dir, tmp_path / "index")
    return Settings(corpus_dir=tmp_path / "corpus", index_dir=tmp_path / "index")


def found(settings: Settings) -> dict[str, Finding]:
    """The findings by their codes, each of which must say what to do."""
    findings = diagnose(settings)
    assert all(finding.message and finding.remedy for finding in findings)
    return {finding.code: finding for finding in findings}


def sql(settings: Settings, *statements: str) -> None:
    with closing(sqlite3.connect(settings.index_dir / CATALOG)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def test_nothing_is_found_where_all_is_well(healthy: Settings) -> None:
    assert diagnose(healthy) == []


def test_missing_corpus_is_found(patient: Settings) -> None:
    shutil.rmtree(patient.corpus_dir)
    assert str(patient.corpus_dir) in found(patient)["corpus_missing"].message


def test_empty_corpus_is_found(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    findings = found(Settings(corpus_dir=tmp_path / "corpus", index_dir=tmp_path / "index"))
    assert findings.keys() == {"corpus_empty", "index_missing"}
    assert not (tmp_path / "index").exists()


def test_index_that_lags_behind_the_corpus_is_found(patient: Settings) -> None:
    (patient.corpus_dir / "new.md").write_text("A new page.", "utf-8")
    (patient.corpus_dir / "pier.txt").unlink()
    assert "1 files new, 0 changed, 1 gone" in found(patient)["index_outdated"].message


def test_skipped_file_is_found_with_its_reason(patient: Settings) -> None:
    (patient.corpus_dir / "blank.md").write_bytes(b"")
    sync(patient)
    finding = found(patient)["file_skipped"]
    assert finding.severity == "warning"
    assert "blank.md is empty" in finding.message


def test_index_of_another_embedder_is_found(patient: Settings) -> None:
    sql(patient, "UPDATE meta SET value = 'other-model' WHERE key = 'embedder_name'")
    sql(patient, "UPDATE meta SET value = '0123456789abcdef' WHERE key = 'embedder'")
    assert "other-model" in found(patient)["embedder_mismatch"].message


def test_absent_embedding_model_is_found(healthy: Settings, tmp_path: Path) -> None:
    settings = Settings(**{**dict(healthy), "embedding_model": str(tmp_path / "absent")})
    assert "absent" in found(settings)["embedder_damaged"].message


def test_damaged_weights_are_found(healthy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUNDLED_SHA256, "tokenizer.json", "0" * 64)
    assert "tokenizer.json is damaged" in found(healthy)["embedder_damaged"].message


def test_damaged_files_of_the_fast_embedder_are_found(patient: Settings) -> None:
    file = patient.index_dir / TWINS / model_fingerprint("bundled") / "model.onnx"
    file.write_bytes(file.read_bytes()[:1000])
    assert str(file.parent) in found(patient)["embedder_damaged"].remedy


def test_missing_vectors_are_counted(patient: Settings) -> None:
    store = VectorStore(patient.index_dir / VECTORS, "", model_fingerprint("bundled"))
    ids = _ids(patient)
    store.keep_only(ids[1:])
    assert f"1 of {len(ids)} vectors" in found(patient)["vectors_missing"].message


def test_vectors_that_are_not_live_are_only_noted(patient: Settings) -> None:
    store = VectorStore(patient.index_dir / VECTORS, "", model_fingerprint("bundled"))
    store.add(["left-behind"], next(iter(store.get(_ids(patient)[:1]).values()))[None, :])
    findings = diagnose(patient)
    assert [(f.code, f.severity) for f in findings] == [("vectors_extra", "note")]


def test_absent_vectors_are_found_and_not_made_anew(patient: Settings) -> None:
    shutil.rmtree(patient.index_dir / VECTORS)
    assert found(patient).keys() == {"vectors_missing"}
    assert not (patient.index_dir / VECTORS).exists()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE chunks SET end = end + 100000 WHERE number = 1", "offsets_wrong"),
        ("UPDATE sentences SET end = start WHERE start = 0", "offsets_wrong"),
        ("UPDATE sentences SET end = end + 5 WHERE start = 0", "offsets_wrong"),
        ("DELETE FROM keywords WHERE rowid = 1", "keywords_wrong"),
        ("INSERT INTO keywords (rowid, title, headings, text) VALUES (999, '', '', 'x')", "keywords_wrong"),
        ("UPDATE keywords SET text = 'another' WHERE rowid = 1", "keywords_wrong"),
        ("UPDATE documents SET text = replace(text, '80', '90')", "keywords_wrong"),
        ("DELETE FROM vectors WHERE chunk = 1", "chunks_without_vector"),
    ],
)
def test_rows_that_disagree_are_found(patient: Settings, statement: str, code: str) -> None:
    sql(patient, statement)
    assert found(patient)[code].severity == "error"


def test_file_that_is_no_database_is_found(patient: Settings) -> None:
    for suffix in ("-wal", "-shm"):
        (patient.index_dir / (CATALOG + suffix)).unlink(missing_ok=True)
    (patient.index_dir / CATALOG).write_bytes(b"not a database" * 100)
    assert "catalog_damaged" in found(patient)


def test_overwritten_page_of_the_catalog_is_found(patient: Settings) -> None:
    sql(patient, "PRAGMA wal_checkpoint(TRUNCATE)")
    file = patient.index_dir / CATALOG
    data = bytearray(file.read_bytes())
    data[4096 : len(data)] = bytes(len(data) - 4096)
    file.write_bytes(data)
    assert "catalog_damaged" in found(patient)


def test_low_disk_space_is_found(healthy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int = 12_000_000

    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage())
    assert "12 MB" in found(healthy)["disk_low"].message


def test_index_folder_that_is_a_file_is_found(healthy: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    settings = Settings(corpus_dir=healthy.corpus_dir, index_dir=tmp_path / "file")
    assert "index_folder_is_a_file" in found(settings)


def test_language_model_without_its_package_or_address_is_found(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., Any] = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "langchain_openai" else real(name, *rest)
    )
    findings = found(Settings(**{**dict(healthy), "llm": "openai-compatible:small"}))
    assert "corpus-assistant[openai]" in findings["llm_not_installed"].remedy
    assert "ASSISTANT_LLM_BASE_URL" in findings["llm_address_missing"].remedy


def test_change_that_hides_behind_the_old_size_and_time_stamp_is_found(patient: Settings) -> None:
    _unseen_change(patient)
    assert "pier.txt" in found(patient)["change_unseen"].message


def test_skipped_file_comes_with_its_own_remedy(patient: Settings) -> None:
    (patient.corpus_dir / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    finding = found(patient)["file_skipped"]
    assert "picture.png" in finding.message
    assert "convert it" in finding.remedy
    assert finding.remedy.count(".assistantignore") == 1


# Repair


def _rows(settings: Settings) -> list[tuple[Any, ...]]:
    """What readers see, without what only counts."""
    query = """
        SELECT d.path, d.text, d.sha256, c.start, c.end, v.vector_id, k.text,
               (SELECT group_concat(s.start || '-' || s.end) FROM sentences s WHERE s.document = d.number)
          FROM documents d JOIN chunks c ON c.document = d.number JOIN vectors v ON v.chunk = c.number
          JOIN keywords k ON k.rowid = c.number ORDER BY 1, 4"""
    with closing(sqlite3.connect(settings.index_dir / CATALOG)) as db:
        return [*db.execute(query), *db.execute("SELECT count(*) FROM keywords")]


def _store(settings: Settings) -> VectorStore:
    return VectorStore(settings.index_dir / VECTORS, "", model_fingerprint("bundled"))


def _statement(statement: str) -> Callable[[Settings], object]:
    return lambda settings: sql(settings, statement)


def _no_database(settings: Settings) -> None:
    for suffix in ("-wal", "-shm"):
        (settings.index_dir / (CATALOG + suffix)).unlink(missing_ok=True)
    (settings.index_dir / CATALOG).write_bytes(b"not a database" * 100)


def _damaged_chroma(settings: Settings) -> None:
    (settings.index_dir / VECTORS / "chroma.sqlite3").write_bytes(b"not a database" * 1000)


def _wrong_vector(settings: Settings) -> None:
    _store(settings).add(_ids(settings)[:1], np.full((1, 384), 7, np.float32))


def _extra_vector(settings: Settings) -> None:
    _store(settings).add(["left-behind"], np.full((1, 384), 384**-0.5, np.float32))


def _copy_gone(settings: Settings) -> None:
    (settings.corpus_dir / "copy.txt").write_text("The pier is 80 metres long.", "utf-8")
    sync(settings)
    (settings.corpus_dir / "copy.txt").unlink()


def _unseen_change(settings: Settings) -> None:
    sync(settings)  # takes the time stamps of the copied files over
    sql(settings, "UPDATE documents SET sha256 = 'of an older file' WHERE path = 'pier.txt'")


BREAKS: dict[str, tuple[str, Callable[[Settings], object]]] = {
    "no index": ("index_missing", lambda s: (s.index_dir / CATALOG).unlink()),
    "no database": ("catalog_damaged", _no_database),
    "another release": ("catalog_damaged", _statement("UPDATE meta SET value = '999' WHERE key = 'schema'")),
    "row of nothing": ("catalog_damaged", _statement("INSERT INTO sentences VALUES (999, 0, 1, 'paragraph', 0)")),
    "text changed": ("keywords_wrong", _statement("UPDATE documents SET text = replace(text, '80', '90')")),
    "sentence outside": ("offsets_wrong", _statement("UPDATE sentences SET end = end + 100000 WHERE start = 0")),
    "no keywords": ("keywords_wrong", _statement("DELETE FROM keywords")),
    "keywords of nothing": ("keywords_wrong", _statement("INSERT INTO keywords (rowid, text) VALUES (999, 'x')")),
    "chunk without vector": ("chunks_without_vector", _statement("DELETE FROM vectors WHERE chunk = 1")),
    "old content": ("change_unseen", _unseen_change),
    "vectors gone": ("vectors_missing", lambda s: shutil.rmtree(s.index_dir / VECTORS)),
    "a vector gone": ("vectors_missing", lambda s: _store(s).keep_only(_ids(s)[1:])),
    "chroma damaged": ("vectors_unreadable", _damaged_chroma),
    "vector wrong": ("vectors_wrong", _wrong_vector),
    "vector too many": ("vectors_extra", _extra_vector),
    "a file lags": ("index_outdated", _copy_gone),
}


@pytest.mark.parametrize("name", BREAKS)
def test_repair_mends_the_index_as_if_nothing_had_happened(healthy: Settings, patient: Settings, name: str) -> None:
    code, harm = BREAKS[name]
    harm(patient)
    assert code in found(patient)
    repairs = repair(patient)
    assert code in {each.code for each in repairs}
    assert all(each.message for each in repairs)
    assert {finding.severity for finding in diagnose(patient)} <= {"note"}
    assert _rows(patient) == _rows(healthy)
    assert set(_store(patient).held(_ids(healthy))) == set(_ids(healthy))
    with Assistant(patient) as assistant:
        assert assistant.search("How long is the pier?")[0].path == "pier.txt"


def test_damaged_catalog_is_set_aside_and_not_deleted(patient: Settings) -> None:
    _no_database(patient)
    repair(patient)
    (aside,) = patient.index_dir.glob(f"{CATALOG}{doctor.SET_ASIDE}*")
    assert aside.read_bytes().startswith(b"not a database")
    assert [(f.code, f.severity) for f in diagnose(patient)] == [("set_aside", "note")]


@pytest.mark.slow
def test_damaged_files_of_the_fast_embedder_are_made_anew(patient: Settings) -> None:
    file = patient.index_dir / TWINS / model_fingerprint("bundled") / "model.onnx"
    file.write_bytes(file.read_bytes()[:1000])
    assert [each.code for each in repair(patient)] == ["embedder_damaged"]
    assert diagnose(patient) == []


def test_repair_touches_nothing_where_a_person_has_to_decide(patient: Settings) -> None:
    sql(patient, "DELETE FROM keywords")
    before = (patient.index_dir / CATALOG).read_bytes()
    shutil.rmtree(patient.corpus_dir)
    assert repair(patient) == []
    patient.corpus_dir.mkdir()
    assert repair(patient) == []
    assert (patient.index_dir / CATALOG).read_bytes() == before
    assert {"keywords_wrong", "corpus_empty"} <= found(patient).keys()


def test_index_of_another_embedder_is_left_for_a_person_to_decide(patient: Settings) -> None:
    sql(patient, "UPDATE meta SET value = '0123456789abcdef' WHERE key = 'embedder'", "DELETE FROM keywords")
    assert repair(patient) == []
    assert "embedder_mismatch" in found(patient)


def test_repair_waits_for_nobody_and_disturbs_no_writer(patient: Settings) -> None:
    sql(patient, "DELETE FROM keywords")
    with writer_lock(patient.index_dir), pytest.raises(IndexingError, match="another process"):
        repair(patient)


def test_repair_of_a_healthy_index_does_nothing(patient: Settings) -> None:
    before = (patient.index_dir / CATALOG).read_bytes()
    assert repair(patient) == []
    assert (patient.index_dir / CATALOG).read_bytes() == before


def _ids(settings: Settings) -> list[str]:
    with closing(sqlite3.connect(settings.index_dir / CATALOG)) as db:
        return [row[0] for row in db.execute("SELECT DISTINCT vector_id FROM vectors")]
