"""The commands that check: eval with its triage, and doctor."""

from __future__ import annotations

import argparse

from assistant.commands.arguments import settings_of
from assistant.commands.terminal import DONE, FAILED, print_json, print_text, stages, tell


def evaluate(arguments: argparse.Namespace) -> int:
    """Asks the cases, or goes through what readers said."""
    if arguments.action == "triage":
        return _triage(arguments)
    from assistant.commands import evaluating

    return DONE if evaluating.evaluate(arguments, settings_of(arguments)) else FAILED


def _triage(arguments: argparse.Namespace) -> int:
    from assistant.commands.triaging import triage

    if arguments.baseline:
        arguments.usage_error("triage asks nothing, so there is no --baseline to hold")
    if arguments.lint:
        arguments.usage_error("triage makes cases; look them over with --lint afterwards, without triage")
    say = tell if arguments.json else print_text
    outcome = triage(settings_of(arguments), arguments.cases, say)
    if arguments.json:
        print_json(outcome.to_dict())
    else:
        print_text(str(outcome))
    return DONE


def doctor(arguments: argparse.Namespace) -> int:
    """Looks the installation over."""
    from assistant.doctor import diagnose

    settings, repairs = settings_of(arguments), []
    if arguments.repair:
        from assistant.repairing import repair

        with stages() as step:
            repairs = repair(settings, progress=step)
    findings = diagnose(settings)
    well = all(finding.severity == "note" for finding in findings)
    if arguments.json:
        mended = {"repaired": [each.to_dict() for each in repairs]} if arguments.repair else {}
        print_json({"well": well, "findings": [finding.to_dict() for finding in findings], **mended})
    else:
        for each in repairs:
            print_text(f"repaired: {each.message}")
        for finding in findings:
            print_text(f"{finding.severity}: {finding.message}\n    → {finding.remedy}")
        if well:
            print_text("all is well")
    return DONE if well else FAILED
