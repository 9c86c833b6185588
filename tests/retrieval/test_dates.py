"""Years and periods as texts write them, what only looks like one, and which period answers for which."""

from __future__ import annotations

import pytest

from assistant.retrieval.dates import EARLIEST, LATEST, SHORT_SPAN, Period, dates_in, fit, periods, years


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The group of 2017.", {2017}),
        ("On June 17, 2013, they met.", {2013}),
        ("Рабочая группа 2013 года", {2013}),
        ("2021г.", {2021}),
        ("in 2013, in 2017 and in 2021", {2013, 2017, 2021}),
        ("The 1990s", set(range(1990, 2000))),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("From 2010 to 2014 he was the chairman.", (2010, 2014)),
        ("from May 2010 to June 2014", (2010, 2014)),
        ("from 18 December 1996 until 19 May 2003", (1996, 2003)),
        ("between June 2010 and May 2012", (2010, 2012)),
        ("the coach ( 2015–17 )", (2015, 2017)),
        ("the season of 1999-00", (1999, 2000)),
        ("in the late 1990s", (1990, 1999)),
        ("in the 1800s", (1800, 1899)),
        ("since 2015", (2015, LATEST)),
        ("since at least June 2011", (2011, LATEST)),
        ("From 2015 he led the club.", (2015, LATEST)),
        ("the coach ( 2019– )", (2019, LATEST)),
        ("2010 – present", (2010, LATEST)),
        ("after February 2022", (2022, LATEST)),
        ("until June 2009", (EARLIEST, 2009)),
        ("before 2013", (EARLIEST, 2013)),
        ("the group of 2017", (2017, 2017)),
        ("с мая 2013 года по июнь 2015 года", (2013, 2015)),
        ("между 2013 и 2015 годами", (2013, 2015)),
        ("с 2015 года", (2015, LATEST)),
        ("после 2015 года", (2015, LATEST)),
        ("до 2009 года", (EARLIEST, 2009)),
        ("в 1990-х годах", (1990, 1999)),
    ],
)
def test_periods_are_read(text: str, expected: tuple[int, int]) -> None:
    assert periods(text) == (expected,)


def test_a_list_from_some_year_has_an_end() -> None:
    assert periods("the report from 2013 and the one of 2017") == ((2013, 2013), (2017, 2017))


@pytest.mark.parametrize(
    "text", ["Li (28 January 1910 – 31 May 2001) was a minister.", "Ли (28 января 1910 — 31 мая 2001)"]
)
def test_a_life_in_brackets_dates_nothing_else(text: str) -> None:
    assert periods(text) == ()


def test_dates_are_as_exact_as_they_are_written() -> None:
    text = "On June 17, 2013, in Sept. 2020, в марте 2022 года, 2021-12-08 and in 1998"
    assert [(d.period.first, d.month, d.day) for d in dates_in(text)] == [
        (2013, 6, 17), (2020, 9, None), (2022, 3, None), (2021, 12, 8), (1998, None, None),
    ]  # fmt: skip
    assert [text[d.start : d.end] for d in dates_in(text)][:2] == ["June 17, 2013", "Sept. 2020"]


def test_a_month_agrees_with_its_day_and_not_with_another_year() -> None:
    month, day, other = dates_in("September 2020, September 25, 2020, September 2021")
    assert month.agrees(day)
    assert not month.agrees(other)


@pytest.mark.parametrize(
    ("asked", "better", "worse"),
    [
        ("2012", "from 2010 to 2014", "from 2014 to 2016"),
        ("2012", "in 2012", "from 2008 to 2016"),
        ("2012", "since 2010", "since 2013"),
        ("2012", "until 2015", "until 2010"),
        ("2017", "in 2017", "(2009-2017)"),
        ("from 2010 to 2014", "from 2010 to 2014", "from 2012 to 2013"),
        ("from 2010 to 2014", "in 2010", "in 2013"),
        ("from 2010 to 2014", "since 2010", "from 2000 to 2010"),
        ("from 2010 to 2014", "from 2000 to 2020", "in 2014"),
        ("in the 1990s", "from 1993 to 1996", "in 2001"),
        ("since 2015", "in 2018", "in 2013"),
        ("before 2013", "in 2008", "in 2017"),
    ],
)
def test_a_period_that_holds_what_is_asked_fits_better(asked: str, better: str, worse: str) -> None:
    (wanted,), (good,), (bad,) = periods(asked), periods(better), periods(worse)
    assert fit(wanted, good) > fit(wanted, bad)


def test_a_period_fits_what_it_meets_and_nothing_else() -> None:
    assert fit(Period(2016, 2016), Period(2010, 2014)) == 0.0
    assert fit(Period(2012, 2012), Period(2010, 2014)) > 0.0
    assert fit(Period(2012, 2012), Period(2012, 2012)) == 1.0


@pytest.mark.parametrize("said", ["until 2023", "before 2021"])
def test_what_ends_in_our_time_says_nothing_about_long_ago(said: str) -> None:
    (period,) = periods(said)
    assert fit(Period(1987, 1987), period) == 0.0
    assert fit(Period(2018, 2018), period) > 0.0
