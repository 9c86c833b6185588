"""Subjects: what is evaluated. An index version with its texts, and an assistant over it once one is needed.

Reading versions and texts opens the catalog alone; models are loaded with the first question that no run has an
answer to. What is not here: marking (runner.py), what a run's file is (runs.py).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from assistant.assistant import Assistant
from assistant.errors import CaseError, CorpusError
from assistant.evaluation.cases import Dataset
from assistant.evaluation.report import Report
from assistant.evaluation.runs import Finish, Manifest, RunFile, digest
from assistant.indexing import follow
from assistant.publishing import CATALOG, RUNS, Index
from assistant.settings import Settings
from assistant.store.catalog import Catalog
from assistant.types import Answer, Document, Passage, Turn

_CORPORA = "corpora"  # in the index folder: the indexes of the corpora that cases name


class Answering(Protocol):
    """What an evaluation needs of an assistant."""

    def ask(self, question: str, *, history: Sequence[Turn] = (), as_of: str | None = None) -> Answer:
        """Answers a question."""
        ...

    def document(self, id_or_path: str) -> Document:
        """The document that a citation points to."""
        ...


class Subject:
    """One version of one corpus; threads may ask it at the same time.

    Args:
        settings: Of the corpus and its index.
        catalog: Opened by the caller, closed by `close`.
        assistant: Makes the assistant over that version.

    Attributes:
        version: Name of the index version.
    """

    def __init__(self, settings: Settings, catalog: Catalog, assistant: Callable[[], Assistant]) -> None:
        self.settings = settings
        self._catalog = catalog
        self._make = assistant
        self._assistant: Assistant | None = None
        self._guard = threading.Lock()
        with catalog.read() as snapshot:
            version = snapshot.version()
        self.version = "" if version is None else version.name

    @classmethod
    def published(cls, settings: Settings) -> Self:
        """The version that readers see.

        Raises:
            IndexMissingError: There is none.
        """
        return cls(settings, Catalog(settings.index_dir / CATALOG), lambda: Assistant(settings))

    @classmethod
    def staged(cls, index: Index, settings: Settings) -> Self:
        """A version that is built and not published yet."""
        return cls(settings, index.catalog, lambda: Assistant.over(index, settings))

    def ask(self, question: str, *, history: Sequence[Turn] = (), as_of: str | None = None) -> Answer:
        """Answers a question."""
        return self._asked().ask(question, history=history, as_of=as_of)

    def search(self, question: str, *, top_k: int = 5) -> list[Passage]:
        """The passages nearest to a question."""
        return self._asked().search(question, top_k=top_k)

    def document(self, id_or_path: str) -> Document:
        """The document that a citation points to."""
        with self._catalog.read() as snapshot:
            return snapshot.document(id_or_path)

    def files(self) -> dict[str, str]:
        """Path and sha256 of every document."""
        with self._catalog.read() as snapshot:
            return {path: file.sha256 for path, file in snapshot.files().items() if file.skipped is None}

    def close(self) -> None:
        """Closes what was opened to answer."""
        with self._guard:
            if self._assistant is not None:
                self._assistant.close()
                self._assistant = None
        self._catalog.close()

    def _asked(self) -> Assistant:
        with self._guard:
            if self._assistant is None:
                self._assistant = self._make()
            return self._assistant


class Recorded:
    """Answers what a run has an answer to from its file, and writes down what had to be asked."""

    def __init__(self, corpus: str, subject: Answering, run: RunFile) -> None:
        self._corpus = corpus
        self._subject = subject
        self._run = run

    def ask(self, question: str, *, history: Sequence[Turn] = (), as_of: str | None = None) -> Answer:
        """Answers a question, whenever it was asked first."""
        name = digest(self._corpus, question, history, as_of)
        answer = self._run.answer(name)
        if answer is None:
            answer = self._subject.ask(question, history=history, as_of=as_of)
            self._run.keep(name, answer)
        return answer

    def document(self, id_or_path: str) -> Document:
        """The document that a citation points to."""
        return self._subject.document(id_or_path)


class Subjects:
    """A corpus and those that the cases name beside it, with a file that their answers are kept in.

    Args:
        main: What cases are asked that name no corpus.
        dataset: The cases.
        cases: The file that they stand in; folders are named relative to it.

    Raises:
        CaseError: A corpus that a case names can't be indexed, or answers can't be kept.
    """

    def __init__(self, main: Subject, dataset: Dataset, cases: Path) -> None:
        self._opened = ExitStack()
        self._by_name = {"": main}
        try:
            for name in dict.fromkeys(case.corpus for case in dataset.cases if case.corpus):
                self._by_name[name] = _indexed(name, cases, main.settings)
                self._opened.callback(self._by_name[name].close)
            versions = {name: subject.version for name, subject in self._by_name.items()}
            self.run_file = RunFile(main.settings.index_dir / RUNS, Manifest.of(main.settings, versions))
        except BaseException:
            self._opened.close()
            raise
        self.main = main

    def __call__(self, corpus: str) -> Recorded:
        """What answers the questions over a corpus."""
        return Recorded(corpus, self._by_name[corpus], self.run_file)

    def finish(self, report: Report) -> None:
        """Writes down what came of asking all cases."""
        right = {outcome.case.id: outcome.is_right for outcome in report.outcomes}
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self.run_file.finish(Finish(at, report.dataset, self.main.version, report.figures(), right))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()


def changed_paths(before: Subject, after: Subject) -> set[str]:
    """Paths of the documents that one has and the other has not, or has otherwise."""
    old, new = before.files(), after.files()
    return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}


def touched(answer: Answer, paths: Iterable[str]) -> bool:
    """Whether an answer rests on one of these documents, or found it."""
    wanted = set(paths)
    return any(c.path in wanted for c in answer.citations) or any(p.path in wanted for p in answer.passages)


def _indexed(name: str, cases: Path, settings: Settings) -> Subject:
    folder = (cases.parent / name).resolve()
    own = f"{folder.name}-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
    settings = settings.model_copy(update={"corpus_dir": folder, "index_dir": settings.index_dir / _CORPORA / own})
    try:
        follow(settings)
    except CorpusError as error:
        raise CaseError(f"the corpus {name!r} that {cases} names can't be indexed: {error}") from error
    return Subject.published(settings)
