"""The reader: a small model that reads a stretch of text for a question and judges each sentence where it stands.

It is the bundled MiniLM with three logits a token and one for the whole, trained by `models/training`, as an int8
ONNX file of 23 MB; it knows English only. What is not here: which stretches are read, and what is made of
the logits (evidence.py, abstention.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant.embedding import BUNDLED, fast_tokenizer, model_folder

if TYPE_CHECKING:
    from tokenizers import Encoding
    from tokenizers import Tokenizer as FastTokenizer

WEIGHTS = "reader.onnx"
MAX_TOKENS = 320
_LONGEST_ANSWER = 24  # tokens of a short answer


class Reading(NamedTuple):
    """What the reader makes of one sentence, in logits.

    Attributes:
        evidence: That the sentence answers.
        answer: Its best short answer, against the text holding none.
        whole: That the text it was read in answers.
        span: Where that short answer stands in the text that was read.
    """

    evidence: float
    answer: float
    whole: float
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of text that is read at once: under which heading, and the spans of its sentences."""

    heading: str
    text: str
    sentences: tuple[tuple[int, int], ...]


class Reader:
    """Runs the model; thread-safe.

    Args:
        file: The ONNX graph.
        tokenizer: Of the model it was trained from.
    """

    def __init__(self, file: Path, tokenizer: FastTokenizer) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as in the embedder's twin
        self._session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)  # of both: a question may be too long by itself
        self._tokenizer = tokenizer

    def read(self, question: str, windows: Sequence[Window]) -> list[list[Reading | None]]:
        """Judges each sentence of each window; None for one that the length limit cut off."""
        if not windows:
            return []
        heads = [f"{w.heading}\n" if w.heading else "" for w in windows]
        encoded = self._tokenizer.encode_batch([(question, h + w.text) for h, w in zip(heads, windows, strict=True)])
        longest = max(len(e.ids) for e in encoded)
        feed = {name: np.zeros((len(encoded), longest), np.int64) for name in ("ids", "mask", "types")}
        for row, e in enumerate(encoded):
            for name, values in (("ids", e.ids), ("mask", e.attention_mask), ("types", e.type_ids)):
                feed[name][row, : len(values)] = values
        tokens, whole = self._session.run(["tokens", "whole"], feed)
        return [
            _readings(window, len(head), e, tokens[row], float(whole[row]))
            for row, (window, head, e) in enumerate(zip(windows, heads, encoded, strict=True))
        ]


@cache  # its weights never change, and every assistant of a process can share it
def bundled_reader() -> Reader | None:
    """The reader that ships with the assistant, loaded once; None where its weights are not installed."""
    weights = files("assistant.models") / WEIGHTS
    if not weights.is_file():
        return None
    with as_file(weights) as file:
        return Reader(file, fast_tokenizer(model_folder(BUNDLED)))


def _readings(
    window: Window, head: int, encoding: Encoding, tokens: NDArray[np.float32], whole: float
) -> list[Reading | None]:
    offsets = np.array(encoding.offsets) - head
    inside = np.array(encoding.type_ids) == 1
    inside[-1] = False  # [SEP]
    none = float(tokens[0, 1] + tokens[0, 2])
    readings: list[Reading | None] = []
    for start, end in window.sentences:
        of = np.flatnonzero(inside & (offsets[:, 0] >= start) & (offsets[:, 1] <= end))
        if not len(of):
            readings.append(None)
            continue
        best, first, last = _best_span(tokens[of, 1], tokens[of, 2])
        span = (int(offsets[of[first], 0]), int(offsets[of[last], 1]))
        readings.append(Reading(float(tokens[of, 0].mean()), best - none, whole, span))
    return readings


def _best_span(starts: NDArray[np.float32], ends: NDArray[np.float32]) -> tuple[float, int, int]:
    """The highest sum of a start and of an end at or after it, and where they are."""
    sums = starts[:, None] + ends[None, :]
    allowed = np.triu(np.ones_like(sums, dtype=bool)) & np.tril(np.ones_like(sums, dtype=bool), _LONGEST_ANSWER - 1)
    first, last = np.unravel_index(int(np.where(allowed, sums, -np.inf).argmax()), sums.shape)
    return float(sums[first, last]), int(first), int(last)
