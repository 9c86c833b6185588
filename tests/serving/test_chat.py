"""The chat in a real browser, over the real assistant: what a newcomer sees and can rely on."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Settings, Turn
from assistant.cli import main
from assistant.evaluation.cases import load_cases
from assistant.store.feedback import Complaint, Feedback, FeedbackStore
from tests.serving.conftest import Served, served

pytestmark = pytest.mark.browser

QUESTION = "Why did the 2017 working group collapse?"
HOSTILE = (
    'The Zanzibar reactor opened in 1987. On its gate stand <img src=x onerror="alert(1)"> and <script>alert(2)'
    "</script> and [a link](javascript:alert(3)) and </mark></blockquote></details> and **bold** and ${alert(4)}."
)


@pytest.fixture(scope="module")
def hostile_chat(new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The chat over one document, and one folder name, that would like to be markup."""
    home = tmp_path_factory.mktemp("hostile")
    corpus = home / "<b>${alert(5)} {{folder}}"
    corpus.mkdir()
    text = ["# The Zanzibar reactor <img src=x onerror=alert(6)>", "A plant.", HOSTILE, "It closed in 1999."]
    (corpus / "reactor.txt").write_text("\n\n".join(text), encoding="utf-8")
    with Assistant(Settings(corpus_dir=corpus, index_dir=new_index(home / "index"))) as assistant:
        assistant.sync()
        with served(assistant, assistant.settings) as chat:
            yield chat


def ask(page: Any, question: str) -> Any:
    """Types a question and waits for the whole of its answer, which is returned."""
    before = page.locator(".bot-row").count()
    page.fill(".ca-box textarea", question)
    page.press(".ca-box textarea", "Enter")
    page.wait_for_function(
        "n => document.querySelectorAll('.bot-row').length > n && !document.querySelector('.ca-pending')", arg=before
    )
    return page.locator(".bot-row").last


