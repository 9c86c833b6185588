"""Crashes: whatever kills a run, and when, the published version is whole and the next run finishes the work.

Runs are processes of their own, forked from one that has everything imported, so that many can be killed in
little time. `KILLS=50` in the environment kills at fifty random moments instead of twelve.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Settings
from assistant.forgetting import forget
from assistant.indexing import CATALOG, sync
from assistant.versions import rollback
from tests.test_versions import vectors

KILLS = int(os.environ.get("KILLS", "12"))
ACTIONS: dict[str, Callable[[Settings], object]] = {
    "index": sync,
    "rollback": lambda settings: rollback(settings, "1"),
    "forget": lambda settings: forget(settings, "cutter.md"),
}


def text(name: str, parts: range) -> str:
    sections = [f"## Part {n}\n\n" + f"The {name} of year {1800 + n} carried {n} barrels of oil. " * 12 for n in parts]
    return f"# The {name}\n\n" + "\n\n".join(sections) + "\n"


def run(action: str, corpus: str, index: str, step: str, when: str) -> None:
    """One run in a process of its own that dies before or after a step, if one is named."""
    import_module("assistant.building")._EMBED_AT_ONCE = 3
    if step:
        place, name = step.rsplit(".", 1)
        module, _, owner = place.partition(":")
        holder = getattr(import_module(module), owner) if owner else import_module(module)
        original = getattr(holder, name)

        def dies(*args: Any, **kwargs: Any) -> None:
            if when == "after":
                original(*args, **kwargs)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(holder, name, dies)
    ACTIONS[action](Settings(corpus_dir=Path(corpus), index_dir=Path(index), keep_versions=3))


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chromadb", "onnxruntime", "tokenizers", "datasketch", __name__])
    return context


def start(processes: ForkServerContext, action: str, settings: Settings, step: str = "", when: str = "before") -> Any:
    process = processes.Process(
        target=run, args=(action, str(settings.corpus_dir), str(settings.index_dir), step, when)
    )
    process.start()
    return process


@pytest.fixture(scope="module")
def changed(new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An index of three versions whose corpus has changed since, copies among it; only to be copied."""
    root = tmp_path_factory.mktemp("crash")
    settings = Settings(corpus_dir=root / "corpus", index_dir=new_index(root / "index"), keep_versions=3)
    settings.corpus_dir.mkdir()

    def write(name: str, parts: range, told: str = "") -> None:
        (settings.corpus_dir / f"{name}.md").write_text(text(told or name, parts), "utf-8")

    for name in ("barge", "cutter", "dinghy"):
        write(name, range(3))
    write("another-barge", range(3), "barge")
    sync(settings)
    write("cutter", range(1, 4))
    sync(settings)
    write("yawl", range(2))
    sync(settings)
    write("cutter", range(2, 6))
    write("ketch", range(4))
    write("barge_2", range(3), "barge")  # after `barge.md`, which stands for it from now on
    (settings.corpus_dir / "another-barge.md").unlink()
    (settings.corpus_dir / "dinghy.md").unlink()
    return settings


@pytest.fixture
def settings(changed: Settings, tmp_path: Path) -> Settings:
    """A copy of that index, to be spoilt."""
    index = Path(shutil.copytree(changed.index_dir, tmp_path / "index"))
    return changed.model_copy(update={"index_dir": index})


