"""The command line `assistant`: which commands there are, what each takes, and errors to exit codes.

Thin on purpose: whatever takes a decision stands in the library. Models, Chroma and Gradio are imported by the commands
that need them, so that `--help` answers at once. What is not here: what the commands do (commands/).
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from assistant.commands import arguments, checks, corpus, questions, server
from assistant.commands.terminal import FAILED, INTERRUPTED, NOBODY_READS, WRONG_USAGE, speak_utf8, tell
from assistant.errors import AssistantError, SettingsError
from assistant.evaluation import CASES

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
    given = build_parser().parse_args(argv)
    if logging.lastResort:  # what prints the warnings of libraries where no logging is set up
        logging.lastResort.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    try:
        code: int = given.run(given)
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

    index = _command(commands, "index", corpus.index, "bring the index in line with the corpus and publish it")
    index.add_argument("--check", action="store_true", help="only say what would change; exit 1 if out of date")
    index.add_argument("--gate", action="store_true",
                       help="publish only if known answers hold; otherwise exit 1, and nothing changes")  # fmt: skip
    index.add_argument("--cases", metavar="FILE", type=arguments.file,
                       help="before the publish, ask both versions these cases and print their figures "
                       "(with --gate: default evals/known_answers.jsonl)")  # fmt: skip
    index.add_argument("--baseline", metavar="FILE", type=arguments.file,
                       help="with --gate: floors of the figures (default: baseline.json beside the cases)")  # fmt: skip
    index.add_argument("--watch", action="store_true", help="then follow the folder's changes until Ctrl-C")
    index.set_defaults(usage_error=index.error)

    publish = _command(
        commands, "publish", corpus.index, "the same as `index --gate`: publish what known answers allow"
    )
    publish.add_argument(
        "--cases", metavar="FILE", type=arguments.file, help="JSON lines of cases (default evals/known_answers.jsonl)"
    )
    publish.add_argument("--baseline", metavar="FILE", type=arguments.file,
                         help="floors of the figures (default: baseline.json beside the cases, if there)")  # fmt: skip
    publish.set_defaults(gate=True, check=False, watch=False)

    search = _command(commands, "search", questions.search, "show the passages nearest to a question")
    search.add_argument("question", metavar="QUESTION", type=arguments.text)
    search.add_argument("-k", dest="top_k", metavar="N", type=arguments.top_k, default=5, help="how many (default 5)")

    ask = _command(commands, "ask", questions.ask, "answer a question, or a file of questions")
    ask.add_argument("question", metavar="QUESTION", nargs="?", type=arguments.text)
    ask.add_argument(
        "--file", metavar="FILE", type=arguments.file, help="JSON lines with id, question, history; - reads stdin"
    )
    ask.add_argument(
        "--history", metavar="FILE", type=arguments.file, help="earlier turns: a JSON array of {role, content}"
    )
    ask.add_argument(
        "--as-of", metavar="DATE", type=arguments.date, help="answer as of a date: YYYY, YYYY-MM or YYYY-MM-DD"
    )
    ask.set_defaults(usage_error=ask.error)

    show = _command(commands, "show", corpus.show, "print a document's stored text, which all offsets refer to")
    show.add_argument(
        "document", metavar="DOCUMENT", type=arguments.text, help="its id, or its path below the corpus folder"
    )

    _command(commands, "versions", corpus.versions, "list the versions of the index that are kept")

    difference = _command(commands, "diff", corpus.diff, "tell what one version has otherwise than another")
    for name in ("before", "after"):
        difference.add_argument(name, metavar=name.upper(), type=arguments.text, help="number or name of a version")

    rollback = _command(commands, "rollback", corpus.rollback, "publish an older version again, as a new one")
    rollback.add_argument("version", metavar="VERSION", nargs="?", type=arguments.text,
                          help="its number or name (default: the one before the published one)")  # fmt: skip

    forget = _command(commands, "forget", corpus.forget, "take a document out of every version, and erase its text")
    forget.add_argument("path", metavar="PATH", type=arguments.text, help="its path below the corpus folder")

    evaluate = _command(
        commands, "eval", checks.evaluate, "ask questions with known answers and hold the figures to a baseline"
    )
    evaluate.add_argument("action", nargs="?", choices=("triage",), metavar="triage",
                          help="instead, go through what readers said of answers and make cases of it")  # fmt: skip
    evaluate.add_argument("--cases", metavar="FILE", type=arguments.file, default=CASES,
                          help="JSON lines of cases, or a SQuAD file or BEIR folder, then asked over its own documents "
                          "unless --corpus is given (default evals/known_answers.jsonl)")  # fmt: skip
    evaluate.add_argument("--baseline", metavar="FILE", type=arguments.file,
                          help="floors of the figures (default: baseline.json beside the cases, if there)")  # fmt: skip
    for kind, what in (("html", "one page, with plots and every case"), ("markdown", "a summary for a pull request"),
                       ("junit", "JUnit XML")):  # fmt: skip
        evaluate.add_argument(
            f"--{kind}", metavar="FILE", type=arguments.file, help=f"write the report to a file: {what}"
        )
    evaluate.add_argument("--lint", action="store_true",
                          help="ask nothing; only say which cases measure nothing; exit 1 with findings")  # fmt: skip
    evaluate.add_argument("--mutate", action="store_true",
                          help="then break the assistant in known ways; exit 1 if no case notices one")  # fmt: skip
    evaluate.set_defaults(usage_error=evaluate.error)

    doctor = _command(commands, "doctor", checks.doctor, "look the installation over; exit 1 with findings")
    doctor.add_argument("--repair", action="store_true", help="first mend what needs no decision, and say what")

    serve = _command(commands, "serve", server.serve, "serve the chat and the APIs until Ctrl-C")
    serve.add_argument("--host", metavar="HOST", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", metavar="PORT", type=int, help="port to listen on (default 7860)")

    keys = _command(commands, "keys", server.keys, "make, list and revoke the keys that open the server")
    keys.add_argument("action", choices=("add", "list", "revoke"))
    keys.add_argument("name", metavar="NAME", nargs="?", type=arguments.text,
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
    _command(commands, "mcp", server.mcp, "serve the corpus to one language model's client over stdin and stdout (MCP)")

    for name, command in commands.choices.items():
        command.add_argument(
            "--corpus", metavar="DIR", type=arguments.file, help="folder of documents (default corpus)"
        )
        command.add_argument("--index", metavar="DIR", type=arguments.file, help="folder of the index (default index)")
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