def scrolls_sideways(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def stored_texts(assistant: Assistant) -> dict[str, str]:
    return {document.path: assistant.document(document.id).text for document in assistant.documents()}


def test_every_sentence_has_a_number_that_opens_the_exact_quotation(
    starter_chat: Served, open_page: Callable[..., Any]
) -> None:
    page = open_page(starter_chat.url)
    answer = ask(page, QUESTION)
    sentences = answer.locator(".ca-sentence")
    assert sentences.count() >= 1
    for place in range(sentences.count()):
        assert sentences.nth(place).locator("a.ca-mark").count() >= 1
    assert answer.locator(".ca-card[open]").count() == 0

    answer.locator("a.ca-mark", has_text="1").first.click()
    card = answer.locator(".ca-card[open]")
    assert card.count() == 1
    assert card.locator(".ca-number").inner_text() == "1"
    assert card.locator("mark").is_visible()
    assert page.evaluate("document.activeElement.closest('.ca-card[open]') !== null")

    texts = stored_texts(starter_chat.assistant)
    told = starter_chat.assistant.ask(QUESTION)
    quotes = {citation.number: citation.quote for citation in told.citations}
    assert card.locator("mark").text_content() == quotes[1]
    cards = answer.locator(".ca-sources .ca-card")
    assert cards.count() == len(quotes)
    for place in range(cards.count()):
        path = cards.nth(place).locator(".ca-facts span").last.text_content()
        assert cards.nth(place).locator("mark").text_content() in texts[path]
    assert "working-group-2017.md" in answer.locator(".ca-sources").text_content()


def test_number_opens_its_card_from_the_keyboard(starter_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(starter_chat.url)
    answer = ask(page, QUESTION)
    answer.locator("a.ca-mark").first.press("Enter")
    assert answer.locator(".ca-card[open] mark").is_visible()
    page.keyboard.press("Enter")  # the card's own line has the focus now
    assert answer.locator(".ca-card[open]").count() == 0


def test_follow_up_is_asked_with_the_conversation(starter_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(starter_chat.url)
    ask(page, QUESTION)
    shown = ask(page, "And who criticised it?")
    before = starter_chat.assistant.ask(QUESTION)
    history = [Turn("user", QUESTION), Turn("assistant", before.text)]
    expected = starter_chat.assistant.ask("And who criticised it?", history=history)
    assert "2017" in expected.standalone_question
    assert shown.locator(".ca-sources mark").all_text_contents() == [c.quote for c in expected.citations]
    assert shown.locator(".ca-refusal").count() == (0 if expected.answered else 1)


def test_numbers_open_the_cards_of_their_own_answer(starter_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(starter_chat.url)
    ask(page, QUESTION)
    second = ask(page, QUESTION)
    second.locator("a.ca-mark").first.click()
    assert page.locator(".bot-row").first.locator(".ca-card[open]").count() == 0
    assert second.locator(".ca-card[open]").count() == 1


def test_refusal_looks_different_and_has_no_numbers(starter_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(starter_chat.url)
    refusal = ask(page, "How many moons does the planet Jupiter have?")
    assert refusal.locator(".ca-refusal .ca-label").inner_text() == "The corpus does not answer this"
    assert refusal.locator(".ca-mark").count() == 0
    assert refusal.locator(".ca-sources").count() == 0
    nearest = refusal.locator(".ca-nearest")
    assert nearest.locator(".ca-card").first.is_hidden()
    nearest.locator("summary", has_text="Nearest passages, not an answer").click()
    assert nearest.locator(".ca-card").first.is_visible()


def test_document_text_is_shown_as_text(hostile_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(hostile_chat.url)
    answer = ask(page, "When did the Zanzibar reactor open?")
    # Answered or refused: the paragraph is in the first card, as a source or as the nearest passage.
    assert HOSTILE in answer.locator(".ca-card blockquote").first.text_content()
    assert "<img src=x onerror=alert(6)>" in answer.locator(".ca-card .ca-title").first.text_content()
    ask(page, "What is <img src=x onerror=alert(7)>?")
    assert page.locator(".ca-question").last.inner_text() == "What is <img src=x onerror=alert(7)>?"
    assert page.locator(".ca-chat :is(img, script, iframe)").count() == 0
    assert answer.locator("a[href*='javascript']").count() == 0
    assert "<b>${alert(5)} {{folder}}" in page.locator(".ca-header").inner_text()


def test_empty_and_endless_questions_get_a_message(starter_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(starter_chat.url)
    assert "empty" in ask(page, "   ").locator(".ca-error").inner_text()
    assert "character" in ask(page, "why " * 2_500).locator(".ca-error").inner_text()
    assert not scrolls_sideways(page)
    assert ask(page, QUESTION).locator("a.ca-mark").count() >= 1


def test_phone_has_no_sideways_scroll(starter_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(starter_chat.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert not scrolls_sideways(page)
    answer = ask(page, QUESTION)
    answer.locator("a.ca-mark").first.tap()
    assert answer.locator(".ca-card[open]").is_visible()
    assert not scrolls_sideways(page)
    assert page.locator(".ca-box textarea").is_visible()


def test_example_is_asked_by_a_click(starter_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(starter_chat.url)
    page.locator(".ca-example", has_text=QUESTION).click()
    page.wait_for_selector(".ca-sources")
    assert page.locator(".ca-question").inner_text() == QUESTION
    assert page.locator(".ca-example").first.is_hidden()


def test_examples_of_the_starter_corpus_stay_with_it(hostile_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(hostile_chat.url)
    page.wait_for_selector(".ca-version")
    assert page.locator(".ca-example:visible").count() == 0


def test_copied_answer_has_its_citations(starter_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(starter_chat.url, permissions=["clipboard-read", "clipboard-write"])
    answer = ask(page, QUESTION)
    answer.locator(".ca-copy").click()
    answer.locator(".ca-copy", has_text="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert answer.locator("mark").first.text_content() in copied
    assert "[1]" in copied


def test_new_conversation_forgets_the_old_one(starter_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(starter_chat.url)
    ask(page, QUESTION)
    page.click(".ca-again")
    page.wait_for_selector(".ca-welcome")
    ask(page, QUESTION)
    assert page.locator(".ca-question").count() == 1


def test_visitors_at_the_same_time_see_their_own_conversations(
    starter_chat: Served, open_page: Callable[..., Any]
) -> None:
    questions = [QUESTION, "What is the Budapest Convention?", "Why did the 2013 working group end?"]
    pages = [open_page(starter_chat.url) for _ in questions]
    for page, question in zip(pages, questions, strict=True):
        page.fill(".ca-box textarea", question)
    for page in pages:
        page.press(".ca-box textarea", "Enter")
    for page, question in zip(pages, questions, strict=True):
        page.wait_for_selector(".ca-foot, .ca-label")
        assert page.locator(".ca-question").all_inner_texts() == [question]
        expected = starter_chat.assistant.ask(question)
        quotes = page.locator(".ca-sources mark").all_text_contents()
        assert quotes == [citation.quote for citation in expected.citations]


def test_page_names_the_corpus_and_its_index(starter_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(starter_chat.url)
    page.wait_for_selector(".ca-version")
    header = page.locator(".ca-header").inner_text()
    assert f"{len(starter_chat.assistant.documents())} documents" in header
    assert starter_chat.assistant.ready() in header


def test_without_an_index_the_page_says_what_to_do(tmp_path: Path, open_page: Callable[..., Any]) -> None:
    (tmp_path / "corpus").mkdir()
    settings = Settings(corpus_dir=tmp_path / "corpus", index_dir=tmp_path / "index")
    with Assistant(settings) as assistant, served(assistant, settings) as chat:
        page = open_page(chat.url)
        assert "assistant index" in ask(page, QUESTION).locator(".ca-error").inner_text()
        assert "assistant index" in page.locator(".ca-header").inner_text()


def test_with_keys_the_page_asks_for_one(starter: Assistant, open_page: Callable[..., Any]) -> None:
    settings = starter.settings.model_copy(update={"api_keys": ("open-sesame",)})
    with served(starter, settings) as chat:
        page = open_page(chat.url)
        assert page.locator(".ca-box").count() == 0
        page.locator("input").first.fill("me")
        page.locator("input[type=password]").fill("open-sesame")
        page.locator("button", has_text="Log").click()
        page.wait_for_selector(".ca-box textarea")
        assert ask(page, QUESTION).locator("a.ca-mark").count() >= 1


# Thumbs


@pytest.fixture
def judged_chat(starter_index: Settings, tmp_path: Path) -> Iterator[Served]:
    """The chat over the starter corpus, with an index folder of its own for what readers say."""
    shutil.copytree(starter_index.index_dir, tmp_path / "index")
    settings = starter_index.model_copy(update={"index_dir": tmp_path / "index"})
    with Assistant(settings) as assistant, served(assistant, settings) as chat:
        yield chat


def kept(chat: Served) -> list[Feedback]:
    return FeedbackStore(chat.assistant.settings.index_dir).all()


def test_thumb_of_a_reader_becomes_a_case(
    judged_chat: Served, open_page: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(judged_chat.url)
    answer = ask(page, QUESTION)
    answer.get_by_role("button", name="Good answer").click()
    answer.locator(".ca-thanks", has_text="Thank you").wait_for()
    assert answer.get_by_role("button", name="Good answer").get_attribute("aria-pressed") == "true"
    assert answer.locator(".ca-why").is_hidden()
    (feedback,) = kept(judged_chat)
    told = judged_chat.assistant.ask(QUESTION)
    assert (feedback.verdict, feedback.question, feedback.index_version) == ("up", QUESTION, told.index_version)
    assert feedback.answer is not None
    assert feedback.answer.citations == told.citations

    cases = tmp_path / "cases.jsonl"
    monkeypatch.setattr(sys, "stdin", io.StringIO("a\n-\n"))
    index = str(judged_chat.assistant.settings.index_dir)
    assert main(["eval", "triage", "--cases", str(cases), "--index", index]) == 0
    (case,) = load_cases(cases).cases
    assert (case.question, case.tags) == (QUESTION, ("from-feedback",))
    assert set(case.expect.sources) == {citation.path for citation in told.citations}


def test_thumb_down_asks_why_and_works_from_the_keyboard_alone(
    judged_chat: Served, open_page: Callable[..., Any]
) -> None:
    page = open_page(judged_chat.url)
    ask(page, QUESTION)
    first_box = page.locator(".ca-feedback").first
    first_box.get_by_role("button", name="Bad answer").press("Enter")
    first_box.locator(".ca-why").wait_for()
    page.wait_for_function("document.activeElement.type === 'radio'")
    assert [f.verdict for f in kept(judged_chat)] == ["down"]  # also if the reader stops here
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")  # the second reason
    page.keyboard.press("Tab")
    page.keyboard.type("<b>Not that</b> paper")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    first_box.locator(".ca-thanks", has_text="Thank you for your feedback").wait_for()
    assert first_box.locator(".ca-why").is_hidden()
    (feedback,) = kept(judged_chat)
    assert (feedback.reason, feedback.comment) == (Complaint.WRONG_SOURCE, "<b>Not that</b> paper")

    second = ask(page, "How many moons does the planet Jupiter have?")
    assert second.locator(".ca-refusal").count() == 1
    assert page.locator(".ca-thumb[aria-pressed=true]").count() == 1  # that of the first answer
    second.get_by_role("button", name="Bad answer").click()
    second.get_by_label("The documents do answer this").check()
    second.get_by_role("button", name="Send").click()
    second.locator(".ca-thanks", has_text="Thank you for your feedback").wait_for()
    one, two = kept(judged_chat)
    assert one == feedback
    assert (two.reason, len(two.history)) == (Complaint.SHOULD_HAVE_ANSWERED, 2)
    first_box.get_by_role("button", name="Good answer").click()
    first_box.locator("[data-verdict=up][aria-pressed=true]").wait_for()
    page.wait_for_function("!document.body.innerText.includes('Saving')")
    assert [f.verdict for f in kept(judged_chat)] == ["up", "down"]


def test_thumb_that_could_not_be_kept_says_so(judged_chat: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(judged_chat.url)
    answer = ask(page, QUESTION)
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('offline')); }")
    answer.get_by_role("button", name="Good answer").click()
    answer.locator(".ca-thanks", has_text="Not saved").wait_for()
    assert page.locator(".ca-thumb[aria-pressed=true]").count() == 0
    assert kept(judged_chat) == []


def test_behind_the_login_a_thumb_is_kept(judged_chat: Served, open_page: Callable[..., Any]) -> None:
    settings = judged_chat.assistant.settings.model_copy(update={"api_keys": ("open-sesame",)})
    with Assistant(settings) as assistant, served(assistant, settings) as chat:
        page = open_page(chat.url)
        page.locator("input").first.fill("me")
        page.locator("input[type=password]").fill("open-sesame")
        page.locator("button", has_text="Log").click()
        page.wait_for_selector(".ca-box textarea")
        answer = ask(page, QUESTION)
        answer.get_by_role("button", name="Good answer").click()
        answer.locator(".ca-thanks", has_text="Thank you").wait_for()
        assert len(kept(chat)) == 1
