"""Whether the server is fit to be sent questions, and whether its process is alive at all.

What is not here: the routes that tell (`server.py`).
"""

from __future__ import annotations

import logging
import threading
import time

import anyio
from starlette.concurrency import run_in_threadpool

from assistant.assistant import Assistant
from assistant.errors import AssistantError, ServerError
from assistant.store.feedback import FeedbackStore

_log = logging.getLogger(__name__)
_SECONDS_KEPT = 3.0
"""How long a search that worked speaks for the next ones."""
_SECONDS_TO_ANSWER = 5.0


class Readiness:
    """Tells whether questions can be answered, by trying.

    Args:
        assistant: Whose index, models and feedback file are tried.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._feedback = FeedbackStore(assistant.settings.index_dir)
        self._guard = threading.Lock()
        self._tried: tuple[str, float] | None = None

    def check(self, *, ending: bool = False) -> str:
        """The published version, once it is open, a search works and feedback can be kept.

        Args:
            ending: Whether the server is shutting down.

        Raises:
            AssistantError: It is not ready; the message says why.
        """
        if ending:
            raise ServerError("the server is shutting down; ask another one, or this one once it is up again")
        # One at a time: a search that hangs must not take a thread with every call.
        if not self._guard.acquire(timeout=_SECONDS_TO_ANSWER):
            raise ServerError("the index is still being opened or does not answer; ask again in a moment")
        try:
            version = self._assistant.ready()  # always anew: the index may have gone
            if self._tried is None or self._tried[0] != version or time.monotonic() - self._tried[1] > _SECONDS_KEPT:
                self._try()
                self._tried = (version, time.monotonic())
            return version
        except AssistantError:
            self._tried = None
            raise
        finally:
            self._guard.release()

    def _try(self) -> None:
        try:
            found = self._assistant.search("Is a search possible?", top_k=1)
        except AssistantError:
            raise
        except Exception as error:  # whatever keeps the search from working, the server is not ready
            _log.exception("the search that tells whether the server is ready failed")
            raise ServerError(f"a search failed ({type(error).__name__}); the log has the details") from error
        if not found and self._assistant.documents():
            raise ServerError("a search finds nothing in an index with documents; run `assistant doctor`")
        self._feedback.check()


async def alive() -> bool:
    """Whether the event loop, which runs this, and the threads that answer requests still do their work."""
    try:
        with anyio.fail_after(_SECONDS_TO_ANSWER):
            await run_in_threadpool(threading.get_ident)
    except TimeoutError:
        return False
    return True
