"""The public API: everything in `__all__` is promised to users, nothing else is.

Names are imported when they are first used, so that `import assistant` stays cheap. What is not here: code;
`Assistant` lives in `assistant.assistant`, the records in `assistant.types`.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import extend_path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what type checkers and editors read; at run time `HOMES` does the same, lazily
    from assistant.assistant import Assistant
    from assistant.errors import (
        AccessError,
        AssistantError,
        CaseError,
        CorpusError,
        DocumentError,
        EmbedderError,
        FeedbackError,
        GateError,
        IndexingError,
        IndexMissingError,
        LanguageModelError,
        QuestionError,
        ServerError,
        SettingsError,
    )
    from assistant.settings import Settings
    from assistant.types import (
        Answer,
        AnswerSentence,
        Citation,
        Document,
        Event,
        Passage,
        Reason,
        ShortAnswer,
        SyncReport,
        Turn,
    )

    __version__: str

__all__ = [
    "AccessError",
    "Answer",
    "AnswerSentence",
    "Assistant",
    "AssistantError",
    "CaseError",
    "Citation",
    "CorpusError",
    "Document",
    "DocumentError",
    "EmbedderError",
    "Event",
    "FeedbackError",
    "GateError",
    "IndexMissingError",
    "IndexingError",
    "LanguageModelError",
    "Passage",
    "QuestionError",
    "Reason",
    "ServerError",
    "Settings",
    "SettingsError",
    "ShortAnswer",
    "SyncReport",
    "Turn",
]

HOMES = {
    **{name: "assistant.errors" if name.endswith("Error") else "assistant.types" for name in __all__},
    "Assistant": "assistant.assistant",
    "Settings": "assistant.settings",
}

# prompts/ and models/ beside this folder become `assistant.prompts` and `assistant.models` when installed. Where this
# folder is found first (python started in the repository's root) and a wheel is installed, they are found in the wheel.
__path__ = extend_path(__path__, __name__)


def __getattr__(name: str) -> object:
    if name == "__version__":
        value: object = import_module("importlib.metadata").version("corpus-assistant")
    elif name in HOMES:
        value = getattr(import_module(HOMES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
