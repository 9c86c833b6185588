"""The web component on a page of another site, under the strictest policy, in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant import Assistant, Settings
from assistant.store.keys import KeyStore
from tests.servers.ask_server import AskServer, PageServer, ask_server, page_server
from tests.serving.conftest import Served, served

QUESTION = "Why did the 2017 working group collapse?"
REFUSED = "Who won the 1987 chess championship of Zanzibar?"
MARKUP = (
    'The Zanzibar reactor opened in 1987 behind <img src=x onerror="alert(1)"> and '
    "</blockquote><script>alert(2)</script>."
)
Opener = Callable[..., Any]


@pytest.fixture(scope="module")
def server(starter: Assistant) -> Iterator[AskServer]:
    with ask_server(starter) as running:
        yield running


@pytest.fixture(scope="module")
def site() -> Iterator[PageServer]:
    with page_server() as running:
        yield running


@pytest.fixture(autouse=True)
def _calm(server: AskServer) -> None:
    server.faults.clear()
    server.asked.clear()
    server.gone.clear()


def policy(server: AskServer) -> str:
    return (
        f"default-src 'none'; script-src {server.url}; connect-src {server.url}; frame-src {server.url}; "
        "require-trusted-types-for 'script'"
    )


@pytest.fixture
def open_widget(browser: Any, site: PageServer) -> Iterator[Opener]:
    """Opens a page with the component; in the end nothing was violated, logged or fetched from elsewhere.

    Errors that a test brings about itself show up in the console as failed loads; it names them in `expected`.
    """
    contexts, offences, expected = [], [], []

    def open_(
        server: AskServer, attributes: str = "", *, body: str | None = None, errors: str = "", **options: Any
    ) -> Any:
        context = browser.new_context(**{"viewport": {"width": 760, "height": 720}, **options})
        contexts.append(context)
        expected.append(errors)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.add_init_script(
            "addEventListener('securitypolicyviolation', "
            "e => console.error('violation', e.violatedDirective, e.blockedURI));"
            "window.told = []; for (const n of ['answer', 'error'])"
            " addEventListener('corpus-assistant:' + n, e => window.told.push([n, e.detail]));"
        )
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith((site.url, server.url)) else offences.append(f"request to {request.url}")
            ),
        )
        page.on("pageerror", lambda error: offences.append(f"script error {error}"))
        page.on("dialog", lambda dialog: (offences.append("dialog"), dialog.dismiss()))
        page.on("console", lambda said: offences.append(said.text) if said.type == "error" else None)
        body = body or f'<corpus-assistant endpoint="{server.url}" {attributes}></corpus-assistant>'
        page.goto(site.put(f'{body}<script src="{server.url}/widget.js"></script>', policy(server)))
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [o for o in offences if not any(e and re.search(e, o) for e in expected)] == []


def ask(page: Any, question: str) -> Any:
    """Types a question and waits until the answer is complete."""
    page.get_by_role("textbox", name="Your question").fill(question)
    page.keyboard.press("Enter")
    page.locator(".status").wait_for(state="detached")
    page.get_by_role("button", name="Ask", exact=True).wait_for()
    return page.locator(".turn").last


def contrast(page: Any, selector: str) -> float:
    """Of an element's colour against the first background behind it, as it is computed."""
    value = page.locator(selector).first.evaluate(
        """node => {
        const read = colour => { const c = document.createElement('canvas')
          .getContext('2d', {willReadFrequently: true});
          c.fillStyle = colour; c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]; };
        const light = rgb => { const [r, g, b] = rgb.slice(0, 3).map(v => (v /= 255) <= .03928 ? v / 12.92
          : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
        const ink = light(read(getComputedStyle(node).color));
        let back = node, colour;
        do { colour = read(getComputedStyle(back).backgroundColor); back = back.parentNode?.host ?? back.parentNode; }
        while (colour[3] < 255 && back && back.nodeType === 1);
        const paper = light(colour);
        return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05); }"""
    )
    return float(value)


