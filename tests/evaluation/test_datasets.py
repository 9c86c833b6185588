"""Sets that others made are asked as they come, over the documents that they bring."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import main
from assistant.errors import CaseError
from assistant.evaluation.datasets import open_set, read_cases, with_its_corpus, write_corpus
from assistant.settings import Settings

LIGHTHOUSE = "The Marsh Point lighthouse was built in 1873 by the engineer Ada Thornton."
LAMP = "Its lamp burned whale oil until 1891. Then it was lit by gas."
FERRY = "The ferry between Elmsford and Marsh Point sank in the storm of October 1902. All 34 passengers were saved."
Ran = tuple[int, Any]


def question(name: str, text: str, *answers: str, **rest: Any) -> dict[str, Any]:
    return {"id": name, "question": text, "answers": [{"text": a, "answer_start": 0} for a in answers], **rest}


def squad(*, version: str = "1.1") -> dict[str, Any]:
    impossible = {"is_impossible": False} if version == "v2.0" else {}
    built = question("q1", "When was the Marsh Point lighthouse built?", "1873", "in 1873", "1873", **impossible)
    oil = question("q2", "What did the lamp of the Marsh Point lighthouse burn?", "whale oil", **impossible)
    sank = question("q1", "When did the ferry sink?", "October 1902", **impossible)  # an id that stands twice
    paragraphs = [{"context": LIGHTHOUSE, "qas": [built]}, {"context": LAMP, "qas": [oil]}]
    ferry = {"context": FERRY, "qas": [sank]}
    if version == "v2.0":
        ferry["qas"].append(question("q4", "Which airport did Zanzibar open?", is_impossible=True))
    data = [{"title": "Marsh_Point: the/light", "paragraphs": paragraphs}, {"title": "Ferry", "paragraphs": [ferry]}]
    return {"version": version, "data": data}


def lines(file: Path, *rows: dict[str, Any]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.fixture
def squad_file(tmp_path: Path) -> Path:
    file = tmp_path / "dev-v2.0.json"
    file.write_text(json.dumps(squad(version="v2.0")), "utf-8")
    return file


@pytest.fixture
def beir_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "harbour"
    (folder / "qrels").mkdir(parents=True)
    lines(
        folder / "corpus.jsonl",
        {"_id": "../4", "title": "The lighthouse", "text": LIGHTHOUSE, "metadata": {}},
        {"_id": "A", "title": "", "text": FERRY},
        {"_id": "a", "title": "The pier", "text": "The pier of Elmsford is 80 metres long."},
    )
    lines(
        folder / "queries.jsonl",
        {"_id": "1", "text": "When was the Marsh Point lighthouse built?"},
        {"_id": "2", "text": "When did the ferry sink?", "metadata": {}},
        {"_id": "3", "text": "Nobody judged this one?"},
    )
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\n1\t../4\t1\n3\ta\t0\n", "utf-8")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n2\tA\t2\n2\ta\t0\n", "utf-8")
    return folder


@pytest.fixture
def bench_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "little"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "light.txt").write_text(f"{LIGHTHOUSE} {LAMP}", "utf-8")
    (folder / "docs" / "ferry.txt").write_text(FERRY, "utf-8")
    row = {"evidence": [], "history": [], "answerable": True}
    before = [{"role": "user", "text": "What of the ferry?"}, {"role": "assistant", "text": "It sank."}]
    lines(
        folder / "questions.jsonl",
        {**row, "id": 1, "question": "When was the Marsh Point lighthouse built?", "answers": ["1873", " "],
         "doc_ids": ["light.txt"], "evidence": [LIGHTHOUSE]},
        {**row, "id": "2", "question": "Who and when?", "answers": [], "doc_ids": ["light.txt"],
         "answer_groups": [["Ada Thornton", "Thornton"], ["1873"]]},
        {**row, "id": "3", "question": "And when?", "answers": ["It sank in a storm, as I said"], "history": before,
         "answer_type": "long", "doc_ids": ["ferry.txt"], "label": "PARTIAL"},
        {**row, "id": "4", "question": "Which airport did Zanzibar open?", "answers": [], "doc_ids": [],
         "answerable": False, "about_doc": "ferry.txt"},
    )  # fmt: skip
    return folder


@pytest.fixture
def evaluate(
    new_index: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Runs `assistant eval` with nothing said of a corpus."""

    def ask(cases: Path, name: str, *more: str) -> Ran:
        own = tmp_path / "index" / "datasets" / name / "index"
        if not own.exists():
            new_index(own)  # the embedder's files, which take long to make
        capsys.readouterr()
        code = main(["eval", "--cases", str(cases), "--index", str(tmp_path / "index"), "--json", *more])
        return code, json.loads(capsys.readouterr().out)

    return ask


