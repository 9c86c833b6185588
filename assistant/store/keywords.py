"""Words as the keyword index keeps them: lower case, stemmed in English and Russian.

The same function makes the rows and the questions, so that they meet. What is not here: scoring, which is
BM25 in SQLite's FTS5 (catalog.py), and which words of a question matter (retrieval).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import lru_cache

import Stemmer

WORD = re.compile(r"\w+", re.UNICODE)
_CYRILLIC = re.compile(r"[а-яё]")
_local = threading.local()


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The stem of one word, in lower case; `ё` counts as `е`, a possessive's `s` is dropped before."""
    word = word.lower().replace("ё", "е")
    russian, english = _stemmers()
    return str((russian if _CYRILLIC.search(word) else english).stemWord(word))


def stems(text: str) -> list[str]:
    """Stems of all words of a text, in order."""
    return [stem(word) for word in WORD.findall(text.replace("’s", "").replace("'s", ""))]


def keyword_row(title: str, headings: Sequence[str], text: str) -> tuple[str, str, str]:
    """The three columns of a chunk's keyword row."""
    return " ".join(stems(title)), " ".join(stems(" ".join(headings))), " ".join(stems(text))


def _stemmers() -> tuple[Stemmer.Stemmer, Stemmer.Stemmer]:
    # A stemmer is not safe to share between threads.
    if not hasattr(_local, "pair"):
        _local.pair = (Stemmer.Stemmer("russian"), Stemmer.Stemmer("english"))
    pair: tuple[Stemmer.Stemmer, Stemmer.Stemmer] = _local.pair
    return pair
