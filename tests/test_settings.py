"""Settings: which source wins, that a mistake is named, and that keys stay secret."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from assistant import Settings
from assistant.errors import SettingsError

SECRET = "sk-do-not-show-me"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_any_source_the_defaults_hold() -> None:
    settings = Settings()
    assert (settings.corpus_dir, settings.index_dir) == (Path("corpus"), Path("index"))
    assert (settings.embedding_model, settings.llm, settings.chroma_url) == ("bundled", "", "")
    assert (settings.host, settings.port, settings.api_keys) == ("127.0.0.1", 7860, ())


def test_argument_beats_environment_beats_file_beats_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "assistant.toml").write_text('corpus_dir = "file"\nport = 1\nhost = "file"\n', "utf-8")
    assert Settings().corpus_dir == Path("file")
    monkeypatch.setenv("ASSISTANT_CORPUS_DIR", "environment")
    monkeypatch.setenv("ASSISTANT_PORT", "2")
    settings = Settings(corpus_dir=Path("argument"))
    assert settings.corpus_dir == Path("argument")
    assert settings.port == 2
    assert settings.host == "file"
    assert settings.index_dir == Path("index")


def test_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_CORPUS_DIR", "")
    assert Settings().corpus_dir == Path("corpus")


def test_keys_are_read_from_a_list_and_from_commas(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "assistant.toml").write_text('api_keys = ["a", "b"]\n', "utf-8")
    assert Settings().api_keys == ("a", "b")
    monkeypatch.setenv("ASSISTANT_API_KEYS", " c , d,")
    assert Settings().api_keys == ("c", "d")


def test_unknown_name_is_refused_wherever_it_stands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="corpsu_dir is no setting; did you mean corpus_dir"):
        Settings(corpsu_dir="x")
    (folder / "assistant.toml").write_text('embeding_model = "x"\n', "utf-8")
    with pytest.raises(SettingsError, match="embeding_model is no setting; did you mean embedding_model"):
        Settings()
    (folder / "assistant.toml").unlink()
    monkeypatch.setenv("ASSISTANT_INDEX_DIRECTORY", "x")
    with pytest.raises(SettingsError, match="ASSISTANT_INDEX_DIRECTORY is no setting; did you mean index_dir"):
        Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "many"),
        ("port", "70000"),
        ("llm", "gpt"),
        ("llm", "openai:"),
        ("llm_base_url", "localhost:11434"),
        ("chroma_url", "localhost:8000"),
        ("chroma_url", "http://"),
        ("chroma_url", "http://localhost:port"),
    ],
)
def test_wrong_value_is_refused_with_its_name_in_both_spellings(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ASSISTANT_{name.upper()}", value)
    with pytest.raises(SettingsError, match=rf"setting {name} \(ASSISTANT_{name.upper()}\) is '{value}'"):
        Settings()


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe", b"[section]\nport = 1\n"])
def test_file_that_can_not_be_used_is_named_or_its_fault_is(folder: Path, content: bytes) -> None:
    (folder / "assistant.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=r"assistant\.toml|section is no setting"):
        Settings()


def test_settings_can_not_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1


def test_keys_are_shown_nowhere(folder: Path) -> None:
    settings = Settings(api_keys=[SECRET])
    assert SECRET not in repr(settings) + str(settings)
    for faulty in ({"api_keys": [SECRET, 5]}, {"api_keys": {SECRET: 1}}, {"api_key": SECRET}):
        with pytest.raises(SettingsError) as caught:
            Settings(**faulty)
        assert SECRET not in "".join(traceback.format_exception(caught.value, chain=True)).replace(
            "Settings(**faulty)", ""
        )
    (folder / "assistant.toml").write_text(f'api_keys = "{SECRET}\n', "utf-8")
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert SECRET not in "".join(traceback.format_exception(caught.value))