# SQuAD


def test_squad_is_asked_over_its_own_articles(squad_file: Path, evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    code, report = evaluate(squad_file, "dev-v2.0")
    assert (code, report["dataset"], report["cases"]) == (0, "dev-v2.0", 4)
    assert (
        report["figures"]["facts"] == report["figures"]["refusal_recall"] == report["figures"]["citation_recall"] == 1
    )
    assert report["by_tag"]["unanswerable"]["cases"] == 1
    corpus = tmp_path / "index" / "datasets" / "dev-v2.0" / "corpus"
    texts = {file.name: file.read_text("utf-8") for file in corpus.iterdir()}
    assert texts.keys() == {"Marsh_Point_the_light.txt", "Ferry.txt"}
    assert f"{LIGHTHOUSE}\n\n{LAMP}" in texts["Marsh_Point_the_light.txt"]


def test_squad_answers_are_alternatives_of_one_fact(tmp_path: Path, squad_file: Path) -> None:
    old = tmp_path / "dev-v1.1.json"
    old.write_text(json.dumps(squad(), indent=1), "utf-8")
    first, second, third = read_cases(old).cases
    assert first.expect.facts == (("1873", "in 1873"),)
    assert first.expect.sources == second.expect.sources == ("Marsh_Point_the_light.txt",)
    assert [case.id for case in (first, second, third)] == ["q1", "q2", "q1-2"]
    assert [case.expect.answered for case in read_cases(squad_file).cases] == [True, True, True, False]


def test_articles_of_like_or_strange_names_are_files_of_their_own(tmp_path: Path) -> None:
    titles = ["Ferry", "ferry", "../../etc/passwd", "?!", "…", ".hidden", "x" * 500, "x" * 501, "Ночь", "Ferry"]
    data = [
        {"title": title, "paragraphs": [{"context": f"text {n}", "qas": [question(str(n), "What?", f"text {n}")]}]}
        for n, title in enumerate(titles)
    ]
    file, corpus = tmp_path / "set.json", tmp_path / "deep" / "corpus"
    file.write_text(json.dumps({"data": data}), "utf-8")
    write_corpus(file, corpus)
    assert len({path.name.casefold() for path in corpus.iterdir()}) == len(set(titles))
    for case, title in zip(read_cases(file).cases, titles, strict=True):
        (source,) = case.expect.sources
        assert Path(source).name == source
        assert not source.startswith(".")
        held = (corpus / source).read_text("utf-8")
        assert case.expect.facts[0][0] in held
        assert held.startswith(title)


# BEIR


def test_beir_is_asked_over_its_own_documents(beir_folder: Path, evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    code, report = evaluate(beir_folder, "harbour")
    assert (code, report["dataset"], report["cases"]) == (0, "harbour", 2)
    assert report["figures"]["recall@1"] == report["figures"]["citation_recall"] == 1
    assert set(report["by_tag"]) == {"dev", "test"}
    corpus = tmp_path / "index" / "datasets" / "harbour" / "corpus"
    texts = sorted(file.read_text("utf-8") for file in corpus.iterdir())
    assert f"The lighthouse\n\n{LIGHTHOUSE}" in texts
    assert len(texts) == 3


def test_beir_expects_the_documents_judged_helpful_alone(beir_folder: Path, tmp_path: Path) -> None:
    built, sank = read_cases(beir_folder).cases
    write_corpus(beir_folder, tmp_path / "corpus")
    assert (built.id, sank.id) == ("1", "2")
    assert (sank.expect.answered, len(sank.expect.sources)) == (True, 1)
    assert (tmp_path / "corpus" / sank.expect.sources[0]).read_text("utf-8") == FERRY
    assert read_cases(beir_folder).lines == {"1": 1, "2": 2}


def test_beir_expects_the_copy_that_is_cited(beir_folder: Path) -> None:
    """Of documents with the same text the index cites the first in the alphabet."""
    with (beir_folder / "corpus.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"_id": "0", "text": FERRY}) + "\n")
    assert read_cases(beir_folder).cases[1].expect.sources == ("0.txt",)


# Questions beside a folder of documents


@pytest.mark.parametrize("named", ["", "questions.jsonl"])
def test_questions_beside_documents_are_asked_over_them(
    bench_folder: Path, evaluate: Callable[..., Ran], named: str
) -> None:
    code, report = evaluate(bench_folder / named, "little")
    assert (code, report["dataset"], report["cases"]) == (0, "little", 4)
    assert report["figures"]["recall@5"] == report["figures"]["refusal_recall"] == 1
    assert {path.name for path in bench_folder.iterdir()} == {"docs", "questions.jsonl"}


def test_long_answers_are_no_facts_and_groups_are_a_fact_each(bench_folder: Path) -> None:
    first, groups, long, refused = read_cases(bench_folder).cases
    assert (first.id, first.expect.facts, first.expect.quote_contains) == ("1", (("1873",),), ())
    assert groups.expect.facts == (("Ada Thornton", "Thornton"), ("1873",))
    assert (long.expect.facts, long.expect.sources) == ((), ("ferry.txt",))
    assert [turn.content for turn in long.history] == ["What of the ferry?", "It sank."]
    assert long.tags == ("partial", "follow-up")
    assert refused.expect.answered is False


@pytest.mark.parametrize("name", ["squad2", "mtragun", "xquad_ru", "timeqa"])
def test_whole_development_set_is_read_and_its_documents_are_found(shared_dir: Path, name: str) -> None:
    folder = shared_dir / "bench" / name
    if not folder.is_dir():
        pytest.skip(f"needs {folder.relative_to(shared_dir.parent)} beside the repository")
    bundle = open_set(folder)
    assert len(bundle.dataset.cases) >= 100
    assert bundle.folder == folder / "docs"
    for case in bundle.dataset.cases:
        assert all((folder / "docs" / source).is_file() for source in case.expect.sources)


def test_handful_of_a_development_set_is_asked(shared_dir: Path, tmp_path: Path, evaluate: Callable[..., Ran]) -> None:
    source = shared_dir / "bench" / "xquad_ru"
    if not source.is_dir():
        pytest.skip(f"needs {source.relative_to(shared_dir.parent)} beside the repository")
    folder = tmp_path / "handful"
    (folder / "docs").mkdir(parents=True)
    rows = (source / "questions.jsonl").read_text("utf-8").splitlines()[:4]
    (folder / "questions.jsonl").write_text("\n".join(rows), "utf-8")
    for name in {name for row in rows for name in json.loads(row)["doc_ids"]}:
        (folder / "docs" / name).write_bytes((source / "docs" / name).read_bytes())
    code, report = evaluate(folder, "handful")
    assert (code, report["cases"]) == (0, 4)
    assert report["figures"]["recall@5"] == 1
    assert report["figures"]["quote_exact"] == 1


# What all have in common


def test_named_corpus_is_asked_in_place_of_the_sets_own(
    squad_file: Path, evaluate: Callable[..., Ran], tmp_path: Path, new_index: Callable[[Path], Path]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "Ferry.txt").write_text(FERRY, "utf-8")
    new_index(tmp_path / "other")
    common = ["eval", "--cases", str(squad_file), "--index", str(tmp_path / "other")]
    assert main([*common, "--corpus", str(tmp_path / "mine"), "--lint"]) == 1  # the other article is not there
    assert main([*common, "--lint"]) == 0
    code, report = evaluate(
        squad_file, "dev-v2.0", "--corpus", str(tmp_path / "mine"), "--index", str(tmp_path / "other")
    )
    assert code == 0
    assert "dev-v2.0" not in report["run"]
    assert report["figures"]["citation_recall"] < 1


def test_floors_apply_where_they_stand_beside_the_set(bench_folder: Path, evaluate: Callable[..., Ran]) -> None:
    assert evaluate(bench_folder, "little")[1]["gate"]["baseline"] is None
    (bench_folder / "baseline.json").write_text('{"words": 0}', "utf-8")
    code, report = evaluate(bench_folder, "little")
    assert (code, report["gate"]["passed"]) == (1, False)


def test_documents_that_left_the_set_leave_its_corpus(squad_file: Path, tmp_path: Path) -> None:
    settings = Settings(index_dir=tmp_path / "index")
    corpus = with_its_corpus(open_set(squad_file), settings).corpus_dir
    ferry, before = corpus / "Ferry.txt", (corpus / "Ferry.txt").stat().st_mtime_ns
    value = squad()
    squad_file.write_text(json.dumps({"data": value["data"][1:]}), "utf-8")
    with_its_corpus(open_set(squad_file), settings)
    assert [file.name for file in corpus.iterdir()] == ["Ferry.txt"]
    assert ferry.stat().st_mtime_ns == before  # nothing to index again


def test_our_own_cases_are_read_as_before_and_bring_no_documents(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    lines(file, {"id": "a", "question": "When?", "expect": {"answered": False}})
    settings = Settings(index_dir=tmp_path / "index")
    assert read_cases(file).lines == {"a": 1}
    assert with_its_corpus(open_set(file), settings) == settings
    with pytest.raises(CaseError, match="holds no documents"):
        write_corpus(file, tmp_path / "corpus")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"a": 1}', "is JSON, but no data set"),
        ("[]", "is JSON, but no data set"),
        ('{"data": [{"title": "x", "paragraphs": [{"qas": []}]}]}', "data.0.paragraphs.0.context is missing"),
        ('{"data": []}', "holds no question"),
        ("some words", "line 1: not JSON"),
        ("", "holds no case"),
        ('{"id": "a", "question": "When?"}', "line 1: expect is missing"),
        ('{"_id": "1", "text": "x"}', "is a part of BEIR; name the folder"),
        ('{"answerable": true, "doc_ids": []}', "line 1: id is missing"),
    ],
)
def test_file_that_is_no_data_set_is_refused_with_what_is_known(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "set.json"
    file.write_text(content, "utf-8")
    with pytest.raises(CaseError) as caught:
        read_cases(file)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)


def test_binary_file_missing_file_and_other_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(b"PK\x03\x04\xff\xfe")
    (tmp_path / "empty").mkdir()
    for name, said in (("set.zip", "not UTF-8"), ("absent", "No such file"), ("empty", "is no data set")):
        with pytest.raises(CaseError, match=said):
            read_cases(tmp_path / name)


@pytest.mark.parametrize(
    ("judgement", "said"),
    [
        ("1 A 1", "test.tsv, line 2: write query, document and score"),
        ("1\tA\tmuch", "test.tsv, line 2: write query, document and score"),
        ("1\tnone\t1", "'none', judged helpful for it, is no document"),
        ("1\tA\t0", "holds no query that a document is judged helpful for"),
    ],
)
def test_judgements_that_cannot_be_used_are_named(beir_folder: Path, judgement: str, said: str) -> None:
    (beir_folder / "qrels" / "dev.tsv").unlink()
    (beir_folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judgement}\n", "utf-8")
    with pytest.raises(CaseError) as caught:
        read_cases(beir_folder)
    assert said in str(caught.value)
