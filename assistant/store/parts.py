"""Long lists in parts: SQLite, Chroma and the embedder take only so many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")


def in_parts(values: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """The values in order, `size` of them at a time; fewer in the last part."""
    for i in range(0, len(values), size):
        yield values[i : i + size]
