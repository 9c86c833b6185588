"""HTML of the chat: questions, answers with numbered citations, refusals, errors, source cards.

Everything that comes from a person, a document or a model passes through `escape` here and nowhere else, so
document text is shown as text. What it does not hold: widgets and events (`ui.py`), looks (`static/chat.css`).

Each message is one line of HTML. The chatbot runs its messages through Markdown, and a block of HTML without a
line break is what Markdown leaves alone; line breaks of a document travel as character references.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence

from assistant.serving.browser import thumbs
from assistant.types import Answer, AnswerSentence, Citation, Document, Passage, Reason, ShortAnswer, Source

ReadDocument = Callable[[str], Document | None]
"""A document by its id, or None where it is not there any more."""

_REACH = 300
"""Characters shown on either side of a quotation, at most."""
_LONGEST_SHOWN_QUESTION = 600
_LABELS = {
    Reason.FALSE_PREMISE: "The corpus does not support what the question takes for granted",
    Reason.AMBIGUOUS: "The question can be read in more than one way",
    Reason.LANGUAGE: "The question is in a language that the corpus is not read in",
    Reason.SMALL_TALK: "Not a question about the documents",
    Reason.EMPTY_CORPUS: "There are no documents to answer from",
}
_NOT_ANSWERED = "The corpus does not answer this"
_WITHOUT_PASSAGES = (Reason.SMALL_TALK, Reason.LANGUAGE, Reason.EMPTY_CORPUS)
_SENTENCE_START = re.compile(r"(?<=[.!?…])[\"'”»)]*\s+(?=\S)")
_WORD_START = re.compile(r"\s+(?=\S)")
_WEB_ADDRESS = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_PARAGRAPH_BREAK = re.compile(r"\n+")


def escape(text: str) -> str:
    """`text` as one line of HTML that shows exactly `text`, in element content and in quoted attributes."""
    return html.escape(text, quote=True).replace("\r", "").replace("\n", "&#10;")


def question_message(question: str) -> str:
    """A person's question; a very long one is shortened, since it is only shown."""
    shown = question.strip()
    if len(shown) > _LONGEST_SHOWN_QUESTION:
        shown = f"{shown[:_LONGEST_SHOWN_QUESTION]}… ({len(shown):,} characters)"
    return f'<div class="ca-question" dir="auto">{escape(shown) or "<i>(an empty question)</i>"}</div>'


def pending_message(sentences: Sequence[AnswerSentence] = ()) -> str:
    """An answer under way: the sentences verified so far, or word that the search is on."""
    said = _sentences(sentences, (), None, "")
    waiting = "Checking the next sentence…" if sentences else "Reading the documents…"
    return f'<div class="ca-answer ca-pending">{said}<p class="ca-wait"><i></i>{waiting}</p></div>'


def answer_message(answer: Answer, key: str, read_document: ReadDocument) -> str:
    """An answer with its source cards, or a refusal with the nearest passages.

    Args:
        answer: What the assistant said.
        key: Sets this answer's cards and thumbs apart from those of every other answer on the page.
        read_document: Where the text around a quotation comes from.
    """
    if not answer.answered:
        return _refusal(answer) + thumbs.under(answer, key)
    cards = "".join(
        _citation_card(citation, answer.passages, key, read_document(citation.document_id))
        for citation in answer.citations
    )
    count = len(answer.citations)
    return (
        f'<div class="ca-answer">{_sentences(answer.sentences, answer.citations, answer.short_answer, key)}'
        f'{_notes(answer.notes)}<section class="ca-sources" aria-label="Sources of this answer">'
        f"<h3>{count} {'quotation' if count == 1 else 'quotations'}</h3>{cards}</section>{_foot(answer)}</div>"
        f"{thumbs.under(answer, key)}"
    )


def error_message(message: str) -> str:
    """Something that went wrong, said to a person."""
    said = escape(message[:1].upper() + message[1:])
    return f'<div class="ca-error" role="alert"><p class="ca-label">That did not work</p><p>{said}</p></div>'


