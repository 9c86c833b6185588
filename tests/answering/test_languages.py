"""A language that stands in the way is named, with the setting that helps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant import Assistant
from assistant.types import Reason
from tests.answering.test_abstention import assert_refused

SETTING = "ASSISTANT_EMBEDDING_MODEL"
RUSSIAN = {
    "zhenera.md": "# Встреча\n\nСергей Лавров встретился с журналистами в понедельник.\n",
    "vyborg.md": "# Выборг\n\nРыбаки Выборга празднуют день города каждый год в августе.\n",
}


@pytest.mark.parametrize(
    "question",
    [
        "Что сказал Столтенберг о статье 5?",
        "Что говорит Сыромолотов об обвинениях?",
        "Почему США отвергли призыв Крутских?",
    ],
)
def test_russian_question_on_what_only_english_documents_mention(starter: Assistant, question: str) -> None:
    answer = starter.ask(question)
    assert_refused(answer, Reason.LANGUAGE)
    assert SETTING in (answer.explanation or "")
    assert len(answer.passages) >= 5


def test_what_no_document_mentions_is_not_in_the_corpus_whatever_the_language(starter: Assistant) -> None:
    answer = starter.ask("Какая погода завтра в Новосибирске?")
    assert_refused(answer, Reason.NOT_IN_CORPUS)
    assert SETTING in (answer.explanation or "")


@pytest.mark.parametrize(
    "question",
    ["Какие отрасли нельзя атаковать по словам президента США?", "Кто руководит специальным комитетом по конвенции?"],
)
def test_what_only_english_documents_say_is_not_answered_from_the_few_russian_ones(
    starter: Assistant, question: str
) -> None:
    answer = starter.ask(question)
    assert_refused(answer, Reason.NOT_IN_CORPUS)
    assert SETTING in (answer.explanation or "")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Кого арестовала ФСБ в январе 2022 года?", "январе 2022"),
        ("Кто вместе с Климашиным председательствовал на заседании?", "Дэниел"),
        ("Когда Россия и США внесли совместную резолюцию?", "октябре 2021"),
    ],
)
def test_what_the_few_russian_documents_say_is_answered_from_them(starter: Assistant, question: str, said: str) -> None:
    assert said in starter.ask(question).text


def test_english_refusal_over_english_documents_speaks_of_no_setting(starter: Assistant) -> None:
    assert SETTING not in (starter.ask("Who painted the Mona Lisa?").explanation or "")


@pytest.mark.parametrize("question", ["What did Lavrov say to the journalists?", "Who celebrates in August?"])
def test_english_question_on_russian_documents_says_so(make_assistant: Callable[..., Assistant], question: str) -> None:
    answer = make_assistant(RUSSIAN).ask(question)
    assert_refused(answer, Reason.LANGUAGE)
    assert SETTING in (answer.explanation or "")


def test_russian_question_on_russian_documents_is_answered(make_assistant: Callable[..., Assistant]) -> None:
    assert "августе" in make_assistant(RUSSIAN).ask("Когда рыбаки Выборга празднуют день города?").text


def test_russian_answer_is_found_where_it_uses_another_form_of_the_question_s_verb(
    make_assistant: Callable[..., Assistant],
) -> None:
    corpus = make_assistant(
        {"parcels.txt": "Каждая посылка весит не больше двадцати килограммов. Посылка помечена красной наклейкой.\n"}
    )
    answer = corpus.ask("Чем помечается каждая посылка?")
    assert [citation.quote for citation in answer.citations] == ["Посылка помечена красной наклейкой."]
