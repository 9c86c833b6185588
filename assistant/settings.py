"""The settings of the assistant: one class, a screen long, checked where they enter.

Sources, strongest first: arguments, environment (`ASSISTANT_CORPUS_DIR`), `assistant.toml` in the working
directory, defaults. A name or value that is not understood is an error that names it. What is not here:
thresholds and weights, which belong to the module that measured them.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from assistant.errors import SettingsError

PREFIX = "ASSISTANT_"
FILE = "assistant.toml"


class Settings(BaseSettings):
    """Where things are and which models are used.

    Attributes:
        corpus_dir: The folder of documents. Relative paths are relative to the working directory.
        index_dir: Where the index is kept.
        embedding_model: `bundled` (all-MiniLM-L6-v2 from its package), or the name or folder of any
            sentence-transformers model on this machine.
        reader: Whether the bundled reader judges the likeliest sentences in their context; without it, features alone
            decide, faster and less surely.
        caution: How the assistant chooses between silence and risk: `bold` answers more often and is wrong more
            often, `careful` answers only what it is quite sure of, `balanced` stands between.
        llm: Empty for extractive answers, or `provider:model` (`openai:…`, `anthropic:…`, `ollama:…`,
            `openai-compatible:…`, the last with `llm_base_url`).
        llm_base_url: Address of the language model's server.
        chroma_url: Empty for the embedded Chroma, or the address of a Chroma server.
        keep_versions: How many versions are kept, the published one included; older ones are collected.
        api_keys: Keys that open the server; comma-separated in the environment.
        host, port: Where the server listens; a host that is not loopback needs keys.
        hosts: Names under which the server answers; comma-separated in the environment. Empty: any name where there are
            keys, else only names of this machine.
        cors_origins: Origins (`https://example.org`) whose pages may use the API with any key; comma-separated.
        audit_questions: Whether the audit log holds questions in clear; otherwise it holds their digest.
        logs: `text` prints warnings only; `json` prints every request and warning as a line of JSON.
        traces_url: Empty, or the OTLP/gRPC address that OpenTelemetry traces are sent to.
        max_file_mb: Megabytes that a file of the corpus may have; what is larger is skipped.
        max_text_mb: Million characters of text that a file may expand to.
        max_depth: How deep folders of the corpus may be nested.
        file_seconds: How long a file may take to read.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="forbid",
        frozen=True,
        toml_file=FILE,
        env_ignore_empty=True,
        hide_input_in_errors=True,  # a traceback shows the cause as well, and must not show a key
    )

    corpus_dir: Path = Path("corpus")
    index_dir: Path = Path("index")
    embedding_model: str = Field(default="bundled", min_length=1)
    reader: bool = True
    caution: Literal["bold", "balanced", "careful"] = "balanced"
    llm: str = ""
    llm_base_url: str = ""
    chroma_url: str = ""
    keep_versions: int = Field(default=5, ge=1)
    api_keys: Annotated[tuple[str, ...], NoDecode] = Field(default=(), repr=False)
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=7860, ge=0, le=65535)
    hosts: Annotated[tuple[str, ...], NoDecode] = ()
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    audit_questions: bool = False
    logs: Literal["text", "json"] = "text"
    traces_url: str = ""
    max_file_mb: int = Field(default=100, ge=1)
    max_text_mb: int = Field(default=25, ge=1)
    max_depth: int = Field(default=256, ge=1)
    file_seconds: int = Field(default=60, ge=1)

    def __init__(self, **values: Any) -> None:
        """Reads arguments, environment and file.

        Raises:
            SettingsError: A name is unknown or a value can't be used; the message names it.
        """
        _refuse_unknown_environment(set(type(self).model_fields))
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(_describe(error, set(type(self).model_fields))) from error
        except (ValueError, OSError) as error:  # a file that is not TOML or can't be read
            raise SettingsError(f"{FILE} can't be read: {error}; mend it or remove it") from error

    @field_validator("api_keys", "hosts", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(origin(each) for each in value)

    @field_validator("llm")
    @classmethod
    def _known_provider(cls, value: str) -> str:
        providers = ("openai", "anthropic", "ollama", "openai-compatible")
        provider, _, model = value.partition(":")
        if value and (provider not in providers or (not model and provider != "openai-compatible")):
            raise ValueError(f"write it as provider:model with a provider of {', '.join(providers)}")
        return value

    @field_validator("llm_base_url", "chroma_url", "traces_url")
    @classmethod
    def _http_address(cls, value: str) -> str:
        if value:
            address = urlsplit(value)
            if address.scheme not in ("http", "https") or not address.hostname or address.port == 0:
                raise ValueError("write it as http://host:port")
        return value.rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments over environment over `assistant.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def origin(text: str) -> str:
    """A web origin as browsers send it: scheme, host and port, in small letters.

    Raises:
        ValueError: It has a path, or is no http address.
    """
    address = urlsplit(text.strip().lower().rstrip("/"))
    if address.scheme not in ("http", "https") or not address.hostname or address.path or address.query:
        raise ValueError(f"{text!r} is no origin; write it as https://example.org or http://localhost:8000")
    return f"{address.scheme}://{address.netloc}"


def _refuse_unknown_environment(known: set[str]) -> None:
    for name in os.environ:
        if name.upper().startswith(PREFIX) and name.upper().removeprefix(PREFIX).lower() not in known:
            raise SettingsError(f"environment variable {name} is no setting{_hint(name[len(PREFIX) :], known)}")


def _describe(error: ValidationError, known: set[str]) -> str:
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else "settings"
        if problem["type"] == "extra_forbidden":
            lines.append(f"{name} is no setting{_hint(name, known)}")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            shown = "" if name == "api_keys" else f" is {problem['input']!r}"
            lines.append(f"setting {name} ({PREFIX}{name.upper()}){shown}: {message}")
    return "; ".join(lines)


def _hint(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name.lower(), known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; the settings are {', '.join(sorted(known))}"
