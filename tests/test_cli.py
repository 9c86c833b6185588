"""The command line as its users meet it: what is printed where, with which exit code."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant import indexing
from assistant.cli import main, reference

LIGHTHOUSE = """---
title: The Marsh Point lighthouse
date: 2019-05-02
---
# The Marsh Point lighthouse

The Marsh Point lighthouse was built in 1873 by the engineer Ada Thornton. Its lamp burned whale oil until 1891.

## The keepers

Jonas Brandt kept the light for thirty years. He wrote a diary, which the museum of Elmsford bought in 1950.
"""
FERRY = """# The Elmsford ferry

The ferry between Elmsford and Marsh Point sank in the storm of October 1902. All 34 passengers were saved.
"""
# The user password is not the empty one that readers try by themselves.
ENCRYPTED_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\n"
    b"4 0 obj<</Filter/Standard/V 1/R 2/P -4/O<" + b"11" * 32 + b">/U<" + b"22" * 32 + b">>>endobj\n"
    b"trailer<</Root 1 0 R/Encrypt 4 0 R/ID[<01><01>]>>\n%%EOF\n"
)
BAD = ("broken.md", "empty.md", "gone.md", "locked.pdf", "noise.txt", "picture.png")
QUESTION = "When was the Marsh Point lighthouse built?"

ANSWER = {
    "question", "standalone_question", "answered", "text", "short_answer", "sentences", "citations", "passages",
    "confidence", "reason", "explanation", "mode", "notes", "seconds", "index_version",
}  # fmt: skip
CITATION = {"number", "document_id", "path", "title", "date", "url", "page", "quote", "start", "end"}
PASSAGE = {"document_id", "path", "title", "date", "start", "end", "text", "score", "url", "page"}
REPORT = {"added", "updated", "deleted", "unchanged", "skipped", "documents", "chunks", "version", "seconds"} | {
    "moved",
    "near_duplicates",
}


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def cli(*arguments: str | Path) -> Ran:
    """Runs a command in this process, where the libraries are loaded already."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Place:
    """A corpus and its index."""

    corpus: Path
    index: Path

    def run(self, command: str, *arguments: str | Path) -> Ran:
        return cli(command, *arguments, "--corpus", self.corpus, "--index", self.index)


