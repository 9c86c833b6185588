"""What search finds, and what a passage is: the right ones first, exact spans, in time, whatever is asked."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assistant import Assistant
from assistant.errors import QuestionError
from assistant.store.catalog import Catalog
from assistant.types import BlockKind, Passage

KEY_QUESTION = "Why did the 2017 working group collapse?"
# Questions of every kind over the starter corpus.
QUESTIONS = [
    KEY_QUESTION,
    "Who chaired the meeting in November 2013?",
    "What are Putin's four points?",
    "Which states backed the convention concept of May 2023?",
    "How does NATO's Article 5 apply to cyberattacks?",
    "Почему провалилась рабочая группа 2017 года?",
    "price of bread",
]

MakeAssistant = Callable[..., Assistant]


def paths(passages: list[Passage]) -> list[str]:
    return [passage.path for passage in passages]


# --- the right ones first ------------------------------------------------------------------------------------


def test_passages_of_2017_come_before_those_of_2013(starter: Assistant) -> None:
    found = starter.search(KEY_QUESTION, top_k=10)
    assert found[0].path == "working-group-2017.md"
    assert "criticism" in found[0].text
    tied_to_2013 = [place for place, p in enumerate(found) if p.path == "working-group-2013.md"]
    of_2017 = [place for place, p in enumerate(found) if p.path == "working-group-2017.md"]
    assert len(of_2017) >= 3
    assert not tied_to_2013 or max(of_2017) < min(tied_to_2013)


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("Why did the working group of 2013 stop its work?", "working-group-2013.md"),
        ("What did Klimashin chair?", "working-group-2013.md"),
        ("What happened at Lough Erne?", "working-group-2013.md"),
        ("Which treaty do 25 experts of the GGE discuss?", "gge-and-oewg.md"),
        ("What did the presidents say on June 16, 2021?", "geneva-summit-2021.md"),
        ("Почему провалилась рабочая группа 2017 года?", "three-attempts-ru.md"),
    ],
)
def test_years_names_and_numbers_lead_to_their_document(starter: Assistant, question: str, path: str) -> None:
    assert starter.search(question)[0].path == path


LIGHTHOUSES = {
    f"keeper-{year}.md": f"# Lighthouse log\n\nThe keeper {name} lit the lamp of the lighthouse in {year}.\n"
    for year, name in [(1901, "Orsova"), (1902, "Tamsin"), (1903, "Bertil"), (1904, "Wenzel"), (1905, "Ilmar")]
}


@pytest.mark.parametrize("year", [1901, 1903, 1905])
def test_year_tells_documents_apart_that_share_all_other_words(make_assistant: MakeAssistant, year: int) -> None:
    log = make_assistant(LIGHTHOUSES)
    assert log.search(f"Who lit the lamp of the lighthouse in {year}?")[0].path == f"keeper-{year}.md"


def test_year_within_a_span_counts(make_assistant: MakeAssistant) -> None:
    burned = "The lamp of the lighthouse burned {}."
    corpus = make_assistant(
        {
            "oil.md": f"# The lamp\n\n{burned.format('oil in 1899')}\n",
            "gas.md": f"# Light\n\n{burned.format('gas 1902-1904')} It was a costly time.\n",
            "coal.md": f"# The lamp\n\n{burned.format('coal in 1913')}\n",
        }
    )
    assert corpus.search("What did the lamp of the lighthouse burn in 1903?")[0].path == "gas.md"


def test_name_tells_documents_apart_that_share_all_other_words(make_assistant: MakeAssistant) -> None:
    log = make_assistant(LIGHTHOUSES)
    assert log.search("When did the keeper Wenzel light the lamp?")[0].path == "keeper-1904.md"


def test_russian_forms_of_a_word_meet(make_assistant: MakeAssistant) -> None:
    corpus = make_assistant(
        {
            "мосты.md": "# Мосты\n\nЧерез широкую реку перекинуты каменные мосты с тремя арками.\n",
            "сады.md": "# Сады\n\nВ городских садах цветут старые яблони и груши.\n",
            "рынки.md": "# Рынки\n\nНа рынках продают свежую рыбу и зелень.\n",
        }
    )
    assert corpus.search("Сколько арок у каменного моста?")[0].path == "мосты.md"
    assert corpus.search("Что цветёт в городском саду?")[0].path == "сады.md"
    assert corpus.search("Чем торгуют на рынке: рыбой?")[0].path == "рынки.md"


# --- what a passage is ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS)
def test_passages_are_exact_distinct_spans_best_first(starter: Assistant, question: str) -> None:
    found = starter.search(question, top_k=10)
    assert len(found) >= 5
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    for passage in found:
        document = starter.document(passage.path)
        assert document.text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip()
        assert (passage.document_id, passage.title, passage.date, passage.url) == (
            document.id,
            document.title,
            document.date,
            document.url,
        )
    for one, other in itertools.combinations(found, 2):
        assert one.path != other.path or one.end <= other.start or other.end <= one.start


@pytest.mark.parametrize("question", QUESTIONS)
def test_passages_never_run_across_a_heading(starter: Assistant, question: str) -> None:
    for passage in starter.search(question, top_k=10):
        headings = [b for b in starter.document(passage.path).blocks if b.kind is BlockKind.HEADING]
        assert not [b for b in headings if b.start < passage.end and passage.start < b.end]


def test_five_passages_are_offered_though_few_hold_a_word_of_the_question(starter: Assistant) -> None:
    assert len(starter.search("zymurgy")) == 5


@pytest.mark.parametrize("top_k", [1, 3, 50])
def test_top_k_is_the_most_that_is_returned(starter: Assistant, top_k: int) -> None:
    found = starter.search(KEY_QUESTION, top_k=top_k)
    assert 1 <= len(found) <= top_k
    assert found[:3] == starter.search(KEY_QUESTION, top_k=3)[: len(found)]


@pytest.mark.parametrize("top_k", [0, -1, 51])
def test_top_k_out_of_range_is_an_error_that_names_it(starter: Assistant, top_k: int) -> None:
    with pytest.raises(QuestionError, match=f"top_k is {top_k}; choose 1 to 50"):
        starter.search(KEY_QUESTION, top_k=top_k)


TALSPERRE = "Zwettlbachtalsperrenbaugesellschaftsmitgliederversammlungsvorstand"
DAM = f"""# The plan

