"""The chat: a Gradio page over one `Assistant`, with streamed answers and a card for every citation.

What it does not hold: how a message looks (`render.py`, `static/`), how the page is served (`server.py`).
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

# Gradio reads these when it is imported; it would report the start to its makers and keep a history of runs.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from fastapi import FastAPI
from starlette.datastructures import Headers

from assistant.assistant import Assistant
from assistant.errors import AccessError, AssistantError, DocumentError, QuestionError
from assistant.serving.asking import Desk
from assistant.serving.browser import render
from assistant.serving.browser.review import waiting_for
from assistant.serving.door.admission import Admitted
from assistant.serving.door.limits import Rates
from assistant.serving.door.visitors import Visitors
from assistant.serving.given import Given, GivenAnswers
from assistant.store.feedback import FeedbackStore, drawn_from
from assistant.store.keys import Scope
from assistant.types import Answer, AnswerSentence, Document, Turn

_log = logging.getLogger(__name__)
_STATIC = files("assistant.serving.browser") / "static"
_AT_ONCE = 4
"""Questions answered at the same time; more wait their turn."""
_WAITING = 64
"""How many; who comes on top of that is told that the queue is full."""

EXAMPLES = (
    ("Why did the 2017 working group collapse?", "working-group-2017.md"),
    ("When were the cyber consultations suspended?", "suspension-2022.md"),
    ("How did the United States answer Krutskikh's appeal?", "us-rejection-2022.md"),
)
"""Questions about the starter corpus, each with the document that answers it; shown where the corpus holds it."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What the chat is for one visitor.

    Attributes:
        assistant: As far as the visitor may see the documents.
        told: Is told of every answer the visitor gets.
        waiting: How many words of readers wait for this visitor, where it is a maintainer.
    """

    assistant: Assistant
    told: Callable[[Answer], None]
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one browser tab has asked and was told.

    Attributes:
        messages: As they stand on the page.
        turns: What is sent as history.
        sources: Paths of the documents that the answers so far draw on.
    """

    messages: tuple[dict[str, str], ...] = ()
    turns: tuple[Turn, ...] = ()
    sources: tuple[str, ...] = ()

    def showing(self, *messages: tuple[str, str]) -> Conversation:
        """This conversation with more messages, as pairs of role and HTML."""
        return replace(self, messages=(*self.messages, *({"role": r, "content": c} for r, c in messages)))

    def remembering(self, question: str, answer: Answer) -> Conversation:
        """This conversation with a question and the plain text of its answer in the history."""
        said = answer.text or answer.explanation or ""
        sources = tuple(dict.fromkeys((*self.sources, *drawn_from(answer))))
        return replace(self, turns=(*self.turns, Turn("user", question), Turn("assistant", said)), sources=sources)


def mount_chat(
    app: FastAPI, assistant: Assistant, given: GivenAnswers, visitors: Visitors, rates: Rates, desk: Desk
) -> None:
    """Puts the chat at `/`.

    Args:
        app: Where to; what it answers itself goes before.
        assistant: Answers every visitor as far as it may see the documents.
        given: Takes every answer, so that a visitor can judge it.
        visitors: Tells who sits at a browser.
        rates: Count the questions of those whose key has a limit.
        desk: Is told of every answer.
    """
    store = FeedbackStore(assistant.settings.index_dir)

    def seat(request: gr.Request, *, asks: bool) -> Seat:
        visitor = visitors.of_session(Headers(dict(request.headers)))
        if visitor is None:
            raise AccessError("Your login has ended. Reload the page and log in again.")
        seen, waiting = visitor.sees(assistant), 0
        if asks and visitor.per_minute and (wait := rates.wait(visitor.id, visitor.per_minute)):
            raise AccessError(f"That was a lot of questions. Your key may ask again in {wait:.0f} seconds.")
        if not asks and visitor.may(Scope.MAINTAIN):
            waiting = len(waiting_for(Admitted(visitor, seen), store))
        return Seat(seen, lambda answer: desk.note(visitor, "chat", answer), waiting)

    gr.mount_gradio_app(
        app,
        build_chat(assistant, given, seat),
        path="/",
        show_error=False,
        max_file_size="1kb",  # nothing is uploaded here
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        **looks(),
    )


