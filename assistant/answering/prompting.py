"""Prompt texts: one Markdown file a task, installed as `assistant.prompts`, checked when it is loaded.

A placeholder is a word in braces, `{question}`. A line of three dashes divides the file into what the model
is told (the system message) and what it is asked (the user's message). What is not here: the values that
fill the placeholders, and the model.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from importlib.resources import files

from assistant.errors import SettingsError

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_RULE = re.compile(r"^---[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt file's text, with its placeholders still open."""

    name: str
    text: str

    @property
    def placeholders(self) -> frozenset[str]:
        """The names in braces."""
        return frozenset(_PLACEHOLDER.findall(self.text))

    def fill(self, **values: str) -> str:
        """The whole text with every placeholder replaced.

        Values are put in as they are, in one pass: braces in a document's text are text.

        Raises:
            ValueError: A placeholder has no value, or a value no placeholder.
        """
        return self._filled(self.text, values)

    def messages(self, **values: str) -> list[tuple[str, str]]:
        """The filled text as chat messages: above the rule `system`, below it `human`.

        The file is divided before it is filled, so that a rule in a value divides nothing.

        Raises:
            ValueError: A placeholder has no value, or a value no placeholder.
        """
        parts = [part.strip() for part in _RULE.split(self.text, maxsplit=1)]
        roles = ("system", "human") if len(parts) == 2 else ("human",)
        return [(role, self._filled(part, values)) for role, part in zip(roles, parts, strict=True)]

    def _filled(self, text: str, values: dict[str, str]) -> str:
        problem = _difference(self.placeholders, values)
        if problem:
            raise ValueError(f"prompt {self.name} can't be filled: {problem}")
        return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def load_prompt(name: str, placeholders: Collection[str]) -> Prompt:
    """Reads `prompts/<name>.md` and checks it against what the caller will fill in.

    Args:
        name: The file's name without its ending.
        placeholders: The names that the text must hold, no fewer and no others.

    Raises:
        SettingsError: There is no such prompt, or its placeholders differ.
    """
    try:
        text = files("assistant.prompts").joinpath(f"{name}.md").read_text(encoding="utf-8").strip()
    except (FileNotFoundError, ModuleNotFoundError) as error:
        raise SettingsError(f"prompts/{name}.md is missing; restore it or reinstall the package") from error
    prompt = Prompt(name, text)
    problem = _difference(prompt.placeholders, placeholders)
    if problem:
        raise SettingsError(f"prompts/{name}.md can't be used: {problem}")
    return prompt


def fence_for(*untrusted: str) -> str:
    """A mark that stands in none of the texts, to show where they begin and end.

    Derived from the texts, so that the same request makes the same prompt, and so that no document can
    know it beforehand and close the fence itself.
    """
    return hashlib.sha256("\0".join(untrusted).encode("utf-8", "replace")).hexdigest()[:12]


def _difference(has: Collection[str], expected: Collection[str]) -> str:
    """What is wrong between a text's placeholders and the expected ones, in words; empty if nothing."""
    parts = []
    if unknown := sorted(set(has) - set(expected)):
        parts.append(f"unknown placeholder {', '.join('{' + name + '}' for name in unknown)}")
    if missing := sorted(set(expected) - set(has)):
        parts.append(f"no placeholder {', '.join('{' + name + '}' for name in missing)}")
    return "; ".join(parts)
