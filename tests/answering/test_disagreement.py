"""Sources that contradict each other are both shown and it is said; those that only seem to are left in peace."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant import Assistant

REPORT = """---
title: "Annual report"
date: "2022"
---

The Harbour Council has 15 members. The Kestrel bridge was opened in May 1998. The headquarters of the Harbour Council
is in Lisbon. The Harbour Council accepted the Faro proposal on fishing quotas. The dike at Norcia is 12 km long.
The audit of 2020 was led by Anne Neuberger. The lighthouse of Sable was damaged by the storm.
The ferry to Sable takes at least 40 cars.
The Gull radio was launched in June 2015. A fisherman needs a permit for the jetty.
"""
CHRONICLE = """---
title: "City chronicle"
date: "2022"
---

The Harbour Council has 20 members, according to its secretary. The Kestrel bridge was opened in June 1999 after long
delays. The headquarters of the Harbour Council is in Porto. The Harbour Council rejected the Faro proposal on fishing
quotas. The dike at Norcia is 12 kilometres long. The audit of 2020 was led by Ann Nyberger. The lighthouse of Sable was
not damaged by the storm.
"""
NEIGHBOURS = """---
title: "The neighbours"
date: "2022"
---

The River Council has 9 members. The Harbour Council gained 3 members in spring. The Osprey bridge was opened in
July 1975. The Kestrel bridge was closed in 2010. The ferry to Sable takes 60 cars.
The Gull radio was launched in Lisbon in May 2016. If you are a guest, you do not need a permit for the jetty.
"""
REPORT_RU = """---
title: "Отчёт"
date: "2022"
---

В Совете портов 15 членов. Совет портов был основан в 1991 году.
"""
CHRONICLE_RU = """---
title: "Летопись"
date: "2022"
---

В Совете портов 20 членов. Совет портов был основан в 1993 году.
"""
GUIDE_2019 = """---
title: "Guide of 2019"
date: "2019"
---

The Lighthouse Museum employs 12 guides. The director of the Lighthouse Museum is Ana Prado.
"""
GUIDE_2023 = """---
title: "Guide of 2023"
date: "2023"
---

The Lighthouse Museum employs 30 guides. The director of the Lighthouse Museum is Luis Mota.
"""
TOWN = """---
title: "A town"
---

In 2013 the mayor of Aldea was Rosa Ferrer. In 2017 the mayor of Aldea was Pablo Ibarra. The population of Aldea was
4,100 in 2013. The population of Aldea was 5,300 in 2020.
"""


@pytest.fixture(scope="module")
def towns(make_assistant: Callable[..., Assistant]) -> Assistant:
    """A corpus with contradictions, and with what only looks like one."""
    return make_assistant(
        {
            "report.md": REPORT,
            "chronicle.md": CHRONICLE,
            "neighbours.md": NEIGHBOURS,
            "report-ru.md": REPORT_RU,
            "chronicle-ru.md": CHRONICLE_RU,
            "guide-2019.md": GUIDE_2019,
            "guide-2023.md": GUIDE_2023,
            "town.md": TOWN,
        }
    )


@pytest.mark.parametrize(
    ("question", "values"),
    [
        ("How many members does the Harbour Council have?", ("15 members", "20 members")),
        ("When was the Kestrel bridge opened?", ("May 1998", "June 1999")),
        ("Where is the headquarters of the Harbour Council?", ("Lisbon", "Porto")),
        ("Did the Harbour Council accept the Faro proposal?", ("accepted", "rejected")),
        ("Was the lighthouse of Sable damaged by the storm?", ("damaged", "not damaged")),
    ],
)
def test_both_sides_are_shown_and_the_note_names_what_differs(
    towns: Assistant, question: str, values: tuple[str, str]
) -> None:
    answer = towns.ask(question)
    assert {"report.md", "chronicle.md"} <= {citation.path for citation in answer.citations}
    assert len(answer.notes) == 1
    assert answer.notes[0].startswith("The sources differ: ")
    for part in ("“Annual report”", "“City chronicle”", *values):
        assert part in answer.notes[0]
    assert answer.text == " ".join(sentence.text for sentence in answer.sentences)


@pytest.mark.parametrize(
    ("question", "values"),
    [
        ("Сколько членов в Совете портов?", ("15 членов", "20 членов")),
        ("Когда был основан Совет портов?", ("1991", "1993")),
    ],
)
def test_a_russian_note_is_russian(towns: Assistant, question: str, values: tuple[str, str]) -> None:
    answer = towns.ask(question)
    assert {citation.path for citation in answer.citations} == {"report-ru.md", "chronicle-ru.md"}
    (note,) = answer.notes
    assert note.startswith("Источники расходятся: ")
    for part in ("«Отчёт»", "«Летопись»", *values):
        assert part in note


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("How long is the dike at Norcia?", "km and kilometres are one unit"),
        ("Who led the audit of 2020?", "Neuberger and Nyberger are two spellings"),
        ("How many members does the River Council have?", "another council"),
        ("How many cars does the ferry to Sable take?", "at least 40 may be 60"),
        ("When was the Gull radio launched?", "in one town later than elsewhere"),
        ("Do I need a permit for the jetty?", "a condition denies nothing"),
        ("When was the Osprey bridge opened?", "another bridge"),
    ],
)
def test_what_only_looks_like_a_contradiction_is_none(towns: Assistant, question: str, why: str) -> None:
    answer = towns.ask(question)
    assert answer.answered
    assert not answer.notes, why


@pytest.mark.parametrize(
    ("question", "later", "earlier"),
    [
        ("How many guides does the Lighthouse Museum employ?", "2023: 30 guides", "2019: 12 guides"),
        ("Who is the director of the Lighthouse Museum?", "2023: Luis Mota", "2019: Ana Prado"),
        ("What is the population of Aldea?", "2020: 5,300", "2013: 4,100"),
        ("Who was the mayor of Aldea?", "2017: Pablo Ibarra", "2013: Rosa Ferrer"),
    ],
)
def test_two_states_are_no_contradiction_and_the_note_says_when_each_held(
    towns: Assistant, question: str, later: str, earlier: str
) -> None:
    answer = towns.ask(question)
    (note,) = answer.notes
    assert note.startswith("The sources speak of different times: ")
    assert 0 < note.index(later) < note.index(earlier)
    for told in (later, earlier):
        assert told.split(": ")[1].split()[0] in answer.text


def test_where_one_time_is_asked_about_the_other_state_is_not_brought_up(towns: Assistant) -> None:
    answer = towns.ask("Who was the mayor of Aldea in 2017?")
    assert "Ibarra" in answer.text
    assert "Ferrer" not in answer.text
    assert not answer.notes


def test_the_disputed_date_of_the_starter_corpus_is_told_with_both_sides(starter: Assistant) -> None:
    answer = starter.ask("When did Putin put the four-point plan forward?")
    assert {"September 2020", "September 2021"} <= {
        date for date in ("September 2020", "September 2021") if date in answer.text
    }
    assert any("September 2020" in note and "September 2021" in note for note in answer.notes)
