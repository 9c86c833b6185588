"""The dialogue of `assistant eval triage`: shows what readers said, one by one, and asks what becomes of it.

It reads whole lines from standard input, so that a pipe can answer as well as a person. What is not here: what a
verdict makes of a record (evaluation/triage.py).
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.commands.terminal import answer_text, tell
from assistant.errors import CaseError
from assistant.evaluation.cases import Case
from assistant.evaluation.triage import (
    add_case,
    as_refusal,
    as_sources,
    as_the_answer,
    existing,
    offered_fact,
    parts_of,
    settle_made,
)
from assistant.publishing import CATALOG
from assistant.settings import Settings
from assistant.store.catalog import Catalog
from assistant.store.feedback import Feedback, FeedbackStore
from assistant.types import Reason

_CHOICES = "[a]nswer right, [s]ource right, [r]efuse, [d]ismiss, [l]ater, [q]uit"
_REASONS = tuple(reason.value for reason in Reason if reason is not Reason.EMPTY_CORPUS)

Say = Callable[[str], None]


class _QuitError(Exception):
    """The maintainer has had enough, or the input is at its end."""


@dataclass(slots=True)
class Triaged:
    """What was done.

    Attributes:
        made: Pairs of feedback and case.
        dismissed: Feedback that became nothing.
        left: How many records are still new.
    """

    cases: Path
    made: list[tuple[str, str]] = field(default_factory=list)
    dismissed: list[str] = field(default_factory=list)
    left: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        made = [{"feedback": feedback, "case": case} for feedback, case in self.made]
        return {"cases": str(self.cases), "made": made, "dismissed": self.dismissed, "left": self.left}

    def __str__(self) -> str:
        return f"{len(self.made)} cases written to {self.cases}, {len(self.dismissed)} dismissed, {self.left} left"


def triage(settings: Settings, cases: Path, say: Say) -> Triaged:
    """Goes through the new feedback of an index folder until its end, or the end of the answers.

    Args:
        settings: Where the feedback and the corpus's documents are found.
        cases: The file that new cases go to.
        say: Shows a text to the maintainer.

    Raises:
        CaseError: The cases can't be read or written.
        FeedbackError: The feedback can't be read or written.
        IndexMissingError: There is no index to look a source up in.
    """
    store, done = FeedbackStore(settings.index_dir), Triaged(cases)
    settle_made(store, existing(cases).cases)
    waiting = store.new()
    try:
        for number, feedback in enumerate(waiting, 1):
            say(f"\n{_shown(feedback, number, len(waiting))}\n")
            while (choice := _ask(_CHOICES)[:1].casefold()) not in tuple("asrdl"):
                if choice == "q":
                    raise _QuitError
            if choice == "l":
                continue
            if choice == "d":
                store.settle(feedback.id, None)
                done.dismissed.append(feedback.id)
                continue
            case = _case(choice, feedback, settings)
            if case is not None:
                case = add_case(cases, case)  # before the record is settled: what is interrupted is offered again
                store.settle(feedback.id, case.id)
                done.made.append((feedback.id, case.id))
                say(f"case {case.id} is written to {cases}")
    except _QuitError:
        pass
    done.left = len(store.new())
    return done


def _case(choice: str, feedback: Feedback, settings: Settings) -> Case | None:
    """The case of a record; None where the maintainer would rather see to it later."""
    try:
        if choice == "a":
            answer = feedback.answer
            return as_the_answer(feedback, _facts(offered_fact(answer)) if answer and answer.answered else ())
        if choice == "s":
            return as_sources(feedback, _sources(settings), _facts(""))
        return as_refusal(feedback, _reason())
    except CaseError as error:
        tell(f"{error}; this one is left for later")
        return None


def _facts(offered: str) -> list[str]:
    hint = f" (Enter for “{offered}”, - for none)" if offered else " (Enter for none)"
    said = _ask(f"facts that any right answer must hold, with ; between them{hint}")
    if said == "-":
        return []
    return parts_of(said or offered)


def _sources(settings: Settings) -> list[str]:
    with closing(Catalog(settings.index_dir / CATALOG)) as catalog, catalog.read() as snapshot:
        known = [document.path for document in snapshot.documents()]
    while True:
        paths = parts_of(_ask("paths of documents that answer it, with ; between"))
        strange = [path for path in paths if path not in known]
        if paths and not strange:
            return paths
        for path in strange:
            close = difflib.get_close_matches(path, known, n=1)
            tell(f"the index has no document {path!r}" + (f"; did you mean {close[0]}?" if close else ""))


def _reason() -> Reason | None:
    while True:
        said = _ask(f"reason: {', '.join(_REASONS)} (Enter for any)")
        if not said:
            return None
        if said in _REASONS:
            return Reason(said)


def _ask(question: str) -> str:
    """One line of the input, without white space around it."""
    sys.stderr.write(f"{question}: ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        sys.stderr.write("\n")
        raise _QuitError
    return line.strip()


def _shown(feedback: Feedback, number: int, of: int) -> str:
    reason = f" ({feedback.reason.value})" if feedback.reason else ""
    version = f", index {feedback.index_version}" if feedback.index_version else ""
    parts: Sequence[str] = [
        f"── {number} of {of}: thumb {feedback.verdict}{reason}, {feedback.time}{version}",
        *(f"{turn.role}: {turn.content}" for turn in feedback.history if turn.content),
        f"? {feedback.question}" + (f" (as of {feedback.as_of})" if feedback.as_of else ""),
        answer_text(feedback.answer) if feedback.answer else "(the answer is not known, or was forgotten)",
        *([f"The reader says: {feedback.comment}"] if feedback.comment else []),
    ]
    return "\n\n".join(parts)
