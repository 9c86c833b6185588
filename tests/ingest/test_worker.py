"""The process that reads files: it is ended when a file is too much for it, and the next file does not notice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import DocumentError
from assistant.ingest.loaders import Limits
from assistant.ingest.worker import FileReader

_REPOSITORY = Path(__file__).resolve().parents[2]
_SLOW = "![" * 2_000_000  # minutes of work for the Markdown reader
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")


def _children(pid: int) -> list[int]:
    return [int(n) for file in Path(f"/proc/{pid}/task").glob("*/children") for n in file.read_text().split()]


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    before = _children(os.getpid())
    yield
    assert _children(os.getpid()) == before


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text("<p>The tower has two hundred steps.</p>", "utf-8")
    return path


def test_file_that_takes_too_long_is_skipped_and_the_next_is_read(tmp_path: Path, page: Path) -> None:
    (tmp_path / "slow.md").write_text(_SLOW, "utf-8")
    with FileReader(Limits(seconds=1)) as reader:
        with pytest.raises(DocumentError, match=r"slow.md takes longer than 1 s.*ASSISTANT_FILE_SECONDS"):
            reader.read(tmp_path / "slow.md", "slow.md")
        assert "two hundred steps" in reader.read(page, "page.html").text


def _started_since(others: list[int]) -> list[int]:
    """The children that other tests have not left running, such as a fork server's."""
    return [child for child in _children(os.getpid()) if child not in others]


def test_file_that_crashes_the_process_is_skipped_and_the_next_is_read(tmp_path: Path, page: Path) -> None:
    others = _children(os.getpid())
    (tmp_path / "slow.md").write_text(_SLOW, "utf-8")
    with FileReader(Limits()) as reader:
        assert "two hundred steps" in reader.read(page, "page.html").text
        (child,) = _started_since(others)
        subprocess.Popen([sys.executable, "-c", f"import os, time; time.sleep(.5); os.kill({child}, {signal.SIGSEGV})"])
        with pytest.raises(DocumentError, match=r"slow.md broke its reader \(Segmentation fault\); mend it"):
            reader.read(tmp_path / "slow.md", "slow.md")
        os.wait()
        assert "two hundred steps" in reader.read(page, "page.html").text


def test_process_killed_between_two_files_costs_no_file(page: Path) -> None:
    others = _children(os.getpid())
    with FileReader(Limits()) as reader:
        reader.read(page, "page.html")
        (child,) = _started_since(others)
        os.kill(child, signal.SIGKILL)
        time.sleep(0.2)
        assert "two hundred steps" in reader.read(page, "page.html").text


def test_file_that_outgrows_its_memory_is_skipped_and_the_next_is_read(tmp_path: Path, page: Path) -> None:
    (tmp_path / "wide.txt").write_text("The river is wide. \u2014" * 4_000_000, "utf-8")
    with FileReader(Limits(text_characters=10**9), memory=200_000_000) as reader:
        with pytest.raises(DocumentError, match=r"wide.txt needs more than 200 MB of memory; "):
            reader.read(tmp_path / "wide.txt", "wide.txt")
        assert "two hundred steps" in reader.read(page, "page.html").text


def test_limits_on_file_and_text_name_their_settings(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The river is wide. " * 10_000, "utf-8")
    with FileReader(Limits(file_bytes=100_000)) as reader, pytest.raises(DocumentError, match="ASSISTANT_MAX_FILE_MB"):
        reader.read(tmp_path / "a.txt", "a.txt")
    limits = Limits(text_characters=100_000)
    with FileReader(limits) as reader, pytest.raises(DocumentError, match="ASSISTANT_MAX_TEXT_MB"):
        reader.read(tmp_path / "a.txt", "a.txt")


def test_process_does_not_outlive_a_run_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "slow.md").write_text(_SLOW, "utf-8")
    program = (
        "import sys; from pathlib import Path; from assistant.ingest.loaders import Limits;"
        "from assistant.ingest.worker import FileReader;"
        "FileReader(Limits()).read(Path(sys.argv[1]), 'slow.md')"
    )
    run = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "slow.md")], cwd=_REPOSITORY)
    deadline = time.monotonic() + 30
    while not (started := _children(run.pid)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)
    run.kill()
    run.wait()
    while Path(f"/proc/{started[0]}").exists() and _state(started[0]) != "Z":
        assert time.monotonic() < deadline, "the process is still there"
        time.sleep(0.05)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][:1]
    except OSError:
        return "Z"


def test_pipe_or_link_put_in_the_place_of_a_file_is_not_waited_for_or_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("The key is under the mat.", "utf-8")
    os.mkfifo(tmp_path / "a.md")
    (tmp_path / "b.md").symlink_to("secret.md")
    with FileReader(Limits()) as reader:
        with pytest.raises(DocumentError, match=r"a\.md is not a regular file"):
            reader.read(tmp_path / "a.md", "a.md")
        with pytest.raises(DocumentError, match=r"b\.md can't be read"):
            reader.read(tmp_path / "b.md", "b.md")
