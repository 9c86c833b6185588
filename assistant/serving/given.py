"""The answers that the chat gave lately, so that a reader's word on one is kept with what was really said.

What is not here: where that word is kept (store/feedback.py).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from assistant.types import Answer, Turn

_KEPT = 2_000
"""Answers that are held; whoever judges an older one is asked to ask again."""


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as the chat gave it.

    Attributes:
        sources: Paths of the documents that it and the answers in its history draw on.
    """

    question: str
    history: tuple[Turn, ...]
    answer: Answer
    sources: tuple[str, ...]


class GivenAnswers:
    """Answers by the key that only the page that shows them knows; of too many, the oldest go.

    Args:
        told: Is told each answer that is kept.
    """

    def __init__(self, told: Callable[[Answer], None] = lambda _answer: None) -> None:
        self._told = told
        self._held: OrderedDict[str, Given] = OrderedDict()
        self._guard = threading.Lock()

    def keep(self, key: str, given: Given) -> None:
        """Holds an answer."""
        with self._guard:
            self._held[key] = given
            while len(self._held) > _KEPT:
                self._held.popitem(last=False)
        self._told(given.answer)

    def get(self, key: str) -> Given | None:
        """The answer of a key, or None where it is not held."""
        with self._guard:
            return self._held.get(key)
