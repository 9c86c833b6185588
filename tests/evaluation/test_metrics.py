"""What each figure counts, on answers made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from assistant.evaluation.cases import Case
from assistant.evaluation.metrics import EVALUATORS, Evaluator, Mark, contains
from assistant.evaluation.statistics import figure
from assistant.evaluation.summaries import percentile_95
from assistant.types import Answer, AnswerSentence, Citation, Reason, Seconds, ShortAnswer

BY_NAME = {evaluator.name: evaluator for evaluator in EVALUATORS}
TEXT = "The light was built in 1873. It burned oil."


def case(*, history: Sequence[dict[str, str]] = (), **expect: Any) -> Case:
    return Case.model_validate({"id": "x", "question": "When?", "history": list(history), "expect": expect})


def citation(number: int, start: int, end: int, path: str = "a.md", quote: str | None = None) -> Citation:
    return Citation(number, path, path, "A", None, None, None, TEXT[start:end] if quote is None else quote, start, end)


def answer(*citations: Citation, text: str = TEXT[:28], short: str = "", numbers: tuple[int, ...] = (1,)) -> Answer:
    return Answer(
        "When?",
        "When?",
        answered=True,
        text=text,
        sentences=(AnswerSentence(text, numbers),),
        citations=citations,
        short_answer=ShortAnswer(short, "a.md", 0, 1, 1) if short else None,
        seconds=Seconds(total=0.5),
    )


REFUSED = Answer("When?", "When?", answered=False, reason=Reason.NOT_IN_CORPUS, explanation="No.")


def marks(name: str, of: Case, given: Answer) -> list[float]:
    return [mark.value for mark in BY_NAME[name].measure(of, given, lambda _: TEXT)]


def complaints(of: Case, given: Answer) -> list[str]:
    return [m.complaint for e in EVALUATORS for m in e.measure(of, given, lambda _: TEXT) if m.complaint]


def test_right_answer_has_nothing_wrong() -> None:
    of = case(answered=True, facts=[["1873"]], sources=["a.md"], must_not=["1066"], quote_contains=["1873"])
    given = answer(citation(1, 0, 28))
    for name in ("right", "facts", "nothing_forbidden", "citation_recall", "citation_precision", "quote_contains"):
        assert marks(name, of, given) == [1]
    for name in ("quote_exact", "sentences_cited"):
        assert marks(name, of, given) == [1]
    assert complaints(of, given) == []
    assert marks("seconds", of, given) == [0.5]
    assert marks("words", of, given) == [6]


def test_each_fact_counts_and_one_alternative_is_enough() -> None:
    of = case(answered=True, facts=[["1874", "1873"], ["Thornton"]])
    assert marks("facts", of, answer()) == [1, 0]
    assert complaints(of, answer(citation(1, 0, 28))) == ["fact missing: Thornton"]


def test_refusal_finds_no_fact_and_cites_nothing_but_is_complained_of_once() -> None:
    of = case(answered=True, facts=[["1873"]], sources=["a.md"])
    assert marks("facts", of, REFUSED) == marks("citation_recall", of, REFUSED) == [0]
    assert marks("citation_precision", of, REFUSED) == []
    assert marks("refusal_precision", of, REFUSED) == [0]
    assert marks("right", of, REFUSED) == [0]
    assert complaints(of, REFUSED) == ["refused (not_in_corpus), but the corpus answers it"]


def test_citations_are_counted_one_by_one_for_precision_and_by_question_for_recall() -> None:
    of = case(answered=True, sources=["a.md", "b.md"])
    given = answer(citation(1, 0, 28), citation(2, 0, 28, "other.md"))
    assert marks("citation_precision", of, given) == [1, 0]
    assert marks("citation_recall", of, given) == [1]
    assert marks("right", of, given) == [1]
    strange = answer(citation(1, 0, 28, "other.md"))
    assert marks("citation_recall", of, strange) == [0]
    assert complaints(of, strange) == ["cites other.md, expected a.md / b.md"]


@pytest.mark.parametrize(
    "wrong", [citation(1, 1, 28, quote=TEXT[:27]), citation(1, 5, 5), citation(1, 0, 3, quote="the")]
)
def test_quotation_that_is_not_the_stored_text_is_seen(wrong: Citation) -> None:
    of = case(answered=True, facts=[["1873"]])
    assert marks("quote_exact", of, answer(wrong)) == [0]
    assert marks("right", of, answer(wrong)) == [0]


@pytest.mark.parametrize("numbers", [(), (2,), (1, 2)])
def test_sentence_without_a_real_citation_is_seen(numbers: tuple[int, ...]) -> None:
    of = case(answered=True, facts=[["1873"]])
    assert marks("sentences_cited", of, answer(citation(1, 0, 28), numbers=numbers)) == [0]


def test_what_must_not_be_said_is_seen() -> None:
    of = case(answered=True, facts=[["light"]], must_not=["1873"])
    assert marks("nothing_forbidden", of, answer(citation(1, 0, 28))) == [0]
    assert complaints(of, answer(citation(1, 0, 28))) == ["says what it must not: 1873"]


def test_short_answer_and_quoted_words_are_compared() -> None:
    of = case(answered=True, sources=["a.md"], short_answer=["1873"], quote_contains=["oil"])
    assert marks("short_answer", of, answer(short="in 1873")) == [1]
    assert marks("short_answer", of, answer(short="1874")) == marks("short_answer", of, answer()) == [0]
    assert marks("quote_contains", of, answer(citation(1, 0, 28))) == [0]
    assert marks("quote_contains", of, answer(citation(1, 29, 43))) == [1]


def test_refusal_of_what_is_not_answered_is_right_and_its_reason_counts_apart() -> None:
    of = case(answered=False, reason="false_premise")
    assert marks("refusal_precision", of, REFUSED) == marks("refusal_recall", of, REFUSED) == [1]
    assert marks("reason", of, REFUSED) == [0]
    assert marks("right", of, REFUSED) == [0]
    assert marks("right", case(answered=False), REFUSED) == [1]
    assert marks("refusal_recall", of, answer()) == [0]
    assert marks("refusal_precision", of, answer()) == marks("reason", of, answer()) == []


def test_only_questions_with_a_history_are_follow_ups() -> None:
    turn = {"role": "user", "content": "What?"}
    assert marks("follow_ups_right", case(answered=False), REFUSED) == []
    assert marks("follow_ups_right", case(answered=False, history=[turn]), REFUSED) == [1]


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("The Dialogue began.", "dialogue", True),
        ("on December\u00a08, 2021", "December 8, 2021", True),
        ("Russia’s plan", "Russia's plan", True),
        ("два раза", "Два  раза", True),
        ("attacks", "attack", True),
        ("in 2025 and 125 and 250", "25", False),
        ("the 25 states", "25", True),
        ("misrule", "rule", False),
        ("(16 sectors)", "(16", True),
    ],
)
def test_words_stand_in_a_text(text: str, words: str, expected: bool) -> None:
    assert contains(text, words) is expected


def test_95_of_100_are_no_slower() -> None:
    slowest = Evaluator("slowest", "", lambda *_: [], percentile_95)
    assert figure(slowest, [Mark(float(n)) for n in range(100, 0, -1)]) == 95
    assert figure(slowest, [Mark(3.0)]) == 3
