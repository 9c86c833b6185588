"""The public API is what `__all__` lists and the README documents: no more, no less, and cheap to import."""

from __future__ import annotations

import importlib
import inspect
import re
from importlib.metadata import version
from pathlib import Path

import pytest

import assistant
from assistant import errors


def test_all_is_sorted_and_has_no_doubles() -> None:
    assert assistant.__all__ == sorted(set(assistant.__all__))


@pytest.mark.parametrize("name", assistant.__all__)
def test_name_can_be_imported_and_says_what_it_is(name: str) -> None:
    value = getattr(assistant, name)
    assert inspect.isclass(value)
    assert value.__module__ == assistant.HOMES[name]
    assert value.__doc__
    assert name in dir(assistant)


def test_every_error_that_is_raised_on_purpose_is_public() -> None:
    tree = {name for name, value in vars(errors).items() if inspect.isclass(value)}
    assert tree == {name for name in assistant.__all__ if name.endswith("Error")}
    assert all(issubclass(getattr(errors, name), errors.AssistantError) for name in tree)


def test_version_is_the_installed_one() -> None:
    assert assistant.__version__ == version("corpus-assistant")


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Oracle'"):
        importlib.import_module("assistant").Oracle  # noqa: B018


def test_readme_documents_exactly_the_public_names(repository: Path) -> None:
    readme = repository / "README.md"
    section = re.search(r"^## Python API\n(.*?)(?=^## |\Z)", readme.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert section, "README.md has no section '## Python API'"
    assert _documented(section[1]) == set(assistant.__all__)


def _documented(section: str) -> set[str]:
    """The backticked class names of the section's tables and lists; code blocks and methods are not names."""
    prose = re.sub(r"^```.*?^```", "", section, flags=re.MULTILINE | re.DOTALL)
    rows = "\n".join(line for line in prose.splitlines() if re.match(r"\s*([|*+-]|\d+\.)", line))
    return set(re.findall(r"`([A-Z][A-Za-z]+)`", rows))


def test_only_names_in_tables_and_lists_of_the_readme_count() -> None:
    section = (
        "Prose with `Prose`.\n\n```python\nx = `Code`\n```\n| `Answer`, `Turn` | `Answer.text` |\n- `Settings`: `.a`\n"
    )
    assert _documented(section) == {"Answer", "Turn", "Settings"}
