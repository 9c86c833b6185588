"""The files of a corpus folder, in a fixed order.

It decides which files belong to the corpus and opens none but the two that rule it: hidden names and what
`.assistantignore` lists are left out, symbolic links count only where they stay inside the folder and give each
file once. Whether a file can be read as a document is `loaders`' question.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import CorpusError
from assistant.ingest.access import read_access_rules

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".assistantignore"
MAX_DEPTH = 256  # folders in one another
_MOST_IGNORED = 1_000_000  # bytes of the ignore file


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the corpus.

    Attributes:
        path: Where it is, its links followed.
        relative_path: From the corpus folder, with forward slashes.
        size, mtime_ns: In bytes and nanoseconds, to tell whether it changed; 0 with a problem. The time is the
            later one of content and inode: an edit that puts the old time back, or a new mode, is seen.
        problem: Why it can't be a document, with the remedy; None for a file to load.
    """

    path: Path
    relative_path: str
    size: int
    mtime_ns: int
    problem: str | None = None


def check_folder(folder: Path) -> None:
    """Tells whether the corpus can be walked at all, without the walk.

    Raises:
        CorpusError: The folder is missing, no folder, or can't be listed; or its ignore or access file can't be used.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise CorpusError(
            f"the corpus folder {folder} {what}; create it and put documents in, or name another with --corpus"
        )
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise CorpusError(f"the corpus folder {folder} can't be read ({error.strerror}); allow it") from error
    _ignore_rules(folder)
    read_access_rules(folder)


def walk_corpus(folder: Path, max_depth: int = MAX_DEPTH) -> Iterator[Found]:
    """The files of the corpus, sorted by relative path.

    Args:
        folder: The corpus.
        max_depth: How deep folders may be nested; what lies deeper is reported with its folder.

    Raises:
        CorpusError: As `check_folder` does.
    """
    check_folder(folder)
    walk = _Walk(folder, max_depth)
    walk.run()
    yield from sorted(walk.found.values(), key=lambda found: found.relative_path)


class _Walk:
    """One walk: what was found, and the links that are followed only when all that is real has been seen."""

    def __init__(self, folder: Path, max_depth: int) -> None:
        self._folder = folder
        self._max_depth = max_depth
        self._root = os.path.realpath(folder)
        self._ignored = _ignore_rules(folder)
        self._links: list[tuple[Path, str]] = []
        self._seen: set[tuple[int, int]] = set()  # device and inode of every folder and file
        self.found: dict[str, Found] = {}

    def run(self) -> None:
        self._folder_files(self._folder, "")
        while self._links:
            links, self._links = sorted(self._links, key=lambda link: link[1]), []
            for path, relative in links:
                self._link(path, relative)

    def _folder_files(self, folder: Path, prefix: str) -> None:
        """Everything under a folder; a stack, since folders may be nested deeper than Python recurses."""
        waiting = [(folder, prefix)]
        while waiting:
            folder, prefix = waiting.pop()
            if prefix.count("/") > self._max_depth:
                problem = f"is nested in more than {self._max_depth} folders; move it up, or raise ASSISTANT_MAX_DEPTH"
                self._report(folder, prefix.rstrip("/"), problem)
                continue
            try:
                with os.scandir(folder) as scan:
                    entries = list(scan)
                status = os.stat(folder)
            except OSError as error:
                self._report(folder, prefix.rstrip("/"), f"can't be listed ({error.strerror}); allow reading it")
                continue
            if (status.st_dev, status.st_ino) in self._seen:
                continue
            self._seen.add((status.st_dev, status.st_ino))
            for entry in entries:
                relative = prefix + entry.name
                path = folder / entry.name
                if entry.name.startswith("."):
                    continue
                try:
                    is_folder = entry.is_dir(follow_symlinks=False)
                except OSError:  # `_file` says what is wrong
                    is_folder = False
                if self._is_ignored(relative, is_folder=is_folder):
                    continue
                if not _is_utf8(entry.name):
                    self._report(path, _shown(relative), "has a name that is not valid UTF-8; rename it")
                elif entry.is_symlink():
                    self._links.append((path, relative))
                elif is_folder:
                    waiting.append((path, relative + "/"))
                else:
                    self._file(path, relative)

    def _file(self, path: Path, relative: str) -> None:
        """A regular file is found; pipes, sockets and devices are told, and never opened."""
        try:
            status = path.lstat()
        except OSError as error:
            if not isinstance(error, FileNotFoundError):  # gone since it was listed: no longer of the corpus
                self._report(path, relative, f"can't be read ({error.strerror}); allow reading it")
            return
        if stat.S_ISREG(status.st_mode):
            self._seen.add((status.st_dev, status.st_ino))
            changed = max(status.st_mtime_ns, status.st_ctime_ns)
            self.found[relative] = Found(path, relative, status.st_size, changed)
        elif not stat.S_ISDIR(status.st_mode) and not stat.S_ISLNK(status.st_mode):  # else replaced since it was listed
            self._report(path, relative, "is not a regular file; remove it, or list it in .assistantignore")

    def _link(self, path: Path, relative: str) -> None:
        """Follows a link to what is inside the corpus and was not found by its own name (a hidden folder's file)."""
        target = os.path.realpath(path)
        try:
            status = os.stat(target)
        except (FileNotFoundError, NotADirectoryError):
            self._report(path, relative, "is a link that leads nowhere; mend or remove it")
            return
        except OSError as error:  # it leads to itself, or where nothing may be looked up
            self._report(path, relative, f"is a link that can't be followed ({error.strerror}); mend or remove it")
            return
        if os.path.commonpath([self._root, target]) != self._root:
            self._report(path, relative, "is a link that leads out of the corpus; put a copy in its place")
            return
        is_folder = stat.S_ISDIR(status.st_mode)
        if is_folder and self._is_ignored(relative, is_folder=True):
            return
        if (status.st_dev, status.st_ino) in self._seen:
            return
        if is_folder:
            self._folder_files(Path(target), relative + "/")
        else:
            self._file(Path(target), relative)

    def _is_ignored(self, relative: str, *, is_folder: bool) -> bool:
        return self._ignored is not None and self._ignored.match_file(relative + "/" if is_folder else relative)

    def _report(self, path: Path, relative: str, problem: str) -> None:
        self.found[relative] = Found(path, relative, 0, 0, f"{relative} {problem}")


def _ignore_rules(folder: Path) -> GitIgnoreSpec | None:
    file = folder / IGNORE_FILE
    if not file.is_file():
        return None
    from pathspec import GitIgnoreSpec

    try:
        if file.stat().st_size > _MOST_IGNORED:
            raise CorpusError(f"{file} is larger than {_MOST_IGNORED // 1_000_000} MB; shorten it or remove it")
        return GitIgnoreSpec.from_lines(file.read_bytes().decode("utf-8-sig", errors="replace").splitlines())
    except OSError as error:
        raise CorpusError(f"{file} can't be read ({error.strerror}); allow reading it or remove it") from error
    except ValueError as error:
        raise CorpusError(f"{file} has a pattern that can't be understood ({error}); mend it") from error


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _shown(name: str) -> str:
    """A name with surrogates as it can be printed and stored."""
    return name.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")