@pytest.fixture(scope="session")
def first(new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Ran]:
    """A corpus with good and bad files, and what indexing it said. Not to be changed."""
    root = tmp_path_factory.mktemp("cli")
    corpus = root / "my corpus"
    (corpus / "sub").mkdir(parents=True)
    (corpus / "lighthouse.md").write_text(LIGHTHOUSE, "utf-8")
    (corpus / "sub" / "ferry.md").write_text(FERRY, "utf-8")
    (corpus / "pier.txt").write_text("The pier of Elmsford is 80 metres long.", "utf-8")
    (corpus / "broken.md").write_text("---\ntitle: [unclosed\n---\nThe pier is 80 metres long.\n", "utf-8")
    (corpus / "empty.md").write_bytes(b"")
    (corpus / "locked.pdf").write_bytes(ENCRYPTED_PDF)
    (corpus / "noise.txt").write_bytes(bytes(range(256)) * 20)
    (corpus / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    (corpus / "gone.md").symlink_to(corpus / "nowhere.md")
    place = Place(corpus, new_index(root / "index"))
    return place, place.run("index", "--json")


@pytest.fixture
def place(first: tuple[Place, Ran]) -> Place:
    """The indexed corpus, to be read only."""
    return first[0]


@pytest.fixture
def own(place: Place, tmp_path: Path) -> Place:
    """A copy of the indexed corpus, to be changed."""
    shutil.copytree(place.corpus, tmp_path / "corpus", symlinks=True)
    shutil.copytree(place.index, tmp_path / "index")
    return Place(tmp_path / "corpus", tmp_path / "index")


@pytest.fixture
def unindexed(new_index: Callable[[Path], Path], tmp_path: Path) -> Callable[[dict[str, str]], Place]:
    """Makes a corpus without an index, but with the embedder's files, which take seconds to make."""

    def make(files: dict[str, str]) -> Place:
        corpus = tmp_path / "unindexed"
        corpus.mkdir()
        for name, text in files.items():
            (corpus / name).write_text(text, "utf-8")
        return Place(corpus, new_index(tmp_path / "its index"))

    return make


# index


def test_bad_files_are_skipped_with_a_reason_and_the_others_are_indexed(first: tuple[Place, Ran]) -> None:
    _, ran = first
    assert ran.code == 0
    assert set(ran.json) == REPORT
    assert (ran.json["added"], ran.json["documents"]) == (3, 3)
    reasons = {skipped["path"]: skipped["reason"] for skipped in ran.json["skipped"]}
    assert reasons.keys() == set(BAD)
    for path, said in {
        "broken.md": "front matter",
        "empty.md": "empty",
        "locked.pdf": "password",
        "gone.md": "link",
    }.items():
        assert said in reasons[path]
    for path, reason in reasons.items():
        assert path in reason
        assert f"skipped: {reason}" in ran.err


def test_progress_is_told_on_stderr_alone(first: tuple[Place, Ran]) -> None:
    _, ran = first
    assert "reading 9 files" in ran.err
    assert "embedding" in ran.err
    assert ran.out.lstrip().startswith("{")


def test_indexing_an_unchanged_corpus_does_nothing(own: Place) -> None:
    before = own.run("index", "--check", "--json")
    again = own.run("index", "--json")
    assert (before.code, again.code) == (0, 0)
    assert again.json["unchanged"] == 3
    assert again.json["version"] == before.json["version"]
    assert not again.json["added"] + again.json["updated"] + again.json["deleted"]


def test_check_says_what_would_change_and_changes_nothing(own: Place) -> None:
    (own.corpus / "lighthouse.md").write_text(LIGHTHOUSE.replace("1873", "1874"), "utf-8")
    (own.corpus / "sub" / "ferry.md").unlink()
    (own.corpus / "new.md").write_text("A new page about the harbour.", "utf-8")
    for _ in range(2):
        ran = own.run("index", "--check", "--json")
        assert ran.code == 1
        assert (ran.json["added"], ran.json["updated"], ran.json["deleted"]) == (1, 1, 1)
    assert "out of date" in own.run("index", "--check").out


def test_empty_corpus_is_published_and_named_with_the_remedy(unindexed: Callable[..., Place]) -> None:
    place = unindexed({})
    ran = place.run("index", "--json")
    assert ran.code == 1
    assert ran.json["documents"] == 0
    assert ran.json["version"]
    assert str(place.corpus) in ran.err
    assert ".pdf" in ran.err
    asked = place.run("ask", QUESTION, "--json")
    assert asked.code == 0
    assert asked.json["reason"] == "empty_corpus"


def test_missing_corpus_is_named_with_the_remedy(tmp_path: Path) -> None:
    ran = cli("index", "--corpus", tmp_path / "absent", "--index", tmp_path / "index")
    assert ran.code == 1
    assert ran.err.startswith("error: ")
    assert "absent" in ran.err
    assert "--corpus" in ran.err


# ask, search, show


def test_answer_has_the_promised_fields_and_quotes_the_stored_text(place: Place) -> None:
    ran = place.run("ask", QUESTION, "--json")
    assert ran.code == 0
    answer = ran.json
    assert set(answer) == ANSWER
    assert answer["answered"]
    assert "1873" in answer["text"]
    assert answer["text"] == " ".join(sentence["text"] for sentence in answer["sentences"])
    assert set(answer["seconds"]) == {"retrieve", "compose", "total"}
    assert all(set(sentence) == {"text", "citations"} for sentence in answer["sentences"])
    assert all(set(passage) == PASSAGE for passage in answer["passages"])
    assert answer["citations"]
    for citation in answer["citations"]:
        assert set(citation) == CITATION
        stored = place.run("show", citation["document_id"], "--json").json["text"]
        assert stored[citation["start"] : citation["end"]] == citation["quote"]


def test_answer_for_people_shows_marks_and_quotations(place: Place) -> None:
    out = place.run("ask", QUESTION).out
    assert out.startswith("1873 [1]\n\n")
    assert "“The Marsh Point lighthouse was built in 1873" in " ".join(out.split())
    assert "lighthouse.md" in out


def test_refusal_is_an_answer_and_shows_the_nearest_passages(place: Place) -> None:
    question = "What is the boiling point of tungsten?"
    ran = place.run("ask", question, "--json")
    assert ran.code == 0
    assert not ran.json["answered"]
    assert ran.json["text"] == ""
    assert ran.json["sentences"] == ran.json["citations"] == []
    assert ran.json["reason"]
    assert ran.json["passages"]
    shown = place.run("ask", question)
    assert shown.code == 0
    assert ran.json["explanation"].split()[0] in shown.out
    assert "nearest passages" in shown.out


def test_follow_up_is_read_with_its_history(place: Place, tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    turns = [{"role": "user", "content": QUESTION}, {"role": "assistant", "text": "It was built in 1873."}]
    history.write_text(json.dumps(turns), "utf-8")
    ran = place.run("ask", "Who built it?", "--history", history, "--json")
    assert ran.code == 0
    assert "lighthouse" in ran.json["standalone_question"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "can't be read"),
        ("[{]", "not JSON"),
        ('{"role": "user"}', "array"),
        ('[{"role": "robot", "content": "x"}]', "role"),
    ],
)
def test_bad_history_is_an_error_that_names_the_file(
    place: Place, tmp_path: Path, content: str | None, said: str
) -> None:
    history = tmp_path / "history.json"
    if content is not None:
        history.write_text(content, "utf-8")
    ran = place.run("ask", QUESTION, "--history", history)
    assert ran.code == 1
    assert ran.err.startswith("error: ")
    assert "history.json" in ran.err
    assert said in ran.err


