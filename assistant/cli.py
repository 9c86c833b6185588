"""The command line `assistant`: arguments to calls, values to JSON or to text for people, errors to exit codes.

Thin on purpose: whatever takes a decision stands in the library. It has over 400 lines, since every command stands
here. Models, Chroma and Gradio are imported by the commands that need them, so that `--help` answers at once.
What is not here: how things look on a terminal (serving/terminal.py).
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError, GateError, QuestionError, SettingsError
from assistant.evaluation import CASES
from assistant.serving.terminal import (
    answer_text,
    changes_text,
    difference_text,
    key_text,
    passage_text,
    print_json,
    print_text,
    report_text,
    speak_utf8,
    stages,
    tell,
    tell_alike,
    tell_skipped,
    versions_text,
)

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.evaluation.staging import Comparison
    from assistant.settings import Settings

_log = logging.getLogger(__name__)

DONE, FAILED, WRONG_USAGE, INTERRUPTED, NOBODY_READS = 0, 1, 2, 130, 141

_REFERENCE = """# The command line

The help of every command, as `assistant COMMAND --help` prints it. This page is generated:

    COLUMNS=100 .venv/bin/python -c 'import assistant.cli as c; print(c.reference(), end="")' > docs/CLI.md
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: Arguments without the program's name; those of the process if not given.

    Returns:
        The exit code: 0 done (a refusal to answer is an answer), 1 failed, 2 wrong usage or settings.
    """
    speak_utf8()
    arguments = build_parser().parse_args(argv)
    if logging.lastResort:  # what prints the warnings of libraries where no logging is set up
        logging.lastResort.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except SettingsError as error:
        tell(f"error: {error}")
        return WRONG_USAGE
    except AssistantError as error:
        tell(f"error: {error}")
        return FAILED
    except BrokenPipeError:  # `assistant … | head`: what is left in the buffer must not fail at exit once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


# Arguments


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; `docs/CLI.md` is its help."""
    parser = argparse.ArgumentParser(
        prog="assistant",
        allow_abbrev=False,
        description="Answers questions about a folder of documents and proves each sentence with a quotation.",
        epilog="Settings come from options, then ASSISTANT_… in the environment, then assistant.toml. "
        "Exit codes: 0 done (a refusal to answer is an answer), 1 failed, 2 wrong usage or settings.",
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    index = _command(commands, "index", _index, "bring the index in line with the corpus and publish it")
    index.add_argument("--check", action="store_true", help="only say what would change; exit 1 if out of date")
    index.add_argument("--gate", action="store_true",
                       help="publish only if known answers hold; otherwise exit 1, and nothing changes")  # fmt: skip
    index.add_argument("--cases", metavar="FILE", type=_file,
                       help="before the publish, ask both versions these cases and print their figures "
                       "(with --gate: default evals/known_answers.jsonl)")  # fmt: skip
    index.add_argument("--baseline", metavar="FILE", type=_file,
                       help="with --gate: floors of the figures (default: baseline.json beside the cases)")  # fmt: skip
    index.add_argument("--watch", action="store_true", help="then follow the folder's changes until Ctrl-C")
    index.set_defaults(usage_error=index.error)

    publish = _command(commands, "publish", _index, "the same as `index --gate`: publish what known answers allow")
    publish.add_argument(
        "--cases", metavar="FILE", type=_file, help="JSON lines of cases (default evals/known_answers.jsonl)"
    )
    publish.add_argument("--baseline", metavar="FILE", type=_file,
                         help="floors of the figures (default: baseline.json beside the cases, if there)")  # fmt: skip
    publish.set_defaults(gate=True, check=False, watch=False)

    search = _command(commands, "search", _search, "show the passages nearest to a question")
    search.add_argument("question", metavar="QUESTION", type=_text)
    search.add_argument("-k", dest="top_k", metavar="N", type=_top_k, default=5, help="how many (default 5)")

    ask = _command(commands, "ask", _ask, "answer a question, or a file of questions")
    ask.add_argument("question", metavar="QUESTION", nargs="?", type=_text)
    ask.add_argument("--file", metavar="FILE", type=_file, help="JSON lines with id, question, history; - reads stdin")
    ask.add_argument("--history", metavar="FILE", type=_file, help="earlier turns: a JSON array of {role, content}")
    ask.add_argument("--as-of", metavar="DATE", type=_date, help="answer as of a date: YYYY, YYYY-MM or YYYY-MM-DD")
    ask.set_defaults(usage_error=ask.error)

    show = _command(commands, "show", _show, "print a document's stored text, which all offsets refer to")
    show.add_argument("document", metavar="DOCUMENT", type=_text, help="its id, or its path below the corpus folder")

    _command(commands, "versions", _versions, "list the versions of the index that are kept")

    difference = _command(commands, "diff", _diff, "tell what one version has otherwise than another")
    for name in ("before", "after"):
        difference.add_argument(name, metavar=name.upper(), type=_text, help="number or name of a version")

    rollback = _command(commands, "rollback", _rollback, "publish an older version again, as a new one")
    rollback.add_argument("version", metavar="VERSION", nargs="?", type=_text,
                          help="its number or name (default: the one before the published one)")  # fmt: skip

    forget = _command(commands, "forget", _forget, "take a document out of every version, and erase its text")
    forget.add_argument("path", metavar="PATH", type=_text, help="its path below the corpus folder")

    evaluate = _command(commands, "eval", _eval, "ask questions with known answers and hold the figures to a baseline")
    evaluate.add_argument("action", nargs="?", choices=("triage",), metavar="triage",
                          help="instead, go through what readers said of answers and make cases of it")  # fmt: skip
    evaluate.add_argument("--cases", metavar="FILE", type=_file, default=CASES,
                          help="JSON lines of cases, or a SQuAD file or BEIR folder, then asked over its own documents "
                          "unless --corpus is given (default evals/known_answers.jsonl)")  # fmt: skip
    evaluate.add_argument("--baseline", metavar="FILE", type=_file,
                          help="floors of the figures (default: baseline.json beside the cases, if there)")  # fmt: skip
    for kind, what in (("html", "one page, with plots and every case"), ("markdown", "a summary for a pull request"),
                       ("junit", "JUnit XML")):  # fmt: skip
        evaluate.add_argument(f"--{kind}", metavar="FILE", type=_file, help=f"write the report to a file: {what}")
    evaluate.add_argument("--lint", action="store_true",
                          help="ask nothing; only say which cases measure nothing; exit 1 with findings")  # fmt: skip
    evaluate.add_argument("--mutate", action="store_true",
                          help="then break the assistant in known ways; exit 1 if no case notices one")  # fmt: skip
    evaluate.set_defaults(usage_error=evaluate.error)

    doctor = _command(commands, "doctor", _doctor, "look the installation over; exit 1 with findings")
    doctor.add_argument("--repair", action="store_true", help="first mend what needs no decision, and say what")

    serve = _command(commands, "serve", _serve, "serve the chat and the APIs until Ctrl-C")
    serve.add_argument("--host", metavar="HOST", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", metavar="PORT", type=int, help="port to listen on (default 7860)")

    keys = _command(commands, "keys", _keys, "make, list and revoke the keys that open the server")
    keys.add_argument("action", choices=("add", "list", "revoke"))
    keys.add_argument("name", metavar="NAME", nargs="?", type=_text,
                      help="whose key it is; to revoke one, its name or id")  # fmt: skip
    keys.add_argument("--scope", action="append", metavar="SCOPE",
                      help="ask, read or maintain; may be given several times (default ask)")  # fmt: skip
    keys.add_argument("--access", action="append", metavar="LABEL",
                      help="label of documents that it may see besides those without labels; may be given several "
                      "times; 'all' for every document")  # fmt: skip
    keys.add_argument("--origin", action="append", metavar="URL",
                      help="web page's origin that it is bound to; may be given several times")  # fmt: skip
    keys.add_argument("--per-minute", type=int, metavar="N", help="requests that it may make in a minute")
    keys.set_defaults(usage_error=keys.error)
    _command(commands, "mcp", _mcp, "serve the corpus to one language model's client over stdin and stdout (MCP)")

    for name, command in commands.choices.items():
        command.add_argument("--corpus", metavar="DIR", type=_file, help="folder of documents (default corpus)")
        command.add_argument("--index", metavar="DIR", type=_file, help="folder of the index (default index)")
        if name not in ("serve", "mcp"):
            command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def reference() -> str:
    """The help of all commands as Markdown: what `docs/CLI.md` holds."""
    parser = build_parser()
    helps = {parser.prog: parser.format_help()}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps.update({command.prog: command.format_help() for command in action.choices.values()})
    return _REFERENCE + "".join(f"\n## {name}\n\n```\n{text}```\n" for name, text in helps.items())


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], int], says: str) -> argparse.ArgumentParser:
    description = f"{says[0].upper()}{says[1:]}."
    parser: argparse.ArgumentParser = commands.add_parser(name, help=says, description=description, allow_abbrev=False)
    parser.set_defaults(run=run)
    return parser


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:  # noqa: A002
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from assistant import __version__

        print(f"assistant {__version__}")
        parser.exit()


