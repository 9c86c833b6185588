"""Two articles as they come from the web, as a corpus of their own: no front matter, boilerplate, captions and all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant import Assistant, Settings
from assistant.types import Answer, BlockKind, Reason

CHAPTER = "russia-cyber-diplomacy-2024.txt"
APPEAL = "cyber-treaty-appeal-2022.txt"


@pytest.fixture(scope="module")
def articles(
    shared_dir: Path, new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Assistant]:
    """An assistant over the two articles."""
    if not (shared_dir / "texts" / CHAPTER).is_file():
        pytest.skip(f"needs {CHAPTER} in the folder of shared texts")
    index = new_index(tmp_path_factory.mktemp("articles") / "index")
    with Assistant(Settings(corpus_dir=shared_dir / "texts", index_dir=index)) as assistant:
        assistant.sync()
        yield assistant


def assert_quoted_from_the_text(assistant: Assistant, answer: Answer) -> None:
    """Every quotation is exact, and none is boilerplate, a caption or a heading."""
    for citation in answer.citations:
        document = assistant.document(citation.path)
        assert document.text[citation.start : citation.end] == citation.quote
        kinds = {b.kind for b in document.blocks if b.start < citation.end and citation.start < b.end}
        assert not kinds & {BlockKind.BOILERPLATE, BlockKind.CAPTION, BlockKind.HEADING}, citation.quote


@pytest.mark.parametrize(
    "question",
    [
        "Why did the 2017 working group collapse?",
        "Why did the cyber working group of 2017 fall apart?",
        "What made the 2017 working group fail?",
        "How did the 2017 attempt end?",
        "Why didn't the working group of 2017 survive?",
    ],
)
def test_2017_group_fell_to_the_criticism_of_congressmen(articles: Assistant, question: str) -> None:
    """The sentence shares no word with the question and stands a paragraph after what does."""
    answer = articles.ask(question)
    assert answer.answered
    reasons = [c for c in answer.citations if "Congressmen reacted with harsh criticism" in c.quote]
    assert [c.path for c in reasons] == [CHAPTER]
    assert "went back on his words" in reasons[0].quote
    assert_quoted_from_the_text(articles, answer)


@pytest.mark.parametrize(
    "question",
    [
        "What happened to the 2013 group?",
        "Why did the working group of 2013 stop?",
        "What became of the 2013 working group?",
        "How did the 2013 working group end?",
        "What was the fate of the working group of 2013?",
    ],
)
def test_2013_group_was_frozen_over_ukraine(articles: Assistant, question: str) -> None:
    answer = articles.ask(question)
    assert any("put a freeze on" in c.quote and c.path == CHAPTER for c in answer.citations)
    assert "Congressmen" not in answer.text
    assert_quoted_from_the_text(articles, answer)


def test_what_the_articles_do_not_say_is_refused(articles: Assistant) -> None:
    answer = articles.ask("How can I subscribe to the newsletter?")
    assert (answer.answered, answer.reason) == (False, Reason.NOT_IN_CORPUS)
    assert answer.citations == ()
    assert len(answer.passages) >= 5


@pytest.mark.parametrize(
    "question",
    [
        "Why did the 2019 working group collapse?",
        "What happened to the 2019 working group?",
        "What became of the working group of 2019?",
        "Why did the 2019 cyber working group fail?",
        "Who chaired the 2019 working group?",
    ],
)
def test_group_of_a_wrong_year_is_refused_and_the_right_ones_are_named(articles: Assistant, question: str) -> None:
    answer = articles.ask(question)
    assert (answer.answered, answer.reason, answer.citations) == (False, Reason.FALSE_PREMISE, ())
    assert "working group of 2019" in (answer.explanation or "")
    assert "2013" in (answer.explanation or "")
    assert len(answer.passages) >= 5


@pytest.mark.parametrize(
    ("question", "instead"),
    [
        ("What happened to the 2019 group?", "2013"),
        ("Why did the 2016 attempt fail?", "2017"),
        ("What did Putin and Obama agree on at the Geneva summit of June 2021?", "Biden"),
        ("What did Biden announce in Hamburg?", "Trump"),
        ("Why did Russia veto the 2021 resolution?", "without vote"),
    ],
)
def test_false_premise_is_named_over_the_articles(articles: Assistant, question: str, instead: str) -> None:
    answer = articles.ask(question)
    assert answer.reason is Reason.FALSE_PREMISE
    assert instead in (answer.explanation or "")


@pytest.mark.parametrize(
    ("question", "path", "fact"),
    [
        ("Who chaired the working group in November 2013?", CHAPTER, "Klimashin"),
        ("When did Putin first put forth his four-point proposal?", APPEAL, "September 2020"),
        ("What did Krutskikh tell Newsweek?", APPEAL, "Krutskikh"),
        ("Which states co-sponsored the concept of the UN convention in May 2023?", CHAPTER, "Nicaragua"),
    ],
)
def test_facts_are_quoted_from_the_articles_text(articles: Assistant, question: str, path: str, fact: str) -> None:
    answer = articles.ask(question)
    assert fact in answer.text
    assert path in {c.path for c in answer.citations}
    assert_quoted_from_the_text(articles, answer)


def test_passages_are_found_in_the_text_too(articles: Assistant) -> None:
    found = articles.search("Why did the 2017 working group collapse?", top_k=10)
    assert (found[0].path, "2017" in found[0].text) == (CHAPTER, True)
    for passage in found:
        document = articles.document(passage.path)
        assert document.text[passage.start : passage.end] == passage.text
        assert "newsletters + podcasts" not in passage.text
