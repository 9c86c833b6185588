"""The commands on the corpus and its index: index, publish, show, versions, diff, rollback, forget.

Models and Chroma are imported by the commands that need them, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import signal
from contextlib import suppress
from dataclasses import asdict
from threading import Event
from typing import TYPE_CHECKING

from assistant.commands.arguments import opened, settings_of
from assistant.commands.terminal import (
    DONE,
    FAILED,
    changes_text,
    difference_text,
    print_json,
    print_text,
    report_text,
    stages,
    tell,
    tell_alike,
    tell_skipped,
    versions_text,
)
from assistant.errors import AssistantError, GateError
from assistant.evaluation import CASES

if TYPE_CHECKING:
    from assistant.evaluation.staging import Comparison
    from assistant.settings import Settings


def index(arguments: argparse.Namespace) -> int:
    """Brings the index in line, or checks it, or holds it to the gate, or follows the folder."""
    from assistant.indexing import check, sync

    if arguments.check and arguments.watch:
        arguments.usage_error("--check changes nothing, so there is nothing to --watch")
    if arguments.gate and (arguments.check or arguments.watch):
        arguments.usage_error("--gate holds one publish; it goes with neither --check nor --watch")
    if arguments.baseline and not arguments.gate:
        arguments.usage_error("--baseline is what --gate holds figures to; add --gate")
    settings = settings_of(arguments)
    if arguments.watch:
        return _watch(settings, as_json=arguments.json)
    comparisons: list[Comparison] = []
    if arguments.check:
        report = check(settings)
        code = FAILED if report.changed or not report.version else DONE
    else:
        try:
            with stages() as step:
                review = None
                if arguments.gate or arguments.cases:
                    from assistant.commands.evaluating import review_of

                    cases, gate = arguments.cases or CASES, arguments.gate
                    review = review_of(cases, settings, step, comparisons, baseline=arguments.baseline, gate=gate)
                report = sync(settings, progress=step, review=review)
        except GateError as error:
            from assistant.commands.evaluating import tell_refusal

            tell_refusal(error, as_json=arguments.json)
            return FAILED
        code = DONE if report.documents else FAILED
    tell_skipped(report.skipped)
    if arguments.json:
        figures = {"figures": comparisons[0].to_dict()} if comparisons else {}
        print_json({**report.to_dict(), **figures})
    elif arguments.check:
        state = "up to date" if code == DONE else "out of date; run `assistant index`"
        print_text(f"{state}: {changes_text(report)} ({report.seconds:.1f} s)")
    else:
        for comparison in comparisons:
            print_text(f"{comparison}\n")
        print_text(report_text(report, settings.index_dir))
        tell_alike(report.near_duplicates)
    if not arguments.check and not report.documents:
        from assistant.ingest import SUPPORTED_SUFFIXES

        kinds = ", ".join(sorted(SUPPORTED_SUFFIXES))
        tell(f"error: no document in {settings.corpus_dir}; put files there ({kinds}), or name another with --corpus")
    return code


def _watch(settings: Settings, *, as_json: bool) -> int:
    from assistant.types import SyncReport
    from assistant.watching import watch

    def show(outcome: SyncReport | AssistantError) -> None:
        if not isinstance(outcome, SyncReport):
            tell(f"error: {outcome}")
            return
        tell_skipped(outcome.skipped)
        if as_json:
            print_json(outcome.to_dict(), one_line=True)
        else:
            print_text(report_text(outcome, settings.index_dir))

    stop = Event()

    def end(*_: object) -> None:
        stop.set()  # for where a library swallows the interrupt, while it is being imported, say
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, end)
    with stages(bars_only=True) as step, suppress(KeyboardInterrupt):
        tell(f"following {settings.corpus_dir} (Ctrl-C stops it)")
        watch(settings, show, progress=step, stop=stop)
    return DONE


def show(arguments: argparse.Namespace) -> int:
    """Prints a document's stored text."""
    with opened(arguments) as assistant:
        document = assistant.document(arguments.document)
    if arguments.json:
        print_json({name: value for name, value in asdict(document).items() if name != "blocks"})
        return DONE
    for name in ("id", "path", "title", "date", "language", "url"):
        if value := getattr(document, name):
            print_text(f"{name + ':':<10}{value}")
    if document.copies:
        print_text(f"{'copies:':<10}{', '.join(document.copies)}")
    print_text(f"\n{document.text}")
    return DONE


def versions(arguments: argparse.Namespace) -> int:
    """Lists the versions that are kept."""
    from assistant.versions import versions

    kept = versions(settings_of(arguments))
    if arguments.json:
        print_json([{**asdict(version), "live": version is kept[-1]} for version in kept])
    else:
        print_text(versions_text(kept))
    return DONE


def diff(arguments: argparse.Namespace) -> int:
    """Tells what one version has otherwise than another."""
    from assistant.versions import diff

    difference = diff(settings_of(arguments), arguments.before, arguments.after)
    if arguments.json:
        print_json(difference.to_dict())
    else:
        print_text(difference_text(difference))
    return DONE


def rollback(arguments: argparse.Namespace) -> int:
    """Publishes an older version again."""
    from assistant.versions import rollback

    with stages() as step:
        report = rollback(settings_of(arguments), arguments.version, progress=step)
    if arguments.json:
        print_json(report.to_dict())
    else:
        counts = f"{report.added} added, {report.updated} updated, {report.deleted} deleted"
        print_text(f"{report.documents} documents of version {report.restored}, now version {report.version}: {counts}")
    tell("the next `assistant index` follows the corpus folder again")
    return DONE


def forget(arguments: argparse.Namespace) -> int:
    """Takes a document out of every version."""
    from assistant.forgetting import forget

    report = forget(settings_of(arguments), arguments.path)
    if arguments.json:
        print_json(report.to_dict())
    else:
        print_text(f"forgotten in every version, and erased: {', '.join(report.paths)}; version {report.version}")
    for path in report.in_corpus:
        tell(f"{path} is still in the corpus folder, and the next `assistant index` would read it again: "
             "remove it, or list it in .assistantignore")  # fmt: skip
    return DONE