def test_search_has_the_promised_fields_best_first(place: Place) -> None:
    ran = place.run("search", "Elmsford ferry storm", "-k", "2", "--json")
    assert ran.code == 0
    assert set(ran.json) == {"question", "passages"}
    assert ran.json["question"] == "Elmsford ferry storm"
    assert ran.json["passages"][0]["path"] == "sub/ferry.md"
    assert len(ran.json["passages"]) == 2
    assert all(set(passage) == PASSAGE for passage in ran.json["passages"])
    assert "sub/ferry.md" in place.run("search", "Elmsford ferry storm").out


def test_document_is_shown_by_path_and_by_id(place: Place) -> None:
    by_path = place.run("show", "lighthouse.md", "--json")
    assert by_path.code == 0
    assert {"id", "path", "title", "date", "url", "language", "text", "sha256"} <= set(by_path.json)
    assert by_path.json["title"] == "The Marsh Point lighthouse"
    assert place.run("show", by_path.json["id"], "--json").json == by_path.json
    assert by_path.json["text"] in place.run("show", "lighthouse.md").out


def test_unknown_document_is_an_error_with_its_name(place: Place) -> None:
    ran = place.run("show", "absent.md")
    assert (ran.code, ran.out) == (1, "")
    assert "absent.md" in ran.err


