"""The maintainer's page: what readers said of answers, and the buttons that make evaluation cases of it.

The same work as `assistant eval triage` in a browser. What is not here: what a verdict makes of a record
(evaluation/triage.py), and what readers send (judging.py).
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from assistant.assistant import Assistant
from assistant.errors import AssistantError, CaseError
from assistant.evaluation.cases import Case
from assistant.evaluation.triage import (
    add_case,
    as_refusal,
    as_sources,
    as_the_answer,
    existing,
    offered_fact,
    parts_of,
    settle_made,
)
from assistant.serving.browser.pages import PlainPage, form_of
from assistant.serving.door.admission import Admitted, admitted
from assistant.serving.problems import ProblemError
from assistant.store.feedback import Feedback, FeedbackStore
from assistant.store.keys import Scope
from assistant.types import Answer, Reason

_AT_ONCE = 50
_LONGEST_FORM = 20_000


def review_router(assistant: Assistant, cases: Path) -> APIRouter:
    """The routes of the page.

    Args:
        assistant: Whose index folder keeps the feedback.
        cases: The file that new cases go to.
    """
    router = APIRouter(include_in_schema=False)
    page = PlainPage("review", router)
    outcomes: dict[str, str] = {}  # what is told once; in the address anybody could put words into it
    store, admit = FeedbackStore(assistant.settings.index_dir), admitted(assistant, Scope.MAINTAIN)

    @router.get("/review")
    def show(request: Request) -> HTMLResponse:
        who = admit(request)
        said = outcomes.pop(who.visitor.id, "")
        if cases.exists():
            settle_made(store, existing(cases).cases)
        waiting = waiting_for(who, store)
        parts = "".join(_shown(feedback) for feedback in waiting[:_AT_ONCE]) or "<p>Nothing waits.</p>"
        return page.filled(parts=parts, said=said, count=str(len(waiting)), cases=str(cases))

    @router.post("/review/{feedback_id}")
    async def decide(request: Request, feedback_id: str) -> RedirectResponse:
        who = admit(request)
        form = await form_of(request, _LONGEST_FORM)
        try:
            said = await run_in_threadpool(_decide, who, store, cases, feedback_id, form)
        except CaseError as error:
            said = str(error)
        outcomes[who.visitor.id] = said
        return RedirectResponse("/review", 303)

    return router


def waiting_for(who: Admitted, store: FeedbackStore) -> list[Feedback]:
    """The new records, as far as they draw on documents that the maintainer may see."""
    waiting = store.new()
    if who.visitor.access is None or not waiting:
        return waiting
    seen = {document.path for document in who.assistant.documents()}
    return [each for each in waiting if each.sources is not None and seen.issuperset(each.sources)]


def _decide(who: Admitted, store: FeedbackStore, cases: Path, feedback_id: str, form: Mapping[str, str]) -> str:
    """Does what was chosen; tells what was done.

    Raises:
        CaseError: It can't be made a case.
        ProblemError: Nobody waits under that id, or nothing that is known was chosen.
    """
    feedback = next((each for each in waiting_for(who, store) if each.id == feedback_id), None)
    if feedback is None:
        raise ProblemError(404, "No such feedback", "it was worked on meanwhile, or never there; go back to /review")
    choice = form.get("choice", "")
    if choice == "dismiss":
        store.settle(feedback.id, None)
        return "dismissed"
    case = add_case(cases, _case(choice, feedback, form, who))  # before the record is settled: see triaging.py
    store.settle(feedback.id, case.id)
    return f"case {case.id} is written to {cases}"


def _case(choice: str, feedback: Feedback, form: Mapping[str, str], who: Admitted) -> Case:
    facts = parts_of(form.get("facts", ""))
    if choice == "answer":
        return as_the_answer(feedback, facts if feedback.answer and feedback.answer.answered else ())
    if choice == "sources":
        paths = parts_of(form.get("sources", ""))
        for path in paths:
            try:
                who.assistant.document(path)
            except AssistantError as error:
                raise CaseError(str(error)) from error
        if not paths:
            raise CaseError("name the paths of the documents that answer it")
        return as_sources(feedback, paths, facts)
    if choice == "refusal":
        reason = form.get("reason", "")
        return as_refusal(feedback, Reason(reason) if reason in list(Reason) else None)
    raise ProblemError(422, "Not understood", "choice: answer, sources, refusal or dismiss")


def _shown(feedback: Feedback) -> str:
    """One record as a form; all that readers and documents say is escaped."""
    said = html.escape
    asked = f"<h2>{said(feedback.question)}</h2>"
    about = [f"thumb {feedback.verdict}", feedback.reason.value.replace("_", " ") if feedback.reason else "",
             feedback.time, f"index {feedback.index_version}" if feedback.index_version else "",
             f"as of {feedback.as_of}" if feedback.as_of else ""]  # fmt: skip
    turns = "".join(
        f"<p class='turn'><b>{turn.role}</b> {said(turn.content)}</p>" for turn in feedback.history if turn.content
    )
    comment = f"<p class='comment'>The reader says: {said(feedback.comment)}</p>" if feedback.comment else ""
    known = feedback.answer is not None
    reasons = "".join(f"<option>{reason.value}</option>" for reason in Reason if reason is not Reason.EMPTY_CORPUS)
    right = "<button name='choice' value='answer'>The answer is right: make it a case</button>" if known else ""
    return (
        f"<article><p class='about'>{said(' · '.join(filter(None, about)))}</p>{turns}{asked}"
        f"{_answer(feedback.answer)}{comment}"
        f"<form method='post' action='/review/{quote(feedback.id)}'>"
        f"<label>Words that any right answer must hold, with ; between them"
        f"<input name='facts' value='{said(offered_fact(feedback.answer), quote=True)}'></label>"
        "<label>Paths of the documents that answer it, with ; between them<input name='sources'></label>"
        f"<label>Why it must not be answered<select name='reason'><option value=''>any reason</option>{reasons}"
        f"</select></label><div class='buttons'>{right}"
        "<button name='choice' value='sources'>These documents answer it: make it a case</button>"
        "<button name='choice' value='refusal'>It must be refused: make it a case</button>"
        "<button name='choice' value='dismiss' class='quiet'>Dismiss</button></div></form></article>"
    )


def _answer(answer: Answer | None) -> str:
    if answer is None:
        return "<p class='gone'>The answer is not known, or was forgotten with its documents.</p>"
    if not answer.answered:
        return f"<blockquote><p>Refused ({answer.reason}): {html.escape(answer.explanation or '')}</p></blockquote>"
    quotes = "".join(
        f"<li value='{c.number}'>“{html.escape(c.quote)}” <cite>{html.escape(c.path)}</cite></li>"
        for c in answer.citations
    )
    return f"<blockquote><p>{html.escape(answer.text)}</p><ol>{quotes}</ol></blockquote>"