def header(
    folder: str, documents: int | None, version: str | None, problem: str | None = None, waiting: int = 0
) -> str:
    """The line on top: which folder is asked, how much it holds, which index answers, what waits for a maintainer."""
    facts = [f"<b>{escape(folder)}</b>"]
    if documents is not None:
        facts.append(f"{documents:,} {'document' if documents == 1 else 'documents'}")
    if version:
        facts.append(f'index <span class="ca-version">{escape(version)}</span>')
    if waiting:
        facts.append(f'<a href="/review">{waiting} said by readers</a>')
    if problem:
        facts.append(f'<span class="ca-problem">{escape(problem)}</span>')
    return f'<header class="ca-header"><h1>Corpus Assistant</h1><p>{" · ".join(facts)}</p></header>'


def welcome() -> str:
    """What stands in an empty conversation."""
    return (
        '<div class="ca-welcome"><p class="ca-lead">Ask the documents.</p><p>Every sentence of an answer carries a '
        "number. The number opens the words it rests on, quoted exactly from the document.</p></div>"
    )


def plain_copy(answer: Answer) -> str:
    """The answer as plain text with its notes, and its citations as footnotes, for the clipboard."""
    said = " ".join(f"{s.text} {''.join(f'[{n}]' for n in s.citations)}" for s in answer.sentences)
    quoted = (f"[{c.number}] “{c.quote}” {', '.join([c.title, *_facts(c)])}" for c in answer.citations)
    return "\n".join([said, *answer.notes, "", *quoted])


def surroundings(text: str, start: int, end: int) -> tuple[int, int]:
    """The span around `[start, end)` that is shown with it: it begins and ends at a paragraph, sentence or word.

    Args:
        text: A document's stored text.
        start, end: The quotation.
    """
    low, high = max(0, start - _REACH), min(len(text), end + _REACH)
    before, after = text[low:start], text[end:high]
    first = low
    if low > 0:
        for border in (_PARAGRAPH_BREAK, _SENTENCE_START, _WORD_START):
            if found := border.search(before):
                first = low + found.end()
                break
        else:
            first = start
    last = high
    if high < len(text):
        for border in (_PARAGRAPH_BREAK, _SENTENCE_START, _WORD_START):
            if ends := [match.start() for match in border.finditer(after)]:
                last = end + ends[-1]
                break
        else:
            last = end
    return first, last


def _sentences(
    sentences: Sequence[AnswerSentence], citations: Sequence[Citation], short: ShortAnswer | None, key: str
) -> str:
    by_number = {citation.number: citation for citation in citations}
    parts, emphasised = [], False
    for sentence in sentences:
        span = None
        if short is not None and not emphasised and short.citation in sentence.citations:
            span = _short_answer_span(sentence.text, short, by_number.get(short.citation))
        emphasised = emphasised or span is not None
        marks = "".join(_mark(number, by_number.get(number), key) for number in sentence.citations)
        parts.append(f'<span class="ca-sentence">{_emphasise(sentence.text, span)}{marks}</span>')
    return f'<p class="ca-text" dir="auto">{" ".join(parts)}</p>' if parts else ""


def _short_answer_span(text: str, short: ShortAnswer, citation: Citation | None) -> tuple[int, int] | None:
    """Where the short answer's words stand in the displayed sentence, if they do."""
    if citation is not None and text == _on_one_line(citation.quote):
        quote, start, end = citation.quote, short.start - citation.start, short.end - citation.start
        return len(_on_one_line(quote[:start] + "|")) - 1, len(_on_one_line(quote[:end]))
    found = text.find(words := _on_one_line(short.text))
    return (found, found + len(words)) if words and found >= 0 else None


def _on_one_line(text: str) -> str:
    """As sentences are displayed: a quotation keeps the line breaks of its document."""
    return " ".join(text.split())


def _emphasise(text: str, span: tuple[int, int] | None) -> str:
    if span is None:
        return escape(text)
    start, end = span
    return f'{escape(text[:start])}<strong class="ca-short">{escape(text[start:end])}</strong>{escape(text[end:])}'


def _mark(number: int, citation: Citation | None, key: str) -> str:
    if citation is None:  # still streaming: the cards come with the whole answer
        return f'<span class="ca-mark">{number}</span>'
    label = escape(f"Source {number}: {citation.title}")
    return f'<a class="ca-mark" href="#{key}-{number}" aria-label="{label}" title="{label}">{number}</a>'


