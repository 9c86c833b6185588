"""Runs: every answer that an evaluation got, on disk as it came, under a manifest that says what gave it.

A run is one file of JSON lines in the index folder: its manifest, then answers, then the figures of each time it was
finished. A run of the same version, settings and code goes on in the same file, so that an answer is asked for once:
what was interrupted is resumed, and what did not change is not asked again. What is not here: asking (subjects.py)
and marking (runner.py); taking a forgotten document out of these files (assistant/forgetting.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from assistant.errors import CaseError
from assistant.settings import Settings
from assistant.types import Answer, Turn

# What is asked does not depend on where it is served, and keys belong in no file.
_NOT_OF_ANSWERS = {"api_keys", "host", "port", "corpus_dir", "index_dir", "chroma_url", "keep_versions"}
_LIBRARIES = ("chromadb", "numpy", "onnxruntime", "sentence-transformers", "tokenizers", "torch")
_ANSWERING = ("assistant", "assistant.prompts", "assistant.models")
_NOT_ANSWERING = {
    "evaluation",
    "serving",
    "training",
    "cli.py",
    "doctor.py",
    "forgetting.py",
    "repairing.py",
    "watching.py",
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an answer depends on, and where it was got.

    Attributes:
        versions: The index version of every corpus that is asked, by the corpus's name in the cases.
        settings: Those that an answer depends on.
        code: Digest of the code and the weights that answer.
        libraries: Versions of the packages that compute.
        machine: Where it ran; decides nothing.
        started: UTC, ISO 8601.
    """

    versions: Mapping[str, str]
    settings: Mapping[str, Any]
    code: str
    libraries: Mapping[str, str]
    machine: Mapping[str, Any]
    started: str

    @classmethod
    def of(cls, settings: Settings, versions: Mapping[str, str]) -> Manifest:
        """The manifest of a run that begins now."""
        return cls(
            dict(versions),
            settings.model_dump(mode="json", exclude=_NOT_OF_ANSWERS),
            _digest_of_code(),
            {name: _version(name) for name in _LIBRARIES},
            {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()},
            datetime.now(UTC).isoformat(timespec="seconds"),
        )

    @property
    def key(self) -> str:
        """Equal keys, equal answers."""
        # A version's number is counted, the digest in its name is of what it holds.
        held = {name: version.rpartition("-")[2] for name, version in self.versions.items()}
        decisive = [sorted(held.items()), sorted(self.settings.items()), self.code, sorted(self.libraries.items())]
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of a run: when, of which data set, and what came of it.

    Attributes:
        version: Of the corpus that the settings name.
        right: By case, whether every expectation was met.
    """

    at: str
    dataset: str
    version: str
    figures: Mapping[str, float | None]
    right: Mapping[str, bool]


class RunFile:
    """One run on disk; threads may write to it at the same time.

    Args:
        folder: Where runs are kept; made if it is missing.
        manifest: Of the run; the newest file of the same key is gone on with.

    Raises:
        CaseError: The folder or the file can't be used.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._guard = threading.Lock()
        self._answers: dict[str, dict[str, Any]] = {}
        stamp = manifest.started.partition("+")[0].replace("-", "").replace(":", "")
        with _told(folder):
            folder.mkdir(parents=True, exist_ok=True)
            former = sorted(folder.glob(f"*-{manifest.key}.jsonl"))
            self.file = former[-1] if former else folder / f"{stamp}-{manifest.key}.jsonl"
            if not former:
                self._append({"manifest": asdict(manifest)})
            whole = _drop_torn_line(self.file)
        self.manifest = manifest
        for row in _rows(whole):
            if "manifest" in row:
                self.manifest = Manifest(**row["manifest"])
            elif "answer" in row:
                self._answers[row["asked"]] = row["answer"]

    def answer(self, asked: str) -> Answer | None:
        """The answer that was given to what `digest` calls by that name; None where it must be asked for."""
        with self._guard:
            kept = self._answers.get(asked)
        return None if kept is None else Answer.from_dict(kept)

    def keep(self, asked: str, answer: Answer) -> None:
        """Writes an answer down.

        Raises:
            CaseError: The file can't be written.
        """
        value = answer.to_dict()
        with self._guard, _told(self.file):
            self._answers[asked] = value
            self._append({"asked": asked, "answer": value})

    def finish(self, end: Finish) -> None:
        """Writes what came of the run, unless the last one came to the same."""
        former = ends(self.file.parent, end.dataset)
        if not former or replace(former[-1], at=end.at) != end:
            with self._guard, _told(self.file):
                self._append({"finish": asdict(end)})

    def _append(self, row: Mapping[str, Any]) -> None:
        line = (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
        with self.file.open("ab", buffering=0) as file:  # in one piece: another process may write as well
            file.write(line)


def digest(corpus: str, question: str, history: Sequence[Turn], as_of: str | None) -> str:
    """The name under which the answer to a question is kept."""
    asked = [corpus, question, [[turn.role, turn.content] for turn in history], as_of]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:24]


def ends(folder: Path, dataset: str, *, besides: Path | None = None) -> list[Finish]:
    """How the runs of a data set came out, in order of time; without those in the file `besides`."""
    files = [file for file in folder.glob("*.jsonl") if file != besides]
    found = [end for file in files for end in _ends_of(file) if end.dataset == dataset]
    return sorted(found, key=lambda end: end.at)


def _ends_of(file: Path) -> Iterator[Finish]:
    for line in file.read_bytes().split(b"\n")[:-1]:  # the last one may still be written
        if line.startswith(b'{"finish"'):
            yield Finish(**json.loads(line)["finish"])


def _rows(lines: bytes) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in lines.split(b"\n") if line)


def _drop_torn_line(file: Path) -> bytes:
    """What the file holds, without the beginning of a line whose writer was killed."""
    held = file.read_bytes()
    whole = held[: held.rfind(b"\n") + 1]
    if whole != held:
        os.truncate(file, len(whole))
    return whole


@contextmanager
def _told(where: Path) -> Iterator[None]:
    """Says where keeping answers failed and what can be done."""
    try:
        yield
    except OSError as error:
        raise CaseError(
            f"the answers can't be kept in {where} ({error.strerror}); make it writable, or remove it"
        ) from error


def _digest_of_code() -> str:
    """Of everything that has a say in an answer: the code below evaluation, prompts, trained weights."""
    digest = hashlib.sha256()
    for package in _ANSWERING:
        root = Path(str(files(package)))
        for file in sorted(root.rglob("*")):
            parts = file.relative_to(root).parts
            if file.suffix in (".py", ".md", ".sql", ".onnx") and parts[0] not in _NOT_ANSWERING:
                digest.update("/".join(parts).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