@pytest.fixture(scope="module")
def wanted(changed: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each action leads to where nothing goes wrong."""
    states = {}
    for action, does in ACTIONS.items():
        index = Path(shutil.copytree(changed.index_dir, tmp_path_factory.mktemp("wanted") / "index"))
        settings = changed.model_copy(update={"index_dir": index})
        does(settings)
        states[action] = state(settings)
    return states


def state(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """All that is live, by content, and the older versions."""
    queries = {
        "documents": "SELECT path, title, sha256, text FROM documents ORDER BY path",
        "copies": "SELECT path, title, sha256, text_sha256 FROM copies ORDER BY path",
        "chunks": "SELECT path, start, end, headings, group_concat(vector_id) FROM chunks c JOIN documents d"
        " ON d.number = document JOIN vectors v ON v.chunk = c.number GROUP BY c.number ORDER BY path, start",
        "keywords": "SELECT path, start, k.title, k.text FROM keywords k JOIN chunks c ON k.rowid = c.number"
        " JOIN documents d ON d.number = document ORDER BY path, start",
        "counts": "SELECT (SELECT count(*) FROM keywords), (SELECT count(*) FROM sentences)",
        "archive": "SELECT path, sha256 FROM archive ORDER BY 1, 2",
        "published": "SELECT substr(name, 6) FROM versions ORDER BY number DESC LIMIT 1",
    }
    with closing(sqlite3.connect(settings.index_dir / CATALOG)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        return {name: db.execute(query).fetchall() for name, query in queries.items()}


def assert_whole_and_finished_by_the_next_run(
    settings: Settings, action: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """The published version is the old one or the new one, whole, and one run more leads to the new one."""
    found = state(settings)
    assert found in (before, after)
    held, needed = vectors(settings)
    assert needed <= held
    if found == before:
        ACTIONS[action](settings)
    elif action != "index":
        sync(settings)  # what was left behind is collected by whatever run comes next
        return
    else:
        ACTIONS[action](settings)
    assert state(settings) == after
    held, needed = vectors(settings)
    assert held == needed


STEPS = [
    ("assistant.store.vectors:VectorStore.add", "before"),
    ("assistant.store.vectors:VectorStore.add", "after"),
    ("assistant.store.writer:Writer.archive", "after"),
    ("assistant.store.writer:Writer.remove", "after"),
    ("assistant.store.writer:Writer.add", "after"),
    ("assistant.store.writer:Writer.add_copy", "after"),
    ("assistant.store.writer:Writer.publish", "before"),
    ("assistant.store.writer:Writer.publish", "after"),
    ("assistant.store.writer:Writer.collect", "after"),
    ("assistant.publishing._collect", "before"),
    ("assistant.publishing._collect", "after"),
    ("assistant.store.vectors:VectorStore.remove", "before"),
    ("assistant.store.vectors:VectorStore.remove", "after"),
]
CASES = [
    *(("index", *step) for step in STEPS),
    *(("rollback", *step) for step in STEPS if "VectorStore.add" not in step[0] and "add_copy" not in step[0]),
    ("forget", "assistant.store.writer:Writer.forget", "after"),
    ("forget", "assistant.store.catalog:Catalog.erase", "before"),
    ("forget", "assistant.store.catalog:Catalog.erase", "after"),
]


@pytest.mark.parametrize(("action", "step", "when"), CASES)
def test_run_that_dies_at_any_step_leaves_a_whole_version_and_the_next_run_finishes(
    settings: Settings, wanted: dict[str, Any], processes: ForkServerContext, action: str, step: str, when: str
) -> None:
    before = state(settings)
    process = start(processes, action, settings, step, when)
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, "the step was not reached"
    assert_whole_and_finished_by_the_next_run(settings, action, before, wanted[action])


def test_run_that_is_killed_at_random_moments_leaves_whole_versions_and_the_next_run_finishes(
    changed: Settings, wanted: dict[str, Any], processes: ForkServerContext, tmp_path: Path
) -> None:
    before, chance, killed, longest = state(changed), random.Random(), 0, 2.0
    for n in range(KILLS):
        index = Path(shutil.copytree(changed.index_dir, tmp_path / f"index-{n}"))
        settings = changed.model_copy(update={"index_dir": index})
        begun = time.perf_counter()
        process = start(processes, "index", settings)
        process.join(chance.uniform(0.05, longest))
        if process.exitcode is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        else:
            longest = max(0.5, 0.8 * (time.perf_counter() - begun))
        process.join(60)
        assert_whole_and_finished_by_the_next_run(settings, "index", before, wanted["index"])
        shutil.rmtree(index)
    assert killed > KILLS / 3, "too few runs were killed before they were done"


def test_two_runs_at_the_same_time_lose_nothing(
    settings: Settings, wanted: dict[str, Any], processes: ForkServerContext
) -> None:
    runs = [start(processes, "index", settings) for _ in range(2)]
    for process in runs:
        process.join(60)
    assert 0 in {process.exitcode for process in runs}
    assert state(settings) == wanted["index"]
    assert not sync(settings).changed
    held, needed = vectors(settings)
    assert held == needed


def full_disk(corpus: str, index: str, room: int, told: Any) -> None:
    """A run that may make no file larger than `room` bytes, which fails as a full disk does."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    try:
        sync(Settings(corpus_dir=Path(corpus), index_dir=Path(index), keep_versions=3))
    except Exception as error:  # noqa: BLE001 - which kind it is, the test asks
        told.put((type(error).__name__, str(error)))
    else:
        told.put(("", ""))


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_full_disk_is_a_clear_error_and_loses_nothing(
    settings: Settings, wanted: dict[str, Any], processes: ForkServerContext, share: float
) -> None:
    (settings.corpus_dir / "more.md").write_text(
        "".join(f"\n\n# {n}\n\n{text('schooner', range(3))}" for n in range(40))
    )
    try:
        room = int((settings.index_dir / CATALOG).stat().st_size * share)
        before, told = state(settings), processes.Queue()
        process = processes.Process(
            target=full_disk, args=(str(settings.corpus_dir), str(settings.index_dir), room, told)
        )
        process.start()
        kind, message = told.get(timeout=60)
        process.join(60)
        assert kind == "IndexingError", message
        assert str(settings.index_dir) in message
        assert "disk" in message
        assert state(settings) == before
    finally:
        (settings.corpus_dir / "more.md").unlink()
    sync(settings)
    assert state(settings) == wanted["index"]
    with Assistant(settings) as assistant:
        assert assistant.search("How many barrels of oil did the ketch carry?")[0].path == "ketch.md"
