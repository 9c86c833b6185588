"""How alike two texts are, in their runs of words, and by which marks nearly equal ones find each other.

The marks are bands of a MinHash: texts that share most of their runs share a band almost surely, so that the
catalog finds candidates by an index and compares only those. What is not here: the rows (writer.py), the question
(history.py).
"""

from __future__ import annotations

import hashlib

from assistant.store.keywords import WORD

# Share of runs from which one text nearly says what the other does: of fifteen words one may be another.
ALIKE = 0.7
_RUN = 2  # words
# Sixteen bands of four: texts at .7 meet in one with a probability of .99, at .3 with .12.
_BANDS, _ROWS = 16, 4


def runs(text: str) -> frozenset[str]:
    """The runs of words of a text, in small letters."""
    words = WORD.findall(text.casefold())
    return frozenset(" ".join(words[i : i + _RUN]) for i in range(max(1, len(words) - _RUN + 1)))


def bands(text: str) -> list[int]:
    """The marks of a text; a signed integer of 64 bits each, as SQLite keeps them."""
    from datasketch import MinHash

    minhash = MinHash(num_perm=_BANDS * _ROWS)
    minhash.update_batch([run.encode("utf-8", "surrogatepass") for run in sorted(runs(text))])
    values = minhash.hashvalues.astype("<u8")
    parts = (bytes([n]) + values[n * _ROWS : (n + 1) * _ROWS].tobytes() for n in range(_BANDS))
    return [int.from_bytes(hashlib.sha256(part).digest()[:8], "little", signed=True) for part in parts]


def likeness(one: str, other: str) -> float:
    """Share of the runs that both texts hold, of those that either does."""
    a, b = runs(one), runs(other)
    return len(a & b) / len(a | b)
