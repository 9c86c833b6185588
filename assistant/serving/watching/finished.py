"""What is known of a request once it has ended: the one record that metrics, logs and traces are made of.

What is not here: how it is gathered (`observing.py`). It never holds a question, a key or text of a document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.types import Answer

CHAT = "chat"
"""The route of everything that the chat's page asks for."""
OTHER = "other"
"""The route of what is served nowhere, so that nobody can make up routes."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A request that has ended.

    Attributes:
        route: The template of its route (`/api/documents/{id}`), the folder of a mounted application, `chat`, `other`.
        status: As sent; 499 where the client left before, 500 where the handler failed, even in the middle of a reply.
        begun, ended: Nanoseconds since 1970; the end is that of the last byte.
        error: Name of the class of the exception that ended it.
        path: Only where the route is a template of this server's own: other paths may hold anything.
        key: Name of the key that it came with.
        answer: What it was answered, where it was a question, and when that was known, in nanoseconds since 1970.
    """

    id: str
    method: str
    scheme: str
    route: str
    status: int
    begun: int
    ended: int
    error: str | None = None
    path: str | None = None
    key: str | None = None
    answer: Answer | None = None
    answered: int | None = None

    @property
    def seconds(self) -> float:
        """From the first byte to the last."""
        return (self.ended - self.begun) / 1e9

    def fields(self) -> dict[str, Any]:
        """What a log may say of it."""
        said: dict[str, Any] = {
            "request_id": self.id,
            "method": self.method,
            "route": self.route,
            "status": self.status,
            "seconds": round(self.seconds, 4),
        }
        if self.key is not None:
            said["key"] = self.key
        if self.answer is not None:
            said |= {
                "outcome": outcome(self.answer),
                "mode": self.answer.mode,
                "index_version": self.answer.index_version,
                "retrieve_seconds": self.answer.seconds.retrieve,
                "compose_seconds": self.answer.seconds.compose,
            }
        return said


def outcome(answer: Answer) -> str:
    """`answered`, or the code of the reason why not."""
    return "answered" if answer.answered or answer.reason is None else answer.reason.value
