"""One writer at a time, and a lock that dies with its holder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import IndexingError
from assistant.store.lock import writer_lock

HOLD = """
import sys, time
from pathlib import Path
from assistant.store.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_second_writer_is_refused_with_the_number_of_the_first(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with pytest.raises(IndexingError, match=rf"pid {holder.pid}\); run again"), writer_lock(tmp_path):
        pass


def test_killed_writer_leaves_the_lock_free(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    holder.kill()
    holder.wait()
    with writer_lock(tmp_path):
        pass


def test_lock_is_free_after_use_and_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), writer_lock(tmp_path):
        raise KeyError
    with writer_lock(tmp_path):
        pass


def test_folder_that_can_not_be_written_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(IndexingError, match=r"can't be written.*--index"), writer_lock(tmp_path / "file"):
        pass
