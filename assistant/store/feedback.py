"""What readers said of answers: records in a SQLite file of its own beside the catalog.

It stands apart from the catalog, since an index can be built again and a reader's word can't. What is not here: what
becomes of a record (evaluation/triage.py), and who may leave one (serving/programs/api.py).
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from assistant.errors import FeedbackError
from assistant.types import Answer, Turn

FEEDBACK = "feedback.sqlite3"
LONGEST_COMMENT = 2_000
_SCHEMA = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS feedback (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    time TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT,
    comment TEXT NOT NULL,
    question TEXT NOT NULL,
    history TEXT NOT NULL,
    as_of TEXT,
    answer TEXT,
    sources TEXT,
    index_version TEXT NOT NULL,
    status TEXT NOT NULL,
    case_id TEXT
)
"""


class Complaint(StrEnum):
    """What a reader found wrong."""

    WRONG_ANSWER = "wrong_answer"
    WRONG_SOURCE = "wrong_source"
    SHOULD_HAVE_REFUSED = "should_have_refused"
    SHOULD_HAVE_ANSWERED = "should_have_answered"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One reader's word on one answer.

    Attributes:
        id: A later record of the same id, question and time of asking takes the place of this one.
        time: UTC, as ISO 8601 writes it.
        answer: Without the text of its passages; None where it is not known, or was forgotten with its documents.
        sources: Paths of all documents that the answer and the answers in the history draw on; None where that is
            not known.
        case_id: Of the case that was made of it.
    """

    id: str
    time: str
    verdict: Literal["up", "down"]
    question: str
    reason: Complaint | None = None
    comment: str = ""
    history: tuple[Turn, ...] = ()
    as_of: str | None = None
    answer: Answer | None = None
    sources: tuple[str, ...] | None = ()
    index_version: str = ""
    status: Literal["new", "case", "dismissed"] = "new"
    case_id: str | None = None


class FeedbackStore:
    """The records of an index folder. Every call opens the file: threads and processes need no more to share it."""

    def __init__(self, index_dir: Path) -> None:
        self.file = index_dir / FEEDBACK

    def save(self, feedback: Feedback) -> bool:
        """Writes a record; when this returns, it is on the disk.

        A record of the same id is brought up to date: a retry changes nothing, a change of mind does.

        Returns:
            False where the id belongs to another question, or its record was worked on already and says otherwise.

        Raises:
            FeedbackError: The file is damaged or can't be written.
        """
        row = _row(_lean(feedback))
        with self._open(create=True) as db:
            db.execute("BEGIN IMMEDIATE")
            found = db.execute("SELECT * FROM feedback WHERE id = ?", (feedback.id,)).fetchone()
            if found is None:
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                db.execute(f"INSERT INTO feedback ({names}) VALUES ({marks})", list(row.values()))
            else:
                said = ("verdict", "reason", "comment")
                if found["question"] != row["question"]:
                    return False
                if found["status"] != "new":
                    return all(found[name] == row[name] for name in said)
                # The words are shown to who may see all that either word was on.
                sources = _either(found["sources"], row["sources"])
                db.execute(
                    "UPDATE feedback SET verdict = ?, reason = ?, comment = ?, sources = ? WHERE id = ?",
                    [*(row[name] for name in said), sources, feedback.id],
                )
            db.execute("COMMIT")
        return True

    def all(self) -> list[Feedback]:
        """Every record, oldest first; none where nobody has left one.

        Raises:
            FeedbackError: The file is damaged or can't be read.
        """
        if not self.file.exists():
            return []
        with self._open() as db:
            return [_record(row) for row in db.execute("SELECT * FROM feedback ORDER BY number")]

    def new(self) -> list[Feedback]:
        """The records that nobody has worked on, oldest first.

        Raises:
            FeedbackError: As `all` does.
        """
        return [feedback for feedback in self.all() if feedback.status == "new"]

    def check(self) -> None:
        """Tries whether feedback could be kept now, and leaves nothing behind.

        Raises:
            FeedbackError: The file is damaged, or it or its folder can't be written.
        """
        if self.file.exists():
            with self._open() as db:
                db.execute("BEGIN IMMEDIATE")
                db.execute("ROLLBACK")
            return
        try:
            with tempfile.TemporaryFile(dir=self.file.parent) as file:
                file.write(b"x")
        except OSError as error:
            raise _trouble(self.file, error) from error

    def settle(self, feedback_id: str, case_id: str | None) -> None:
        """Notes that a record became a case, or was dismissed where there is none.

        Raises:
            FeedbackError: The file is damaged or can't be written.
        """
        with self._open() as db:
            db.execute(
                "UPDATE feedback SET status = ?, case_id = ? WHERE id = ?",
                ("dismissed" if case_id is None else "case", case_id, feedback_id),
            )

    def draws_on(self, path: str) -> bool:
        """Whether the answer of any record is known to hold text of a document.

        Raises:
            FeedbackError: As `all` does.
        """
        return any(path in _drawn(feedback) for feedback in self.all())

    def forget(self, paths: Collection[str]) -> None:
        """Erases what stands here of documents: answers, comments on them, earlier answers.

        Questions and verdicts stay. Earlier answers go as well where nobody knows what they were drawn from.

        Args:
            paths: Of the documents, relative to the corpus folder.

        Raises:
            FeedbackError: The file is damaged or can't be written.
        """
        if not self.file.exists():
            return
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            touched = False
            for feedback in [_record(row) for row in db.execute("SELECT * FROM feedback")]:
                erased = _without(feedback, set(paths))
                if erased != feedback:
                    touched = True
                    row = _row(erased)
                    db.execute(
                        "UPDATE feedback SET answer = :answer, comment = :comment, history = :history,"
                        " sources = :sources WHERE id = :id",
                        row,
                    )
            db.execute("COMMIT")
            if touched:
                db.execute("VACUUM")  # what earlier updates left in freed pages goes as well

    @contextmanager
    def _open(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection; what is not committed at the end of the block is rolled back."""
        try:
            if create:
                self.file.parent.mkdir(parents=True, exist_ok=True)
            mode = "rwc" if create else "rw"
            address = f"{self.file.absolute().as_uri()}?mode={mode}"
            with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=30)) as db:
                db.row_factory = sqlite3.Row
                # A rollback journal, and no log that would keep erased text: records are few, and each is awaited.
                db.execute("PRAGMA synchronous = EXTRA")
                db.execute("PRAGMA secure_delete = ON")
                schema = db.execute("PRAGMA user_version").fetchone()[0]
                if schema == 0:
                    db.execute("BEGIN IMMEDIATE")
                    db.execute(_TABLE)
                    db.execute(f"PRAGMA user_version = {_SCHEMA}")
                    db.execute("COMMIT")
                elif schema != _SCHEMA:
                    raise FeedbackError(
                        f"{self.file} was written by another release (schema {schema}); use that one, or move the file"
                        " out of the index folder and a new one is begun"
                    )
                yield db
        except (OSError, sqlite3.Error) as error:
            raise _trouble(self.file, error) from error


