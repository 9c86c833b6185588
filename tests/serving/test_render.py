"""What comes from documents, people and models is shown as text, and numbers point to their own cards."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from assistant.serving.browser import render
from assistant.types import Answer, AnswerSentence, Citation, Document, Passage, Reason, ShortAnswer, Source

HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> </mark></blockquote></details> [a](javascript:alert(3)) "
    "**b** \" ' & &lt; `c`\n\n# d\n\n```\ne\n```\r\n<!-- "
)
TEXT = f"Before it. {HOSTILE} After it."


class Reading(HTMLParser):
    """Reads HTML as a browser would: its tags, and its text as shown."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.marked = ""
        self._open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "input":  # which has no end
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "mark" in self._open:
            self.marked += data


def citation(quote: str = HOSTILE, start: int = 11, url: str | None = None, number: int = 1) -> Citation:
    return Citation(number, "d", HOSTILE, HOSTILE, HOSTILE, url, 3, quote, start, start + len(quote))


def answer(**changes: object) -> Answer:
    sentence = AnswerSentence(HOSTILE, (1,))
    told = Answer(HOSTILE, HOSTILE, True, HOSTILE, sentences=(sentence,), citations=(citation(),), notes=(HOSTILE,))
    return replace(told, **changes)  # type: ignore[arg-type]


def stored(text: str) -> Callable[[str], Document]:
    source = Source(HOSTILE, HOSTILE, HOSTILE, "javascript:alert(1)")
    return lambda _: Document("d", "d.md", HOSTILE, text, "0", sources=(source,))


def refusal(reason: Reason) -> Answer:
    passage = Passage("d", HOSTILE, HOSTILE, HOSTILE, 0, len(TEXT), TEXT, 0.5)
    return Answer("q", "q", False, reason=reason, explanation=HOSTILE, passages=(passage,) * 6)


@pytest.mark.parametrize(
    "message",
    [
        render.question_message(HOSTILE),
        render.pending_message([AnswerSentence(HOSTILE, (1,))]),
        render.answer_message(answer(), "k", stored(TEXT)),
        render.answer_message(refusal(Reason.NOT_IN_CORPUS), "k", stored(TEXT)),
        render.answer_message(refusal(Reason.SMALL_TALK), "k", stored(TEXT)),
        render.error_message(HOSTILE),
        render.header(HOSTILE, 3, HOSTILE, HOSTILE),
    ],
)
def test_hostile_text_is_shown_literally(message: str) -> None:
    reading = Reading(message)
    assert not {"script", "img", "b", "h1", "code"} & set(reading.tags) - (
        {"b", "h1"} if "<header" in message else set()
    )
    assert not any(name.startswith("on") for name, _ in reading.attributes)
    assert HOSTILE.replace("\r", "").strip() in reading.text
    assert "\n" not in message, "Markdown would read what follows a line break"


def test_highlighted_words_are_the_quotation() -> None:
    reading = Reading(render.answer_message(answer(), "k", stored(TEXT)))
    assert reading.marked == HOSTILE.replace("\r", "")
    assert "Before it. " in reading.text
    assert " After it." in reading.text


def test_quotation_that_the_stored_text_no_longer_holds_stands_alone() -> None:
    reading = Reading(render.answer_message(answer(), "k", stored("another text altogether, longer than the old")))
    assert reading.marked == HOSTILE.replace("\r", "")
    assert "another text" not in reading.text


def test_numbers_point_to_the_cards_of_their_own_answer() -> None:
    cited = answer(citations=(citation(), citation(number=2)), sentences=(AnswerSentence("A.", (1, 2)),))
    attributes = Reading(render.answer_message(cited, "k7", stored(TEXT))).attributes
    targets = [value for name, value in attributes if name == "href"]
    assert targets == ["#k7-1", "#k7-2"]
    assert {target[1:] for target in targets if target} <= {value for name, value in attributes if name == "id"}


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "file:///etc/passwd", "http:"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert "ca-link" not in render.answer_message(answer(citations=(citation(url=url),)), "k", stored(TEXT))


def test_web_address_becomes_a_link_that_tells_nothing_of_the_page() -> None:
    page = render.answer_message(answer(citations=(citation(url='https://example.org/?a="b"'),)), "k", stored(TEXT))
    attributes = Reading(page).attributes
    assert ("href", 'https://example.org/?a="b"') in attributes
    assert ("rel", "noopener noreferrer nofollow") in attributes


