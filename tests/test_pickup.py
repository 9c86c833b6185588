"""What another process publishes is in the very next answer, and no answer mixes two versions."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant import Answer, Assistant, Settings
from assistant.indexing import sync

EDITIONS = 4
QUESTIONS = (
    "When was the lighthouse of Elmsford built?",
    "When was the lighthouse of Marsh Point built?",
    "When did the ferry Albatross sink?",
)
# Two documents change with every edition, a third is there in every second one only.
WRITER = """
import json, sys
from pathlib import Path
from assistant import Settings
from assistant.indexing import sync
from tests_of_pickup import write
corpus, index, editions = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
for edition in range(1, editions + 1):
    write(corpus, edition)
    print(json.dumps([edition, sync(Settings(corpus_dir=corpus, index_dir=index)).version]), flush=True)
"""
TEXTS = '''
def texts(edition):
    """The files of an edition."""
    found = {
        "elmsford.txt": f"The lighthouse of Elmsford was built in {1800 + edition} by Ada Thornton.",
        "marsh.txt": f"The lighthouse of Marsh Point was built in {1800 + edition} by Otto Brandt.",
    }
    if edition % 2 == 0:
        found["ferry.txt"] = f"The ferry Albatross sank in the storm of October {1900 + edition}."
    return found


def write(corpus, edition):
    """Writes it, and removes what is not of it."""
    wanted = texts(edition)
    for file in corpus.iterdir():
        if file.name not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (corpus / name).write_text(text, "utf-8")
'''


def test_each_answer_of_busy_readers_belongs_to_one_version_while_another_process_publishes(
    new_index: Callable[[Path], Path], tmp_path: Path
) -> None:
    names: dict[str, Callable[..., dict[str, str]]] = {}
    exec(TEXTS, names)
    texts, write = names["texts"], names["write"]
    (tmp_path / "tests_of_pickup.py").write_text(TEXTS, "utf-8")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    write(corpus, 0)
    settings = Settings(corpus_dir=corpus, index_dir=new_index(tmp_path / "index"))
    edition_of = {sync(settings).version: 0}
    newest, done, answers, failures = [0], threading.Event(), [], []

    def read(assistant: Assistant, offset: int) -> None:
        turn = offset
        try:
            while not done.is_set():
                known = newest[0]
                answers.append((known, assistant.ask(QUESTIONS[turn % len(QUESTIONS)])))
                turn += 1
        except BaseException as error:
            failures.append(error)
            raise

    with Assistant(settings) as assistant:
        assistant.ask(QUESTIONS[0])
        readers = [threading.Thread(target=read, args=(assistant, offset)) for offset in range(2)]
        for reader in readers:
            reader.start()
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(corpus), str(settings.index_dir), str(EDITIONS)],
            stdout=subprocess.PIPE, text=True, cwd=tmp_path,
        )  # fmt: skip
        assert writer.stdout is not None
        for line in writer.stdout:
            edition, version = json.loads(line)
            edition_of[version], newest[0] = edition, edition
        assert writer.wait(60) == 0
        last = assistant.ask(QUESTIONS[0])
        done.set()
        for reader in readers:
            reader.join(60)

    assert not failures
    assert edition_of[last.index_version] == EDITIONS
    assert len({answer.index_version for _, answer in answers}) > 2
    for known, answer in answers:
        edition = edition_of[answer.index_version]
        assert edition >= known  # what was published before the question was asked
        _assert_of_edition(answer, texts(edition), edition)


def _assert_of_edition(answer: Answer, texts: dict[str, str], edition: int) -> None:
    for citation in answer.citations:
        assert texts[citation.path][citation.start : citation.end] == citation.quote
    for passage in answer.passages:
        assert texts[passage.path][passage.start : passage.end] == passage.text
    if "lighthouse" in answer.question:
        assert answer.answered
        assert str(1800 + edition) in answer.text
    elif edition % 2:
        assert all(citation.path != "ferry.txt" for citation in answer.citations)
    else:
        assert answer.answered
        assert str(1900 + edition) in answer.text


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch, repository: Path) -> None:
    """The writing process runs elsewhere and still finds this checkout."""
    monkeypatch.setenv("PYTHONPATH", str(repository))
