"""The audit log: who asked what, when, of which version, and which documents were cited.

A line of JSON for every question, search and document that a key was given, in one file a day below the index folder.
What is not here: the log of requests, which is for operators (logs.py), and what readers say (store/feedback.py).
"""

from __future__ import annotations

import hmac
import json
import logging
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property

from assistant.errors import AssistantError
from assistant.serving.door.visitors import Visitor
from assistant.settings import Settings
from assistant.store.keys import KeyStore
from assistant.types import Answer

_log = logging.getLogger(__name__)


class Audit:
    """Writes the log; a line that can't be written is told of and does not cost the answer.

    Args:
        settings: Where it is kept, and whether questions stand in it in clear.
    """

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.index_dir / "audit"
        self._clear = settings.audit_questions
        self._store = KeyStore(settings.index_dir)
        self._guard = threading.Lock()

    def answered(self, visitor: Visitor, way: str, answer: Answer, request_id: str | None) -> None:
        """Notes an answer; `way` is how it was asked: `api`, `openai`, `mcp` or `chat`."""
        outcome = "answered" if answer.answered else str(answer.reason)
        cited = dict.fromkeys(citation.path for citation in answer.citations)
        self._write(visitor, way, "ask", answer.question, answer.index_version, outcome, cited, request_id)

    def found(self, visitor: Visitor, way: str, question: str, paths: Iterable[str], request_id: str | None) -> None:
        """Notes a search and the documents that it showed passages of."""
        self._write(visitor, way, "search", question, "", "found", dict.fromkeys(paths), request_id)

    def read(self, visitor: Visitor, way: str, path: str, request_id: str | None) -> None:
        """Notes a document that was read whole."""
        self._write(visitor, way, "read", None, "", "read", [path], request_id)

    @cached_property
    def _pepper(self) -> bytes:
        return self._store.pepper()

    def _write(
        self,
        visitor: Visitor,
        way: str,
        act: str,
        question: str | None,
        version: str,
        outcome: str,
        documents: Iterable[str],
        request_id: str | None,
    ) -> None:
        now = datetime.now(UTC)
        line: dict[str, object] = {
            "time": now.isoformat(timespec="milliseconds"),
            "key": visitor.id,
            "name": visitor.name,
        }
        line |= {"way": way, "act": act, "request_id": request_id}
        try:
            if question is not None and self._clear:
                line["question"] = question
            elif question is not None:
                line["question_hmac"] = hmac.digest(self._pepper, question.encode("utf-8", "replace"), "sha256").hex()
            line |= {"index_version": version, "outcome": outcome, "documents": list(documents)}
            with self._guard:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                with (self.folder / f"{now:%Y-%m-%d}.jsonl").open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
        except (AssistantError, OSError) as error:  # an operator must hear of it, a reader need not
            _log.error("the audit log in %s can't be written: %s", self.folder, error)
