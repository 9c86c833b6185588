"""The report as one HTML page that asks nobody for anything: style, script and plots stand in it.

Questions, documents and answers are untrusted text; all of it is escaped, and a policy in the page forbids the rest.
What is not here: the figures (report.py), the verdict (gate.py), the drawing (plots.py).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files

from assistant.evaluation import plots
from assistant.evaluation.gate import Verdict
from assistant.evaluation.mutation import MutationReport
from assistant.evaluation.report import Outcome, Report, shown
from assistant.evaluation.runs import Finish
from assistant.types import Citation

TextOf = Callable[[str, str], str]
"""The stored text of a document, by the corpus that a case names and the document's id."""
_AROUND = 160  # characters of the document on either side of a quotation
_BY_TAG = ("right", "facts", "citation_recall", "citation_precision")
_SEPARATOR = "\n"  # of tags, which may hold blanks
_RECALLS = {1: "recall@1", 3: "recall@3", 5: "recall@5"}


@dataclass(frozen=True, slots=True)
class Context:
    """What a report is seen against.

    Attributes:
        baseline: Floors of figures.
        before: The end of the last run of anything else; None for the first.
        history: Of all runs of the data set, the oldest first.
        mutation: What mutation testing found; None where it was not done.
    """

    verdict: Verdict
    baseline: Mapping[str, float]
    before: Finish | None
    history: Sequence[Finish]
    mutation: MutationReport | None = None


def page(report: Report, context: Context, text_of: TextOf) -> str:
    """The whole page."""
    style, script = (_static(f"report.{suffix}") for suffix in ("css", "js"))
    # The script is named by its digest: what a document smuggles in could not run even if it got here unescaped.
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
    title = f"{report.dataset}: {len(report.outcomes)} cases"
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">',
            f"<title>{escape(title)}</title><style>{style}</style></head><body><main>",
            f"<h1>{escape(title)}</h1>",
            f'<p class="soft">Index version {escape(report.index_version or "unknown")}</p>',
            _verdict(context.verdict),
            "<h2>Figures</h2>",
            _figures(report, context),
            "<h2>Plots</h2>",
            _plots(report, context),
            _mutations(context.mutation),
            "<h2>By tag</h2>",
            _by_tag(report),
            "<h2>Cases</h2>",
            _filters(report, context),
            *(_case(outcome, context.before, text_of) for outcome in report.outcomes),
            f"</main><script>{script}</script></body></html>",
        ]
    )


def _verdict(verdict: Verdict) -> str:
    asked = f"{verdict.asked} cases were asked."
    if verdict.passed:
        return '<section class="verdict"><strong class="up">The gate is open</strong>' + f"<p>{asked}</p></section>"
    reasons = [f"below the baseline: {escape(str(miss))}" for miss in verdict.shortfalls]
    reasons += [f"fell beyond chance: {escape(str(fall))}" for fall in verdict.falls]
    reasons += [
        f'broken: <a href="#{escape(one.after.case.id)}">{escape(one.after.case.id)}</a>: {escape(one.why)}'
        for one in verdict.broken
    ]
    items = "".join(f"<li>{reason}</li>" for reason in reasons)
    return f'<section class="verdict failed"><strong class="down">The gate is shut</strong><ul>{items}</ul></section>'


