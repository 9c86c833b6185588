"""The log of the server: with `logs = "json"` one JSON object a line, for requests, warnings and errors alike.

No question, no key and no text of a document may stand in a log: what an exception says is left out unless its kind
speaks of the machine only. What is not here: who watches the requests (`observing.py`), the audit log.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from assistant.errors import AssistantError, LanguageModelError, QuestionError
from assistant.serving.watching.finished import Finished
from assistant.settings import Settings

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request that is being answered."""

_events = logging.getLogger("assistant.events")
_log = logging.getLogger(__name__)
# Their messages name files, addresses and names of code. A KeyError or ValueError may name a word of the question.
_OF_THE_MACHINE = (OSError, ImportError, AttributeError, NameError, MemoryError, AssistantError)
_OF_THE_READER = (QuestionError, LanguageModelError, UnicodeError)


def set_up_logs(settings: Settings) -> None:
    """Sends all loggers of this process to stderr as lines of JSON, where the settings say so.

    Otherwise nothing is done: warnings are printed as text.
    """
    if settings.logs != "json":
        return
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    _events.setLevel(logging.INFO)
    threading.excepthook = _thread_failed


def log_request(request: Finished) -> None:
    """One line for a request that has ended."""
    _events.info("request", extra={"fields": request.fields()})


def log_start(address: str) -> None:
    """Tells where the server is: a line of text for people, or of the log where that is JSON."""
    if _events.isEnabledFor(logging.INFO):
        _events.info("started", extra={"fields": {"address": address}})
    else:
        sys.stderr.write(f"Corpus Assistant is at {address} (Ctrl-C stops it)\n")
        sys.stderr.flush()


class JsonLines(logging.Formatter):
    """A record as one line of JSON: an event with its fields, or what a logger said with the traceback in a field."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        request_id = REQUEST_ID.get()
        if request_id is not None:
            line["request_id"] = request_id
        if record.name == _events.name:
            line |= {"event": record.getMessage(), **getattr(record, "fields", {})}
        else:
            error = record.exc_info[1] if record.exc_info else None
            message = record.getMessage()
            line |= {"event": "log", "logger": record.name}
            line["message"] = message if error is None else _without_words_of(error, message)
            if error is not None:
                line["traceback"] = "\n".join(_tell(error))
        return json.dumps(line, default=str)


def _tell(error: BaseException) -> Iterator[str]:
    """The frames and the kind of an exception and of those behind it, the first cause first."""
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if behind is not None:
        yield from _tell(behind)
        yield "which led to:"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    yield f"{type(error).__name__}: {error}" if _is_fit_to_print(error) else type(error).__name__
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _tell(part)


def _is_fit_to_print(error: BaseException) -> bool:
    return isinstance(error, _OF_THE_MACHINE) and not isinstance(error, _OF_THE_READER)


def _without_words_of(error: BaseException, message: str) -> str:
    """A logger's message without the exception's own, which some loggers repeat in it."""
    if _is_fit_to_print(error):
        return message
    for said in (repr(error), str(error)):
        if said:
            message = message.replace(said, type(error).__name__)
    return message


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_type is not SystemExit and failed.exc_value is not None:
        _log.error("a thread failed", exc_info=failed.exc_value)
