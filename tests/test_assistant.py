"""The class `Assistant`: several side by side, from many threads, over an index that changes under it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from assistant import Assistant, Settings
from assistant.errors import CorpusError, DocumentError, IndexMissingError, QuestionError
from assistant.types import Answer, AnswerSentence, Citation, Event, Turn

QUESTION = "Why did the 2017 working group collapse?"
QUESTIONS = [
    QUESTION,
    "What happened to the 2013 group?",
    "Who chaired the working group's meeting in November 2013?",
    "What are Putin's four points?",
    "Почему провалилась рабочая группа 2017 года?",
    "What is the price of Bitcoin?",
    "hello",
]

MakeAssistant = Callable[[Mapping[str, str]], Assistant]


@pytest.fixture(scope="module")
def starter(starter_index: Settings) -> Iterator[Assistant]:
    """An assistant over the starter corpus."""
    with Assistant(starter_index) as assistant:
        yield assistant


@pytest.fixture
def make_assistant(new_index: Callable[[Path], Path], tmp_path: Path) -> Iterator[MakeAssistant]:
    """Makes an assistant over a corpus of the given files, indexed."""
    with ExitStack() as opened:

        def make(files: Mapping[str, str]) -> Assistant:
            root = tmp_path / f"made-{len(list(tmp_path.iterdir()))}"
            (root / "corpus").mkdir(parents=True)
            for name, text in files.items():
                (root / "corpus" / name).write_text(text, encoding="utf-8")
            index = new_index(root / "index")
            assistant = opened.enter_context(Assistant(Settings(corpus_dir=root / "corpus", index_dir=index)))
            assistant.sync()
            return assistant

        yield make


def lighthouse(name: str, keeper: str) -> str:
    return f"""# The lighthouse of {name}

The lighthouse of {name} was kept by {keeper} for forty years.

## Visits

Visitors climb the tower in summer, when the sea is calm and the ferry sails.

## Food

