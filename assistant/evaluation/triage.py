"""From a reader's word on an answer to an evaluation case: what a maintainer's verdict makes of a record.

What is not here: the questions to the maintainer (commands/triaging.py), where the records are (store/feedback.py).
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from assistant.errors import CaseError
from assistant.evaluation.cases import Case, Dataset, load_cases
from assistant.evaluation.metrics import contains
from assistant.store.feedback import Feedback, FeedbackStore
from assistant.types import Answer, Reason, Turn

TAG = "from-feedback"
_WORDS_OF_AN_ID = 8


def as_the_answer(feedback: Feedback, facts: Sequence[str] = ()) -> Case:
    """The case of an answer, or a refusal, that is right as it was.

    Args:
        facts: Words of the answer that any right answer must hold; those of a quotation must be quoted again.

    Raises:
        CaseError: The answer is not known, or a fact does not stand in it.
    """
    answer = feedback.answer
    if answer is None:
        raise CaseError(f"the answer of feedback {feedback.id} is not known; name the right sources instead")
    if not answer.answered:
        return as_refusal(feedback, answer.reason)
    for fact in facts:
        if not contains(answer.text, fact):
            raise CaseError(f"{fact!r} does not stand in the answer; take words from it as they are")
    quotes = [citation.quote for citation in answer.citations]
    quoted = [fact for fact in facts if any(contains(quote, fact) for quote in quotes)]
    sources = list(dict.fromkeys(citation.path for citation in answer.citations))
    # Without a fact the whole first quotation is what has to be found again.
    expect = {"sources": sources, "facts": [[fact] for fact in facts], "quote_contains": quoted or quotes[:1]}
    return _case(feedback, {"answered": True, **{name: value for name, value in expect.items() if value}})


def as_sources(feedback: Feedback, paths: Sequence[str], facts: Sequence[str] = ()) -> Case:
    """The case of a question that these documents answer.

    Raises:
        CaseError: No path is named.
    """
    expect = {"sources": list(dict.fromkeys(paths)), "facts": [[fact] for fact in facts]}
    return _case(feedback, {"answered": True, **{name: value for name, value in expect.items() if value}})


def as_refusal(feedback: Feedback, reason: Reason | None = None) -> Case:
    """The case of a question that must not be answered."""
    return _case(feedback, {"answered": False, **({} if reason is None else {"reason": reason.value})})


def offered_fact(answer: Answer | None) -> str:
    """The words that a maintainer most likely wants as the fact; empty where the answer names none."""
    if answer is None or answer.short_answer is None or not contains(answer.text, answer.short_answer.text):
        return ""
    return " ".join(answer.short_answer.text.split())


def parts_of(text: str) -> list[str]:
    """What a maintainer typed, with semicolons between the parts."""
    return [part for each in text.split(";") if (part := each.strip())]


def add_case(file: Path, case: Case) -> Case:
    """Appends a case to a file of cases, in one step; the other lines stay as they are.

    Returns:
        The case with the id that it got, which no other has.

    Raises:
        CaseError: The file is malformed, or can't be written.
    """
    file = file.resolve()  # what a link points to is changed, not the link
    try:
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # two who append at once would lose the case of one
            case = case.model_copy(update={"id": _unused(case.id, {one.id for one in existing(file).cases})})
            before = file.read_bytes() if file.exists() else b""
            line = json.dumps(case.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False)
            _replace(file, before + (b"\n" if before and not before.endswith(b"\n") else b"") + line.encode() + b"\n")
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise CaseError(
            f"the cases {file} can't be written ({error.strerror}); make it writable, or name others with --cases"
        ) from error
    return case


def existing(file: Path) -> Dataset:
    """The cases of a file; none where it is missing or holds nothing yet.

    Raises:
        CaseError: The file is malformed.
    """
    if not file.exists() or not file.read_bytes().strip():
        return Dataset(file.stem, ())
    return load_cases(file)


def settle_made(store: FeedbackStore, cases: Iterable[Case]) -> None:
    """Settles the records whose case was written by a run that ended before it could say so.

    Raises:
        FeedbackError: The records can't be read or written.
    """
    made = {case.note: case.id for case in cases if TAG in case.tags}
    for feedback in store.new():
        if note_of(feedback) in made:
            store.settle(feedback.id, made[note_of(feedback)])


def note_of(feedback: Feedback) -> str:
    """What a case tells of the record that it was made of; no two records have the same."""
    version = f" on index {feedback.index_version}" if feedback.index_version else ""
    return f"A reader's thumb {feedback.verdict} of {feedback.time[:10]}{version} (feedback {feedback.id})"


def _case(feedback: Feedback, expect: dict[str, object]) -> Case:
    # What was erased of an earlier answer leaves an empty turn.
    history = [Turn(turn.role, turn.content) for turn in feedback.history if turn.content.strip()]
    values = {"id": _id_of(feedback.question), "question": feedback.question, "as_of": feedback.as_of, "expect": expect}
    try:
        return Case.model_validate(values | {"history": history, "tags": (TAG,), "note": note_of(feedback)})
    except ValidationError as error:
        said = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
        raise CaseError(f"feedback {feedback.id} makes no case: {said}") from error


def _id_of(question: str) -> str:
    words = re.findall(r"\w+", question.casefold().replace("'", "").replace("’", ""))
    return "-".join(words[:_WORDS_OF_AN_ID])[:80] or "question"


def _unused(wanted: str, taken: Collection[str]) -> str:
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def _replace(file: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
        if file.exists():
            shutil.copymode(file, name)
        else:
            os.chmod(name, 0o644)
        os.replace(name, file)
    except BaseException:
        os.unlink(name)
        raise
