"""Access labels from the files to the answers: nothing tells of a document that a reader may not see."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant import Answer, Assistant, Settings
from assistant.errors import AccessError, CorpusError, DocumentError
from assistant.forgetting import forget
from assistant.indexing import check, sync
from assistant.ingest.access import ACCESS_FILE
from assistant.versions import rollback

TOWER = "# The tower\n\nThe tower of Elmsford was built in 1873 by Ada Thornton, a builder of lighthouses.\n"
FERRY = "# The ferry\n\nThe ferry to Zanzibarish sank in the quagmirelike storm of October 1902.\n"
SALE = "# The sale\n\nThe board of Elmsford sells the tower to Basil Quimby for 900 crowns.\n"
QUESTION = "To whom does the board sell the tower?"


@pytest.fixture(scope="module")
def third(repository: Path) -> list[str]:
    """Every third file of the starter corpus."""
    corpus = repository / "corpus"
    return sorted(file.relative_to(corpus).as_posix() for file in corpus.rglob("*") if file.is_file())[::3]


@pytest.fixture(scope="module")
def labelled(
    repository: Path, third: list[str], new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Assistant]:
    """The starter corpus, a third of it for the board."""
    place = tmp_path_factory.mktemp("labelled")
    shutil.copytree(repository / "corpus", place / "corpus")
    lines = "".join(f"/{path}: Board\n" for path in third)
    (place / "corpus" / ACCESS_FILE).write_text(f"# the board's\n\n{lines}", "utf-8")
    settings = Settings(corpus_dir=place / "corpus", index_dir=new_index(place / "index"))
    sync(settings)
    with Assistant(settings) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def without(
    repository: Path, third: list[str], new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Assistant]:
    """The starter corpus, which never had that third."""
    place = tmp_path_factory.mktemp("without")
    shutil.copytree(repository / "corpus", place / "corpus")
    for path in third:
        (place / "corpus" / path).unlink()
    settings = Settings(corpus_dir=place / "corpus", index_dir=new_index(place / "index"))
    sync(settings)
    with Assistant(settings) as assistant:
        yield assistant


@pytest.fixture
def settings(new_index: Callable[[Path], Path], tmp_path: Path) -> Settings:
    """A corpus of two open documents and one of the board's, indexed."""
    settings = Settings(corpus_dir=tmp_path / "corpus", index_dir=new_index(tmp_path / "index"))
    write(settings, "tower.md", TOWER)
    write(settings, "ferry.txt", FERRY)
    write(settings, "sale.md", f"---\naccess: board\n---\n{SALE}")
    sync(settings)
    return settings


def write(settings: Settings, name: str, text: str) -> None:
    file = settings.corpus_dir / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def seen(settings: Settings, *labels: str) -> list[str]:
    with Assistant(settings) as assistant:
        return [document.path for document in assistant.seeing(labels).documents()]


def access(settings: Settings, path: str) -> tuple[str, ...]:
    with Assistant(settings) as assistant:
        return assistant.document(path).access


def _said(answer: Answer) -> tuple[object, ...]:
    passages = [(passage.path, passage.start, passage.end) for passage in answer.passages]
    return (answer.text, answer.sentences, answer.citations, answer.explanation, answer.reason, passages)