class _Page(gr.Blocks):
    """A page that takes nothing but text.

    Gradio takes a file's path or address in place of any input, and has the file copied to where it can be fetched; in
    a mounted page it doesn't check which file. All calls, by whatever route, come through here.
    """

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *rest: Any, **more: Any) -> list[Any]:
        """Leaves out what is no text; what stands for the conversation is looked up by Gradio and never sent."""
        texts = [each if each is None or isinstance(each, str) else "" for each in inputs]
        read: list[Any] = await super().preprocess_data(block_fn, texts, *rest, **more)
        return read


def build_chat(assistant: Assistant, given: GivenAnswers, seat: Callable[..., Seat]) -> gr.Blocks:
    """The chat page.

    Args:
        assistant: Whose folder is named on top of the page.
        given: Takes every answer, so that a visitor can judge it.
        seat: What the chat is for the visitor behind a request, who `asks` something or only opens the page; raises
            an AccessError where it may not.
    """

    def ask(
        question: str, conversation: Conversation, request: gr.Request
    ) -> Iterator[tuple[Any, list[dict[str, str]], Conversation]]:
        box: Any = gr.update(value="")
        try:
            taken = seat(request, asks=True)
            steps = converse(taken.assistant, question, conversation, given, taken.told)
        except AccessError as error:
            asked, refused = render.question_message(question), render.error_message(str(error))
            steps = iter((conversation.showing(("user", asked), ("assistant", refused)),))
        for step in steps:
            yield box, list(step.messages), step
            box = gr.skip()  # what is typed meanwhile stays

    def greet(request: gr.Request) -> tuple[Any, ...]:
        try:
            title, paths = describe((taken := seat(request, asks=False)).assistant, taken.waiting)
        except AccessError as error:
            title, paths = render.header(_folder(assistant), None, None, problem=str(error)), set()
        return (title, *(gr.update(visible=path in paths) for _, path in EXAMPLES))

    def start_again() -> tuple[list[dict[str, str]], Conversation]:
        return [], Conversation()

    page: gr.Blocks
    with _Page(title="Corpus Assistant", analytics_enabled=False, fill_height=True) as page:
        conversation = gr.State(Conversation())
        with gr.Row(elem_classes="ca-top"):
            top = gr.HTML(render.header(_folder(assistant), None, None), padding=False, js_on_load=None)
            again = gr.Button("New conversation", elem_classes="ca-again", size="sm", min_width=0, scale=0)
        chat = gr.Chatbot(
            elem_classes="ca-chat",
            label="Conversation",
            show_label=False,
            container=False,
            height=None,
            scale=1,
            placeholder=render.welcome(),
            # Gradio's sanitiser takes ids and labels away; render.py escapes all that is not its own.
            sanitize_html=False,
            latex_delimiters=[],
            buttons=[],
            feedback_options=None,
            group_consecutive_messages=False,
            layout="panel",
            autoscroll=False,  # chat.js keeps the question in sight instead of the last card
        )
        with gr.Column(elem_classes="ca-bottom"):
            with gr.Row(elem_classes="ca-examples"):
                examples = [
                    gr.Button(question, visible=False, size="sm", elem_classes="ca-example") for question, _ in EXAMPLES
                ]
            box = gr.Textbox(
                elem_classes="ca-box",
                label="Your question",
                show_label=False,
                container=False,
                placeholder="Ask about the documents",
                max_lines=6,
                submit_btn=True,
                autofocus=True,
            )
        page.load(greet, None, [top, *examples], show_progress="hidden", api_visibility="private")
        for asks, question in ((box.submit, box), *((button.click, button) for button in examples)):
            asks(
                ask,
                [question, conversation],
                [box, chat, conversation],
                show_progress="hidden",
                api_visibility="private",
                concurrency_limit=_AT_ONCE,
                concurrency_id="ask",
                trigger_mode="once",
            )
        again.click(start_again, None, [chat, conversation], show_progress="hidden", api_visibility="private")
    page.queue(max_size=_WAITING)
    return page


