"""Every displayed sentence has a citation, every citation is the stored text to the character."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from assistant import Assistant
from assistant.answering.citations import Statement, cite
from assistant.answering.evidence import Evidence
from assistant.store.catalog import Catalog
from assistant.types import Answer

QUESTIONS = [
    "Why did the 2017 working group collapse?",
    "What happened to the 2013 group?",
    "Who chaired the working group's meeting in November 2013?",
    "When did the General Assembly adopt the joint Russian-American resolution?",
    "What are Putin's four points?",
    "How does the Russian notion of information security differ from what Americans call cybersecurity?",
    "Почему провалилась рабочая группа 2017 года?",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_sentences_citations_and_quotations_agree(starter: Assistant, question: str) -> None:
    answer = starter.ask(question)
    assert answer.answered
    assert 1 <= len(answer.sentences) <= 6
    assert_proven(starter, answer)


def assert_proven(assistant: Assistant, answer: Answer) -> None:
    """Text, sentences, numbers and quotations of an answer hold together."""
    assert answer.text == " ".join(sentence.text for sentence in answer.sentences)
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    used = [number for sentence in answer.sentences for number in sentence.citations]
    assert all(sentence.citations for sentence in answer.sentences)
    assert set(used) == {c.number for c in answer.citations}
    assert list(dict.fromkeys(used)) == sorted(set(used)), "numbers run in the order of their first use"
    for citation in answer.citations:
        document = assistant.document(citation.path)
        assert citation.quote
        assert document.text[citation.start : citation.end] == citation.quote
        assert (citation.document_id, citation.title, citation.date) == (document.id, document.title, document.date)
        assert citation.page == document.page_at(citation.start)


def test_extractive_sentences_are_their_quotations(starter: Assistant) -> None:
    answer = starter.ask(QUESTIONS[0])
    quotes = {c.number: " ".join(c.quote.split()) for c in answer.citations}
    for sentence in answer.sentences:
        assert sentence.text in {quotes[number] for number in sentence.citations}


# --- the last room before display ----------------------------------------------------------------------------


@pytest.fixture
def catalog(starter: Assistant) -> Iterator[Catalog]:
    """The catalog of the starter corpus, opened a second time."""
    opened = Catalog(starter.settings.index_dir / "catalog.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def true(starter: Assistant) -> Evidence:
    """A sentence of the corpus as evidence."""
    found = starter.ask(QUESTIONS[0]).citations[0]
    return Evidence(
        document_id=found.document_id,
        path=found.path,
        title=found.title,
        date=found.date,
        url=found.url,
        page=found.page,
        start=found.start,
        end=found.end,
        text=found.quote,
        score=0.9,
        heading="",
    )


def tampered(evidence: Evidence) -> list[Evidence]:
    """What a bug or a forger could make of a span."""
    return [
        replace(evidence, text=evidence.text.replace("Congress", "Parliament")),
        replace(evidence, text=evidence.text + " "),
        replace(evidence, text=evidence.text.upper()),
        replace(evidence, text=""),
        replace(evidence, start=evidence.start + 1),
        replace(evidence, end=evidence.end + 1),
        replace(evidence, start=-len(evidence.text), end=0),
        replace(evidence, start=10**9, end=10**9 + len(evidence.text)),
        replace(evidence, document_id="no-such-document"),
    ]


def test_true_span_is_cited(catalog: Catalog, true: Evidence) -> None:
    with catalog.read() as snapshot:
        sentences, citations = cite([Statement("Said.", (true,))], snapshot)
    assert [(s.text, s.citations) for s in sentences] == [("Said.", (1,))]
    assert [(c.number, c.quote, c.start, c.end) for c in citations] == [(1, true.text, true.start, true.end)]


def test_tampered_span_is_never_cited_and_what_rests_on_it_not_shown(catalog: Catalog, true: Evidence) -> None:
    with catalog.read() as snapshot:
        for false in tampered(true):
            assert cite([Statement("Said.", (false,))], snapshot) == ([], [])


def test_tampered_span_beside_a_true_one_is_left_out(catalog: Catalog, true: Evidence) -> None:
    with catalog.read() as snapshot:
        for false in tampered(true):
            sentences, citations = cite([Statement("One.", (false, true))], snapshot)
            assert [(s.text, s.citations) for s in sentences] == [("One.", (1,))]
            assert [c.quote for c in citations] == [true.text]


def test_tampered_text_does_not_pass_by_the_number_of_the_true_span(catalog: Catalog, true: Evidence) -> None:
    false = replace(true, text=true.text.replace("Congress", "Parliament"))
    with catalog.read() as snapshot:
        sentences, _ = cite([Statement("True.", (true,)), Statement("False.", (false,))], snapshot)
    assert [s.text for s in sentences] == ["True."]


def test_one_span_has_one_number(catalog: Catalog, true: Evidence) -> None:
    with catalog.read() as snapshot:
        sentences, citations = cite([Statement("One.", (true, true)), Statement("Two.", (true,))], snapshot)
    assert [s.citations for s in sentences] == [(1,), (1,)]
    assert len(citations) == 1


@pytest.mark.parametrize("text", ["", "  \n"])
def test_blank_sentence_is_not_shown(catalog: Catalog, true: Evidence, text: str) -> None:
    with catalog.read() as snapshot:
        sentences, _ = cite([Statement(text, (true,))], snapshot)
    assert sentences == []


def test_sentence_without_evidence_is_not_shown(catalog: Catalog) -> None:
    with catalog.read() as snapshot:
        assert cite([Statement("Trust me.", ())], snapshot) == ([], [])
