"""Fixtures that every test may need: where things are, and an environment without surprises."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from assistant import Answer, Settings
    from assistant.answering.chain import Found
    from assistant.store.snapshot import Snapshot

REPOSITORY = Path(__file__).resolve().parents[1]
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Before anything is imported: libraries read these once, and no test may reach out of the machine.
os.environ.update(
    ANONYMIZED_TELEMETRY="False",
    GRADIO_ANALYTICS_ENABLED="False",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_OFFLINE="1",
    LANGSMITH_TRACING="false",
    TOKENIZERS_PARALLELISM="false",
)
for _name in [name for name in os.environ if name.upper().startswith("ASSISTANT_")]:
    del os.environ[_name]  # so that session fixtures don't see the developer's settings either


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that leaks an `ASSISTANT_…` variable does not change the next one."""
    for name in list(os.environ):
        if name.upper().startswith("ASSISTANT_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def _every_citation_is_exact() -> Iterator[None]:
    """Holds every citation of every answer of the whole test run against the stored text, whatever a test asserts."""
    from assistant.answering.chain import AnswerChain

    decide = AnswerChain._decide

    def checked(self: AnswerChain, found: Found, snapshot: Snapshot) -> Answer:
        answer = decide(self, found, snapshot)
        for citation in answer.citations:
            stored = snapshot.document(citation.document_id).text
            assert stored[citation.start : citation.end] == citation.quote, f"{citation} is not in the stored text"
        numbers = {citation.number for citation in answer.citations}
        assert all(sentence.citations and set(sentence.citations) <= numbers for sentence in answer.sentences)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AnswerChain, "_decide", checked)
        yield


@pytest.fixture(scope="module", autouse=True)
def _memory_is_given_back() -> Iterator[None]:
    """Models and indexes that hang in cycles would wait for a collection that comes late: gigabytes in a whole run."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of material that lies beside some checkouts; tests that need it skip without it."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"needs the folder {folder.name}/ beside the repository")
    return folder


@pytest.fixture(scope="session")
def new_index(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Makes an index folder that holds the bundled embedder's twin and nothing else.

    Exporting the twin takes half a minute, so that one is made for all. Its files are shared: a test that
    damages them copies the folder first.
    """
    from assistant.embedding import BUNDLED, load_embedder
    from assistant.indexing import TWINS

    twins = tmp_path_factory.mktemp("twins")
    load_embedder(BUNDLED, twins)

    def make(folder: Path) -> Path:
        shutil.copytree(twins, folder / TWINS, copy_function=os.link)
        return folder

    return make


@pytest.fixture(scope="session")
def starter_index(
    repository: Path, new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The starter corpus, indexed; for reading only."""
    from assistant import Settings
    from assistant.indexing import sync

    index = new_index(tmp_path_factory.mktemp("starter") / "index")
    settings = Settings(corpus_dir=repository / "corpus", index_dir=index)
    sync(settings)
    return settings


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium. For one module only: while it is open, this thread has a running event loop."""
    program = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    if program is None:
        pytest.skip("no Chromium is installed (on Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()
