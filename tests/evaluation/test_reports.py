"""Reports for people and programs: they hold what was measured, and nothing in a document can break them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from assistant.evaluation.cases import Case, Dataset
from assistant.evaluation.exports import junit, markdown, workflow_commands
from assistant.evaluation.gate import Rules, Verdict, judge
from assistant.evaluation.html import Context, page
from assistant.evaluation.report import Report, shown
from assistant.evaluation.runner import mark
from assistant.evaluation.runs import Finish
from assistant.types import Answer, AnswerSentence, Citation, Document, Reason, Seconds

EVIL = '<script>document.title = "broken"</script> "&\' \x0b'
TEXT = f"Before it. The light was built in 1873. {EVIL} After it."
QUOTE = "The light was built in 1873."


class Stored:
    """One document that holds what could break a page."""

    def ask(self, question: str, **_: object) -> Answer:
        raise NotImplementedError

    def document(self, id_or_path: str) -> Document:
        return Document(id_or_path, "a.md", EVIL, TEXT, "")


def report() -> Report:
    cases = [
        {"id": "right", "question": f"the light? {EVIL}", "tags": ["when"],
         "expect": {"answered": True, "facts": [["1873"]], "sources": ["a.md"]}},
        {"id": "wrong", "question": "the tower?", "tags": ["who"],
         "expect": {"answered": True, "facts": [["Smith"]], "sources": ["a.md"]}},
        {"id": "refused", "question": "the king?", "tags": ["who"], "expect": {"answered": False}},
    ]  # fmt: skip
    start = TEXT.index(QUOTE)
    cited = Citation(1, "a", "a.md", EVIL, None, None, None, QUOTE, start, start + len(QUOTE))
    said = Answer("q", "q", answered=True, text=QUOTE, sentences=(AnswerSentence(QUOTE, (1,)),), citations=(cited,),
                  confidence=0.9, seconds=Seconds(total=0.2), index_version="0001-abc")  # fmt: skip
    no = Answer("q", "q", answered=False, reason=Reason.NOT_IN_CORPUS, explanation=EVIL, confidence=0.1)
    dataset = Dataset("lights", tuple(Case.model_validate(case) for case in cases))
    return mark(dataset, [said, said, no], lambda _: Stored())


def before() -> Finish:
    return Finish("2026-01-01T00:00:00+00:00", "lights", "0000-old", {"facts": 1.0}, {"right": True, "wrong": True})


def html(one: Report, verdict: Verdict | None = None) -> str:
    judged = verdict or judge(one, {"facts": 0.9}, Rules())
    history = [before(), Finish("2026-02-01T00:00:00+00:00", "lights", "0001-abc", dict(one.figures()), {})]
    return page(one, Context(judged, {"facts": 0.9}, before(), history), lambda _, __: TEXT)


def test_the_page_works_alone_and_runs_nothing_that_a_document_holds(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(html(report()), "utf-8")
    said: list[str] = []
    asked: list[str] = []
    for scheme in ("light", "dark"):
        tab = browser.new_page(color_scheme=scheme)
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(file.as_uri())
        assert tab.title() == "lights: 3 cases"
        assert tab.inner_text("#shown") == "3 of 3 cases"
        tab.select_option("#outcome", "newly-wrong")
        assert tab.locator(".case:visible").count() == 1
        assert tab.locator("#wrong").is_visible()
        tab.select_option("#outcome", "")
        tab.select_option("#tag", "when")
        assert tab.locator(".case:visible").count() == 1
        tab.goto(f"{file.as_uri()}#right")
        assert tab.locator("#right mark").inner_text() == QUOTE
        assert tab.locator("figure svg").count() == 6
        tab.close()
    assert not said
    assert {url.partition("#")[0] for url in asked} == {file.as_uri()}


def test_the_page_shows_the_figures_that_were_measured_and_the_verdict() -> None:
    one = report()
    text = html(one)
    assert "The gate is shut" in text
    facts = one.figures()["facts"]
    assert f"<td>facts</td><td><b>{shown(facts)}</b></td>" in text
    assert "facts is 0.5, the baseline wants 0.9" in text
    assert "The gate is open" in html(one, Verdict())


def test_markdown_names_the_verdict_the_figures_and_what_is_newly_wrong() -> None:
    one = report()
    text = markdown(one, judge(one, {"facts": 0.9}, Rules()), {"facts": 0.9}, before())
    assert text.startswith("## lights: 3 cases, the gate is shut")
    assert "| facts | 0.500 |" in text
    assert "### Newly wrong (1)\n\n- `wrong` the tower?" in text
    assert "<script>" not in text


def test_junit_is_xml_whatever_the_documents_hold_and_counts_failures() -> None:
    suite = ET.fromstring(junit(report()).split("\n", 1)[1])
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    (failed,) = suite.findall("testcase/failure")
    assert "fact missing: Smith" in (failed.text or "")


@pytest.mark.parametrize(("lines", "at"), [({"wrong": 7}, "file=cases.jsonl,line=7,"), ({}, "file=cases.jsonl,title")])
def test_annotations_point_to_the_line_of_the_case(lines: dict[str, int], at: str) -> None:
    (said,) = workflow_commands(report(), Path("cases.jsonl"), lines)
    assert said.startswith(f"::error {at}")
    assert "fact missing: Smith" in said