def drawn_from(answer: Answer) -> tuple[str, ...]:
    """Paths of the documents whose text may stand in an answer: those cited, of a refusal those nearest."""
    places = answer.citations if answer.answered else answer.passages
    return tuple(dict.fromkeys(place.path for place in places))


def _lean(feedback: Feedback) -> Feedback:
    """Without the text of passages, which nobody needs to judge an answer; of a refusal their places stay."""
    if feedback.answer is None:
        return feedback
    places = () if feedback.answer.answered else feedback.answer.passages
    passages = tuple(replace(passage, text="", title="") for passage in places)
    return replace(feedback, answer=replace(feedback.answer, passages=passages))


def _drawn(feedback: Feedback) -> set[str]:
    return set(feedback.sources or ()) | set(drawn_from(feedback.answer) if feedback.answer is not None else ())


def _without(feedback: Feedback, paths: set[str]) -> Feedback:
    """The record with nothing in it that may come from these documents."""
    drawn, sources = _drawn(feedback), feedback.sources
    if not drawn & paths and sources is not None:
        return feedback
    history = tuple(Turn(t.role, t.content if t.role == "user" else "") for t in feedback.history)
    left = None if sources is None else tuple(path for path in sources if path not in paths)
    if not drawn & paths:  # only the history may hold some of it
        return replace(feedback, history=history)
    return replace(feedback, answer=None, comment="", history=history, sources=left)


def _row(feedback: Feedback) -> dict[str, Any]:
    answer, sources = feedback.answer, feedback.sources
    return {
        **{name: getattr(feedback, name) for name in ("id", "time", "verdict", "comment", "question", "as_of")},
        **{name: getattr(feedback, name) for name in ("index_version", "status", "case_id")},
        "reason": None if feedback.reason is None else feedback.reason.value,
        "history": _json([asdict(turn) for turn in feedback.history]),
        "answer": None if answer is None else _json(answer.to_dict()),
        "sources": None if sources is None else _json(sources),
    }


def _either(before: str | None, now: str | None) -> str | None:
    """The sources of two words on one answer, as they are stored; unknown where those of one are."""
    if before is None or now is None:
        return None
    return _json(tuple(dict.fromkeys((*json.loads(before), *json.loads(now)))))


def _record(row: sqlite3.Row) -> Feedback:
    values = {name: row[name] for name in row.keys() if name != "number"}  # noqa: SIM118 - a Row iterates its values
    try:
        answer = None if row["answer"] is None else Answer.from_dict(json.loads(row["answer"]))
    except (KeyError, TypeError, ValueError):  # another release wrote it; the question and the verdict can be used
        answer = None
    return Feedback(
        **{
            **values,
            "reason": None if row["reason"] is None else Complaint(row["reason"]),
            "history": tuple(Turn(**turn) for turn in json.loads(row["history"])),
            "sources": None if row["sources"] is None else tuple(json.loads(row["sources"])),
            "answer": answer,
        }
    )


def _json(value: dict[str, Any] | Sequence[Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _trouble(file: Path, error: Exception) -> FeedbackError:
    text = str(error)
    if "full" in text or "disk I/O" in text:
        remedy = "free some disk space and send it again"
    elif "readonly" in text or "unable to open" in text or isinstance(error, OSError):
        remedy = "make the folder and the file writable"
    elif "locked" in text:
        remedy = "another process is writing; try again"
    else:
        remedy = "move it out of the index folder, and a new one is begun"
    return FeedbackError(f"the feedback {file} can't be used ({text}): {remedy}")
