"""The ONNX twin: the model, its pooling and its normalisation as one graph that runs without torch.

It is exported from the model once, checked against it on probe texts, and kept as a folder of three files
whose `twin.json` says what they are. A model that can't be exported faithfully leaves the reason there instead.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.embedding.embedder import Embedder, ModelCard, ModelTokenizer, Vectors
from assistant.embedding.models import backend_tokenizer, describe, fast_tokenizer
from assistant.errors import EmbedderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer as FastTokenizer

log = logging.getLogger(__name__)

# A twin whose vectors stray further from the model's than float rounding explains is not used.
MIN_COSINE = 0.9999
PROBES = (
    "Why did the working group collapse?",
    "Переговоры были приостановлены в 2022 году.",
    "short",
    "A joint resolution was tabled in October and adopted without a vote, after years of rival drafts. " * 6,
)
_FORMAT = 2
_RECORD = "twin.json"
_GRAPH = "model.onnx"
_TOKENIZER = "tokenizer.json"
_BATCH_TOKENS = 2048
_WORK = ".twin-"  # how the folder is called that a twin is made in
_ABANDONED = 3600  # seconds after which nobody is at work in it any more


def twin_embedder(name: str, twin: Path) -> Embedder | None:
    """The embedder that runs the twin; None where the model could not be exported and must serve itself.

    Raises:
        EmbedderError: The folder is damaged.
    """
    try:
        record = json.loads((twin / _RECORD).read_text("utf-8"))
        if record["refused"]:
            return None
        card = replace(ModelCard(**record["card"]), name=name)
        if _sha256(twin / _GRAPH) != record["sha256"]:
            raise ValueError(f"the sha256 of {_GRAPH} is wrong")
        return _loaded(_Twin(card, record["sha256"], _sha256(twin / _TOKENIZER), twin))
    except Exception as error:  # the runtime has a kind of its own for each way a file can be damaged
        raise EmbedderError(f"{twin} is damaged ({error}); remove that folder and run again") from error


@dataclass(frozen=True, slots=True)
class _Twin:
    """A twin by what is in its files; where they lie makes no difference."""

    card: ModelCard
    graph_sha256: str
    tokenizer_sha256: str
    folder: Path = field(compare=False)


@lru_cache(maxsize=2)  # an application may answer from several indexes, all embedded by one model: a hundred megabytes
def _loaded(twin: _Twin) -> Embedder:
    forward = _OnnxForward(twin.folder / _GRAPH, fast_tokenizer(twin.folder), twin.card)
    return Embedder(twin.card, ModelTokenizer(fast_tokenizer(twin.folder), twin.card.max_tokens), forward)


def has_twin(twin: Path) -> bool:
    """Whether the folder holds a twin, or the reason why there is none, as this release writes it."""
    try:
        return bool(json.loads((twin / _RECORD).read_text("utf-8"))["format"] == _FORMAT)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return True  # damaged: whoever reads it says so


def export_twin(name: str, fingerprint: str, model: SentenceTransformer, twin: Path) -> bool:
    """Writes the twin, or the reason why there is none, into `twin` in one rename.

    Returns:
        False where it can't be kept: the model itself then serves, only slower.
    """
    card = describe(name, fingerprint, model)
    work: Path | None = None
    try:
        twin.parent.mkdir(parents=True, exist_ok=True)
        _collect_abandoned(twin.parent)
        work = Path(tempfile.mkdtemp(dir=twin.parent, prefix=_WORK))
        refused = _export(model, card, work)
        if refused:
            log.warning("no ONNX twin of %s: %s; answers will start slower", name, refused)
        digest = "" if refused else _sha256(work / _GRAPH)
        record = {"format": _FORMAT, "card": asdict(card), "refused": refused, "sha256": digest}
        (work / _RECORD).write_text(json.dumps(record, indent=1), "utf-8")
        if twin.exists() and not has_twin(twin):  # of another release
            shutil.rmtree(twin)
        try:
            work.rename(twin)
        except OSError:
            if not has_twin(twin):  # else another process was first, with the same twin
                raise
    except OSError as error:
        log.warning("the ONNX twin can't be kept in %s (%s); answers will start slower", twin.parent, error)
        return False
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)
    return True


def _export(model: SentenceTransformer, card: ModelCard, folder: Path) -> str:
    """Exports and checks; returns why the twin must not be used, or nothing."""
    try:
        _write_graph(model, folder / _GRAPH)
        backend_tokenizer(model).save(str(folder / _TOKENIZER))
        forward = _OnnxForward(folder / _GRAPH, fast_tokenizer(folder), card)
        expected = model.encode(list(PROBES), normalize_embeddings=True, show_progress_bar=False)
        cosine = float((forward(list(PROBES)) * np.asarray(expected)).sum(1).min())
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - a foreign model can fail in any layer of torch; it then serves itself
        return f"{type(error).__name__}: {error}"
    return "" if cosine >= MIN_COSINE else f"its vectors differ from the model's (cosine {cosine:.5f})"


def _write_graph(model: SentenceTransformer, file: Path) -> None:
    import warnings

    import torch

    class Whole(torch.nn.Module):
        """Transformer, pooling and normalisation as one graph."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, *values: torch.Tensor) -> torch.Tensor:
            features: dict[str, Any] = dict(zip(names, values, strict=True))
            return torch.nn.functional.normalize(self.inner(features)["sentence_embedding"], dim=1)

    sample = model.tokenizer(["a sample of some words", "another"], return_tensors="pt", padding=True)
    names = [n for n in ("input_ids", "attention_mask", "token_type_ids") if n in sample]
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Whole().eval(),
            tuple(sample[n] for n in names),
            str(file),
            input_names=names,
            output_names=["vector"],
            dynamic_axes={n: {0: "batch", 1: "length"} for n in names} | {"vector": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _collect_abandoned(folder: Path) -> None:
    """Removes what an export that was killed left behind."""
    for work in folder.glob(_WORK + "*"):
        try:
            if time.time() - work.stat().st_mtime > _ABANDONED:
                shutil.rmtree(work, ignore_errors=True)
        except FileNotFoundError:  # its owner was faster
            continue


class _OnnxForward:
    """Runs the twin. Texts of like length share a batch, since padding costs more than batching saves."""

    def __init__(self, file: Path, fast: FastTokenizer, card: ModelCard) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.log_severity_level = 3
        # Threads that spin while they wait are fast alone and ruinous beside anything else on two cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._inputs = {i.name for i in self._session.get_inputs()}
        fast.enable_truncation(card.max_tokens)
        fast.no_padding()
        self._fast = fast
        self._dimension = card.dimension

    def __call__(self, texts: list[str]) -> Vectors:
        encoded = [e.ids for e in self._fast.encode_batch(texts)]
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
        out = np.empty((len(texts), self._dimension), np.float32)
        for batch in _batches(order, [len(ids) for ids in encoded]):
            longest = len(encoded[batch[-1]])
            ids = np.zeros((len(batch), longest), np.int64)
            mask = np.zeros((len(batch), longest), np.int64)
            for row, index in enumerate(batch):
                ids[row, : len(encoded[index])] = encoded[index]
                mask[row, : len(encoded[index])] = 1
            feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            feed = {name: value for name, value in feed.items() if name in self._inputs}
            out[batch] = self._session.run(["vector"], feed)[0]
        return out


def _batches(order: list[int], lengths: list[int]) -> Iterator[list[int]]:
    """Runs of `order` (sorted by length) of nearly equal length and bounded total size."""
    batch: list[int] = []
    for index in order:
        if batch and (lengths[index] > 1.1 * lengths[batch[0]] + 2 or len(batch) * lengths[index] > _BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
