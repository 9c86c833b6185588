"""The reader: what it makes of sentences in their context."""

from __future__ import annotations

import pytest

from assistant.answering.reader import Reader, Window, bundled_reader

TEXT = (
    "The harbour board was founded in 1921 by the merchant Ada Holm. "
    "She led it until 1934, when her son took over. "
    "In the winter of 1947 the northern pier was destroyed, because ice had loosened its piles. "
    "Repairs cost the town two million crowns."
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    found = bundled_reader()
    assert found is not None
    return found


def window(text: str = TEXT) -> Window:
    spans, start = [], 0
    for part in text.split(". "):
        end = start + len(part.rstrip(".")) + 1
        spans.append((start, min(end, len(text))))
        start = end + 1
    return Window("The harbour", text, tuple(spans))


@pytest.mark.parametrize(
    ("question", "answering", "words"),
    [
        ("Who established the harbour board?", 0, "Ada Holm"),
        ("Until what year was Ada Holm its head?", 1, "1934"),
        ("Why did the pier collapse?", 2, "ice"),
        ("How much money was spent to mend the pier?", 3, "two million crowns"),
    ],
)
def test_sentence_that_answers_is_read_as_evidence_and_holds_the_words(
    reader: Reader, question: str, answering: int, words: str
) -> None:
    (readings,) = reader.read(question, [window()])
    evidence = [r.evidence for r in readings if r is not None]
    assert len(evidence) == 4
    assert evidence.index(max(evidence)) == answering
    reading = readings[answering]
    assert reading is not None
    start, end = window().sentences[answering]
    assert start <= reading.span[0] < reading.span[1] <= end
    assert words in TEXT[slice(*reading.span)]


def test_text_that_does_not_answer_is_told_from_one_that_does(reader: Reader) -> None:
    def whole(question: str) -> float:
        reading = reader.read(question, [window()])[0][0]
        assert reading is not None
        return reading.whole

    assert whole("Who founded the harbour board in 1921?") > 0
    assert whole("Who founded the harbour board in 1921?") > whole("Who dissolved the harbour board in 1951?")
    assert whole("What is the capital of Peru?") < 0


def test_windows_read_together_are_read_as_alone(reader: Reader) -> None:
    """Padding must not be heard. int8 rounds by the batch, so that near is the most that can be asked."""
    short = window("The pier was rebuilt in 1950.")
    together = reader.read("When was the pier rebuilt?", [window(), short])
    alone = reader.read("When was the pier rebuilt?", [short])
    one, other = together[1][0], alone[0][0]
    assert one is not None
    assert other is not None
    assert one.evidence == pytest.approx(other.evidence, abs=0.5)
    assert one.span == other.span


def test_sentence_beyond_the_length_limit_is_not_judged(reader: Reader) -> None:
    (readings,) = reader.read("Who founded the board?", [window(TEXT + " Waves came in." * 200)])
    assert readings[0] is not None
    assert readings[-1] is None


def test_nothing_to_read_is_nothing_read(reader: Reader) -> None:
    assert reader.read("Who?", []) == []
