"""Vectors: the fast embedder says what the model says, and a damaged or unknown model is refused."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.embedding import BUNDLED, Embedder, load_embedder, load_tokenizer, model_fingerprint, verify_model
from assistant.embedding.models import BUNDLED_SHA256, load_sentence_transformer, model_folder
from assistant.errors import EmbedderError
from assistant.indexing import TWINS

TEXTS = [
    "Who signed the agreement of 2013?",
    "В 2021 году президенты встретились в Женеве и договорились о консультациях.",
    "x",
    "Ёлка, съёмка — и «кавычки»; naïve café № 5",
    "The working group met in Geneva and adopted a report by consensus. " * 60,
    "Рабочая группа собралась в Женеве и приняла доклад консенсусом. " * 60,
]


@pytest.fixture(scope="session")
def index(new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index folder with the bundled model's twin."""
    return new_index(tmp_path_factory.mktemp("embedding") / "index")


@pytest.fixture(scope="session")
def embedder(index: Path) -> Embedder:
    """The bundled embedder, by its twin."""
    return load_embedder(BUNDLED, index / TWINS)


@pytest.fixture
def own_model(tmp_path: Path) -> Path:
    """A copy of the bundled model's folder, to be changed."""
    return Path(shutil.copytree(model_folder(BUNDLED), tmp_path / "model"))


def test_fast_embedder_agrees_with_the_model(embedder: Embedder) -> None:
    model = load_sentence_transformer(BUNDLED, model_folder(BUNDLED))
    expected = np.asarray(model.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False))
    assert (embedder.embed(TEXTS) * expected).sum(1).min() >= 0.9999
    assert embedder.card.dimension == expected.shape[1]
    assert embedder.card.max_tokens == model.max_seq_length


def test_indexes_of_one_model_share_what_is_loaded_of_it(index: Path, embedder: Embedder, tmp_path: Path) -> None:
    elsewhere = Path(shutil.copytree(index / TWINS, tmp_path / "twins"))
    assert load_embedder(BUNDLED, elsewhere) is embedder
    next(elsewhere.glob("*/tokenizer.json")).write_text("{}", "utf-8")
    with pytest.raises(EmbedderError, match="is damaged"):
        load_embedder(BUNDLED, elsewhere)


def test_vectors_have_unit_length_and_the_order_of_their_texts(embedder: Embedder) -> None:
    together = embedder.embed(TEXTS)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, vector in zip(TEXTS, together, strict=True):
        assert float(embedder.embed([text])[0] @ vector) > 0.9999


def test_what_is_over_the_limit_does_not_count(embedder: Embedder) -> None:
    long = "The group met again in Vienna. " * 100
    assert np.allclose(embedder.embed_query(long), embedder.embed_query(long + "Bananas are yellow."), atol=1e-6)


def test_nothing_gives_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.card.dimension)


@pytest.mark.parametrize("text", ["", "\ud800", "a\udfffb", "\x00", "🦆" * 3000])
def test_odd_text_is_embedded_without_a_crash(embedder: Embedder, text: str) -> None:
    assert np.isfinite(embedder.embed_query(text)).all()
    assert embedder.tokenizer.count([text])[0] >= 0
    assert all(0 <= start <= end <= len(text) for start, end in embedder.tokenizer.spans(text))


def test_text_in_a_script_that_the_model_does_not_know_is_told(embedder: Embedder) -> None:
    assert embedder.knows("Who signed the agreement of 2013?")
    assert not embedder.knows("Какие соглашения подписали президенты?")


def test_tokenizer_alone_counts_as_the_embedder_does(embedder: Embedder) -> None:
    tokenizer = load_tokenizer(BUNDLED)
    assert tokenizer.count(TEXTS) == embedder.tokenizer.count(TEXTS)
    assert tokenizer.max_tokens == embedder.card.max_tokens


def test_fast_embedder_needs_no_torch(index: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from assistant.embedding import load_embedder;"
        f"load_embedder('bundled', Path({str(index / TWINS)!r})).embed_query('a question');"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("name", sorted(BUNDLED_SHA256))
def test_one_flipped_byte_in_the_bundled_model_is_refused(
    name: str, own_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = own_model / name
    with file.open("r+b") as handle:
        handle.seek(file.stat().st_size // 2)
        byte = handle.read(1)[0]
        handle.seek(-1, os.SEEK_CUR)
        handle.write(bytes([byte ^ 1]))
    monkeypatch.setattr("assistant.embedding.model_folder", lambda name: own_model)
    with pytest.raises(EmbedderError, match=rf"{name} is damaged.*reinstall"):
        load_embedder(BUNDLED, tmp_path / "twins")
    with pytest.raises(EmbedderError, match="reinstall"):
        verify_model(BUNDLED)
    assert not list((tmp_path / "twins").glob("*"))


def test_one_flipped_byte_in_the_fast_embedder_is_refused(index: Path, tmp_path: Path) -> None:
    twins = Path(shutil.copytree(index / TWINS, tmp_path / "twins"))
    file = twins / model_fingerprint(BUNDLED) / "model.onnx"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(EmbedderError, match="remove that folder"):
        load_embedder(BUNDLED, twins)


def test_unknown_model_is_refused_with_the_name_of_the_setting(tmp_path: Path) -> None:
    for ask in (lambda: load_embedder("no-such-model", tmp_path), lambda: model_fingerprint("no/such:model")):
        with pytest.raises(EmbedderError, match=r"no.such.*ASSISTANT_EMBEDDING_MODEL"):
            ask()


def test_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EmbedderError, match="empty"):
        load_embedder(str(tmp_path / "empty"), tmp_path / "twins")
    with pytest.raises(EmbedderError, match=r"tokenizer\.json"):
        verify_model(str(tmp_path / "empty"))


def test_models_that_embed_differently_have_different_fingerprints(own_model: Path) -> None:
    copied = model_fingerprint(str(own_model))
    assert copied == model_fingerprint(BUNDLED)
    (own_model / "sentence_bert_config.json").write_text('{"max_seq_length": 64, "do_lower_case": false}', "utf-8")
    assert model_fingerprint(str(own_model)) != copied


def test_folder_for_the_fast_embedder_that_can_not_be_made_only_costs_time(embedder: Embedder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    slow = load_embedder(BUNDLED, tmp_path / "file" / "twins")
    assert float(slow.embed_query(TEXTS[0]) @ embedder.embed_query(TEXTS[0])) > 0.9999


def test_export_that_was_killed_leaves_nothing_for_good(tmp_path: Path) -> None:
    left = tmp_path / "twins" / ".twin-left"
    left.mkdir(parents=True)
    (left / "model.onnx").write_bytes(b"half")
    os.utime(left, (1, 1))
    load_embedder(BUNDLED, tmp_path / "twins")
    assert [entry.name for entry in (tmp_path / "twins").iterdir()] == [model_fingerprint(BUNDLED)]