def test_answers_are_those_of_an_index_that_never_had_what_is_hidden(
    repository: Path, labelled: Assistant, without: Assistant, third: list[str]
) -> None:
    lines = (repository / "evals" / "known_answers.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines][::5][:24]
    titles = [labelled.document(path).title for path in third]
    limited = labelled.seeing([])
    answers = [limited.ask(question) for question in questions]
    never = [without.ask(question) for question in questions]
    assert [_said(answer) for answer in answers] == [_said(answer) for answer in never]
    told = json.dumps([{**answer.to_dict(), "question": "", "standalone_question": ""} for answer in answers])
    assert not [path for path in third if path in told]
    words = json.dumps([answer.to_dict() for answer in never])
    assert not [title for title in titles if json.dumps(title) in told and json.dumps(title) not in words]
    assert any(answer.answered for answer in answers)
    # and the label is what makes the difference
    whole = [labelled.ask(question) for question in questions]
    assert [_said(labelled.seeing(["BOARD"]).ask(question)) for question in questions] == [_said(a) for a in whole]
    assert [_said(answer) for answer in whole] != [_said(answer) for answer in answers]


def test_every_way_in_is_limited(labelled: Assistant, without: Assistant, third: list[str]) -> None:
    limited = labelled.seeing([])
    question = labelled.document(third[0]).title
    assert limited.documents() == without.documents()
    assert third[0] in {passage.path for passage in labelled.search(question, top_k=50)}
    shown = [passage.path for passage in limited.search(question, top_k=50)]
    shown += [event.data.path for event in limited.stream(question) if event.kind == "citation"]  # type: ignore[union-attr]
    shown += [document.metadata["path"] for document in limited.as_retriever(top_k=50).invoke(question)]
    shown += [passage.path for passage in limited.as_runnable().invoke(question).passages]
    assert shown
    assert not set(shown) & set(third)
    for name in (third[0], labelled.document(third[0]).id):
        with pytest.raises(DocumentError) as hidden:
            limited.document(name)
        with pytest.raises(DocumentError) as unknown:
            without.document(name)
        assert str(hidden.value) == str(unknown.value)
    assert limited.ready() == limited.ask(question).index_version != labelled.ready()


def test_limited_ones_are_shared_and_can_only_be_limited_further(labelled: Assistant, third: list[str]) -> None:
    assert labelled.seeing(["board", "a"]) is labelled.seeing(["A", "board"])
    narrow = labelled.seeing(["a"]).seeing(["a", "board"])
    assert not {document.path for document in narrow.documents()} & set(third)
    assert labelled.seeing(["board"]).seeing(["board", "a"]).documents() == labelled.documents()
    with labelled.seeing([]) as limited:
        limited.ready()
    assert labelled.seeing([]).documents() == limited.documents()
    with pytest.raises(AccessError, match="list of labels"):
        labelled.seeing("board")
    with pytest.raises(AccessError, match="can't index"):
        labelled.seeing(["board"]).sync()


def test_many_at_once_see_their_own(labelled: Assistant, third: list[str]) -> None:
    wrong: list[object] = []

    def ask(label: str) -> None:
        for _ in range(3):
            paths = {passage.path for passage in labelled.seeing([label]).search("When was it founded?", top_k=50)}
            if bool(paths & set(third)) != (label == "board"):
                wrong.append((label, paths))

    threads = [threading.Thread(target=ask, args=(label,)) for label in ("board", "a", "b", "board", "c", "d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_front_matter_gives_labels_and_a_change_of_it_takes_effect(settings: Settings) -> None:
    assert access(settings, "sale.md") == ("board",)
    with Assistant(settings) as assistant:
        assert "Quimby" in assistant.seeing(["Board"]).ask(QUESTION).text
        assert "Quimby" not in json.dumps(assistant.seeing(["legal"]).ask(QUESTION).to_dict())
        write(settings, "sale.md", f"---\naccess: [legal, Board]\n---\n{SALE}")
        assert sync(settings).updated == 1
        assert "Quimby" in assistant.seeing(["legal"]).ask(QUESTION).text
    assert access(settings, "sale.md") == ("board", "legal")
    write(settings, "sale.md", SALE)
    sync(settings)
    assert seen(settings) == ["ferry.txt", "sale.md", "tower.md"]


@pytest.mark.parametrize(
    "matter",
    [
        "access: 5",
        "access: ''",
        "access:",
        "access: []",
        "access: [board, '']",
        "access: board, legal",
        "access: {board: yes}",
        "access: [[board]]",
        "access: the board",
        f"access: {'a' * 65}",
        "access: board\nAccess: public",
        "Access: null",
    ],
)
def test_labels_that_cannot_be_read_keep_the_file_out(settings: Settings, matter: str) -> None:
    write(settings, "sale.md", f"---\n{matter}\n---\n{SALE}")
    report = sync(settings)
    assert [skipped.path for skipped in report.skipped] == ["sale.md"]
    assert "access" in report.skipped[0].reason
    assert seen(settings, "board") == ["ferry.txt", "tower.md"]


@pytest.mark.parametrize(
    "head", ["---\naccess: board\n\n", "\n---\naccess: board\n---\n", "---\ntitle: x\nAccess : board\n"]
)
def test_front_matter_with_labels_that_is_not_closed_keeps_the_file_out(settings: Settings, head: str) -> None:
    write(settings, "sale.md", head + SALE)
    assert [skipped.path for skipped in sync(settings).skipped] == ["sale.md"]


def test_the_file_of_labels_takes_effect_with_the_next_run_and_embeds_nothing(settings: Settings) -> None:
    write(settings, ACCESS_FILE, "# whose\n*.txt: ferrymen\nsale.md: ferrymen\n/tower*: a\nTOWER.md: b\n*.md: c\n")
    assert (check(settings).updated, check(settings).added) == (3, 0)
    texts = []
    report = sync(settings, progress=lambda p: texts.append(p.total) if p.stage == "embedding" else None)
    assert (report.updated, report.added, report.deleted) == (3, 0, 0)
    assert set(texts) == {0}
    assert access(settings, "sale.md") == ("board", "c", "ferrymen")
    assert access(settings, "tower.md") == ("a", "c")
    assert seen(settings) == []
    assert seen(settings, "ferrymen") == ["ferry.txt", "sale.md"]
    assert not check(settings).changed
    assert not sync(settings).changed
    (settings.corpus_dir / ACCESS_FILE).unlink()
    assert sync(settings).updated == 3
    assert seen(settings) == ["ferry.txt", "tower.md"]


@pytest.mark.parametrize(
    "line", ["tower.md", "tower.md:", ": board", "tower.md: the board", "!tower.md: a", "tower.md: 7"]
)
def test_a_line_that_cannot_be_read_stops_the_run(settings: Settings, line: str) -> None:
    write(settings, ACCESS_FILE, f"*.txt: ferrymen\n{line}\n")
    write(settings, "new.md", "# New\n\nSomething new stands here.\n")
    with pytest.raises(CorpusError, match="line 2"):
        sync(settings)
    with pytest.raises(CorpusError, match="line 2"):
        check(settings)
    with pytest.raises(CorpusError, match="line 2"):
        rollback(settings)
    assert seen(settings) == ["ferry.txt", "tower.md"]


def test_a_file_of_labels_that_is_a_folder_or_leads_nowhere_stops_the_run(settings: Settings) -> None:
    (settings.corpus_dir / ACCESS_FILE).symlink_to("nowhere")
    with pytest.raises(CorpusError, match=ACCESS_FILE):
        sync(settings)
    (settings.corpus_dir / ACCESS_FILE).unlink()
    (settings.corpus_dir / ACCESS_FILE).mkdir()
    with pytest.raises(CorpusError, match=ACCESS_FILE):
        sync(settings)


def test_files_of_one_text_stand_for_each_other_only_where_the_same_people_see_them(settings: Settings) -> None:
    write(settings, "a.txt", TOWER)
    write(settings, "b.txt", TOWER)
    write(settings, "c.txt", TOWER)
    write(settings, ACCESS_FILE, "a.txt: board\n")
    sync(settings)
    assert seen(settings) == ["b.txt", "c.txt", "ferry.txt", "tower.md"]
    with Assistant(settings) as assistant:
        for name in ("b.txt", "c.txt"):
            document = assistant.seeing([]).document(name)
            assert (document.path, "Elmsford" in document.text) == (name, True)
            assert "a.txt" not in document.copies
        assert "a.txt" in assistant.document("b.txt").copies
        cited = {c.path for c in assistant.seeing([]).ask("When was the tower of Elmsford built?").citations}
        assert cited
        assert "a.txt" not in cited
    (settings.corpus_dir / ACCESS_FILE).unlink()
    sync(settings)
    (settings.corpus_dir / "b.txt").unlink()
    sync(settings)
    assert seen(settings) == ["a.txt", "c.txt", "ferry.txt", "tower.md"]


def test_going_back_opens_nothing(settings: Settings) -> None:
    write(settings, "sale.md", SALE.replace("900", "700"))  # open, with other words
    write(settings, "ferry.txt", FERRY.replace("sank", "was lost"))
    write(settings, "tower.md", f"---\naccess: masons\n---\n{TOWER}")
    sync(settings)
    assert seen(settings) == ["ferry.txt", "sale.md"]
    write(settings, ACCESS_FILE, "*.txt: ferrymen\n")
    rollback(settings)
    assert access(settings, "sale.md") == ("board",)  # as it had then
    assert access(settings, "ferry.txt") == ("ferrymen",)  # as its path has now
    assert access(settings, "tower.md") == ("masons",)  # as it had until now
    assert seen(settings) == []
    sync(settings)
    assert seen(settings) == ["sale.md"]


def test_what_is_forgotten_while_limited_readers_are_open_is_gone_for_them(settings: Settings) -> None:
    with Assistant(settings) as assistant:
        limited = assistant.seeing(["board"])
        assert "Quimby" in limited.ask(QUESTION).text
        forget(settings, "sale.md")
        assert "Quimby" not in json.dumps(limited.ask(QUESTION).to_dict())
        held = b"".join(file.read_bytes() for file in settings.index_dir.glob("catalog.sqlite3*"))
        assert b"Quimby" not in held


def test_the_version_does_not_tell_that_something_hidden_changed(settings: Settings) -> None:
    with Assistant(settings) as assistant:
        limited = assistant.seeing([])
        version = limited.ready()
        write(settings, "sale.md", f"---\naccess: board\n---\n{SALE}\nIt is not known why.\n")
        write(settings, "more.md", "---\naccess: board\n---\n# More\n\nThere is more to be sold.\n")
        sync(settings)
        assert limited.ready() == version
        assert limited.ask(QUESTION).index_version == version
        write(settings, "open.md", "# Open\n\nThe mill grinds barley.\n")
        sync(settings)
        assert limited.ready() != version


def test_limited_readers_follow_an_index_that_is_replaced(
    settings: Settings, new_index: Callable[[Path], Path]
) -> None:
    with Assistant(settings) as assistant:
        limited = assistant.seeing([])
        assert len(limited.documents()) == 2
        shutil.rmtree(settings.index_dir)
        new_index(settings.index_dir)
        write(settings, "tower.md", f"---\naccess: board\n---\n{TOWER}")
        sync(settings)
        assert [document.path for document in limited.documents()] == ["ferry.txt"]
        assert "Thornton" not in json.dumps(limited.ask("Who built the tower of Elmsford?").to_dict())


def test_few_that_are_seen_are_found_among_many_that_are_not(settings: Settings) -> None:
    for number in range(150):
        write(
            settings,
            f"secret/{number}.md",
            f"# Tower {number}\n\nThe tower number {number} was built in {1500 + number}.\n",
        )
    write(settings, ACCESS_FILE, "secret/: board\n")
    sync(settings)
    with Assistant(settings) as assistant:
        found = assistant.seeing([]).search("In which year was the tower built?", top_k=5)
        assert sorted(passage.path for passage in found) == ["ferry.txt", "tower.md"]
        assert found[0].path == "tower.md"
        found = assistant.seeing(["nobody"]).search("Welches Schiff?", top_k=5)  # no word of it stands anywhere
        assert sorted(passage.path for passage in found) == ["ferry.txt", "tower.md"]
