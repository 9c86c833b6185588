"""Watching: the index follows the folder by itself, whatever happens to files and folder meanwhile."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest

from assistant import Assistant, Settings, watching
from assistant.errors import AssistantError
from assistant.indexing import sync
from assistant.types import SyncReport
from assistant.watching import watch

PIER = "The pier of Elmsford was painted green in 1950.\n"
PATIENCE = 20.0


class Watched:
    """A corpus under watch, and what the watch tells."""

    def __init__(self, root: Path, index: Path) -> None:
        self.corpus = root / "corpus"
        self.settings = Settings(corpus_dir=self.corpus, index_dir=index)
        self.told: Queue[SyncReport | AssistantError] = Queue()

    @contextmanager
    def watching(self) -> Iterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=watch, args=(self.settings, self.told.put), kwargs={"stop": stop})
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def report(self) -> SyncReport:
        outcome = self.told.get(timeout=PATIENCE)
        assert isinstance(outcome, SyncReport), outcome
        return outcome

    def until(self, holds: Callable[[SyncReport], bool]) -> SyncReport:
        """The first report that holds: a file may be met half written, and be read again."""
        while not holds(report := self.report()):
            pass
        return report

    def error(self) -> AssistantError:
        outcome = self.told.get(timeout=PATIENCE)
        assert isinstance(outcome, AssistantError), outcome
        return outcome

    def silent(self, seconds: float) -> bool:
        try:
            self.told.get(timeout=seconds)
        except Empty:
            return True
        return False

    def paths(self) -> list[str]:
        with Assistant(self.settings) as assistant:
            return [document.path for document in assistant.documents()]


@pytest.fixture
def watched(new_index: Callable[[Path], Path], tmp_path: Path) -> Watched:
    watched = Watched(tmp_path, new_index(tmp_path / "index"))
    watched.corpus.mkdir()
    (watched.corpus / "pier.txt").write_text(PIER, "utf-8")
    return watched


def test_changed_new_moved_and_deleted_files_are_followed(watched: Watched) -> None:
    corpus = watched.corpus
    with watched.watching(), Assistant(watched.settings) as reader:
        assert watched.report().added == 1
        (corpus / "pier.txt").write_text(PIER.replace("green", "scarlet"), "utf-8")
        watched.until(lambda report: report.updated == 1)
        assert "scarlet" in reader.search("What colour is the pier?")[0].text
        (corpus / "deep" / "er").mkdir(parents=True)
        (corpus / "deep" / "er" / "ferry.txt").write_text("The ferry to Elmsford sank in 1902.\n", "utf-8")
        watched.until(lambda report: report.documents == 2)
        assert reader.search("When did the ferry sink?")[0].path == "deep/er/ferry.txt"
        (corpus / "deep").rename(corpus / "moved")
        watched.until(lambda report: report.changed)
        assert watched.paths() == ["moved/er/ferry.txt", "pier.txt"]
        (corpus / "pier.txt").unlink()
        watched.until(lambda report: report.documents == 1)
        assert all(passage.path != "pier.txt" for passage in reader.search("What colour is the pier?", top_k=10))


def test_what_is_no_news_is_not_told(watched: Watched) -> None:
    with watched.watching():
        watched.report()
        (watched.corpus / ".pier.txt.swp").write_text("an editor's", "utf-8")
        (watched.corpus / "pier.txt").touch()
        assert watched.silent(2.0)
        (watched.corpus / "empty.md").touch()
        assert [skipped.path for skipped in watched.report().skipped] == ["empty.md"]


def test_index_inside_the_corpus_does_not_wake_its_own_watch(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[float] = []
    monkeypatch.setattr(watching, "sync", lambda *a, **k: (runs.append(time.monotonic()), sync(*a, **k))[1])
    (watched.corpus / ".assistantignore").write_text("index/\n", "utf-8")
    inside = watched.corpus / "index"
    watched.settings.index_dir.rename(inside)
    watched.settings = Settings(corpus_dir=watched.corpus, index_dir=inside)
    with watched.watching():
        watched.report()
        time.sleep(2)
        assert len(runs) <= 2


def test_folder_that_goes_away_is_told_once_keeps_its_index_and_is_followed_again_when_it_is_back(
    watched: Watched, tmp_path: Path
) -> None:
    with watched.watching():
        first = watched.report()
        watched.corpus.rename(tmp_path / "away")
        assert "does not exist" in str(watched.error())
        assert watched.silent(3.0)
        assert watched.paths() == ["pier.txt"]
        (tmp_path / "away").rename(watched.corpus)
        assert watched.report().version == first.version
        (watched.corpus / "new.txt").write_text("The harbour froze in 1911.\n", "utf-8")
        assert watched.until(lambda report: report.changed).added == 1


def test_run_that_fails_is_told_and_made_up_for(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [True]

    def fails(*arguments: object, **named: object) -> SyncReport:
        if broken[0]:
            raise ZeroDivisionError("a fault of ours")
        return sync(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(watching, "sync", fails)
    monkeypatch.setattr(watching, "_RETRY", 0.2)
    with watched.watching():
        assert "ZeroDivisionError" in str(watched.error())
        broken[0] = False
        assert watched.report().added == 1


@pytest.mark.parametrize("lost", ["events", "notifications"])
def test_changes_are_followed_where_the_system_tells_of_none(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """A network folder tells nothing; a system that has run out of watches refuses, and is polled."""
    import watchfiles

    follow = watchfiles.watch

    def deaf(*paths: Path, **options: object) -> Iterator[set[object]]:
        if lost == "notifications" and not options["force_polling"]:
            raise OSError("no more watches")
        for changes in follow(*paths, **options):  # type: ignore[arg-type]
            yield set() if lost == "events" else set(changes)

    monkeypatch.setattr(watchfiles, "watch", deaf)
    monkeypatch.setattr(watching, "_INTERVAL", 0.5 if lost == "events" else 1000.0)
    with watched.watching():
        watched.report()
        (watched.corpus / "new.txt").write_text("The harbour froze in 1911.\n", "utf-8")
        assert watched.until(lambda report: report.changed).added == 1


def test_command_prints_a_line_for_each_version_and_ends_cleanly_on_ctrl_c(watched: Watched, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assistant", "index", "--watch", "--json"]
    places = ["--corpus", str(watched.corpus), "--index", str(watched.settings.index_dir)]
    process = subprocess.Popen(
        [*command, *places], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["added"] == 1
    (watched.corpus / "pier.txt").unlink()
    assert json.loads(process.stdout.readline())["deleted"] == 1
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in err) == (0, False)
