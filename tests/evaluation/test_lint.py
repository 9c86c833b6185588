"""Cases that measure nothing are found before they are asked, and good ones are left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import main
from assistant.evaluation.cases import load_cases
from assistant.evaluation.lint import lint, read_documents

DOCUMENTS = {
    "lighthouse.md": "---\ndate: 2019-05-02\n---\n# The Elmsford lighthouse\n\nIt was built in 1873 by Ada Thornton.\n",
    "ferry.md": "---\ndate: 2021-03\n---\n# The Elmsford ferry\n\nIt sank in October 1902. All 34 were saved.\n",
    "pier.md": "# The pier of Elmsford\n\nThe pier is 80 metres long.\n",
}
Say = Callable[..., list[tuple[str, str]]]


def case(name: str, question: str, *, answered: bool = True, **rest: Any) -> dict[str, Any]:
    around = {key: rest.pop(key) for key in ("as_of", "history", "corpus") if key in rest}
    return {"id": name, "question": question, **around, "expect": {"answered": answered, **rest}}


def built(name: str = "built", question: str = "When was the lighthouse built?", **rest: Any) -> dict[str, Any]:
    return case(name, question, **{"facts": [["1873"]], "sources": ["lighthouse.md"], **rest})


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(*cases: dict[str, Any]) -> Path:
        path = tmp_path / "cases.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in cases), "utf-8")
        return path

    return write


@pytest.fixture
def said(file: Callable[..., Path], corpus: Path) -> Say:
    """What is said of which case."""

    def say(*cases: dict[str, Any]) -> list[tuple[str, str]]:
        found = lint(load_cases(file(*cases)), lambda name: read_documents(corpus.parent / name if name else corpus))
        return [(each.id, each.problem) for each in found]

    return say


def test_known_answers_of_the_house_are_clean(repository: Path) -> None:
    path = repository / "evals" / "known_answers.jsonl"
    found = lint(load_cases(path), lambda name: read_documents(path.parent / name if name else repository / "corpus"))
    assert [str(each) for each in found] == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (built(sources=["lighthose.md"]), "the source lighthose.md is no document of the corpus"),
        (built(facts=[["1873"], ["1874", "1875"]]), "the fact '1874' / '1875' does not stand in any of its sources"),
        (built(facts=[["1902"]]), "the fact '1902' does not stand in any of its sources"),
        (built(facts=[["1999"]], sources=[]), "the fact '1999' does not stand in the corpus"),
        (built(quote_contains=["by Bob"]), "the quotation 'by Bob' does not stand in any of its sources"),
        (built(short_answer=["1874"]), "the short answer '1874' does not stand in any of its sources"),
        (built(as_of="2018"), "as of 2018, all of its sources are left out: the first is of 2019-05-02"),
        (built(must_not=["187", "1873"]), "it forbids '1873', which the fact '1873' cannot do without"),
        (
            built(facts=[["1873"], ["Elmsford"]], question="When was the lighthouse of Elmsford built?"),
            "the fact 'Elmsford' stands in the question and in nearly every document, so that it proves nothing",
        ),
        (
            built(facts=[], sources=[*DOCUMENTS]),
            "any answer is right: its sources are 3 of the 3 documents, and it asks for no more",
        ),
    ],
)
def test_case_that_measures_nothing_or_cannot_be_met_is_found(said: Say, wrong: dict[str, Any], problem: str) -> None:
    assert said(wrong) == [("built", problem)]


@pytest.mark.parametrize(
    "good",
    [
        built(),
        built(facts=[["1873", "eighteen seventy-three"]]),  # one alternative is enough
        built(sources=["lighthouse.md", "ferry.md"], facts=[["1902"]]),  # any source is enough
        built(facts=[["1873"]], sources=[*DOCUMENTS]),  # the fact can be missed
        built(facts=[["Elmsford"]], question="Which town has the lighthouse?"),  # the question does not give it away
        built(facts=[["Ada Thornton"]], question="Was it Ada Thornton who built it?"),  # few documents name her
        built(as_of="2019"),  # at the coarser precision it is not later
        case("b", "How long is the pier?", as_of="1990", facts=[["80"]], sources=["pier.md"]),  # undated: never later
        case("b", "Who?", as_of="2020", facts=[["1873"]], sources=["ferry.md", "lighthouse.md"]),  # one is left
        case("b", "Who built the moon?", answered=False),
    ],
)
def test_good_case_is_left_alone(said: Say, good: dict[str, Any]) -> None:
    assert said(good) == []


@pytest.mark.parametrize(
    ("again", "problem"),
    [
        (built("again", "When was the lighthouse built?"), "built (line 1) asks the same"),
        (built("again", "when WAS a lighthouse built"), "built (line 1) asks the same"),
        (
            case("again", "When was the lighthouse built?", answered=False),
            "built (line 1) asks the same and expects something else: one is to be answered, the other refused",
        ),
        (
            built("again", facts=[], must_not=["1873"]),
            "built (line 1) asks the same and expects something else: one forbids '1873', the other asks for it",
        ),
    ],
)
def test_same_question_is_found_with_what_is_contradicted(said: Say, again: dict[str, Any], problem: str) -> None:
    assert said(built(), again) == [("again", problem)]


def test_same_words_for_the_same_fact_are_a_duplicate_in_any_order(said: Say) -> None:
    assert said(built(), built("again", "The lighthouse was built when?")) == [
        ("again", "built (line 1) asks the same")
    ]


def test_refusals_of_one_question_for_two_reasons_contradict(said: Say) -> None:
    one, other = (case(r, "Who sank it?", answered=False, reason=r) for r in ("false_premise", "not_in_corpus"))
    assert "refused with false_premise, the other with not_in_corpus" in said(one, other)[0][1]


@pytest.mark.parametrize(
    "other",
    [
        {"as_of": "2020"},
        {"history": [{"role": "user", "content": "What of the tower?"}]},
        {"corpus": "elsewhere"},
        {"question": "Who built the lighthouse?", "facts": [["Ada Thornton"]]},
        {"question": "Why was the lighthouse built?", "facts": [["Ada Thornton"]]},
    ],
)
def test_question_under_other_circumstances_is_another(said: Say, corpus: Path, other: dict[str, Any]) -> None:
    corpus.rename(corpus.parent / "elsewhere")
    corpus.symlink_to(corpus.parent / "elsewhere")
    assert said(built(), built("other", **other)) == []


def test_near_miss_is_no_duplicate(said: Say) -> None:
    years = ("1902", "1903", "1904")
    near = [case(y, f"Which ferry between the two old ports sank in October {y}?", answered=False) for y in years]
    assert said(*near) == []


def test_source_that_is_a_copy_and_never_cited_is_found(said: Say, corpus: Path) -> None:
    (corpus / "old lighthouse.md").write_text(DOCUMENTS["lighthouse.md"], "utf-8")
    assert said(built(sources=["old lighthouse.md"])) == [
        ("built", "the source old lighthouse.md is never cited: it is a copy of lighthouse.md, which is")
    ]
    assert said(built(sources=["old lighthouse.md", "lighthouse.md"])) == []


def test_command_names_file_line_case_and_remedy(
    file: Callable[..., Path], corpus: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    cases = file(built("fine"), built("bad", "What year was it?", sources=["lighthose.md"]))
    common = ["eval", "--lint", "--cases", str(cases), "--corpus", str(corpus), "--index", str(tmp_path / "index")]
    assert main(common) == 1
    assert capsys.readouterr().out == (
        f"{cases}, line 2: bad: the source lighthose.md is no document of the corpus; did you mean lighthouse.md?\n"
    )
    assert main([*common, "--json"]) == 1
    finding = json.loads(capsys.readouterr().out)[0]
    assert (finding["id"], finding["line"]) == ("bad", 2)
    assert finding["problem"] == "the source lighthose.md is no document of the corpus"
    assert not (tmp_path / "index").exists()  # nothing is indexed to look cases over


def test_command_is_content_with_good_cases_and_reads_the_corpus_they_name(
    file: Callable[..., Path], corpus: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mill.txt").write_text("The mill burned down in 1650.", "utf-8")
    mill = case("mill", "When did the mill burn down?", facts=[["1650"]], sources=["mill.txt"], corpus="other")
    assert main(["eval", "--lint", "--cases", str(file(built(), mill)), "--corpus", str(corpus), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