def test_script_is_public_small_and_cached(starter_chat: Served) -> None:
    address = f"{starter_chat.url}/widget.js"
    reply = httpx.get(address)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/javascript")
    assert len(reply.content) < 40_000
    assert reply.headers["cross-origin-resource-policy"] == "cross-origin"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "max-age" in reply.headers["cache-control"]
    again = httpx.get(address, headers={"if-none-match": f'"other", W/{reply.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.get(address, headers={"if-none-match": '"other"'}).status_code == 200
    assert httpx.head(f"{starter_chat.url}/widget").status_code == 200


def test_only_named_sites_may_frame_the_page(server: AskServer) -> None:
    def ancestors() -> str:
        found = re.search(
            "frame-ancestors ([^;]*)", httpx.get(f"{server.url}/widget").headers["content-security-policy"]
        )
        assert found is not None
        return found[1]

    server.ancestors[:] = []
    assert ancestors() == "'self'"
    server.ancestors[:] = ["https://a.example", "http://localhost:3000"]
    assert ancestors() == "'self' https://a.example http://localhost:3000"


def test_script_writes_no_markup(repository: Path) -> None:
    script = (repository / "assistant/serving/browser/static/widget.js").read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function|\.write\(|\bonclick", script)


@pytest.mark.browser
def test_number_opens_the_exact_quotation(server: AskServer, open_widget: Opener) -> None:
    page = open_widget(server, 'key="k-123"')
    answer = ask(page, QUESTION)
    told = server.assistant.ask(QUESTION)
    assert answer.locator("[part=sentence]").count() == len(told.sentences)
    assert answer.locator("[part=quotation][open]").count() == 0
    answer.get_by_role("button", name=f"Source 1: {told.citations[0].title}").first.click()
    card = answer.locator("[part=quotation][open]")
    assert card.count() == 1
    assert card.locator("[part=quote]").text_content() == told.citations[0].quote
    assert told.citations[0].path in card.text_content()
    assert answer.locator("[part=quotation]").count() == len(told.citations)
    assert server.keys[-1] == "Bearer k-123"
    [(name, detail)] = page.evaluate("window.told")
    assert (name, detail["text"], detail["answered"]) == ("answer", told.text, True)


@pytest.mark.browser
def test_short_answer_stands_out(server: AskServer, open_widget: Opener) -> None:
    question = "Who chaired the working group's meeting in November 2013?"
    page = open_widget(server)
    short = server.assistant.ask(question).short_answer
    assert short is not None
    assert "".join(ask(page, question).locator("[part=short-answer]").all_text_contents()) == short.text


@pytest.mark.browser
def test_follow_up_sends_the_conversation_and_a_new_one_does_not(server: AskServer, open_widget: Opener) -> None:
    page = open_widget(server)
    ask(page, QUESTION)
    ask(page, "And what happened after it?")
    text = server.assistant.ask(QUESTION).text
    assert server.asked[1]["history"] == [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": text},
    ]
    assert len(page.evaluate("document.querySelector('corpus-assistant').history")) == 4
    page.get_by_role("button", name="New conversation").click()
    assert page.locator(".turn").count() == 0
    ask(page, QUESTION)
    assert server.asked[2]["history"] == []


@pytest.mark.browser
def test_refusal_explains_and_offers_the_nearest_passages(server: AskServer, open_widget: Opener) -> None:
    page = open_widget(server)
    answer = ask(page, REFUSED)
    told = server.assistant.ask(REFUSED)
    assert not told.answered
    notice = answer.get_by_role("note")
    assert "does not answer this" in notice.inner_text()
    passages = answer.locator("[part=passage]")
    assert passages.count() == min(5, len(told.passages))
    assert not passages.first.is_visible()
    answer.get_by_text("Nearest passages, not an answer").click()
    passages.first.locator("summary").click()
    assert passages.first.locator("blockquote").text_content() == told.passages[0].text.strip()


@pytest.mark.browser
def test_busy_server_is_asked_again_after_its_time(server: AskServer, open_widget: Opener) -> None:
    server.faults.append("busy")
    page = open_widget(server, errors="429")
    ask(page, QUESTION)
    error = page.locator("[part=error]")
    assert "Too many questions" in error.inner_text()
    again = page.get_by_role("button", name="Ask again")
    again.click()  # waits until it is enabled
    page.locator("[part=sentence]").first.wait_for()
    assert page.locator(".turn").count() == 1
    assert [name for name, _ in page.evaluate("window.told")] == ["error", "answer"]
    assert page.evaluate("window.told[0][1].retryAfter") == 1
    assert server.asked[1] == server.asked[0]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("fault", "said"),
    [("broken", "the model <b>failed</b>"), ("cut", "connection was lost"), ("locked", "did not accept")],
)
def test_failure_is_told_and_what_was_shown_stays(
    fault: Any, said: str, server: AskServer, open_widget: Opener
) -> None:
    server.faults.append(fault)
    page = open_widget(server, errors="401|ERR_INCOMPLETE")
    turn = ask(page, QUESTION)
    assert said in turn.locator("[part=error]").text_content()
    assert turn.locator("[part=sentence]").count() == (0 if fault == "locked" else 1)
    assert page.evaluate("document.querySelector('corpus-assistant').history") == []
    page.get_by_role("button", name="Ask again").click()
    page.wait_for_selector("corpus-assistant [part=error]", state="detached")
    page.locator("[part=sentence]").nth(0).wait_for()


@pytest.mark.browser
def test_stop_and_removal_end_the_request(server: AskServer, open_widget: Opener) -> None:
    page = open_widget(server)
    box = page.get_by_role("textbox", name="Your question")
    for end in ("stop", "remove"):
        server.faults.append("slow")
        server.gone.clear()
        box.fill(QUESTION)
        box.press("Enter")
        page.locator("[part=sentence]").last.wait_for()
        if end == "stop":
            page.get_by_role("button", name="Stop").click()
            page.get_by_text("Stopped.").wait_for()
        else:
            page.evaluate("document.querySelector('corpus-assistant').remove()")
        assert server.gone.wait(10), f"after {end} the server still streams"
    assert page.evaluate("window.told") == []


@pytest.mark.browser
def test_markup_of_a_document_is_text(open_widget: Opener, new_index: Callable[[Path], Path], tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text(f"# The <b>reactor</b>\n\n{MARKUP}\n\nIt closed in 1999.", encoding="utf-8")
    with Assistant(Settings(corpus_dir=corpus, index_dir=new_index(tmp_path / "index"))) as assistant:
        assistant.sync()
        with ask_server(assistant) as own:
            page = open_widget(own)
            answer = ask(page, "When did the Zanzibar reactor open?")
            answer.get_by_role("button", name="Source 1").first.click()
            assert "<img src=x" in answer.locator("[part=quote]").first.text_content()
            assert answer.locator("img, script, b").count() == 0


@pytest.mark.browser
def test_bubble_is_a_dialog_for_the_keyboard(server: AskServer, open_widget: Opener) -> None:
    page = open_widget(server, 'mode="bubble"')
    active = "document.querySelector('corpus-assistant').shadowRoot.activeElement?.getAttribute('aria-label')"
    page.keyboard.press("Tab")
    assert page.evaluate(active) == "Open the assistant"
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Ask the documents").wait_for()
    assert page.evaluate(active) == "Your question"
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.locator(".status").wait_for(state="detached")
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('corpus-assistant').shadowRoot.activeElement") is not None
        if (page.evaluate(active) or "").startswith("Source 1"):
            break
    page.keyboard.press("Enter")
    assert page.locator("[part=quotation][open] [part=quote]").is_visible()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    assert page.evaluate(active) == "Open the assistant"


@pytest.mark.browser
def test_names_and_roles(server: AskServer, open_widget: Opener) -> None:
    page = open_widget(server)
    ask(page, QUESTION)
    tree = page.locator("body").aria_snapshot()
    for line in (
        'region "Ask the documents"',
        'heading "Ask the documents"',
        'log "Conversation"',
        'button "New conversation"',
        'textbox "Your question"',
        'button "Ask"',
        'button "Source 1:',
    ):
        assert line in tree, tree


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_in_both_themes(theme: str, server: AskServer, open_widget: Opener) -> None:
    page = open_widget(server, f'theme="{theme}"')
    ask(page, QUESTION).get_by_role("button", name="Source 1").first.click()
    ask(page, REFUSED)
    server.faults.append("broken")
    ask(page, QUESTION)
    for selector in (
        ".top h2",
        ".question",
        ".answer",
        ".cite",
        ".number",
        ".title",
        ".facts",
        "blockquote.exact",
        ".refusal .label",
        ".refusal p",
        ".error .label",
        ".again",
        ".send",
        ".nearest summary",
    ):
        assert contrast(page, selector) >= 4.5, selector


@pytest.mark.browser
def test_attributes_take_effect_and_elements_are_apart(server: AskServer, open_widget: Opener) -> None:
    two = "".join(f'<corpus-assistant id="{i}" endpoint="{server.url}"></corpus-assistant>' for i in "ab")
    page = open_widget(server, body=two)
    page.evaluate("document.getElementById('a').ask('Why did the 2017 working group collapse?').then(a => a.answered)")
    assert page.locator("#a .turn").count() == 1
    assert page.locator("#b .turn").count() == 0
    page.evaluate("document.getElementById('a').setAttribute('lang', 'ru')")
    assert page.locator("#a textarea").get_attribute("aria-label") == "Ваш вопрос"
    assert page.locator("#a .cite").first.get_attribute("aria-label").startswith("Источник 1")
    page.evaluate("document.getElementById('a').setAttribute('heading', 'Ask <us>')")
    assert page.locator("#a h2").text_content() == "Ask <us>"
    page.evaluate("document.getElementById('a').setAttribute('mode', 'bubble')")
    page.locator("#a .bubble").click()
    assert page.locator("#a .turn").is_visible()
    assert page.locator("#b h2").text_content() == "Ask the documents"


@pytest.mark.browser
@pytest.mark.parametrize("mode", ["inline", "bubble"])
def test_narrow_page_does_not_scroll_sideways(mode: str, server: AskServer, open_widget: Opener) -> None:
    page = open_widget(server, f'mode="{mode}"', viewport={"width": 320, "height": 480})
    if mode == "bubble":
        page.locator(".bubble").click()
    ask(page, QUESTION).get_by_role("button", name="Source 1").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator(".log").evaluate("node => node.scrollWidth <= node.clientWidth")
    assert page.get_by_role("button", name="Ask", exact=True).is_visible()


@pytest.mark.browser
def test_iframe_takes_its_key_from_the_fragment(server: AskServer, site: PageServer, open_widget: Opener) -> None:
    server.ancestors[:] = [site.url]
    page = open_widget(server, body=f'<iframe src="{server.url}/widget#key=k-9&theme=dark&lang=ru" title="x"></iframe>')
    frame = page.frame_locator("iframe")
    frame.get_by_role("textbox", name="Ваш вопрос").fill(QUESTION)
    frame.get_by_role("textbox", name="Ваш вопрос").press("Enter")
    frame.locator("[part=sentence]").first.wait_for()
    assert server.keys[-1] == "Bearer k-9"
    assert server.origins[-1] == server.url


@pytest.mark.browser
def test_real_server_takes_its_pages_key_from_there_and_from_nowhere_else(
    starter_index: Settings, site: PageServer, open_widget: Opener, tmp_path: Path
) -> None:
    shutil.copytree(starter_index.index_dir, tmp_path / "index")
    settings = Settings(corpus_dir=starter_index.corpus_dir, index_dir=tmp_path / "index")
    store = KeyStore(settings.index_dir)
    _, here = store.make("here", origins=[site.url])
    _, elsewhere = store.make("elsewhere", origins=["https://example.org"])
    with Assistant(settings) as assistant, served(assistant, settings) as server:
        page = open_widget(server, f'key="{here}"')
        turn = ask(page, QUESTION)
        cited = assistant.ask(QUESTION).citations[0]
        turn.get_by_role("button", name=f"Source 1: {cited.title}").first.click()
        assert turn.locator("[part=quotation][open] [part=quote]").text_content() == cited.quote

        framed = open_widget(server, body=f'<iframe src="{server.url}/widget#key={here}" width="700"></iframe>')
        inside = framed.frame_locator("iframe")
        inside.get_by_role("textbox", name="Your question").fill(QUESTION)
        inside.get_by_role("textbox", name="Your question").press("Enter")
        inside.locator("[part=sentence]").first.wait_for()

        page = open_widget(server, f'key="{elsewhere}"', errors="403|CORS|Failed to load")
        page.get_by_role("textbox", name="Your question").fill(QUESTION)
        page.keyboard.press("Enter")
        page.get_by_text("is bound to pages of https://example.org").or_(
            page.get_by_text("can’t be reached")
        ).wait_for()
        assert page.locator("[part=sentence]").count() == 0
