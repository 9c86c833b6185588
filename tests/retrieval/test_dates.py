"""Years as texts write them: single ones, spans, and what only looks like one."""

from __future__ import annotations

import pytest

from assistant.retrieval.dates import SHORT_SPAN, years


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The group of 2017.", {2017}),
        ("On June 17, 2013, they met.", {2013}),
        ("Рабочая группа 2013 года", {2013}),
        ("2021г.", {2021}),
        ("in 2013, in 2017 and in 2021", {2013, 2017, 2021}),
        ("The 1990s", {1990}),
        ("The treaty of 1648", {1648}),
        ("from 2013 to 2015", {2013, 2014, 2015}),
        ("between 2013 and 2015", {2013, 2014, 2015}),
        ("с 2013 по 2015 год", {2013, 2014, 2015}),
        ("2018-2019", {2018, 2019}),
        ("2018–2019", {2018, 2019}),
        ("2008–09", {2008, 2009}),
        ("the season of 2013/14", {2013, 2014}),
    ],
)
def test_years_and_spans_are_read(text: str, expected: set[int]) -> None:
    assert years(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no year at all",
        "version 3.2017",
        "release 2017.4",
        "2,013 people",
        "the number 20175",
        "the number 12017",
        "in the year 999",
        "in 2199",
        "room 17",
    ],
)
def test_versions_decimals_and_other_numbers_are_no_years(text: str) -> None:
    assert years(text) == set()


def test_an_era_is_not_spelled_out() -> None:
    assert years("Between 1700 and 1999 much happened, in 2001 little.") == {2001}


@pytest.mark.parametrize("span", ["(2009-2017)", "from 2009 to 2017", "2009–17", "с 2009 по 2017"])
def test_a_term_of_office_does_not_name_its_last_year_where_one_year_is_asked_for(span: str) -> None:
    assert years(f"the Obama administration {span} and the summit of 2013", SHORT_SPAN) == {2013}
    assert 2017 in years(span)


def test_a_short_span_names_its_years_even_where_one_year_is_asked_for() -> None:
    assert years("It was set up in 2018-2019.", SHORT_SPAN) == {2018, 2019}


def test_a_span_that_runs_backwards_names_nothing_between() -> None:
    assert 2015 not in years("2017-2013")


def test_two_years_joined_by_and_are_two_years() -> None:
    assert years("the attempts of 2013 and 2017") == {2013, 2017}
    assert years("the attempts of 2013 and 2017", SHORT_SPAN) == {2013, 2017}


@pytest.mark.parametrize(("text", "year"), [("2013-06-17", 2013), ("2008-09-15", 2008), ("16.06.2021", 2021)])
def test_numeric_dates_name_their_year(text: str, year: int) -> None:
    assert years(text) == {year}
