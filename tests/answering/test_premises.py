"""A false premise is named, with what the corpus says instead; a true one is never called false."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant import Assistant
from assistant.types import Reason
from tests.answering.test_abstention import assert_refused


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Why did the 2019 working group collapse?", ["no working group of 2019", "2013 and 2017"]),
        ("What happened to the 2019 group?", ["no group of 2019", "2013 and 2017"]),
        ("Who chaired the 2015 working group?", ["no working group of 2015", "2013 and 2017"]),
        ("Why did the attempt of 2016 fail?", ["no attempt of 2016", "2013 and 2017"]),
        ("What came of the Geneva summit of 2019?", ["no Geneva summit of 2019", "2021"]),
        ("Почему распалась рабочая группа 2019 года?", ["2019", "2013"]),
    ],
)
def test_wrong_year_is_told_with_the_years_that_there_are(starter: Assistant, question: str, named: list[str]) -> None:
    answer = starter.ask(question)
    assert_refused(answer, Reason.FALSE_PREMISE)
    assert [part for part in named if part in (answer.explanation or "")] == named


@pytest.mark.parametrize(
    ("question", "instead"),
    [
        ("What did Putin and Obama agree on at the Geneva summit of June 2021?", "Biden"),
        ("Why did Xi sign the Geneva statement?", "Geneva"),
        ("What did Xi Jinping say about cybersecurity on his visit to Armenia?", "Russia"),
        ("What did Biden and Putin announce in Hamburg in 2017?", "Trump"),
        ("Who represented the US when Trump and Putin met at Lough Erne?", "Obama"),
        ("When did Lavrov represent Russia at the BRICS meeting in South Africa in July 2023?", "Patrushev"),
        ("О чём договорились Путин и Обама в Женеве?", "Байдена"),
    ],
)
def test_name_that_was_not_there_is_told_with_a_quotation_of_who_was(
    starter: Assistant, question: str, instead: str
) -> None:
    answer = starter.ask(question)
    assert_refused(answer, Reason.FALSE_PREMISE)
    assert instead in (answer.explanation or "")


@pytest.mark.parametrize(
    ("question", "instead"),
    [
        ("Why did Barack Obama tweet about an impenetrable cybersecurity unit?", "The tweet spoke of"),
        ("Why did Russia suspend the cyber consultations in 2022?", "United States suspended"),
        ("Why did Russia reject Krutskikh's appeal of March 2022?", "The United States rejected"),
        ("When did Russia accuse the US Congress of meddling in the election of 2016?", "critics in Congress accused"),
        ("Why did Russia vote against the joint resolution of December 2021?", "without a vote"),
        ("Why did Russia veto the 2021 resolution?", "without a vote"),
        ("Why was the joint resolution of 2021 vetoed by Russia?", "without a vote"),
    ],
)
def test_swapped_roles_and_outcomes_are_told_with_a_quotation(starter: Assistant, question: str, instead: str) -> None:
    answer = starter.ask(question)
    assert_refused(answer, Reason.FALSE_PREMISE)
    assert instead in (answer.explanation or "")


def test_explanation_names_the_document_and_quotes_it_word_for_word(starter: Assistant) -> None:
    answer = starter.ask("What did Putin and Obama agree on at the Geneva summit of June 2021?")
    title, said = (answer.explanation or "").split(" says: ")
    assert title.endswith("“The Geneva summit of June 2021”")
    assert said.strip("“”") in starter.document("geneva-summit-2021.md").text
    assert len(answer.passages) >= 5


@pytest.mark.parametrize(
    "question",
    [
        "Why did the United States suspend the cyber consultations in 2022?",
        "Why did the 2017 working group collapse?",
        "What happened to the 2013 group?",
        "Why did the Obama administration freeze the Bilateral Presidential Commission?",
        "What did Putin and Biden agree on at the Geneva summit of June 2021?",
        "Who announced in Hamburg that the working group would resume?",
        "How do the views of Krutskikh and Lyukmanov differ?",
        "Did Obama and Putin meet in Geneva?",
        "Почему рухнули планы 2017 года о рабочей группе?",
        "Почему США приостановили киберконсультации в 2022 году?",
    ],
)
def test_what_the_corpus_bears_out_or_nobody_claims_is_not_called_false(starter: Assistant, question: str) -> None:
    assert starter.ask(question).reason is not Reason.FALSE_PREMISE


@pytest.mark.parametrize(
    "question",
    [
        "How large was the budget of the 2013 group?",
        "Who chairs the Ad Hoc Committee on the cybercrime convention?",
        "When did Russia sign its information security agreement with Kenya?",
        "Why was the agreement with Zimbabwe signed in Harare?",
    ],
)
def test_what_is_merely_absent_is_no_false_premise(starter: Assistant, question: str) -> None:
    assert_refused(starter.ask(question), Reason.NOT_IN_CORPUS)


def test_name_that_no_document_mentions_is_not_answered_with_another(make_assistant: Callable[..., Assistant]) -> None:
    text = "# Agreements\n\nRussia signed the agreement on information security with Armenia in March 2022.\n"
    answer = make_assistant({"agreements.md": text}).ask("When did Russia sign the agreement with Kenya?")
    assert_refused(answer, Reason.NOT_IN_CORPUS)
    assert "Kenya" in (answer.explanation or "")


def test_who_does_something_may_stand_under_another_name(starter: Assistant) -> None:
    assert starter.ask("Why do Moscow and Beijing object to ICANN?").answered


def test_name_within_a_name_is_another_thing(make_assistant: Callable[..., Assistant]) -> None:
    """An Open-ended Working Group of 2019 is not what is meant by "the 2019 working group"."""
    assistant = make_assistant(
        {
            "groups.md": "# Groups\n\nThe 2013 working group met once in Washington.\n\n"
            "The Open-ended Working Group was created in 2019.\n"
        }
    )
    assert_refused(assistant.ask("Who chaired the 2019 working group?"), Reason.FALSE_PREMISE)
    assert assistant.ask("When was the Open-ended Working Group of 2019 created?").reason is not Reason.FALSE_PREMISE


@pytest.mark.parametrize(
    "question",
    [
        "Who chaired the second meeting of the 2013 working group in Russia?",
        "When did the second meeting of the 2013 working group take place?",
    ],
)
def test_meeting_that_never_took_place_is_told_with_the_sentence_that_says_so(
    starter: Assistant, question: str
) -> None:
    answer = starter.ask(question)
    assert_refused(answer, Reason.FALSE_PREMISE)
    assert "second meeting did not take place" in (answer.explanation or "")
    assert "never took place" in (answer.explanation or "").partition("says:")[2]


@pytest.mark.parametrize(
    "question",
    [
        "Why did the second meeting of the 2013 working group never take place?",
        "Who chaired the first meeting of the 2013 working group?",
        "Did the second meeting of the 2013 working group take place?",
    ],
)
def test_asking_about_what_was_held_or_whether_it_was_is_no_false_premise(starter: Assistant, question: str) -> None:
    assert starter.ask(question).reason is not Reason.FALSE_PREMISE


def test_second_meeting_of_another_body_is_not_said_to_have_failed(starter: Assistant) -> None:
    assert starter.ask("Who attended the second meeting of the OEWG?").reason is not Reason.FALSE_PREMISE
