"""Every case of the evaluation set, asked with a key that may not see its source: nothing of the source is told."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant import Assistant, Document, Settings
from assistant.evaluation.cases import Case, load_cases
from assistant.indexing import sync
from assistant.ingest.access import ACCESS_FILE
from assistant.store.keys import KeyStore
from tests.serving.conftest import served

WORD = re.compile(r"\w+")


def words(text: str) -> set[str]:
    return {word.casefold() for word in WORD.findall(text)}


@pytest.fixture(scope="module")
def every_document_labelled(
    repository: Path, new_index: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The starter corpus, each document with a label of its own."""
    place = tmp_path_factory.mktemp("labelled")
    shutil.copytree(repository / "corpus", place / "corpus")
    paths = sorted(file.relative_to(place / "corpus").as_posix() for file in (place / "corpus").rglob("*.md"))
    lines = "".join(f"/{path}: {label_of(path)}\n" for path in paths)
    (place / "corpus" / ACCESS_FILE).write_text(lines, "utf-8")
    settings = Settings(corpus_dir=place / "corpus", index_dir=new_index(place / "index"))
    sync(settings)
    return settings


def label_of(path: str) -> str:
    return f"only-{Path(path).stem[:50].lower()}"


@pytest.mark.parametrize(
    "step", [pytest.param(1, marks=pytest.mark.slow, id="every case"), pytest.param(7, id="every seventh case")]
)
def test_no_case_tells_of_a_source_its_key_may_not_see(
    every_document_labelled: Settings, repository: Path, step: int
) -> None:
    settings = every_document_labelled
    cases = [case for case in load_cases(repository / "evals/known_answers.jsonl").cases if not case.corpus][::step]
    own = words("".join(file.read_text("utf-8") for file in (repository / "assistant").rglob("*.py")))
    store = KeyStore(settings.index_dir)
    with Assistant(settings) as assistant:
        documents = {each.path: assistant.document(each.id) for each in assistant.documents()}
        with served(assistant, settings) as server, httpx.Client(base_url=server.url, timeout=60) as client:
            keys: dict[frozenset[str], str] = {}
            for case in cases:
                hidden = frozenset(case.expect.sources or _nearest(assistant, case))
                if hidden not in keys:
                    seen = [label_of(path) for path in documents if path not in hidden]
                    keys[hidden] = store.make(f"key {step} {len(keys)}", scopes=["ask", "read"], access=seen)[1]
                headers = {"authorization": f"Bearer {keys[hidden]}"}
                history = [{"role": turn.role, "content": turn.content} for turn in case.history]
                body = {"question": case.question, "history": history, "as_of": case.as_of}
                reply = client.post("/api/ask", json=body, headers=headers)
                assert reply.status_code == 200, case.id
                visible = [document for path, document in documents.items() if path not in hidden]
                asked = case.question + json.dumps(history, ensure_ascii=False)
                _holds_nothing_of([documents[path] for path in hidden], visible, reply.json(), asked, own, case)
            listed = client.get("/api/documents", params={"limit": 1000}, headers=headers).json()["documents"]
            assert {document["path"] for document in listed} == documents.keys() - hidden
    assert len(keys) > 30 // step


def _nearest(assistant: Assistant, case: Case) -> list[str]:
    """What a case without a source comes nearest to."""
    return [assistant.search(case.question, top_k=1)[0].path]


def _holds_nothing_of(
    hidden: list[Document], visible: list[Document], reply: dict[str, Any], asked: str, own: set[str], case: Case
) -> None:
    said = json.dumps(reply, ensure_ascii=False)
    known = "\n".join([asked, *(f"{document.title}\n{document.path}\n{document.text}" for document in visible)])
    allowed = words(known) | own
    secret = {word for document in hidden for word in words(f"{document.title} {document.text}")} - allowed
    told = words(said) & secret
    assert not told, f"{case.id}: {told} stand only in what the key may not see"
    for document in hidden:
        assert document.id not in said, case.id
        assert document.path not in said or document.path in known, case.id
        assert document.title not in said or document.title in known, case.id
