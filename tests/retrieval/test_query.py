"""A question, read: what kind of thing it asks for, its names, numbers, years; what is too long or empty."""

from __future__ import annotations

import pytest

from assistant.errors import QuestionError
from assistant.retrieval.dates import EARLIEST, LATEST
from assistant.retrieval.query import LONGEST, Kind, analyse, kind_of, read_question


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who chaired the meeting?", Kind.WHO),
        ("Whose idea was it?", Kind.WHO),
        ("Could you tell me who chaired it?", Kind.WHO),
        ("Which president signed the statement?", Kind.WHO),
        ("When did the consultations begin?", Kind.WHEN),
        ("In what year did it start?", Kind.WHEN),
        ("Where did the presidents meet?", Kind.WHERE),
        ("Which city hosted the summit?", Kind.WHERE),
        ("How many countries signed?", Kind.HOW_MANY),
        ("How long did the group last?", Kind.HOW_MANY),
        ("Why did the group collapse?", Kind.WHY),
        ("What led to the suspension?", Kind.WHY),
        ("How come the talks stopped?", Kind.WHY),
        ("What happened to the 2013 group?", Kind.FATE),
        ("What became of the hotline?", Kind.FATE),
        ("Which state proposed the committee?", Kind.WHO),
        ("Which country is the committee in?", Kind.WHERE),
        ("What happened after the attack?", Kind.WHAT),
        ("Что произошло после саммита?", Kind.WHAT),
        ("How did the talks end?", Kind.FATE),
        ("How did the talks begin?", Kind.HOW),
        ("Which countries backed the concept?", Kind.LIST),
        ("What are the four points?", Kind.LIST),
        ("List the four points.", Kind.LIST),
        ("Did Trump agree?", Kind.YES_NO),
        ("Is the OEWG open to all states?", Kind.YES_NO),
        ("What is the Budapest Convention?", Kind.WHAT),
        ("Tell me about BRICS", Kind.WHAT),
        ("Кто возглавлял делегацию?", Kind.WHO),
        ("Когда прошла встреча?", Kind.WHEN),
        ("В каком году начались переговоры?", Kind.WHEN),
        ("Где встретились президенты?", Kind.WHERE),
        ("Сколько стран подписали?", Kind.HOW_MANY),
        ("Почему провалилась группа?", Kind.WHY),
        ("Что стало с группой 2013 года?", Kind.FATE),
        ("Чем закончились переговоры?", Kind.FATE),
        ("Как начались переговоры?", Kind.HOW),
        ("Какие предложения сделал Путин?", Kind.LIST),
        ("Правда ли, что переговоры прекращены?", Kind.YES_NO),
        ("Согласились ли США?", Kind.YES_NO),
        ("Что такое ГПЭ?", Kind.WHAT),
        ("Who was foreign minister when the plan was made public?", Kind.WHO),
        ("Which agency announced the arrests?", Kind.WHO),
        ("name of the organisation's secretary-general?", Kind.WHO),
        ("Date of the ministry's reply", Kind.WHEN),
        ("number of co-sponsors of the resolution", Kind.HOW_MANY),
    ],
)
def test_kind_of_thing_that_is_asked_for(question: str, kind: Kind) -> None:
    assert kind_of(question) is kind


def test_names_years_and_numbers_of_a_question_are_read() -> None:
    query = analyse("Which 25 countries met Krutskikh in Geneva between 2013 and 2015?")
    assert query.names == {"krutskikh", "geneva"}
    assert query.years == {2013, 2014, 2015}
    assert {"25", "2013", "2015"} <= query.numbers


def test_first_word_of_a_question_is_no_name() -> None:
    assert analyse("Critics said what?").names == frozenset()


def test_forms_of_a_word_are_one_term() -> None:
    assert analyse("collapse collapsed collapsing").terms == analyse("collapses").terms
    assert analyse("рабочая группа, рабочей группы, рабочую группу").terms == analyse("рабочие группы").terms


def test_question_of_function_words_only_still_has_terms() -> None:
    assert analyse("Who is it?").terms


def test_white_space_of_a_question_is_collapsed() -> None:
    assert read_question("  Who\tchaired\n\nit? ") == "Who chaired it?"


@pytest.mark.parametrize("text", ["", "   \n", "?!…", "—", "🙂"])
def test_empty_question_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(QuestionError, match="empty; ask something"):
        read_question(text)


def test_longest_question_is_read_and_a_longer_one_refused_with_its_length() -> None:
    assert read_question("x" * LONGEST) == "x" * LONGEST
    with pytest.raises(QuestionError, match=r"10,000 characters, at most 4,000"):
        read_question("x" * 10_000)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What happened before 2013?", [(EARLIEST, 2013)]),
        ("Which agreements were signed since 2022?", [(2022, LATEST)]),
        ("Who chaired it between 2010 and 2014?", [(2010, 2014)]),
        ("What became of the groups of 2013 and 2017?", [(2013, 2013), (2017, 2017)]),
        ("Что было подписано после 2015 года?", [(2015, LATEST)]),
        ("Who chaired it?", []),
    ],
)
def test_a_question_asks_about_periods(question: str, expected: list[tuple[int, int]]) -> None:
    assert list(analyse(question).periods) == expected


@pytest.mark.parametrize(
    ("question", "latest"),
    [
        ("Who is the current chairman?", True),
        ("What is the most recent figure?", True),
        ("How many members does it have now?", True),
        ("Кто сейчас руководит группой?", True),
        ("Who was the chairman in 2013?", False),
        ("Who knows the chairman?", False),
    ],
)
def test_a_question_may_ask_for_the_latest(question: str, *, latest: bool) -> None:
    assert analyse(question).latest is latest


def test_what_has_been_so_for_years_is_no_reason_for_the_end_of_one() -> None:
    since = "It has been a subject of declarations since 2011."
    assert analyse("Why did the 2019 working group collapse?").timing(since) == 0.0
    assert analyse("What was a subject of declarations in 2019?").timing(since) > 0.0