def _citation_card(citation: Citation, passages: Sequence[Passage], key: str, document: Document | None) -> str:
    before, after = _context(citation, passages, document)
    drawn_from = _sources(document.sources) if document is not None else ""
    return (
        f'<details class="ca-card" id="{key}-{citation.number}"><summary><span class="ca-number">{citation.number}'
        f"</span>{_heading(citation)}</summary>"
        f'<div class="ca-body"><blockquote dir="auto">{escape(before)}<mark>{escape(citation.quote)}</mark>'
        f"{escape(after)}</blockquote>{_where(citation)}{drawn_from}</div></details>"
    )


def _context(citation: Citation, passages: Sequence[Passage], document: Document | None) -> tuple[str, str]:
    """The text before and after the quotation; empty where the stored text does not hold it any more."""
    texts = [] if document is None else [(0, document.text)]
    texts += [(p.start, p.text) for p in passages if p.document_id == citation.document_id]
    for offset, text in texts:
        start, end = citation.start - offset, citation.end - offset
        if start < 0 or text[start:end] != citation.quote:
            continue
        first, last = surroundings(text, start, end)
        cut_before = "… " if first > 0 and text[first - 1] != "\n" else ""
        cut_after = " …" if last < len(text) and text[last] != "\n" else ""
        return cut_before + text[first:start], text[end:last] + cut_after
    return "", ""


def _heading(source: Citation | Passage) -> str:
    facts = "".join(f"<span>{escape(fact)}</span>" for fact in _facts(source))
    title = f'<span class="ca-title" dir="auto">{escape(source.title)}</span>'
    return f'<span class="ca-name">{title}<span class="ca-facts">{facts}</span></span>'


def _facts(source: Citation | Passage) -> list[str]:
    page = None if source.page is None else f"p. {source.page}"
    return [fact for fact in (source.date, page, source.path) if fact]


def _where(source: Citation | Passage) -> str:
    if source.url is None or not _WEB_ADDRESS.match(source.url):
        return ""
    return f'<p class="ca-link">{_link("Open the source", source.url)}<span> {escape(source.url)}</span></p>'


def _sources(sources: Sequence[Source]) -> str:
    """What the document itself names as its sources."""
    named = []
    for source in sources:
        title = escape(source.title)
        if source.url is not None and _WEB_ADDRESS.match(source.url):
            title = _link(source.title, source.url)
        facts = "".join(f", {escape(fact)}" for fact in (source.publisher, source.date) if fact)
        named.append(f"<li>{title}{facts}</li>")
    return (
        f'<p class="ca-drawn">The document is drawn from</p><ul class="ca-drawn">{"".join(named)}</ul>' if named else ""
    )


def _link(label: str, address: str) -> str:
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer nofollow">{escape(label)}</a>'


def _refusal(answer: Answer) -> str:
    label = _LABELS.get(answer.reason, _NOT_ANSWERED) if answer.reason else _NOT_ANSWERED
    kind = "ca-talk" if answer.reason is Reason.SMALL_TALK else "ca-refusal"
    explanation = (answer.explanation or "").removeprefix(f"{label}.").strip()  # the label has said it
    said = f'<p dir="auto">{escape(explanation)}</p>' if explanation else ""
    nearest = ""
    if answer.passages and answer.reason not in _WITHOUT_PASSAGES:
        cards = "".join(_passage_card(passage) for passage in answer.passages[:5])
        nearest = (
            '<details class="ca-nearest"><summary>Nearest passages, not an answer</summary>'
            f'<section aria-label="Nearest passages, not an answer">{cards}</section></details>'
        )
    notes = _notes(answer.notes)
    return f'<div class="{kind}" role="note"><p class="ca-label">{escape(label)}</p>{said}{notes}</div>{nearest}'


def _passage_card(passage: Passage) -> str:
    return (
        f'<details class="ca-card"><summary>{_heading(passage)}</summary><div class="ca-body">'
        f'<blockquote dir="auto">{escape(passage.text.strip())}</blockquote>{_where(passage)}</div></details>'
    )


def _notes(notes: Sequence[str]) -> str:
    return "".join(f'<p class="ca-note" dir="auto">{escape(note)}</p>' for note in notes)


def _foot(answer: Answer) -> str:
    how = "quoted from the documents" if answer.mode == "extractive" else "written by a language model and checked"
    facts = f"{how} · confidence {answer.confidence:.0%} · {answer.seconds.total:.1f} s"
    return (
        f'<p class="ca-foot"><span>{facts}</span><button type="button" class="ca-copy" data-copy="'
        f'{escape(plain_copy(answer))}">Copy answer with citations</button></p>'
    )
