"""Data sets of every form that is known, recognised by what they hold.

Beside our own JSON lines: SQuAD (a JSON file), BEIR (a folder), and questions with a folder of documents. What is not
here: the forms themselves (cases.py, squad.py, beir.py, question_sets.py).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from assistant.errors import CaseError
from assistant.evaluation import beir, question_sets, squad
from assistant.evaluation.cases import Dataset, load_cases
from assistant.evaluation.foreign import Bundle, text_of
from assistant.settings import Settings

_KEPT = "datasets"  # in the index folder: the documents and indexes of sets that bring their own
_KNOWN = (
    "data sets are JSON lines of cases, a SQuAD file, a folder of BEIR (corpus.jsonl, queries.jsonl, qrels/), or "
    "questions.jsonl beside docs/"
)


def read_cases(path: Path) -> Dataset:
    """Reads an evaluation set of any known form.

    Raises:
        CaseError: It has none of them, or is malformed; the message says what and where.
    """
    return open_set(path).dataset


def write_corpus(path: Path, folder: Path) -> None:
    """Writes the documents that come with a set as text files, which the sources of its cases name.

    What is written already is left as it is, so that only what changed is indexed again.

    Args:
        path: The set: SQuAD or BEIR.
        folder: Made if it is missing; other files in it are left alone.

    Raises:
        CaseError: The set brings no documents in it, or they can't be written.
    """
    bundle = open_set(path)
    if bundle.documents is None:
        raise CaseError(f"{path} holds no documents; name their folder with --corpus")
    _write(bundle, folder)


def open_set(path: Path) -> Bundle:
    """Reads a set of any known form, with what it brings.

    Raises:
        CaseError: It has none of them, or is malformed; the message says what and where.
    """
    if path.is_dir():
        if (path / beir.CORPUS).is_file() and (path / beir.QUERIES).is_file():
            return beir.read(path)
        if not (path / question_sets.QUESTIONS).is_file():
            raise CaseError(f"the folder {path} is no data set; {_KNOWN}")
        path = path / question_sets.QUESTIONS
    text = text_of(path)
    first = _json(next((line for line in text.split("\n") if line.strip()), ""))
    if isinstance(first, dict) and {"answerable", "doc_ids"} <= first.keys():
        return question_sets.read(path)
    if isinstance(first, dict) and "_id" in first:
        raise CaseError(f"{path} is a part of BEIR; name the folder that holds {beir.CORPUS} and {beir.QUERIES}")
    # Of JSON lines the first is a whole object; a JSON file may be one, too.
    whole = first if isinstance(first, dict) and "data" not in first else _json(text)
    if isinstance(whole, dict) and isinstance(whole.get("data"), list):
        return squad.read(whole, path)
    if whole is not None and not (isinstance(first, dict) and {"id", "question", "expect"} & first.keys()):
        raise CaseError(f"{path} is JSON, but no data set; {_KNOWN}")
    return Bundle(load_cases(path), path)


def with_its_corpus(bundle: Bundle, settings: Settings) -> Settings:
    """The settings over the documents that a set brings, written first where need be; unchanged where it brings none.

    Raises:
        CaseError: The documents can't be written.
    """
    if bundle.documents is None and bundle.folder is None:
        return settings
    name = re.sub(r"[^\w.-]+", "_", bundle.dataset.name).strip("._") or "unnamed"
    home = settings.index_dir / _KEPT / name
    corpus = bundle.folder
    if corpus is None:
        corpus = home / "corpus"
        written = _write(bundle, corpus)
        for file in corpus.iterdir():  # of a set that had this name before
            if file.is_file() and file.name not in written:
                file.unlink()
    return settings.model_copy(update={"corpus_dir": corpus, "index_dir": home / "index"})


def _write(bundle: Bundle, folder: Path) -> set[str]:
    written = set()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in bundle.documents() if bundle.documents else ():
            data = text.encode("utf-8", "replace")
            file = folder / name
            if not file.is_file() or file.read_bytes() != data:
                file.write_bytes(data)
            written.add(name)
    except OSError as error:
        raise CaseError(
            f"the documents of {bundle.file} can't be written to {folder} ({error.strerror}); make it writable"
        ) from error
    return written


def _json(text: str) -> object:
    """What a text says as JSON; None where it is none."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return None
    return value
