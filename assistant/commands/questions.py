"""The commands that ask: search, and ask with a question or a file of them."""

from __future__ import annotations

import argparse
import logging

from assistant.commands.arguments import opened
from assistant.commands.terminal import DONE, FAILED, answer_text, passage_text, print_json, print_text
from assistant.errors import AssistantError, QuestionError

_log = logging.getLogger(__name__)


def search(arguments: argparse.Namespace) -> int:
    """Shows the passages nearest to a question."""
    with opened(arguments) as assistant:
        passages = assistant.search(arguments.question, top_k=arguments.top_k)
    if arguments.json:
        print_json({"question": arguments.question, "passages": [passage.to_dict() for passage in passages]})
    else:
        print_text("\n\n".join(passage_text(n, p) for n, p in enumerate(passages, 1)) or "nothing found")
    return DONE


def ask(arguments: argparse.Namespace) -> int:
    """Answers a question, or a file of them."""
    if (arguments.question is None) == (arguments.file is None):
        arguments.usage_error("give either QUESTION or --file FILE")
    if arguments.file:
        if arguments.history:
            arguments.usage_error("--history goes with QUESTION; in a file each line has its own history")
        return _ask_file(arguments)
    from assistant.evaluation.questions import read_history

    history = read_history(arguments.history) if arguments.history else ()
    with opened(arguments) as assistant:
        answer = assistant.ask(arguments.question, history=history, as_of=arguments.as_of)
    if arguments.json:
        print_json(answer.to_dict())
    else:
        print_text(answer_text(answer))
    return DONE


def _ask_file(arguments: argparse.Namespace) -> int:
    from assistant.evaluation.questions import read_questions

    code = DONE
    with opened(arguments) as assistant:
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