## Before

The committee met on many days and spoke about the weather and the harvest.

## The dam

The engineers of the {TALSPERRE} promised a dam at Zwettl, and the newspapers printed the drawings of it for a summer.
There were to be two towers of granite, a road, and a hotel of the {TALSPERRE} for those who came to look at the water.
For the workers of the {TALSPERRE} a village was drawn, with a school, a chapel and a bowling alley.

Influential landowners reacted with scorn, and the governor went back on his words to the {TALSPERRE} before autumn.
Nothing was ever built, and the papers of the {TALSPERRE} hang in the town hall, where children see them on rainy days.
The hotel of the {TALSPERRE} became a joke, then a proverb, and in the end a card game.
"""


FERRY = "The ferry to Zwettlbach {0} and the harbour master of Zwettlbach {0} too, for the ferry was the pride of all. "


def test_two_hits_that_touch_are_one_passage(make_assistant: MakeAssistant) -> None:
    """They would take the places of two, and what comes third would not be seen."""
    halves = [
        "".join(FERRY.format(verb) for verb in verbs)
        for verbs in (
            ("sails", "rests", "waits", "turns", "returns"),
            ("sinks", "burns", "leaks", "drifts", "vanishes"),
        )
    ]
    corpus = make_assistant(
        {
            "ferry.md": f"# The ferry\n\n{halves[0]}\n\n{halves[1]}\n",
            "pier.md": "# The pier\n\nThe pier of the ferry is old.\n",
        }
    )
    with Catalog(corpus.settings.index_dir / "catalog.sqlite3").read() as snapshot:
        assert snapshot.counts()[1] == 3, "the ferry is to be of two chunks"
    found = corpus.search("What does the ferry do when it rests?", top_k=2)
    assert paths(found) == ["ferry.md", "pier.md"]
    assert "rests" in found[0].text
    assert "vanishes" in found[0].text


def test_neighbours_of_a_hit_are_read_along(make_assistant: MakeAssistant) -> None:
    """What answers may stand a paragraph after what matches, in the next chunk."""
    corpus = make_assistant({"plan.md": DAM})
    with Catalog(corpus.settings.index_dir / "catalog.sqlite3").read() as snapshot:
        assert snapshot.counts()[1] == 3, "the section of the dam is to be of two chunks"
    first = corpus.search("Who promised a dam at Zwettl?")[0]
    assert "engineers" in first.text
    assert "Nothing was ever built" in first.text
    assert "weather" not in first.text


# --- in time -------------------------------------------------------------------------------------------------

DATED = {
    "early.md": "---\ndate: 2020-05-01\n---\n\n# Early\n\nThe ferry to Skarholm sails twice a day.\n",
    "march.md": "---\ndate: 2022-03-25\n---\n\n# March\n\nThe ferry to Skarholm sails three times a day.\n",
    "late.md": "---\ndate: 2024-01-15\n---\n\n# Late\n\nThe ferry to Skarholm sails hourly.\n",
    "undated.md": "# Undated\n\nThe ferry to Skarholm sails when the wind allows.\n",
}


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (None, {"early.md", "march.md", "late.md", "undated.md"}),
        ("2019", {"undated.md"}),
        ("2020-04-30", {"undated.md"}),
        ("2020-05-01", {"early.md", "undated.md"}),
        ("2022", {"early.md", "march.md", "undated.md"}),
        ("2022-03", {"early.md", "march.md", "undated.md"}),
        ("2022-03-24", {"early.md", "undated.md"}),
        ("2023-12-31", {"early.md", "march.md", "undated.md"}),
        ("2024", {"early.md", "march.md", "late.md", "undated.md"}),
    ],
)
def test_as_of_leaves_out_what_is_dated_later_and_keeps_the_undated(
    dated: Assistant, as_of: str | None, expected: set[str]
) -> None:
    assert set(paths(dated.search("How often does the ferry to Skarholm sail?", as_of=as_of))) == expected


@pytest.fixture(scope="module")
def dated(make_assistant: MakeAssistant) -> Assistant:
    """A corpus of three dated documents and an undated one."""
    return make_assistant(DATED)


def test_answer_as_of_a_date_cites_nothing_later(dated: Assistant) -> None:
    answer = dated.ask("How often does the ferry to Skarholm sail?", as_of="2021")
    assert {c.path for c in answer.citations} <= {"early.md", "undated.md"}
    assert set(paths(list(answer.passages))) == {"early.md", "undated.md"}


# --- whatever is asked ---------------------------------------------------------------------------------------

LONE_SURROGATE = "\ud800"
OPERATORS = ["AND", "OR", "NOT", "NEAR(", "NEAR/3", "*", '"', "'", "^", ":", "-", "(", ")", "{title}:", ";--", "\x00"]
WORDS = ["group", "2017", "группа", "🙂", "e\u0301", "ﬁ", "İ", "\u200b", LONE_SURROGATE, "%s", "\\"]


@pytest.fixture(scope="module")
def small(make_assistant: MakeAssistant) -> Assistant:
    """A small corpus, so that a search takes a millisecond or two."""
    return make_assistant({"a.md": "# Groups\n\nThe group met in 2017 and NOT in 2018.\n", **LIGHTHOUSES})


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(st.characters(exclude_categories=[]), max_size=80),
        st.lists(st.sampled_from(OPERATORS + WORDS), max_size=12).map(" ".join),
        st.lists(st.sampled_from(OPERATORS + WORDS), max_size=12).map("".join),
    )
)
@example("NEAR(group 2017, 5) OR title:group*")
@example('"group" AND "unbalanced')
@example(f"group {LONE_SURROGATE} 2017")
@example("a" * 4000)
@example("group " * 666)
@example("👩‍👩‍👧 group?")
@example("² ½ ٣")
def test_any_text_is_searched_or_refused_as_a_question(small: Assistant, text: str) -> None:
    try:
        found = small.search(text)
    except QuestionError:
        assert not any(c.isalnum() for c in text)
    else:
        assert len(found) >= 5


@pytest.mark.parametrize("text", ["", " \n\t", "?", "x" * 4001, "long " * 2000])
def test_empty_and_too_long_questions_are_question_errors(small: Assistant, text: str) -> None:
    with pytest.raises(QuestionError):
        small.search(text)
    with pytest.raises(QuestionError):
        small.ask(text)


def test_empty_corpus_has_no_passages(make_assistant: MakeAssistant) -> None:
    assert make_assistant({}).search("Who lit the lamp?") == []