def _text(text: str) -> str:
    # What the terminal's encoding could not make out arrives as surrogates, which no index can look up.
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _file(text: str) -> Path:
    if not text.strip():  # an unset shell variable, which would mean the working directory
        raise argparse.ArgumentTypeError("a path must not be empty")
    return Path(text)


def _top_k(text: str) -> int:
    from assistant.assistant import MOST_PASSAGES

    if not text.isdecimal() or not 1 <= int(text) <= MOST_PASSAGES:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {MOST_PASSAGES}")
    return int(text)


def _date(text: str) -> str:
    from assistant.evaluation.cases import check_date

    try:
        return check_date(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _settings(arguments: argparse.Namespace) -> Settings:
    from assistant.settings import Settings

    names = {"corpus": "corpus_dir", "index": "index_dir", "host": "host", "port": "port"}
    given = {setting: getattr(arguments, name, None) for name, setting in names.items()}
    return Settings(**{name: value for name, value in given.items() if value is not None})


@contextmanager
def _assistant(arguments: argparse.Namespace) -> Iterator[Assistant]:
    from assistant.assistant import Assistant

    with Assistant(_settings(arguments)) as assistant:
        yield assistant


# Commands


def _index(arguments: argparse.Namespace) -> int:
    from assistant.indexing import check, sync

    if arguments.check and arguments.watch:
        arguments.usage_error("--check changes nothing, so there is nothing to --watch")
    if arguments.gate and (arguments.check or arguments.watch):
        arguments.usage_error("--gate holds one publish; it goes with neither --check nor --watch")
    if arguments.baseline and not arguments.gate:
        arguments.usage_error("--baseline is what --gate holds figures to; add --gate")
    settings = _settings(arguments)
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
                    from assistant.serving.evaluating import review_of

                    cases, gate = arguments.cases or CASES, arguments.gate
                    review = review_of(cases, settings, step, comparisons, baseline=arguments.baseline, gate=gate)
                report = sync(settings, progress=step, review=review)
        except GateError as error:
            from assistant.serving.evaluating import tell_refusal

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


def _search(arguments: argparse.Namespace) -> int:
    with _assistant(arguments) as assistant:
        passages = assistant.search(arguments.question, top_k=arguments.top_k)
    if arguments.json:
        print_json({"question": arguments.question, "passages": [passage.to_dict() for passage in passages]})
    else:
        print_text("\n\n".join(passage_text(n, p) for n, p in enumerate(passages, 1)) or "nothing found")
    return DONE


def _ask(arguments: argparse.Namespace) -> int:
    if (arguments.question is None) == (arguments.file is None):
        arguments.usage_error("give either QUESTION or --file FILE")
    if arguments.file:
        if arguments.history:
            arguments.usage_error("--history goes with QUESTION; in a file each line has its own history")
        return _ask_file(arguments)
    from assistant.evaluation.questions import read_history

    history = read_history(arguments.history) if arguments.history else ()
    with _assistant(arguments) as assistant:
        answer = assistant.ask(arguments.question, history=history, as_of=arguments.as_of)
    if arguments.json:
        print_json(answer.to_dict())
    else:
        print_text(answer_text(answer))
    return DONE


def _ask_file(arguments: argparse.Namespace) -> int:
    from assistant.evaluation.questions import read_questions

    code = DONE
    with _assistant(arguments) as assistant:
        for question in read_questions(arguments.file):
            failure = question.problem
            answer = None
            if failure is None:
                try:
                    as_of = question.as_of or arguments.as_of
                    answer = assistant.ask(question.text, history=question.history, as_of=as_of)
                except QuestionError as error:
                    failure = str(error)
                except AssistantError:  # no index, say: the next line would fare no better
                    raise
                except Exception as error:  # noqa: BLE001 - logged whole; see below
                    # A fault of ours in one question of thousands must not cost the others.
                    _log.exception("question %r failed", question.id)
                    failure, code = f"internal error ({type(error).__name__}: {error})", FAILED
            if arguments.json:
                what = answer.to_dict() if answer else {"answered": False, "error": failure}
                print_json({"id": question.id, **what}, one_line=True)
            else:
                print_text(f"? {question.text}\n\n{answer_text(answer) if answer else f'error: {failure}'}\n")
    return code


def _show(arguments: argparse.Namespace) -> int:
    with _assistant(arguments) as assistant:
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


def _versions(arguments: argparse.Namespace) -> int:
    from assistant.versions import versions

    kept = versions(_settings(arguments))
    if arguments.json:
        print_json([{**asdict(version), "live": version is kept[-1]} for version in kept])
    else:
        print_text(versions_text(kept))
    return DONE


def _diff(arguments: argparse.Namespace) -> int:
    from assistant.versions import diff

    difference = diff(_settings(arguments), arguments.before, arguments.after)
    if arguments.json:
        print_json(difference.to_dict())
    else:
        print_text(difference_text(difference))
    return DONE


def _rollback(arguments: argparse.Namespace) -> int:
    from assistant.versions import rollback

    with stages() as step:
        report = rollback(_settings(arguments), arguments.version, progress=step)
    if arguments.json:
        print_json(report.to_dict())
    else:
        counts = f"{report.added} added, {report.updated} updated, {report.deleted} deleted"
        print_text(f"{report.documents} documents of version {report.restored}, now version {report.version}: {counts}")
    tell("the next `assistant index` follows the corpus folder again")
    return DONE


def _forget(arguments: argparse.Namespace) -> int:
    from assistant.forgetting import forget

    report = forget(_settings(arguments), arguments.path)
    if arguments.json:
        print_json(report.to_dict())
    else:
        print_text(f"forgotten in every version, and erased: {', '.join(report.paths)}; version {report.version}")
    for path in report.in_corpus:
        tell(f"{path} is still in the corpus folder, and the next `assistant index` would read it again: "
             "remove it, or list it in .assistantignore")  # fmt: skip
    return DONE


def _eval(arguments: argparse.Namespace) -> int:
    if arguments.action == "triage":
        return _triage(arguments)
    from assistant.serving.evaluating import evaluate

    return DONE if evaluate(arguments, _settings(arguments)) else FAILED


def _triage(arguments: argparse.Namespace) -> int:
    from assistant.serving.triaging import triage

    if arguments.baseline:
        arguments.usage_error("triage asks nothing, so there is no --baseline to hold")
    if arguments.lint:
        arguments.usage_error("triage makes cases; look them over with --lint afterwards, without triage")
    say = tell if arguments.json else print_text
    outcome = triage(_settings(arguments), arguments.cases, say)
    if arguments.json:
        print_json(outcome.to_dict())
    else:
        print_text(str(outcome))
    return DONE


def _doctor(arguments: argparse.Namespace) -> int:
    from assistant.doctor import diagnose

    settings, repairs = _settings(arguments), []
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


def _keys(arguments: argparse.Namespace) -> int:
    from assistant.store.keys import KeyStore

    if (arguments.name is None) != (arguments.action == "list"):
        arguments.usage_error(f"keys {arguments.action} takes {'no NAME' if arguments.name else 'a NAME'}")
    if arguments.action != "add" and (arguments.scope or arguments.access or arguments.origin or arguments.per_minute):
        arguments.usage_error("--scope, --access, --origin and --per-minute go with keys add")
    store = KeyStore(_settings(arguments).index_dir)
    if arguments.action == "add":
        labels = arguments.access or []
        key, secret = store.make(
            arguments.name,
            scopes=arguments.scope or ["ask"],
            access=None if "all" in labels else labels,
            origins=arguments.origin or [],
            per_minute=arguments.per_minute,
        )
        if arguments.json:
            print_json({**key.to_dict(), "key": secret})
        else:
            print_text(secret)
            tell("this is the key; it is kept nowhere and not shown again")
        return DONE
    found = store.all() if arguments.action == "list" else [store.revoke(arguments.name)]
    if arguments.json:
        print_json([key.to_dict() for key in found] if arguments.action == "list" else found[0].to_dict())
    else:
        print_text("\n".join(key_text(key) for key in found) or "no keys; `assistant keys add NAME` makes one")
    return DONE


def _serve(arguments: argparse.Namespace) -> int:
    from assistant.serving.server import serve

    with _assistant(arguments) as assistant:
        serve(assistant.settings, assistant)
    return DONE


def _mcp(arguments: argparse.Namespace) -> int:
    from assistant.serving.mcp import serve_stdio

    # A thread waits for stdin, which only the system can interrupt; there is nothing to be saved.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with _assistant(arguments) as assistant:
        serve_stdio(assistant)
    return DONE