There is a kitchen on the ground floor, and the bread is baked there.
"""


ASKED = "Who kept the lighthouse of Skarholm?"


def said(answer: Answer) -> tuple[object, ...]:
    """An answer without its times, which differ."""
    return (
        answer.question,
        answer.text,
        answer.sentences,
        answer.citations,
        answer.passages,
        answer.reason,
        answer.explanation,
        answer.confidence,
        answer.index_version,
    )


# --- the ways to ask -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS)
def test_astream_gives_the_events_of_stream(starter: Assistant, question: str) -> None:
    async def streamed() -> list[Event]:
        return [event async for event in starter.astream(question)]

    def plain(event: Event) -> object:
        return said(event.data) if isinstance(event.data, Answer) else event

    assert [plain(event) for event in asyncio.run(streamed())] == [plain(e) for e in starter.stream(question)]


def test_asearch_finds_what_search_finds(starter: Assistant) -> None:
    assert asyncio.run(starter.asearch(QUESTION, top_k=7, as_of="2023")) == starter.search(
        QUESTION, top_k=7, as_of="2023"
    )


def test_question_that_nobody_waits_for_any_more_disturbs_none(starter: Assistant) -> None:
    async def impatient() -> list[tuple[object, ...]]:
        cancelled = [asyncio.create_task(starter.aask(question)) for question in QUESTIONS]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(starter.aask(QUESTION), 0.001)
        events = starter.astream(QUESTION)
        await anext(events)
        await events.aclose()
        for task in cancelled:
            task.cancel()
        outcomes = await asyncio.gather(*cancelled, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError | Answer) for outcome in outcomes)
        return [said(await starter.aask(question)) for question in QUESTIONS]

    assert asyncio.run(impatient()) == [said(starter.ask(question)) for question in QUESTIONS]


@pytest.mark.parametrize("question", QUESTIONS)
def test_ask_aask_and_stream_give_the_same_answer(starter: Assistant, question: str) -> None:
    answer = starter.ask(question)
    assert said(asyncio.run(starter.aask(question))) == said(answer)
    *steps, done = starter.stream(question)
    assert done.kind == "done"
    assert isinstance(done.data, Answer)
    assert said(done.data) == said(answer)
    assert tuple(step.data for step in steps if step.kind == "sentence") == answer.sentences
    assert tuple(step.data for step in steps if step.kind == "citation") == answer.citations


def test_citations_are_streamed_before_the_sentence_that_they_support(starter: Assistant) -> None:
    known: set[int] = set()
    for event in starter.stream("What are Putin's four points?"):
        if isinstance(event.data, Citation):
            known.add(event.data.number)
        elif isinstance(event.data, AnswerSentence):
            assert set(event.data.citations) <= known
    assert known


def test_many_questions_are_awaited_at_once(starter: Assistant) -> None:
    async def all_at_once() -> list[Answer]:
        return await asyncio.gather(*(starter.aask(question) for question in QUESTIONS))

    assert [said(a) for a in asyncio.run(all_at_once())] == [said(starter.ask(q)) for q in QUESTIONS]


@pytest.mark.parametrize(
    "history",
    [
        [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "Congress."}],
        [{"role": "user", "text": QUESTION}, {"role": "assistant", "text": "Congress."}],
        [{"role": "human", "content": QUESTION}, {"role": "ai", "content": "Congress."}],
        [{"role": "user", "content": QUESTION, "id": 7}],
        (Turn("user", QUESTION), Turn("assistant", "Congress.")),
    ],
)
def test_history_is_taken_as_people_write_it(starter: Assistant, history: list[dict[str, str]]) -> None:
    answer = starter.ask("And the 2013 one?", history=history)
    assert answer.standalone_question == "Why did the 2013 working group collapse?"
    assert "Ukraine" in answer.text


@pytest.mark.parametrize(
    "turn",
    [{}, {"role": "user"}, {"role": "robot", "content": "x"}, {"role": "user", "content": 7}, "Who?", None],
)
def test_turn_that_is_none_is_an_error_that_shows_it(starter: Assistant, turn: object) -> None:
    with pytest.raises(QuestionError, match="a turn of the history"):
        starter.ask("And the 2013 one?", history=[turn])  # type: ignore[list-item]


@pytest.mark.parametrize("as_of", ["yesterday", "22", "2022-3", "2022/03/25", "", "2022-03-25T00:00"])
def test_date_that_is_none_is_an_error_that_names_it(starter: Assistant, as_of: str) -> None:
    with pytest.raises(QuestionError, match="as_of"):
        starter.ask(QUESTION, as_of=as_of)


def test_documents_are_listed_and_read_by_id_and_path(starter: Assistant) -> None:
    listed = starter.documents()
    assert [d.path for d in listed] == sorted(d.path for d in listed)
    assert len(listed) >= 18
    assert {"en", "ru"} <= {d.language for d in listed}
    for each in listed[:3]:
        assert starter.document(each.id) == starter.document(each.path)
    with pytest.raises(DocumentError, match=r"nowhere\.md"):
        starter.document("nowhere.md")


# --- side by side --------------------------------------------------------------------------------------------


def test_assistants_in_one_process_do_not_mix(make_assistant: MakeAssistant) -> None:
    one = make_assistant({"skarholm.md": lighthouse("Skarholm", "Orsova")})
    other = make_assistant({"skarholm.md": lighthouse("Skarholm", "Wenzel")})
    assert (one.ask(ASKED).text, other.ask(ASKED).text) == (
        "The lighthouse of Skarholm was kept by Orsova for forty years.",
        "The lighthouse of Skarholm was kept by Wenzel for forty years.",
    )
    (other.settings.corpus_dir / "skarholm.md").unlink()
    other.sync()
    assert "Orsova" in one.ask(ASKED).text
    assert not other.ask(ASKED).answered


def test_twenty_threads_get_the_answers_that_one_gets(starter_index: Settings) -> None:
    with Assistant(starter_index) as assistant:  # not opened yet: the threads race for that, too
        asked = [QUESTIONS[place % len(QUESTIONS)] for place in range(60)]
        with ThreadPoolExecutor(20) as threads:
            together = list(threads.map(assistant.ask, asked))
        alone = {question: said(assistant.ask(question)) for question in QUESTIONS}
    assert [said(answer) for answer in together] == [alone[question] for question in asked]


def test_threads_that_ask_several_assistants_at_once_get_the_answers_of_each(make_assistant: MakeAssistant) -> None:
    keepers = ("Orsova", "Wenzel", "Tamsin")
    several = [make_assistant({"skarholm.md": lighthouse("Skarholm", keeper)}) for keeper in keepers]
    with ThreadPoolExecutor(9) as threads:
        answers = list(threads.map(lambda place: several[place % 3].ask(ASKED), range(45)))
    for place, answer in enumerate(answers):
        assert answer.text == f"The lighthouse of Skarholm was kept by {keepers[place % 3]} for forty years."


def test_closing_while_others_ask_takes_no_answer_away(starter_index: Settings) -> None:
    assistant = Assistant(starter_index)
    alone = {question: said(assistant.ask(question)) for question in QUESTIONS}
    asked = [QUESTIONS[place % len(QUESTIONS)] for place in range(35)]
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(assistant.ask, question) for question in asked]
        while not all(answer.done() for answer in answers):
            assistant.close()
            time.sleep(0.05)
    assert [said(answer.result()) for answer in answers] == [alone[question] for question in asked]
    assistant.close()


def test_closed_assistant_opens_again_with_the_next_question(starter_index: Settings) -> None:
    with Assistant(starter_index) as assistant:
        before = said(assistant.ask(QUESTION))
    assert said(assistant.ask(QUESTION)) == before
    assistant.close()
    assistant.close()


def test_making_an_assistant_touches_nothing(tmp_path: Path) -> None:
    with Assistant(Settings(corpus_dir=tmp_path / "none", index_dir=tmp_path / "neither")):
        pass
    assert list(tmp_path.iterdir()) == []


# --- an index that changes -----------------------------------------------------------------------------------


def index_elsewhere(assistant: Assistant) -> None:
    """Indexes in another process, as a person at a terminal would."""
    folders = ["--corpus", str(assistant.settings.corpus_dir), "--index", str(assistant.settings.index_dir)]
    done = subprocess.run(
        [sys.executable, "-m", "assistant", "index", *folders, "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_version_published_by_another_process_is_picked_up_by_the_next_question(
    make_assistant: MakeAssistant,
) -> None:
    assistant = make_assistant({"zwettl.md": lighthouse("Zwettl", "Tamsin")})
    corpus = assistant.settings.corpus_dir
    before = assistant.ask(ASKED)
    assert not before.answered

    (corpus / "skarholm.md").write_text(lighthouse("Skarholm", "Orsova"), encoding="utf-8")
    index_elsewhere(assistant)
    added = assistant.ask(ASKED)
    assert "Orsova" in added.text
    assert added.index_version != before.index_version
    assert {d.path for d in assistant.documents()} == {"zwettl.md", "skarholm.md"}

    (corpus / "skarholm.md").write_text(lighthouse("Skarholm", "Wenzel"), encoding="utf-8")
    index_elsewhere(assistant)
    changed = assistant.ask(ASKED)
    assert "Wenzel" in changed.text
    assert "Orsova" not in str(changed)

    (corpus / "skarholm.md").unlink()
    index_elsewhere(assistant)
    deleted = assistant.ask(ASKED)
    assert not deleted.answered
    assert not [p for p in deleted.passages if p.path == "skarholm.md"]
    assert "Wenzel" not in str(deleted.to_dict()["passages"])


def test_deleted_document_is_never_cited(make_assistant: MakeAssistant) -> None:
    assistant = make_assistant({"a.md": lighthouse("Skarholm", "Orsova"), "b.md": lighthouse("Zwettl", "Tamsin")})
    assert "Orsova" in assistant.ask(ASKED).text
    (assistant.settings.corpus_dir / "a.md").unlink()
    assistant.sync()
    for question in (ASKED, "Orsova", "the lighthouse of Skarholm"):
        answer = assistant.ask(question)
        assert {c.path for c in answer.citations} <= {"b.md"}
        assert {p.path for p in answer.passages} <= {"b.md"}
        assert {p.path for p in assistant.search(question)} <= {"b.md"}


def test_runnable_and_retriever_made_before_a_publish_see_it(make_assistant: MakeAssistant) -> None:
    assistant = make_assistant({"zwettl.md": lighthouse("Zwettl", "Tamsin")})
    chain, retriever = assistant.as_runnable(), assistant.as_retriever()
    (assistant.settings.corpus_dir / "skarholm.md").write_text(lighthouse("Skarholm", "Orsova"), encoding="utf-8")
    index_elsewhere(assistant)
    assert "Orsova" in chain.invoke(ASKED).text
    assert retriever.invoke(ASKED)[0].metadata["path"] == "skarholm.md"


def test_answers_go_on_while_the_corpus_is_indexed(make_assistant: MakeAssistant) -> None:
    """Every answer is all of one version: the old one's or the new one's."""
    assistant = make_assistant({"skarholm.md": lighthouse("Skarholm", "Orsova")})
    old = assistant.ask(ASKED)
    page = assistant.settings.corpus_dir / "skarholm.md"
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(assistant.ask, ASKED) for _ in range(20)]
        page.write_text(lighthouse("Skarholm", "Wenzel"), encoding="utf-8")
        assistant.sync()
        answers = [each.result() for each in asked]
    new = assistant.ask(ASKED)
    assert {old.text, new.text} >= {answer.text for answer in answers}
    versions = {old.index_version: old.text, new.index_version: new.text}
    assert len(versions) == 2
    for answer in answers:
        assert versions[answer.index_version] == answer.text


# --- an index that is not there ------------------------------------------------------------------------------


def test_missing_index_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    assistant = Assistant(Settings(corpus_dir=tmp_path, index_dir=tmp_path / "index"))
    for call in (assistant.ready, assistant.documents, assistant.as_runnable, assistant.as_retriever):
        with pytest.raises(IndexMissingError, match="run `assistant index`"):
            call()
    with pytest.raises(IndexMissingError, match="run `assistant index`"):
        assistant.ask(QUESTION)


def test_index_that_was_removed_is_an_error_with_the_remedy_and_comes_back(
    make_assistant: MakeAssistant, new_index: Callable[[Path], Path]
) -> None:
    assistant = make_assistant({"skarholm.md": lighthouse("Skarholm", "Orsova")})
    assert assistant.ask(ASKED).answered
    shutil.rmtree(assistant.settings.index_dir)
    for _ in range(2):
        with pytest.raises(IndexMissingError, match="run `assistant index`"):
            assistant.ask(ASKED)
    new_index(assistant.settings.index_dir)
    index_elsewhere(assistant)
    assert "Orsova" in assistant.ask(ASKED).text


def test_missing_corpus_is_an_error_that_names_it_and_the_index_stays(make_assistant: MakeAssistant) -> None:
    assistant = make_assistant({"skarholm.md": lighthouse("Skarholm", "Orsova")})
    shutil.rmtree(assistant.settings.corpus_dir)
    with pytest.raises(CorpusError, match="corpus"):
        assistant.sync()
    assert assistant.ask(ASKED).answered
