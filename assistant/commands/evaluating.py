"""The command `eval`, and what the gate of `index` and `publish` says: arguments to calls, verdicts to text and files.

What is not here: the other commands, the dialogue of `eval triage` (triaging.py).
"""

from __future__ import annotations

import argparse
import os
from contextlib import closing
from pathlib import Path

from assistant.building import OnProgress
from assistant.commands.terminal import print_json, print_text, stages, tell, tell_skipped
from assistant.errors import CaseError, GateError
from assistant.evaluation.cases import Dataset
from assistant.evaluation.datasets import open_set, with_its_corpus
from assistant.evaluation.exports import junit, markdown, workflow_commands
from assistant.evaluation.gate import judge, load_baseline, load_rules
from assistant.evaluation.html import Context, page
from assistant.evaluation.lint import lint, read_documents
from assistant.evaluation.mutation import mutate
from assistant.evaluation.report import render
from assistant.evaluation.runner import run
from assistant.evaluation.runs import ends
from assistant.evaluation.staging import Comparison, Staging
from assistant.evaluation.subjects import Subject, Subjects
from assistant.indexing import follow
from assistant.publishing import Review
from assistant.settings import Settings

RULES = "gate.toml"


def evaluate(arguments: argparse.Namespace, settings: Settings) -> bool:
    """Asks the cases and tells what came of it; true where the gate is open."""
    bundle = open_set(arguments.cases)
    dataset, cases = bundle.dataset, bundle.file
    path, baseline = floors(cases, arguments.baseline)
    rules = load_rules(cases.with_name(RULES))
    if arguments.corpus is None:
        settings = with_its_corpus(bundle, settings)
    if arguments.lint:
        return _lint(dataset, cases, settings, as_json=arguments.json)
    with stages() as step:
        tell_skipped(follow(settings, progress=step).skipped)
        with closing(Subject.published(settings)) as subject, Subjects(subject, dataset, cases) as subjects:
            report = run(dataset, subjects, progress=step)
            subjects.finish(report)
            verdict = judge(report, baseline or {}, rules)
            mutation = mutate(settings, report, subjects(""), progress=step) if arguments.mutate else None
            file = subjects.run_file.file
            former = ends(file.parent, dataset.name, besides=file)
            before = former[-1] if former else None
            if arguments.html:
                context = Context(verdict, baseline or {}, before, ends(file.parent, dataset.name), mutation)
                _write(arguments.html, page(report, context, lambda corpus, id_: subjects(corpus).document(id_).text))
    if arguments.markdown:
        _write(arguments.markdown, markdown(report, verdict, baseline or {}, before))
    if arguments.junit:
        _write(arguments.junit, junit(report))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in workflow_commands(report, cases, dataset.lines):
            tell(line)
    if arguments.json:
        gate = {"baseline": None if baseline is None else str(path), **verdict.to_dict()}
        more = {} if mutation is None else {"mutation": mutation.to_dict()}
        print_json({**report.to_dict(), "gate": gate, "run": str(file), **more})
    else:
        print_text(render(report))
        if mutation is not None:
            print_text(f"\n{mutation}")
    if baseline is None:
        tell(f'no gate: there is no {path}; write one like {{"facts": 0.9}} to hold the figures')
    if not verdict.passed:
        tell(str(verdict))
    survivors = () if mutation is None else mutation.survivors
    for survivor in survivors:
        tell(str(survivor))
    return verdict.passed and not survivors


def floors(cases: Path, named: Path | None) -> tuple[Path, dict[str, float] | None]:
    """The floors, and where they stand; None where there are none."""
    path = named or cases.with_name("baseline.json")
    # A baseline that was asked for must be there; the one that is only usual may be missing.
    return path, load_baseline(path) if named or path.is_file() else None


def review_of(
    cases: Path,
    settings: Settings,
    step: OnProgress,
    comparisons: list[Comparison],
    *,
    baseline: Path | None,
    gate: bool,
) -> Review:
    """What looks at a version before it is published; the figures are left in `comparisons`."""
    bundle = open_set(cases)
    staging = Staging(bundle.dataset, bundle.file, settings, step)
    if not gate:
        return lambda staged: comparisons.append(staging.compare(staged))
    _, held_to = floors(bundle.file, baseline)
    rules = load_rules(bundle.file.with_name(RULES))
    return lambda staged: comparisons.append(staging.hold(staged, held_to or {}, rules))


def tell_refusal(error: GateError, *, as_json: bool) -> None:
    """Tells why a version was not published."""
    if as_json:
        print_json({"published": False, "gate": error.verdict.to_dict()})
    else:
        print_text(str(error.verdict))
    tell(f"not published: {error}")


def _lint(dataset: Dataset, cases: Path, settings: Settings, *, as_json: bool) -> bool:
    """Says which cases measure nothing, or can't be met; true where none."""
    found = lint(dataset, lambda name: read_documents(cases.parent / name if name else settings.corpus_dir))
    if as_json:
        print_json([finding.to_dict() for finding in found])
    else:
        for finding in found:
            print_text(f"{cases}{'' if finding.line is None else f', line {finding.line}'}: {finding}")
    tell(f"{len(found)} findings in {len(dataset.cases)} cases")
    return not found


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8", errors="replace")
    except OSError as error:
        raise CaseError(f"the report {file} can't be written ({error.strerror}); name another file") from error
