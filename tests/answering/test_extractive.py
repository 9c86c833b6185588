"""The answer in the documents' own words: as short as what is asked, everything said once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant import Assistant
from tests.answering.test_citations import assert_proven

MakeAssistant = Callable[..., Assistant]

BRIDGE = """# Harbour Bridge

The Harbour Bridge is a steel arch bridge over the bay.

The Harbour Bridge was opened on {day} March 1932 by the premier, Jack Lang.

The work on the Harbour Bridge took eight years because the rock under the bay was soft.
"""


@pytest.fixture(scope="module")
def copies(make_assistant: MakeAssistant) -> Assistant:
    """One article, copied twice and edited once."""
    return make_assistant(
        {
            "bridge.md": BRIDGE.format(day=19),
            "copy.md": BRIDGE.format(day=19) + "\nA mirror of the article.\n",
            "edited.md": BRIDGE.format(day="19th"),
            "other.md": "# Ferries\n\nThe ferry crosses the bay twice a day.\n",
        }
    )


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("When was the Harbour Bridge opened?", "March 1932"),
        ("Why did the work on the Harbour Bridge take eight years?", "rock under the bay was soft"),
        ("What is the Harbour Bridge?", "steel arch bridge"),
    ],
)
def test_what_several_documents_say_is_said_once(copies: Assistant, question: str, fact: str) -> None:
    answer = copies.ask(question)
    assert_proven(copies, answer)
    assert sum(fact in sentence.text for sentence in answer.sentences) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Harbour Bridge was opened on 19 March 1932.", "The Harbour Bridge was opened on 19 March 1933."),
        ("The Harbour Bridge carries 1,200 cars in an hour.", "The Harbour Bridge carries 1,300 cars in an hour."),
        ("The premier who opened the bridge was Jack Lang.", "The premier who opened the bridge was Otto Lang."),
    ],
)
def test_sentences_of_which_one_figure_or_name_differs_are_not_taken_for_one(
    make_assistant: MakeAssistant, one: str, other: str
) -> None:
    assistant = make_assistant({"a.md": f"# Harbour Bridge\n\n{one}\n", "b.md": f"# Harbour Bridge\n\n{other}\n"})
    answer = assistant.ask("What is told about the Harbour Bridge?")
    assert_proven(assistant, answer)
    quotes = {citation.quote for citation in answer.citations}
    assert not answer.answered or quotes >= {one, other}


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("Who chaired the working group's meeting in November 2013?", "Klimashin"),
        ("When did the General Assembly adopt the joint Russian-American resolution?", "December 8, 2021"),
        ("Who headed the Russian delegation in the 2021 cyber consultations?", "Khramov"),
    ],
)
def test_a_fact_is_answered_in_a_sentence_or_two(starter: Assistant, question: str, fact: str) -> None:
    answer = starter.ask(question)
    assert 1 <= len(answer.sentences) <= 2
    assert fact in answer.text


WRAPPED = """The lighthouse of Skarholm on the northern shore of the bay was built by
the engineer Anna Orsova of Bergen in the summer of 1901 for the pilots.
It is painted white, and from the sea it can be seen at twenty miles.
"""


def test_sentences_are_displayed_on_one_line(make_assistant: MakeAssistant) -> None:
    corpus = make_assistant({"wrapped.txt": WRAPPED})
    answer = corpus.ask("Who built the lighthouse of Skarholm?")
    assert_proven(corpus, answer)
    assert "was built by the engineer Anna Orsova of Bergen" in answer.text


def test_copied_sentence_is_cited_from_the_earliest_document(make_assistant: MakeAssistant) -> None:
    said = "The Marlow ferry was cancelled because its engine had failed an inspection."
    corpus = make_assistant(
        {
            "a-copy.md": f"---\ndate: 2021-05-02\n---\n# The Marlow ferry\n\n{said}\n\nA later copy.\n",
            "b-source.md": f"---\ndate: 2019-03-01\n---\n# The Marlow ferry\n\n{said}\n",
            "c-undated.md": f"# The Marlow ferry\n\n{said}\n\nAn undated copy.\n",
        }
    )
    answer = corpus.ask("Why was the Marlow ferry cancelled?")
    assert_proven(corpus, answer)
    assert [citation.path for citation in answer.citations] == ["b-source.md"]


def test_what_an_announcing_sentence_announces_is_said_with_it(starter: Assistant) -> None:
    answer = starter.ask("What do the different sources call the events in Ukraine?")
    assert "The two sources name the events differently." in answer.text
    assert "Special Military Operation" in answer.text


MERGER = """# The merger of the two harbours

Plans of a merger were dropped for three reasons. The first reason was that the dockers' union called a strike. The
press reported on the strike for weeks. The second reason was the price of the northern quay. The third reason was a
law that kept the harbours apart.
"""


@pytest.fixture(scope="module")
def merger(make_assistant: MakeAssistant) -> Assistant:
    return make_assistant({"merger.md": MERGER, "ferries.md": "# Ferries\n\nThe ferry crosses the bay twice a day.\n"})


def test_where_one_of_several_reasons_is_said_the_others_come_along(merger: Assistant) -> None:
    answer = merger.ask("Why was the merger of the harbours dropped?")
    assert_proven(merger, answer)
    reasons = ("called a strike", "price of the northern quay", "kept the harbours apart")
    assert [reason for reason in reasons if reason in answer.text] == list(reasons)


def test_one_that_is_asked_for_by_its_number_comes_alone(merger: Assistant) -> None:
    text = merger.ask("What was the second reason why the merger was dropped?").text
    assert "price of the northern quay" in text
    assert "kept the harbours apart" not in text


def test_a_row_of_a_chronicle_answers_when_and_gives_way_to_prose_otherwise(starter: Assistant) -> None:
    when = starter.ask("When did Krutskikh appeal for agreements?")
    assert "March 2022" in when.text
    what = starter.ask("What jobs did Putin have in mind for the revived group in 2017?")
    assert "interference" in what.text
    assert " | " not in what.text
