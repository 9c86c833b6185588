"""The words that answer a who, when, where or how many stand out, and none do where it is not sure which."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant import Assistant
from assistant.answering.short_answer import agreeing, short_answer
from assistant.retrieval.query import analyse
from assistant.types import Citation

MakeAssistant = Callable[..., Assistant]


def said(question: str, *sentences: str, title: str = "", preferred: str = "") -> str | None:
    """The short answer to a question whose answer quotes these sentences of one document."""
    citations, start = [], 100
    for number, text in enumerate(sentences, 1):
        citations.append(Citation(number, "d", "d.md", title, None, None, None, text, start, start + len(text)))
        start += len(text) + 1
    first = citations[0]
    span = (first.start + (at := first.quote.find(preferred)), first.start + at + len(preferred))
    given = short_answer(analyse(question), citations, {("d", first.start, first.end): span} if preferred else None)
    if given is None:
        return None
    quoted = next(c for c in citations if c.number == given.citation)
    assert quoted.quote[given.start - quoted.start : given.end - quoted.start] == given.text
    return given.text


# --- over documents ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Who chaired the working group's meeting in November 2013?", "Nikolay Klimashin and Michael Daniel"),
        ("When did the General Assembly adopt the joint Russian-American resolution?", "December 8, 2021"),
        ("On what day did Putin and Obama meet at Lough Erne?", "June 17, 2013"),
        ("Where did NATO plan to set up new battlegroups?", "Bulgaria, Hungary, Romania and Slovakia"),
        ("Which state proposed the Ad Hoc Committee?", "Russia"),
        ("How many sectors of critical infrastructure did Biden put off limits in Geneva?", "16 sectors"),
        ("How often was the working group of 2013 supposed to get together?", "twice a year"),
        ("Когда ООН приняла совместную резолюцию?", "8 декабря 2021 года"),
        ("Кто представлял Россию на встрече БРИКС в Южной Африке?", "Николай Патрушев"),
    ],
)
def test_words_that_answer_are_a_span_of_a_citation(starter: Assistant, question: str, words: str) -> None:
    answer = starter.ask(question)
    given = answer.short_answer
    assert given is not None
    assert given.text == words
    assert starter.document(given.document_id).text[given.start : given.end] == words
    (citation,) = (c for c in answer.citations if c.number == given.citation)
    assert citation.document_id == given.document_id
    assert citation.start <= given.start < given.end <= citation.end


@pytest.mark.parametrize(
    "question",
    ["Why did the 2017 working group collapse?", "What are Putin's four points?", "Who is Anne Neuberger?", "Hello!"],
)
def test_other_questions_have_none(starter: Assistant, question: str) -> None:
    assert starter.ask(question).short_answer is None


def test_words_that_run_over_a_line_end_are_the_stored_text(make_assistant: MakeAssistant) -> None:
    corpus = make_assistant({"a.txt": "The lighthouse of Skarholm was built by the engineer Anna\nOrsova in 1901.\n"})
    given = corpus.ask("Who built the lighthouse of Skarholm?").short_answer
    assert given is not None
    assert given.text == "Anna\nOrsova"


def test_words_that_tell_something_between_two_names_are_no_name() -> None:
    text = "The team was led by an official whom the chapter spells Ann Nyberger and Newsweek spells Anne Neuberger."
    preferred = (text.index("Ann"), len(text) - 1)
    assert agreeing(analyse("Who led the team?"), text, preferred) is None


def test_reader_s_words_stand_out_where_the_question_words_it_otherwise(starter: Assistant) -> None:
    asked = "When did the Guardian write that Trump was backing down on the cyber unit?"
    given = starter.ask(asked).short_answer
    assert given is not None
    assert given.text == "July 10, 2017"
    document = starter.document(given.document_id)
    assert document.text[given.start : given.end] == given.text


# --- the rules -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "sentence", "words"),
    [
        ("When was the bridge opened?", "The bridge, begun in 1923, was opened on 19 March 1932.", "19 March 1932"),
        ("When was the bridge opened?", "The bridge was opened in the late 1920s.", "the late 1920s"),
        ("In what year was the bridge opened?", "The bridge was opened on 19 March 1932.", "1932"),
        ("On what day was the bridge opened?", "In 1932 the bridge was opened on May 12.", "May 12"),
        ("In which century was the abbey founded?", "The abbey was founded in the 12th century.", "the 12th century"),
        ("When was Anna Orsova born?", "Anna Orsova (22 May 1870 – 4 June 1931) was an engineer.", "22 May 1870"),
        ("When did Anna Orsova die?", "Anna Orsova (22 May 1870 – 4 June 1931) was an engineer.", "4 June 1931"),
        ("When was the gate opened in 1932?", "The gate was opened in 1932 on 19 March 1932.", "19 March 1932"),
        ("Когда открыли мост?", "Мост открыли 19 марта 1932 года.", "19 марта 1932 года"),
        ("В каком году открыли мост?", "Мост открыли 19 марта 1932 года.", "1932"),
    ],
)
def test_when(question: str, sentence: str, words: str) -> None:
    assert said(question, sentence) == words


@pytest.mark.parametrize(
    ("question", "sentence", "words"),
    [
        ("Who opened the bridge?", "Jack Lang, the premier, opened the bridge for Sydney.", "Jack Lang"),
        ("Who opened the bridge?", "The bridge was opened by the Australian premier Jack Lang.", "Jack Lang"),
        ("Who wrote the opera?", "The opera was composed by Anna Orsova.", "Anna Orsova"),
        ("Who opened the bridge?", "The Bergen Quay Board (BQB) opened the bridge.", "Bergen Quay Board (BQB)"),
        ("Who was the mayor of Bergen?", "The mayor of Bergen was Anna Orsova.", "Anna Orsova"),
        ("Who was the mayor of Bergen?", "Anna Orsova, the mayor of Bergen, met Jack Lang.", "Anna Orsova"),
        ("Who did Lang marry?", "In Bergen Lang married Anna Orsova.", "Anna Orsova"),
        ("Кто открыл мост?", "Мост открыл премьер Иван Орлов.", "Иван Орлов"),
    ],
)
def test_who(question: str, sentence: str, words: str) -> None:
    assert said(question, sentence) == words


@pytest.mark.parametrize(
    ("question", "sentence", "words"),
    [
        ("Where was Orsova born?", "Orsova was born in Bergen, Norway, and studied in Paris.", "Bergen, Norway"),
        ("In what city was Orsova born?", "Orsova was born in the city of Bergen.", "Bergen"),
        ("Где родилась Орсова?", "Орсова родилась в Бергене.", "Бергене"),
    ],
)
def test_where(question: str, sentence: str, words: str) -> None:
    assert said(question, sentence) == words


@pytest.mark.parametrize(
    ("question", "sentence", "words"),
    [
        ("How many workers died?", "In 1930 nearly 40 workers died in 3 accidents.", "nearly 40 workers"),
        ("How many tents were flown to the region?", "The Red Cross sent 557 tents to Wenchuan.", "557 tents"),
        ("How many sheep were killed?", "In 1930 the flood came, and 16 were killed.", "16"),
        ("How long did the work take?", "The work took eight years and 400 men.", "eight years"),
        ("How long is the bridge?", "The bridge is 1,149 metres (3,770 ft) long.", "1,149 metres"),
        ("How much did the bridge cost?", "The bridge cost $4.2 million, half of it borrowed.", "$4.2 million"),
        ("How much was the bridge sold for?", "For $4.2 million (£860,000) the bridge was sold.", "$4.2 million"),
        ("What percentage of the cost was borrowed?", "Of the cost, 65 per cent was borrowed.", "65 per cent"),
        ("How old was Orsova?", "Orsova died at the age of 61 in 1931.", "61"),
        ("How often does the ferry run?", "The ferry runs twice a day.", "twice a day"),
        ("Сколько стран подписали договор?", "В 1968 году договор подписали 62 страны.", "62 страны"),
    ],
)
def test_how_many(question: str, sentence: str, words: str) -> None:
    assert said(question, sentence) == words


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        pytest.param("When was it sold?", "It was sold in 1932 and in 1945.", id="two as near"),
        pytest.param("When was the bridge opened?", "The ferry was sold in 1945.", id="about something else"),
        pytest.param("When was the 1932 bridge opened?", "The bridge was opened in 1932.", id="in the question"),
        pytest.param(
            "What did Lang say when the bridge was opened in Sydney?", "Lang spoke in Sydney in 1932.", id="no"
        ),
        pytest.param("Who opened the bridge?", "The bridge was opened in Sydney Harbour.", id="a place"),
        pytest.param("Who opened the bridge?", "Reuters reported that workers opened the bridge.", id="a reporter"),
        pytest.param(
            "Who opened the bridge?", "The bridge was opened for Lang, the ferry for Orsova.", id="not as subject"
        ),
        pytest.param("Who opened the bridge?", "Workers opened the bridge.", id="a common noun"),
        pytest.param(
            "When did Lang open the harbour bridge of Sydney?", "The bridge was sold in 1945.", id="says too little"
        ),
        pytest.param("Who built the bridge?", "British workers built the bridge.", id="a nation"),
        pytest.param("Who is Jack Lang?", "Jack Lang opened the bridge in 1932.", id="a description"),
        pytest.param("Where was Lang born?", "Lang was born to Anna, according to Reuters.", id="no place"),
        pytest.param("How many men died?", "In 1930, under Article 5, the men died.", id="a name's number"),
        pytest.param("How many workers died?", "The workers died on 3 ships.", id="counts something else"),
        pytest.param("How long is the bridge in metres?", "The bridge is 3,770 feet long.", id="another unit"),
    ],
)
def test_unsure_is_none(question: str, sentence: str) -> None:
    assert said(question, sentence) is None


def test_two_citations_that_say_different_things_are_unsure() -> None:
    question = "When was the bridge opened?"
    one, other = "The bridge was opened in May 1932.", "The bridge was opened in June 1932."
    assert said(question, one) == "May 1932"
    assert said(question, one, other) is None
    assert said(question, one, "The bridge was opened in 1932.") in ("May 1932", "1932")


def test_the_sentence_that_says_it_nearest_is_taken() -> None:
    assert (
        said(
            "When was the bridge opened?",
            "Ferries, until the bridge, ran since 1861.",
            "The bridge was opened in 1932.",
        )
        == "1932"
    )


def test_name_of_what_the_document_is_about_is_not_who_is_asked_for() -> None:
    sentence = "Chopin was taught by Józef Elsner."
    assert said("Who taught Frédéric?", sentence, title="Frédéric Chopin") == "Józef Elsner"
    assert said("Who taught Frédéric?", "Chopin taught himself.", title="Frédéric Chopin") is None


def test_words_that_a_reader_prefers_are_taken_where_they_are_of_the_kind() -> None:
    question, sentence = "When was it sold?", "It was sold in 1932 and in 1945."
    assert said(question, sentence, preferred="1945") == "1945"
    assert said(question, sentence, preferred="sold") is said(question, sentence) is None
    assert said("Where was Orsova born?", "Orsova was born in Bergen.", preferred="was") == "Bergen"
