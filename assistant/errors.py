"""Every error that the assistant raises on purpose, as one tree.

    AssistantError
    ├── SettingsError        a setting's name or value is wrong
    ├── CorpusError          the corpus folder is missing, empty or unreadable
    ├── DocumentError        one file can't be read; the others go on
    ├── IndexingError        the index can't be written (lock held, disk full, read-only)
    ├── IndexMissingError    there is no published index yet
    ├── EmbedderError        the embedding model is missing, damaged or not the index's
    ├── QuestionError        the question is empty or too long
    ├── LanguageModelError   the language model can't be reached or answers nonsense
    ├── CaseError            an evaluation case or a question file is malformed
    ├── GateError            a new version answers known questions worse and is not published
    ├── FeedbackError        what readers said can't be kept or read
    ├── AccessError          a key may not do what it was sent for, or can't be made
    └── ServerError          the chat or the API can't be served (port taken, host open without keys)

Each message names the thing (file, setting, address) and the remedy. What it does not hold: a refusal
to answer, which is a value (`Answer.answered is False`), never an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class AssistantError(Exception):
    """Base of all errors raised on purpose. `str(error)` is fit to be shown to a person."""


class SettingsError(AssistantError):
    """A setting has an unknown name or a value that can't be used."""


class CorpusError(AssistantError):
    """The corpus folder is missing, empty or can't be read."""


class DocumentError(AssistantError):
    """One file can't become a document. The message says why and how to mend it."""


class IndexingError(AssistantError):
    """The index can't be written."""


class IndexMissingError(AssistantError):
    """Nothing has been published yet: run `assistant index`."""


class EmbedderError(AssistantError):
    """The embedding model is missing, damaged, or differs from the one the index was built with."""


class QuestionError(AssistantError):
    """The question is empty or longer than the assistant reads."""


class LanguageModelError(AssistantError):
    """The language model can't be reached, or its reply can't be used."""


class CaseError(AssistantError):
    """A line of an evaluation set or of a question file is malformed."""


class GateError(AssistantError):
    """A new version answers known questions worse; the published one stays.

    Attributes:
        verdict: What speaks against it (`assistant.evaluation.gate.Verdict`).
    """

    def __init__(self, message: str, verdict: Any) -> None:
        super().__init__(message)
        self.verdict = verdict


class FeedbackError(AssistantError):
    """The file of what readers said is damaged, or can't be written."""


class AccessError(AssistantError):
    """A key may not do what it was sent for, or can't be made or revoked."""


class ServerError(AssistantError):
    """The chat or the API can't be served."""
