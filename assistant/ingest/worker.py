"""Files read in a process of its own, which is ended when one hangs, crashes or outgrows its memory.

`FileReader` is the side of the run: it starts the process with the first file that could do harm, keeps it for the
run and starts another in the place of one that a file has brought down. `serve` is the process itself. How a file
is read, and what it may hold, `loaders` knows.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from types import TracebackType
from typing import Self

from assistant.errors import DocumentError, IndexingError
from assistant.ingest.loaders import Limits, load_document
from assistant.types import Document

MEMORY = 800_000_000  # bytes for one file with all that its reader makes of it
_START = 60.0  # seconds that the process may take to be ready, on a machine under load
# Read with our own code alone, in a time that grows with their size and no faster: these need no process.
_HARMLESS = frozenset({".md", ".markdown", ".txt", ".text"})
_SMALL = 64_000  # bytes
# The path is set first, so that the process imports what this one would; no `-m`, which would add the working folder.
_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[6:]; from assistant.ingest.worker import serve; serve(*map(int, sys.argv[1:6]))"
)
_MENDING = "mend it, divide it into parts, or list it in .assistantignore"


class FileReader:
    """Reads one file after another; a context manager. Of one thread at a time."""

    def __init__(self, limits: Limits, memory: int = MEMORY) -> None:
        self._limits = limits
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def read(self, path: Path, relative_path: str) -> Document:
        """Reads a file to a document, as `load_document` does, and comes back whatever the file does.

        Raises:
            DocumentError: The file can't be read as a document; says why and what to do.
            IndexingError: No process can be started.
        """
        if path.suffix.lower() in _HARMLESS and _is_small(path):
            return load_document(path, relative_path, self._limits)
        connection = self._connected()
        try:
            connection.send((path, relative_path))
            if not connection.poll(self._limits.seconds):
                self._end()
                raise DocumentError(
                    f"{relative_path} takes longer than {self._limits.seconds} s to read; {_MENDING}, or raise"
                    " ASSISTANT_FILE_SECONDS"
                )
            reply = pickle.loads(connection.recv_bytes())
        except (EOFError, OSError):
            raise DocumentError(f"{relative_path} broke its reader ({self._end()}); {_MENDING}") from None
        except BaseException:
            self._end()  # interrupted between question and reply: the next file would get this one's
            raise
        if isinstance(reply, MemoryError):
            self._end()
            raise DocumentError(f"{relative_path} needs more than {self._memory / 1e6:g} MB of memory; {_MENDING}")
        if isinstance(reply, DocumentError):
            raise reply
        assert isinstance(reply, Document)
        return reply

    def close(self) -> None:
        """Ends the process, if there is one."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _connected(self) -> Connection:
        if self._process is not None and self._process.poll() is not None:
            self._end()  # gone between two files, for instance killed by a system short of memory
        if self._connection is not None:
            return self._connection
        ours, theirs = Pipe()
        limits = (self._limits.file_bytes, self._limits.text_characters, self._memory)
        numbers = (theirs.fileno(), os.getpid(), *limits)
        try:
            # No fork of our own: the threads of a server around us would leave their locks held in the copy.
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, *map(str, numbers), *sys.path],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            ours.close()
            raise IndexingError(
                f"no process can be started to read files ({error.strerror}); free memory or processes, and run again"
            ) from error
        finally:
            theirs.close()
        self._connection = ours
        try:
            if not ours.poll(_START):
                raise EOFError
            ours.recv_bytes()
        except (EOFError, OSError):
            raise IndexingError(
                f"the process that reads files did not start ({self._end()}); reinstall the assistant, or free memory"
            ) from None
        return ours

    def _end(self) -> str:
        """Ends the process; says how it went where it was gone already."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            connection.close()
        if process is None:
            return ""
        try:  # one that closed its side is about to be gone: how it ended is worth a moment
            code = process.wait(0.5)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return signal.strsignal(-code) or f"signal {-code}" if code < 0 else f"exit code {code}"


def serve(descriptor: int, parent: int, file_bytes: int, text_characters: int, memory: int) -> None:
    """The process: reads files until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to both; the run decides
    _confine(memory)
    _end_with(parent)
    limits = Limits(file_bytes, text_characters)
    with Connection(descriptor) as connection:
        connection.send_bytes(b"ready")
        while True:
            try:
                path, relative_path = connection.recv()
            except EOFError:
                return
            connection.send_bytes(_reply(path, relative_path, limits))


def _reply(path: Path, relative_path: str, limits: Limits) -> bytes:
    """The document, or the error that stands for it."""
    try:
        return pickle.dumps(load_document(path, relative_path, limits))
    except DocumentError as error:
        return pickle.dumps(DocumentError(str(error)))
    except MemoryError:
        return pickle.dumps(MemoryError())
    except RecursionError:
        return pickle.dumps(DocumentError(f"{relative_path} is nested too deeply; {_MENDING}"))
    except Exception as error:  # noqa: BLE001 - a file can break its format's reader in any way; the others go on
        what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return pickle.dumps(DocumentError(f"{relative_path} can't be read ({what}); {_MENDING}"))


def _confine(memory: int) -> None:
    """Sets the most memory this process gets, and that its crash leaves no file."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _end_with(parent: int) -> None:
    """Sees to it that this process does not outlive the run, not even busy and after `kill -9` of the run.

    An idle one sees its connection closed anyway. The signal comes when the thread that started us ends, which
    is the one that reads.
    """
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before the signal was asked for
        sys.exit()


def _is_small(path: Path) -> bool:
    try:
        return path.stat().st_size <= _SMALL
    except OSError:
        return True  # gone or unreadable: `load_document` says so
