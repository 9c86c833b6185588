"""The gate as its users meet it: `assistant index --gate` over the starter corpus with a change, good or bad."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Settings
from assistant.cli import main
from assistant.indexing import sync
from assistant.publishing import TWINS

CASES = ("how-often-2013", "how-fsb-learned", "which-battlegroups", "list-three-qualities", "borscht")
MUST = ("how-fsb-learned", "list-three-qualities")
OFTEN, FSB, BATTLEGROUPS, QUALITIES = (
    "working-group-2013.md",
    "revil-arrests.md",
    "nato-article-5-cyber.md",
    "security-terms.md",
)
QUESTION = "How often was the working group of 2013 supposed to get together?"
HARMLESS = {
    "bread.md": "# Bread\n\nRye bread is baked for an hour. The dough rests overnight in a warm kitchen.\n",
    "otters.md": "# Otters\n\nSea otters sleep on their backs and hold on to kelp. They eat a lot.\n",
    "violins.md": "# Violins\n\nA violin has four strings. Its front is made of spruce and its back of maple.\n",
}


@dataclass(frozen=True)
class Place:
    """A corpus, its index, and a file of cases."""

    corpus: Path
    index: Path
    cases: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        folders = ["--corpus", str(self.corpus), "--index", str(self.index), "--cases", str(self.cases)]
        return subprocess.run(
            [sys.executable, "-m", "assistant", *command, *folders], capture_output=True, encoding="utf-8"
        )

    def gate(self) -> subprocess.CompletedProcess[str]:
        return self.run("index", "--gate")

    def rules(self, text: str) -> None:
        self.cases.with_name("gate.toml").write_text(text, "utf-8")

    def change(self, path: str, old: str, new: str, *, to: str = "") -> None:
        text = (self.corpus / path).read_text("utf-8")
        assert old in text
        (self.corpus / (to or path)).write_text(text.replace(old, new), "utf-8")

    def answers(self, question: str = QUESTION) -> str:
        with Assistant(Settings(corpus_dir=self.corpus, index_dir=self.index)) as assistant:
            return assistant.ask(question).text

    def version(self) -> str:
        with Assistant(Settings(corpus_dir=self.corpus, index_dir=self.index)) as assistant:
            return assistant.ready()


def copied(place: Place, folder: Path) -> Place:
    """A place of one's own; the embedder's files, which nothing changes, are shared."""
    shutil.copytree(place.corpus, folder / "corpus")
    shutil.copytree(place.index, folder / "index", ignore=shutil.ignore_patterns(TWINS))
    shutil.copytree(place.index / TWINS, folder / "index" / TWINS, copy_function=os.link)
    (folder / "cases").mkdir()
    shutil.copy(place.cases, folder / "cases")
    return Place(folder / "corpus", folder / "index", folder / "cases" / place.cases.name)


@pytest.fixture(scope="module")
def published(repository: Path, new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The starter corpus, published, with its answers to the cases; not to be changed."""
    root = tmp_path_factory.mktemp("gate")
    shutil.copytree(repository / "corpus", root / "corpus")
    lines = (repository / "evals" / "known_answers.jsonl").read_text("utf-8").splitlines()
    cases = [case for line in lines if (case := json.loads(line))["id"] in CASES]
    for case in cases:
        case["tags"] = ["must"] if case["id"] in MUST else ["list"]
    (root / "cases.jsonl").write_text("\n".join(map(json.dumps, cases)), "utf-8")
    place = Place(root / "corpus", new_index(root / "index"), root / "cases.jsonl")
    sync(Settings(corpus_dir=place.corpus, index_dir=place.index))
    ran = place.run("eval", "--json")
    assert ran.returncode == 0, ran.stderr
    report: dict[str, Any] = json.loads(ran.stdout)
    assert (report["cases"], report["figures"]["right"]) == (len(CASES), 1.0)
    return place


@pytest.fixture
def place(published: Place, tmp_path: Path) -> Place:
    """The published corpus, to be changed."""
    return copied(published, tmp_path)


