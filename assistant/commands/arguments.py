"""What the arguments of commands become: text, files, dates, the settings, an opened assistant.

What is not here: which command takes what (cli.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.settings import Settings


def text(text: str) -> str:
    """Text that is asked for or looked up."""
    # What the terminal's encoding could not make out arrives as surrogates, which no index can look up.
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def file(text: str) -> Path:
    """A path."""
    if not text.strip():  # an unset shell variable, which would mean the working directory
        raise argparse.ArgumentTypeError("a path must not be empty")
    return Path(text)


def top_k(text: str) -> int:
    """How many passages are shown."""
    from assistant.assistant import MOST_PASSAGES

    if not text.isdecimal() or not 1 <= int(text) <= MOST_PASSAGES:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {MOST_PASSAGES}")
    return int(text)


def date(text: str) -> str:
    """A date, also of a month or a year."""
    from assistant.evaluation.cases import check_date

    try:
        return check_date(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings, with what the options say before all else."""
    from assistant.settings import Settings

    names = {"corpus": "corpus_dir", "index": "index_dir", "host": "host", "port": "port"}
    given = {setting: getattr(arguments, name, None) for name, setting in names.items()}
    return Settings(**{name: value for name, value in given.items() if value is not None})


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Assistant]:
    """The assistant over the index, closed at the end."""
    from assistant.assistant import Assistant

    with Assistant(settings_of(arguments)) as assistant:
        yield assistant
