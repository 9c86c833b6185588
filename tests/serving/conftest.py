"""A served chat, and a browser that holds every page to the house rules: no strange request, no script error."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from assistant import Assistant, Settings
from assistant.serving.application import create_app
from assistant.serving.server import Server, listen


@dataclass(frozen=True)
class Served:
    """A running chat."""

    url: str
    assistant: Assistant


@contextmanager
def served(assistant: Assistant, settings: Settings) -> Iterator[Served]:
    """Serves the chat from a thread, on a port that is free."""
    with listen(Settings(port=0)) as listener:
        server = Server(create_app(settings, assistant), listener)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server is slow to start"
            time.sleep(0.05)
        try:
            yield Served(server.address, assistant)
        finally:
            server.should_exit = True
            thread.join(20)


@pytest.fixture(scope="session")
def starter(starter_index: Settings) -> Iterator[Assistant]:
    """An assistant over the starter corpus."""
    with Assistant(starter_index) as assistant:
        yield assistant


@pytest.fixture(scope="session")
def starter_chat(starter: Assistant) -> Iterator[Served]:
    """The chat over the starter corpus."""
    with served(starter, starter.settings) as chat:
        yield chat


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens the chat in a tab of its own; in the end no tab may have left the machine or failed in a script."""
    contexts, offences = [], []

    def watch_request(url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            offences.append(f"request to {url}")

    def watch_dialog(dialog: Any) -> None:
        offences.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def open_(url: str, **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1100, "height": 820}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: watch_request(request.url))
        page.on("dialog", watch_dialog)
        page.on("pageerror", lambda error: offences.append(f"script error {error}"))
        page.on("console", lambda said: offences.append(f"console: {said.text}") if said.type == "error" else None)
        page.goto(url)
        page.wait_for_selector(".ca-box textarea, input[type=password]")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not offences
