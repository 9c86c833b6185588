"""The retriever and the chain as LangChain uses them: invoked, batched, streamed, awaited, composed."""

from __future__ import annotations

import asyncio
from dataclasses import fields

import pytest
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

from assistant import Assistant
from assistant.errors import QuestionError
from assistant.types import Answer, Passage

QUESTION = "Why did the 2017 working group collapse?"
OTHER = "Who chaired the meeting in November 2013?"


def test_documents_carry_everything_that_a_passage_does(starter: Assistant) -> None:
    documents = starter.as_retriever(top_k=5).invoke(QUESTION)
    passages = starter.search(QUESTION, top_k=5)
    assert [d.page_content for d in documents] == [p.text for p in passages]
    names = {f.name for f in fields(Passage)} - {"text"}
    for document, passage in zip(documents, passages, strict=True):
        assert document.metadata == {name: getattr(passage, name) for name in names}
        start, end = document.metadata["start"], document.metadata["end"]
        assert starter.document(document.metadata["path"]).text[start:end] == document.page_content


def test_retriever_is_invoked_awaited_and_batched_alike(starter: Assistant) -> None:
    retriever = starter.as_retriever()
    alone = [retriever.invoke(QUESTION), retriever.invoke(OTHER)]
    assert alone[0] != alone[1]
    assert retriever.batch([QUESTION, OTHER]) == alone
    assert asyncio.run(retriever.ainvoke(QUESTION)) == alone[0]
    assert asyncio.run(retriever.abatch([QUESTION, OTHER])) == alone


def test_retriever_returns_as_many_as_asked_for(starter: Assistant) -> None:
    assert len(starter.as_retriever(top_k=2).invoke(QUESTION)) == 2
    assert len(starter.as_retriever(top_k=2).invoke(QUESTION, k=7)) == 7


def test_retriever_composes(starter: Assistant) -> None:
    def titles(documents: list[Document]) -> list[str]:
        return [d.metadata["title"] for d in documents]

    chain = {"titles": starter.as_retriever() | titles, "question": RunnablePassthrough()} | RunnableLambda(
        lambda both: f"{both['question']} {both['titles'][0]}"
    )
    assert chain.invoke(QUESTION).startswith(f"{QUESTION} The 2017 attempt")


def test_retriever_refuses_an_empty_question(starter: Assistant) -> None:
    with pytest.raises(QuestionError):
        starter.as_retriever().invoke("  ")


def said(answer: Answer) -> tuple[object, ...]:
    """An answer without its times, which differ."""
    return (answer.question, answer.standalone_question, answer.text, answer.sentences, answer.citations)


def test_chain_is_invoked_streamed_awaited_and_batched_alike(starter: Assistant) -> None:
    chain = starter.as_runnable()
    expected = [said(starter.ask(QUESTION)), said(starter.ask(OTHER))]
    assert said(chain.invoke(QUESTION)) == expected[0]
    assert [said(a) for a in chain.batch([QUESTION, OTHER])] == expected
    assert [said(a) for a in chain.stream(QUESTION)] == expected[:1]
    assert said(asyncio.run(chain.ainvoke(QUESTION))) == expected[0]
    assert [said(a) for a in asyncio.run(chain.abatch([QUESTION, OTHER]))] == expected


def test_chain_takes_history_and_date(starter: Assistant) -> None:
    history = [{"role": "user", "content": QUESTION}, {"role": "assistant", "text": "Because of Congress."}]
    chain = starter.as_runnable()
    asked = {"question": "And the 2013 one?", "history": history}
    assert said(chain.invoke(asked)) == said(starter.ask("And the 2013 one?", history=history))
    assert chain.invoke(asked).standalone_question == "Why did the 2013 working group collapse?"
    early = chain.invoke({"question": QUESTION, "as_of": "2023"})
    assert early.passages == starter.ask(QUESTION, as_of="2023").passages
    assert all(p.date is None or p.date < "2024" for p in early.passages)


def test_chain_composes(starter: Assistant) -> None:
    chain = RunnableLambda(str.strip) | starter.as_runnable() | RunnableLambda(lambda answer: answer.text.upper())
    assert "CONGRESS" in chain.invoke(f"  {QUESTION}\n")


@pytest.mark.parametrize("given", [{"question": ""}, {"question": None}, {}, {"history": []}])
def test_chain_refuses_what_is_no_question(starter: Assistant, given: dict[str, object]) -> None:
    with pytest.raises(QuestionError):
        starter.as_runnable().invoke(given)
