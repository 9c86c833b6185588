"""How much is taken on: requests a minute of each key, answers made at once, and those that wait their turn.

What is not here: who sent a request (visitors.py), and how large it may be (admission.py).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assistant.serving.problems import ProblemError

_BUCKETS = 10_000
"""Keys and addresses that are counted at once; of more, the one that was quiet for longest starts anew."""


class Rates:
    """Counts requests by token buckets: a minute's worth may come at once, then one by one as time passes."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._guard = threading.Lock()

    def wait(self, who: str, per_minute: int, *, spend: bool = True) -> float:
        """Takes one request from a bucket.

        Args:
            who: Whose bucket.
            per_minute: Its size, and how much flows in within a minute.
            spend: False to look only.

        Returns:
            0 where there was one, else the seconds until there is.
        """
        now = time.monotonic()
        with self._guard:
            left, then = self._buckets.pop(who, (float(per_minute), now))
            left = min(float(per_minute), left + (now - then) * per_minute / 60)
            missing = 1 - left
            if missing <= 0 and spend:
                left -= 1
            self._buckets[who] = (left, now)
            while len(self._buckets) > _BUCKETS:
                self._buckets.popitem(last=False)
        return max(0.0, missing) * 60 / per_minute


class Turns:
    """Lets a few answers be made at once and some requests wait; who comes on top of that is told to come again.

    Args:
        at_once: Answers in the making; more than there are processors only slow each other down.
        waiting: Requests that wait their turn.
        patience: Seconds that one waits at most.
    """

    def __init__(self, at_once: int, waiting: int = 64, patience: float = 20.0) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most = waiting
        self._patience = patience
        self.waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One's turn; first come, first served.

        Raises:
            ProblemError: 429, too many wait already, or it took too long.
        """
        if self.waiting >= self._most:
            raise _busy()
        self.waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError as error:
            raise _busy() from error
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._free.release()


def _busy() -> ProblemError:
    return ProblemError(429, "Busy", "too many questions at once; ask again in a moment", {"retry-after": "5"})


def too_many(seconds: float) -> ProblemError:
    """What a key is told that has used up its requests."""
    after = max(1, round(seconds + 0.5))
    return ProblemError(429, "Too many requests", f"this key may ask again in {after} s", {"retry-after": str(after)})
