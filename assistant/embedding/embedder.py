"""What an embedder is: its card, its tokenizer, and the two ways it is asked for vectors.

What is not here: where a model comes from (models.py) and what computes its vectors (models.py, twin.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tokenizers import Tokenizer as FastTokenizer

# MiniLM's vocabulary spells a Russian word in about six pieces, an English one in 1.3.
_PIECES_PER_WORD = 3.5
_QUESTIONS = 32  # whose vectors are kept
_AT_ONCE = 1_000  # texts counted together; each token of theirs takes a hundred bytes meanwhile

Vectors = NDArray[np.float32]


class Tokenizer(Protocol):
    """What splitting needs to know of the embedder: how long a text is in tokens."""

    max_tokens: int

    def count(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, special tokens not counted."""
        ...

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Character span of each token of `text`."""
        ...


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of a model without loading it.

    Attributes:
        fingerprint: Of weights, tokenizer and pooling; vectors of equal fingerprints may be compared.
        dimension: Length of a vector.
        max_tokens: Longest input, special tokens included.
        query_prompt, document_prompt: Put in front of a question or a document, as the model was trained.
    """

    name: str
    fingerprint: str
    dimension: int
    max_tokens: int
    query_prompt: str = ""
    document_prompt: str = ""


class ModelTokenizer:
    """The model's own tokenizer, read from its `tokenizer.json`."""

    def __init__(self, fast: FastTokenizer, max_tokens: int) -> None:
        fast.no_padding()
        fast.no_truncation()
        self._fast = fast
        self.max_tokens = max_tokens

    def count(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, special tokens not counted."""
        counts: list[int] = []
        for first in range(0, len(texts), _AT_ONCE):
            part = [_encodable(text) for text in texts[first : first + _AT_ONCE]]
            counts += [len(encoded.ids) for encoded in self._fast.encode_batch(part, add_special_tokens=False)]
        return counts

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Character span of each token of `text`."""
        return list(self._fast.encode(_encodable(text), add_special_tokens=False).offsets)


class Forward(Protocol):
    """Whatever computes the vectors: unit rows, one for each text, in their order."""

    def __call__(self, texts: list[str]) -> Vectors: ...


class Embedder:
    """Embeds documents and questions as unit vectors. Thread-safe once made."""

    def __init__(self, card: ModelCard, tokenizer: ModelTokenizer, forward: Forward) -> None:
        self.card = card
        self.tokenizer = tokenizer
        self._forward = forward
        # The search and the judgement of what it found ask for the same question's vector.
        self._of_question = lru_cache(maxsize=_QUESTIONS)(self._embed_question)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embeds passages of documents.

        Args:
            texts: What is over the model's limit is cut off at it, as the model itself would.

        Returns:
            Array of shape `(len(texts), dimension)`, rows of unit length, in the order of `texts`.
        """
        return self._embed([self.card.document_prompt + t for t in texts])

    def embed_query(self, text: str) -> Vectors:
        """Embeds one question; shape `(dimension,)`, unit length."""
        return self._of_question(text)

    def _embed_question(self, text: str) -> Vectors:
        vector: Vectors = self._embed([self.card.query_prompt + text])[0]
        vector.flags.writeable = False  # it is handed out again
        return vector

    def knows(self, text: str) -> bool:
        """False for a text that the model spells letter by letter, so that its vector means little."""
        return self.tokenizer.count([text])[0] <= _PIECES_PER_WORD * max(1, len(text.split()))

    def _embed(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.card.dimension), np.float32)
        return self._forward([_encodable(t) for t in texts])


def _encodable(text: str) -> str:
    """The text with `?` for every lone surrogate, which no tokenizer takes; its length stays."""
    return text.encode("utf-8", errors="replace").decode("utf-8")
