"""A report for those who read no page: Markdown for a pull request, JUnit XML, and annotations of a CI run.

What is not here: the page (html.py), and text for the terminal (report.py).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from pathlib import Path

from assistant.evaluation.gate import Verdict
from assistant.evaluation.report import Report, shown
from assistant.evaluation.runs import Finish

_NAMED = 30  # cases that a summary names
# What XML 1.0 can't hold, whatever the escaping.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def markdown(report: Report, verdict: Verdict, baseline: Mapping[str, float], before: Finish | None) -> str:
    """A summary: the verdict, the figures with their intervals, and the cases that changed or broke."""
    lines = [
        f"## {report.dataset}: {len(report.outcomes)} cases, the gate is {'open' if verdict.passed else 'shut'}",
        "",
    ]
    lines += [f"- below the baseline: {_plain(str(miss))}" for miss in verdict.shortfalls]
    lines += [f"- fell beyond chance: {_plain(str(fall))}" for fall in verdict.falls]
    lines += [f"- broken: `{one.after.case.id}` {_plain(one.why)}" for one in verdict.broken[:_NAMED]]
    if len(verdict.broken) > _NAMED:
        lines.append(f"- and {len(verdict.broken) - _NAMED} more")
    lines += ["", "| figure | value | 95 % interval | floor | since the last run |", "| --- | --- | --- | --- | --- |"]
    for evaluator in report.evaluators:
        value = report.figure(evaluator)
        if value is None:
            continue
        between = report.interval(evaluator)
        interval = f"{shown(between.low)}–{shown(between.high)}" if between else "–"
        old = before.figures.get(evaluator.name) if before else None
        change = "–" if old is None else f"{value - old:+.3f}"
        lines.append(
            f"| {evaluator.name} | {shown(value)} | {interval} | {shown(baseline.get(evaluator.name))} | {change} |"
        )
    was = before.right if before else {}
    for title, right in (("Newly wrong", False), ("Newly right", True)):
        changed = [o for o in report.outcomes if o.is_right is right and was.get(o.case.id) is (not right)]
        if changed:
            lines += ["", f"### {title} ({len(changed)})", ""]
            lines += [f"- `{o.case.id}` {_plain(o.case.question)}" for o in changed[:_NAMED]]
    return "\n".join(lines) + "\n"


def junit(report: Report) -> str:
    """JUnit XML: each case a test case, a failure where it is not right."""
    wrong = [outcome for outcome in report.outcomes if not outcome.is_right]
    total = sum(outcome.answer.seconds.total for outcome in report.outcomes)
    suite = ET.Element(
        "testsuite",
        name=_xml(report.dataset),
        tests=str(len(report.outcomes)),
        failures=str(len(wrong)),
        errors="0",
        time=f"{total:.3f}",
    )
    for outcome in report.outcomes:
        seconds = f"{outcome.answer.seconds.total:.3f}"
        case = ET.SubElement(
            suite, "testcase", classname=_xml(report.dataset), name=_xml(outcome.case.id), time=seconds
        )
        if not outcome.is_right:
            complaints = outcome.complaints or ["not right"]
            failure = ET.SubElement(case, "failure", message=_xml(complaints[0]))
            failure.text = _xml("\n".join([outcome.case.question, *complaints]))
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def workflow_commands(report: Report, cases: Path, lines: Mapping[str, int]) -> Iterator[str]:
    """Workflow commands of GitHub Actions, one for each case that is not right."""
    for outcome in report.outcomes:
        if not outcome.is_right:
            number = lines.get(outcome.case.id)
            at = f"file={_property(str(cases))}" + (f",line={number}" if number else "")
            title = _property(f"{outcome.case.id}: {outcome.case.question}")
            yield f"::error {at},title={title}::{_message('; '.join(outcome.complaints) or 'not right')}"


def _plain(text: str) -> str:
    """Text as a line of Markdown that no name in it can format."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