def test_changed_sentence_that_a_case_rests_on_is_not_published_and_mending_it_is(place: Place) -> None:
    before = place.version()
    place.change(OFTEN, "to meet twice a year", "to meet five times a year")
    ran = place.gate()
    assert ran.returncode == 1, ran.stderr
    assert "not published" in ran.stderr
    assert "how-often-2013" in ran.stdout
    assert f"documents that changed: {OFTEN}" in ran.stdout
    was, now = (
        next(line for line in ran.stdout.splitlines() if line.strip().startswith(w)) for w in ("before:", "now:")
    )
    assert OFTEN in was
    assert "twice a year" in was
    assert "five times a year" in now
    assert place.version() == before
    assert "twice a year" in place.answers()
    place.change(OFTEN, "to meet five times a year", "to meet twice a year")
    place.change(OFTEN, "The plan of 2013", "The first plan of 2013")
    ran = place.gate()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert place.version() != before


def test_deleted_document_that_a_must_case_rests_on_is_not_published_and_told_as_such(place: Place) -> None:
    before = place.version()
    (place.corpus / QUALITIES).unlink()
    ran = place.run("publish", "--json")
    assert ran.returncode == 1, ran.stderr
    told = json.loads(ran.stdout)
    assert told["published"] is False
    (broken,) = [case for case in told["gate"]["broken"] if case["id"] == "list-three-qualities"]
    assert broken["must"] is True
    assert QUALITIES in [citation["path"] for citation in broken["before"]["citations"]]
    assert QUALITIES not in [citation["path"] for citation in broken["after"]["citations"]]
    assert told["gate"]["changed"] == [QUALITIES]
    assert place.version() == before


def test_twin_of_a_document_with_another_number_is_not_published(place: Place) -> None:
    before = place.version()
    place.change(OFTEN, "twice a year", "nine times a year", to="working-group-2013-draft.md")
    ran = place.gate()
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "how-often-2013" in ran.stdout
    assert "working-group-2013-draft.md" in ran.stdout
    assert place.version() == before
    assert "nine" not in place.answers()


def test_documents_on_another_subject_and_harmless_rewording_are_published(place: Place) -> None:
    before = place.version()
    for name, text in HARMLESS.items():
        (place.corpus / name).write_text(text, "utf-8")
    place.change(BATTLEGROUPS, "New battlegroups were to be formed in", "New battlegroups were to be set up in")
    place.change("working-group-2017.md", "# The 2017", "# On the 2017")
    ran = place.gate()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 added" in ran.stdout
    assert place.version() != before


def test_rules_let_cases_break_but_not_those_that_must_hold(place: Place) -> None:
    # With so few cases a single one is no fall beyond chance.
    place.rules("may_break = 99\n")
    place.change(OFTEN, "to meet twice a year", "to meet five times a year")
    ran = place.gate()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (place.corpus / FSB).unlink()
    ran = place.gate()
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "how-fsb-learned (must hold)" in ran.stdout


def test_unknown_rule_is_an_error_that_names_the_file_and_the_rules(place: Place) -> None:
    place.rules("may_brake = 1\n")
    ran = place.gate()
    assert ran.returncode == 1
    assert "gate.toml: may_brake is no rule; the rules are must, may_break, may_fall" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_first_index_is_held_to_what_must_hold_and_to_the_floors(published: Place, tmp_path: Path) -> None:
    place = copied(published, tmp_path)
    for part in place.index.iterdir():
        if part.name != TWINS:
            shutil.rmtree(part) if part.is_dir() else part.unlink()
    (place.corpus / QUALITIES).unlink()
    place.cases.with_name("baseline.json").write_text('{"facts": 1.0}', "utf-8")
    ran = place.gate()
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "list-three-qualities (must hold)" in ran.stdout
    assert "below the baseline: facts is" in ran.stdout
    assert place.run("index", "--check").returncode == 1  # nothing is published
    shutil.copy(published.corpus / QUALITIES, place.corpus)
    ran = place.gate()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "twice a year" in place.answers()


@pytest.mark.parametrize("option", ["--check", "--watch"])
def test_gate_goes_neither_with_check_nor_with_watch(option: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["index", "--gate", option, "--index", str(tmp_path)])
    assert stop.value.code == 2