@pytest.mark.parametrize("arguments", [("ask", QUESTION), ("search", QUESTION), ("show", "x.md"), ("ask", "--file")])
def test_missing_index_is_named_with_the_remedy(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(json.dumps({"id": 1, "question": QUESTION}), "utf-8")
    extra = [questions] if arguments[-1] == "--file" else []
    ran = cli(*arguments, *extra, "--json", "--index", tmp_path / "absent")
    assert (ran.code, ran.out) == (1, "")
    assert "absent" in ran.err
    assert "assistant index" in ran.err


@pytest.mark.parametrize("question", ["", "   ", "why? " * 2000])
def test_empty_or_endless_question_is_an_error(place: Place, question: str) -> None:
    ran = place.run("ask", question)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: ")
    assert len(ran.err) < 500


@pytest.mark.parametrize("command", ["ask", "search"])
def test_bytes_that_are_no_text_do_not_hurt_a_question(place: Place, command: str) -> None:
    ran = place.run(command, os.fsdecode(b"When was the caf\xe9 lighthouse built?"), "--json")
    assert ran.code == 0
    assert "caf\ufffd" in ran.json["question"]


# ask --file


def test_file_is_answered_line_by_line_and_bad_lines_stop_nothing(place: Place, tmp_path: Path) -> None:
    history = [{"role": "user", "text": QUESTION}, {"role": "assistant", "text": "In 1873."}]
    lines: list[Any] = [
        {"id": "a", "question": QUESTION, "answers": ["1873"], "answerable": True},
        "not json",
        {"id": 7, "question": "Who built it?", "history": history},
        {"id": "no question"},
        {"id": "number", "question": 12},
        ["a", "list"],
        {"id": "empty", "question": " "},
        {"id": "endless", "question": "why? " * 2000},
        {"id": "bad history", "question": QUESTION, "history": [{"role": "user"}]},
        {"id": "bad date", "question": QUESTION, "as_of": "yesterday"},
        {"id": "half a pair", "question": "\ud800 lighthouse?"},
        {"id": "b", "question": QUESTION, "history": None},
    ]
    text = "\n\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    file = tmp_path / "questions.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\n\xff\xfe\n")
    ran = place.run("ask", "--file", file, "--json")
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    ids = [
        "a",
        None,
        7,
        "no question",
        "number",
        None,
        "empty",
        "endless",
        "bad history",
        "bad date",
        "half a pair",
        "b",
        None,
    ]
    assert [answer["id"] for answer in answers] == ids
    good = [answer for answer in answers if "error" not in answer]
    assert [answer["id"] for answer in good] == ["a", 7, "b"]
    assert all(set(answer) == ANSWER | {"id"} for answer in good)
    for answer in answers:
        if "error" in answer:
            assert set(answer) == {"id", "answered", "error"}
            assert answer["answered"] is False
            assert answer["error"]
    for_people = place.run("ask", "--file", file)
    assert for_people.code == 0
    assert "error: " in for_people.out
    assert "1873" in for_people.out


def test_fault_in_one_question_does_not_cost_the_others(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant.assistant import Assistant

    real = Assistant.ask

    def faulty(self: Assistant, question: str, **rest: Any) -> Any:
        if question == "fault":
            raise ZeroDivisionError("a fault of ours")
        return real(self, question, **rest)

    monkeypatch.setattr(Assistant, "ask", faulty)
    file = tmp_path / "questions.jsonl"
    file.write_text('{"id": 1, "question": "fault"}\n{"id": 2, "question": "When did the ferry sink?"}\n', "utf-8")
    ran = place.run("ask", "--file", file, "--json")
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 1
    assert "ZeroDivisionError" in answers[0]["error"]
    assert "question" in answers[1]


# eval


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Two cases: one that is met, one whose expected fact is wrong."""
    expect = {"answered": True, "sources": ["lighthouse.md"]}
    rows = [
        {"id": "right", "question": QUESTION, "expect": {**expect, "facts": [["1873"]]}, "tags": ["when"]},
        {"id": "wrong", "question": QUESTION, "expect": {**expect, "facts": [["1066"]]}},
    ]
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return file


def test_eval_fails_below_the_baseline_and_names_figure_and_case(own: Place, cases: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "floors.json"
    baseline.write_text('{"facts": 0.9, "quote_exact": 1.0}', "utf-8")
    ran = own.run("eval", "--cases", cases, "--baseline", baseline, "--json")
    assert ran.code == 1
    assert ran.json["figures"]["facts"] == 0.5
    assert ran.json["by_tag"]["when"]["facts"] == 1
    assert [failing["id"] for failing in ran.json["failing"]] == ["wrong"]
    assert ran.json["gate"]["passed"] is False
    assert ran.json["gate"]["shortfalls"] == [{"metric": "facts", "floor": 0.9, "value": 0.5, "cases": ["wrong"]}]
    assert "facts is 0.5, the baseline wants 0.9; see wrong" in ran.err


def test_eval_without_a_baseline_is_no_gate_and_says_so(own: Place, cases: Path) -> None:
    (own.corpus / "sub" / "ferry.md").unlink()  # stale: eval brings the index up to date first
    ran = own.run("eval", "--cases", cases)
    assert ran.code == 0
    assert "no gate" in ran.err
    assert "fact missing: 1066" in ran.out
    assert own.run("index", "--check").code == 0


def test_eval_names_a_baseline_or_cases_that_are_not_there(own: Place, cases: Path, tmp_path: Path) -> None:
    for option in ("--baseline", "--cases"):
        ran = own.run("eval", "--cases", cases, option, tmp_path / "absent.json")
        assert ran.code == 1
        assert "absent.json" in ran.err


# doctor


def test_doctor_names_what_is_wrong_or_says_that_all_is_well(place: Place, own: Place) -> None:
    ran = place.run("doctor", "--json")
    assert ran.code == 1
    assert {finding["code"] for finding in ran.json["findings"]} == {"file_skipped"}
    assert set(ran.json["findings"][0]) == {"code", "severity", "message", "remedy"}
    for name in BAD:
        (own.corpus / name).unlink()
    own.run("index")
    well = own.run("doctor")
    assert (well.code, well.out) == (0, "all is well\n")


def test_doctor_repairs_and_says_what_it_mended(own: Place) -> None:
    for name in BAD:
        (own.corpus / name).unlink()
    shutil.rmtree(own.index / indexing.VECTORS)
    ran = own.run("doctor", "--repair", "--json")
    assert ran.code == 0
    assert ran.json["well"] is True
    assert "vectors_missing" in {mended["code"] for mended in ran.json["repaired"]}
    (own.index / indexing.CATALOG).unlink()
    told = own.run("doctor", "--repair")
    assert (told.code, "repaired: " in told.out, "all is well" in told.out) == (0, True, True)


def test_summary_of_a_run_says_what_changed_and_where_it_is_published(own: Place) -> None:
    (own.corpus / "new.md").write_text("A new page about the harbour.", "utf-8")
    (own.corpus / "pier.txt").unlink()
    ran = own.run("index")
    assert "1 added, 1 deleted, 2 unchanged, 6 files skipped" in ran.out
    assert f"published in {own.index}" in ran.out
    assert "no change, 3 unchanged" in own.run("index").out


def test_check_and_watch_exclude_each_other(own: Place) -> None:
    assert own.run("index", "--check", "--watch").code == 2


# usage and settings


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("fly",),
        ("ask",),
        ("ask", QUESTION, "--file", "questions.jsonl"),
        ("ask", "--file", "questions.jsonl", "--history", "history.json"),
        ("ask", QUESTION, "--as-of", "2022-13"),
        ("ask", QUESTION, "--as-of", "last year"),
        ("ask", QUESTION, "--corpus", ""),
        ("ask", QUESTION, "--inde", "x"),
        ("search", QUESTION, "-k", "0"),
        ("search", QUESTION, "-k", "many"),
        ("serve", "--port", "http"),
        ("serve", "--port", "99999"),
    ],
)
def test_wrong_usage_exits_2(arguments: tuple[str, ...]) -> None:
    ran = cli(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "error: " in ran.err


def test_unknown_setting_is_named_and_exits_2(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ASSISTANT_FOO", "1")
    ran = place.run("ask", QUESTION)
    assert (ran.code, ran.out) == (2, "")
    assert "ASSISTANT_FOO" in ran.err
    monkeypatch.delenv("ASSISTANT_FOO")
    monkeypatch.chdir(tmp_path)
    Path("assistant.toml").write_text('corpus = "x"\n', "utf-8")
    ran = place.run("doctor")
    assert ran.code == 2
    assert "corpus_dir" in ran.err


def test_options_go_before_the_environment(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ASSISTANT_INDEX_DIR", str(tmp_path / "absent"))
    assert place.run("show", "lighthouse.md").code == 0
    monkeypatch.setenv("ASSISTANT_INDEX_DIR", str(place.index))
    assert cli("show", "lighthouse.md").code == 0


def test_interruption_is_quiet_and_exits_130(own: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(indexing, "sync", interrupted)
    assert own.run("index") == Ran(130, "", "")


def test_version_is_printed() -> None:
    from assistant import __version__

    assert cli("--version").out.strip() == f"assistant {__version__}"


def test_documented_help_is_the_real_one(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    assert (repository / "docs" / "CLI.md").read_text("utf-8") == reference()


# the process


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom assistant.cli import main\n"
        "try:\n    main(['ask', '--help'])\nexcept SystemExit:\n    pass\n"
        "names = ('torch', 'chromadb', 'gradio', 'langchain_core', 'numpy', 'pydantic')\n"
        "sys.stderr.write(repr([name for name in names if name in sys.modules]))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "usage: assistant ask" in ran.stdout
    assert ran.stderr == "[]"


def test_output_is_utf_8_whatever_the_locale_and_questions_come_from_stdin(place: Place, tmp_path: Path) -> None:
    question = "Где “маяк”?"
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    ran = subprocess.run(
        [sys.executable, "-m", "assistant", "ask", "--file", "-", "--json", "--index", place.index],
        input=json.dumps({"id": "ю", "question": question}, ensure_ascii=False).encode(),
        capture_output=True,
        env=environment,
        cwd=tmp_path,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    assert "ю".encode() in ran.stdout
    assert json.loads(ran.stdout)["question"] == question


def test_reader_that_stops_reading_is_no_error(place: Place, tmp_path: Path) -> None:
    """`assistant show … | head -1`, with a reader that is gone before the first line."""
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-m", "assistant", "show", "lighthouse.md", "--index", place.index],
        stdout=writing,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    os.close(writing)
    assert ran.stderr == b""
    assert ran.returncode == 141
