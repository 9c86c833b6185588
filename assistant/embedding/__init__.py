"""Text to vectors: the one embedder, its tokenizer and its limit.

The embedder of record is a sentence-transformers model: the bundled all-MiniLM-L6-v2, or any other by
setting. Loading it costs seconds (torch), so it is exported once to an ONNX twin that lies beside the
index, is checked against the model on probe texts, and from then on embeds documents and questions with
the same vectors, faster and without importing torch. A model that can't be exported faithfully is used
as it is. What is not here: what is embedded (ingest) and where vectors live (store).
"""

from __future__ import annotations

from pathlib import Path

from assistant.embedding.embedder import Embedder, ModelCard, ModelTokenizer, Tokenizer, Vectors
from assistant.embedding.models import (
    BUNDLED,
    fast_tokenizer,
    fingerprint_of,
    load_sentence_transformer,
    max_tokens_of,
    model_embedder,
    model_folder,
    verify_bundled,
)
from assistant.embedding.twin import export_twin, has_twin, twin_embedder

__all__ = [
    "BUNDLED",
    "Embedder",
    "ModelCard",
    "ModelTokenizer",
    "Tokenizer",
    "Vectors",
    "fast_tokenizer",
    "load_embedder",
    "load_tokenizer",
    "model_fingerprint",
    "model_folder",
    "verify_model",
]


def load_embedder(name: str, twins: Path) -> Embedder:
    """Loads the embedder that the setting names, through its ONNX twin where there is one.

    Args:
        name: `bundled`, or the name or folder of a sentence-transformers model.
        twins: Folder that twins are kept in; made if missing. One that can't be written only costs time.

    Raises:
        EmbedderError: The model is missing or damaged; the message names the remedy.
    """
    folder = model_folder(name)
    fingerprint = fingerprint_of(folder)
    twin = twins / fingerprint
    if has_twin(twin):
        embedder = twin_embedder(name, twin)
        return embedder or model_embedder(name, fingerprint, load_sentence_transformer(name, folder))
    model = load_sentence_transformer(name, folder)
    exported = twin_embedder(name, twin) if export_twin(name, fingerprint, model, twin) else None
    return exported or model_embedder(name, fingerprint, model)


def load_tokenizer(name: str = BUNDLED) -> ModelTokenizer:
    """The tokenizer of the model that the setting names, without loading its weights.

    Raises:
        EmbedderError: There is no such model, or it has no tokenizer that can be used.
    """
    folder = model_folder(name)
    return ModelTokenizer(fast_tokenizer(folder), max_tokens_of(folder))


def model_fingerprint(name: str) -> str:
    """Fingerprint of the model that the setting names, without loading it.

    Raises:
        EmbedderError: There is no such model.
    """
    return fingerprint_of(model_folder(name))


def verify_model(name: str) -> None:
    """Looks at the files of the model that the setting names, without loading it.

    Of the bundled model every byte is checked; of any other only what its tokenizer needs, since nobody knows
    its sums.

    Raises:
        EmbedderError: The model is missing or damaged; the message names the remedy.
    """
    folder = model_folder(name)
    if name == BUNDLED:
        verify_bundled(folder)
    fast_tokenizer(folder)