def looks() -> dict[str, Any]:
    """Theme, style and script of the page, as `gr.mount_gradio_app` takes them. Nothing is fetched from elsewhere."""
    system = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"]
    theme = gr.themes.Base(font=system, font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"]).set(
        # What stands outside the page's own style: the login.
        body_background_fill="#fbfbf9",
        body_background_fill_dark="#16181a",
        button_primary_background_fill="#17597d",
        button_primary_background_fill_hover="#124865",
        button_primary_background_fill_dark="#17597d",
        button_primary_background_fill_hover_dark="#1d6c97",
    )
    style = (_STATIC / "chat.css").read_text(encoding="utf-8")
    script = (_STATIC / "chat.js").read_text(encoding="utf-8")
    # In the head as they are: Gradio's own `css` puts its container in front of every selector, `.dark` included.
    return {"theme": theme, "head": f"<style>{style}</style><script>{script}</script>", "footer_links": []}


def converse(
    assistant: Assistant,
    question: str,
    conversation: Conversation,
    given: GivenAnswers,
    told: Callable[[Answer], None] = lambda _answer: None,
) -> Iterator[Conversation]:
    """Answers one question: the conversation as it stands after every step, the last one complete.

    Errors become messages. They are shown and not remembered, so that the next question starts clean.
    """
    asked = conversation.showing(("user", render.question_message(question)))
    yield asked.showing(("assistant", render.pending_message()))
    try:
        if not question.strip():
            raise QuestionError("The question is empty. Type what you would like to know from the documents.")
        sentences: list[AnswerSentence] = []
        answer: Answer | None = None
        for event in assistant.stream(question, history=conversation.turns):
            if isinstance(event.data, AnswerSentence):
                sentences.append(event.data)
                yield asked.showing(("assistant", render.pending_message(sentences)))
            elif isinstance(event.data, Answer):
                answer = event.data
        if answer is None:
            raise AssistantError("The answer broke off before its end. Ask again.")
        told(answer)
        # A key of its own for each answer keeps the cards of one apart from those of the next, and lets nobody but
        # who was shown it judge it.
        key = f"a{secrets.token_hex(16)}"
        remembered = asked.remembering(question, answer)
        given.keep(key, Given(question, conversation.turns, answer, remembered.sources))
        message = render.answer_message(answer, key, _reader(assistant))
        yield remembered.showing(("assistant", message))
    except AssistantError as error:
        yield asked.showing(("assistant", render.error_message(str(error))))
    except Exception:  # noqa: BLE001 - whatever it is, the visitor gets a sentence and the log the traceback
        _log.exception("a question in the chat failed")
        problem = "Something failed inside the assistant; its log has the details. Ask again, or reload the page."
        yield asked.showing(("assistant", render.error_message(problem)))


def describe(assistant: Assistant, waiting: int = 0) -> tuple[str, set[str]]:
    """The line on top of the page, and the paths that the corpus holds (none without an index).

    Args:
        assistant: As the visitor sees it.
        waiting: How many words of readers wait for this visitor, where it is a maintainer.
    """
    try:
        version = assistant.ready()
        paths = {document.path for document in assistant.documents()}
    except AssistantError as error:
        return render.header(_folder(assistant), None, None, problem=str(error)), set()
    return render.header(_folder(assistant), len(paths), version, waiting=waiting), paths


def _folder(assistant: Assistant) -> str:
    return assistant.settings.corpus_dir.resolve().name or str(assistant.settings.corpus_dir)


def _reader(assistant: Assistant) -> Callable[[str], Document | None]:
    """Documents by id, each read once for an answer."""
    read: dict[str, Document | None] = {}

    def document(document_id: str) -> Document | None:
        if document_id not in read:
            try:
                read[document_id] = assistant.document(document_id)
            except DocumentError:  # gone since the answer was made
                read[document_id] = None
        return read[document_id]

    return document