def _figures(report: Report, context: Context) -> str:
    rows = []
    for evaluator in report.evaluators:
        value = report.figure(evaluator)
        if value is None:
            continue
        between = report.interval(evaluator)
        interval = f"{shown(between.low)}–{shown(between.high)}" if between else "–"
        floor = context.baseline.get(evaluator.name)
        old = context.before.figures.get(evaluator.name) if context.before else None
        change = "–"
        if old is not None:
            better = (value > old) == (evaluator.better == "higher")
            kind = "" if abs(value - old) < 5e-4 else "up" if better else "down"
            change = f'<span class="{kind}">{value - old:+.3f}</span>'
        rows.append(
            f"<tr><td>{escape(evaluator.name)}</td><td><b>{shown(value)}</b></td><td>{interval}</td>"
            f"<td>{shown(floor)}</td><td>{change}</td><td class='says'>{escape(evaluator.says)}</td></tr>"
        )
    head = "".join(
        f'<th scope="col"{" class=says" if name == "meaning" else ""}>{name}</th>'
        for name in ("figure", "value", "95 % interval", "floor", "since the last run", "meaning")
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _plots(report: Report, context: Context) -> str:
    # Small talk is no question: it has no confidence.
    asked = [o for o in report.outcomes if o.answer.reason is None or o.answer.reason.value != "small_talk"]
    sure = [(o.answer.confidence, o.case.expect.answered) for o in asked]
    figures = report.figures()
    recalls = [(k, value) for k, name in _RECALLS.items() if (value := figures.get(name)) is not None]
    drawn = [
        plots.reliability(sure, figures.get("calibration_error")),
        plots.distributions([c for c, there in sure if there], [c for c, there in sure if not there]),
        plots.recall_by_k(recalls),
        plots.latency([o.answer.seconds.total for o in report.outcomes]),
    ]
    for name in ("right", "facts"):
        runs = [(end.at, value) for end in context.history if (value := end.figures.get(name)) is not None]
        drawn.append(plots.history(runs, name))
    return f'<div class="plots">{"".join(drawn)}</div>'


def _mutations(mutation: MutationReport | None) -> str:
    if mutation is None:
        return ""
    lines = "".join(f"<li>{escape(line)}</li>" for line in str(mutation).splitlines() if line.strip())
    return f"<h2>Can the cases fail?</h2><ul>{lines}</ul>"


def _by_tag(report: Report) -> str:
    columns = [evaluator for evaluator in report.evaluators if evaluator.name in _BY_TAG]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("tag", "cases", *(e.name for e in columns)))
    rows = "".join(
        f"<tr><td>{escape(tag)}</td><td>{count}</td>"
        + "".join(f"<td>{shown(report.figure(evaluator, tag))}</td>" for evaluator in columns)
        + "</tr>"
        for tag, count in report.tags().items()
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _filters(report: Report, context: Context) -> str:
    tags = "".join(f"<option>{escape(tag)}</option>" for tag in report.tags())
    outcomes = [("wrong", "not right"), ("right", "right"), ("refused", "refused"), ("answered", "answered")]
    if context.before:
        outcomes += [("newly-wrong", "newly wrong"), ("newly-right", "newly right")]
    options = "".join(f'<option value="{value}">{name}</option>' for value, name in outcomes)
    return (
        f'<div class="filters"><label>tag <select id="tag"><option value="">all</option>{tags}</select></label>'
        f'<label>outcome <select id="outcome"><option value="">all</option>{options}</select></label>'
        '<label>text <input id="text" type="search" placeholder="search in cases"></label>'
        '<label><output id="shown" aria-live="polite"></output></label></div>'
    )


def _case(outcome: Outcome, before: Finish | None, text_of: TextOf) -> str:
    case, answer = outcome.case, outcome.answer
    right = outcome.is_right
    was = before.right.get(case.id) if before else None
    moved = "" if was is None or was == right else "newly-right" if right else "newly-wrong"
    kinds = ["right" if right else "wrong", "answered" if answer.answered else "refused", moved]
    badge = f'<span class="badge {"up" if right else "down"}">{(moved or kinds[0]).replace("-", " ")}</span>'
    rows = [("asked before", "<br>".join(f"{t.role}: {escape(t.content)}" for t in case.history))]
    rows += [("as of", escape(case.as_of or "")), ("corpus", escape(case.corpus)), ("expected", _expected(outcome))]
    if answer.answered:
        said = " ".join(escape(s.text) + "".join(f"<sup>{n}</sup>" for n in s.citations) for s in answer.sentences)
        rows.append(("answer", said))
        rows.append(("short answer", escape(answer.short_answer.text) if answer.short_answer else ""))
        rows += [(f"[{c.number}]", _quoted(c, case.corpus, text_of)) for c in answer.citations]
    else:
        rows.append(("refused", f"{escape(str(answer.reason))}: {escape(answer.explanation or '')}"))
    rows += [("confidence", f"{answer.confidence:.2f}"), ("note", escape(case.note))]
    rows.append(("wrong", "<br>".join(f'<span class="complaint">{escape(c)}</span>' for c in outcome.complaints)))
    told = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows if value)
    tags = "".join(f' <span class="tag">{escape(tag)}</span>' for tag in case.tags)
    return (
        f'<details class="case{"" if right else " wrong"}" id="{escape(case.id)}"'
        f' data-tags="{escape(_SEPARATOR.join(case.tags))}"'
        f' data-outcome="{" ".join(filter(None, kinds))}"><summary>{badge}<h3>{escape(case.question)}</h3>'
        f'<a class="id" href="#{escape(case.id)}">{escape(case.id)}</a></summary>'
        f'<div class="body"><dl>{told}</dl><p>{tags}</p></div></details>'
    )


def _expected(outcome: Outcome) -> str:
    expect = outcome.case.expect
    if not expect.answered:
        return f"no answer{f' ({escape(expect.reason.value)})' if expect.reason else ''}"
    said = [f"“{escape(' / '.join(fact))}”" for fact in expect.facts]
    said += [f"not “{escape(words)}”" for words in expect.must_not]
    if expect.short_answer:
        said.append(f"in short “{escape(' / '.join(expect.short_answer))}”")
    said += [f"quoting “{escape(words)}”" for words in expect.quote_contains]
    if expect.sources:
        said.append(f"from {escape(' / '.join(expect.sources))}")
    return "; ".join(said)


def _quoted(citation: Citation, corpus: str, text_of: TextOf) -> str:
    """A quotation where it stands, marked."""
    text = text_of(corpus, citation.document_id)
    before = text[max(0, citation.start - _AROUND) : citation.start]
    after = text[citation.end : citation.end + _AROUND]
    if citation.start > _AROUND:
        before = f"… {before.partition(' ')[2]}"
    if citation.end + _AROUND < len(text):
        after = f"{after.rpartition(' ')[0]} …"
    marked = f"{escape(before)}<mark>{escape(citation.quote)}</mark>{escape(after)}"
    where = f"<b>{escape(citation.title)}</b> <span class='soft'>{escape(citation.path)}</span>"
    return f"{where}<blockquote>{marked}</blockquote>"


def _static(name: str) -> str:
    return files("assistant.evaluation").joinpath("static", name).read_text("utf-8")