def test_sources_that_the_document_names_are_listed_and_linked() -> None:
    source = Source("A chapter", "A publisher", "2024", "https://example.org/chapter")
    document = Document("d", "d.md", "D", TEXT, "0", sources=(source, Source("A book")))
    reading = Reading(render.answer_message(answer(), "k", lambda _: document))
    assert ("href", "https://example.org/chapter") in reading.attributes
    assert "A chapter, A publisher, 2024" in reading.text
    assert "A book" in reading.text


def test_document_that_is_gone_leaves_its_quotation() -> None:
    assert Reading(render.answer_message(answer(), "k", lambda _: None)).marked == HOSTILE.replace("\r", "")


def test_short_answer_stands_out_at_its_own_place() -> None:
    text = "In 2017 it began, in 2017 it ended."
    source = citation(quote=text, start=0)
    short = ShortAnswer("2017", "d", 21, 25, 1)
    told = answer(sentences=(AnswerSentence(text, (1,)),), citations=(source,), short_answer=short)
    page = render.answer_message(told, "k", stored(text))
    assert 'began, in <strong class="ca-short">2017</strong> it ended.' in page


def test_short_answer_stands_out_where_the_quotation_runs_over_line_ends() -> None:
    quote = "In <b>\n2017</b> it began, in\n2017 it ended."
    start = quote.rindex("2017")
    short = ShortAnswer("2017", "d", start, start + 4, 1)
    sentence = AnswerSentence(" ".join(quote.split()), (1,))
    told = answer(sentences=(sentence,), citations=(citation(quote=quote, start=0),), short_answer=short)
    page = render.answer_message(told, "k", stored(quote))
    assert '2017&lt;/b&gt; it began, in <strong class="ca-short">2017</strong> it ended.' in page


def test_short_answer_of_a_sentence_in_other_words_stands_out_where_they_hold_it() -> None:
    source = citation(quote="It ended in May\n2017.", start=0)
    short = ShortAnswer("May\n2017", "d", 12, 20, 1)
    told = answer(sentences=(AnswerSentence("May 2017 was its end.", (1,)),), citations=(source,), short_answer=short)
    assert '<strong class="ca-short">May 2017</strong> was' in render.answer_message(told, "k", stored("It ended"))


@pytest.mark.parametrize("reason", list(Reason))
def test_refusal_has_a_label_and_no_number(reason: Reason) -> None:
    page = render.answer_message(refusal(reason), "k", stored(TEXT))
    assert "ca-label" in page
    assert "ca-mark" not in page
    assert "ca-sources" not in page


def test_refusal_offers_at_most_five_passages_as_no_answer() -> None:
    page = render.answer_message(refusal(Reason.NOT_IN_CORPUS), "k", stored(TEXT))
    assert "The corpus does not answer this" in page
    assert "Nearest passages, not an answer" in page
    assert page.count('class="ca-card"') == 5


def test_surroundings_begin_and_end_at_borders() -> None:
    paragraph = " ".join(f"Sentence number {n} says little." for n in range(60))
    text = f"Heading\n\n{paragraph}\n\nNext paragraph."
    start = text.index("Sentence number 30")
    end = start + len("Sentence number 30 says little.")
    first, last = render.surroundings(text, start, end)
    assert first <= start
    assert last >= end
    assert start - first <= 300
    assert last - end <= 300
    assert re.match(r"Sentence number \d+ says", text[first:])
    assert text[:last].endswith("little.")
    assert render.surroundings("Short.", 0, 6) == (0, 6)


def test_surroundings_of_text_without_any_border_are_the_quotation() -> None:
    assert render.surroundings("x" * 2000, 900, 950) == (900, 950)


def test_copied_answer_names_its_sources() -> None:
    told = Answer(
        "q",
        "q",
        True,
        "It ended.",
        sentences=(AnswerSentence("It ended.", (1,)),),
        citations=(Citation(1, "d", "a.md", "Title", "2017", None, 2, "It ended.", 0, 9),),
    )
    assert render.plain_copy(told) == "It ended. [1]\n\n[1] “It ended.” Title, 2017, p. 2, a.md"
    noted = replace(told, notes=("The sources differ: “Title” says 15, “Other” says 20.",))
    assert render.plain_copy(noted).splitlines()[1] == "The sources differ: “Title” says 15, “Other” says 20."


def test_long_question_is_shortened_where_it_is_shown() -> None:
    assert len(render.question_message("a" * 10_000)) < 1_000
