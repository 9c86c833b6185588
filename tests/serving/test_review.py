"""The maintainer's page: what readers said becomes cases, for who may see what it rests on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from assistant import Assistant, Settings
from assistant.evaluation.cases import load_cases
from assistant.indexing import sync
from assistant.store.keys import KeyStore
from tests.serving.conftest import Served, served

TOWER = "# The tower\n\nThe tower of Elmsford was built in 1873 by Ada Thornton, a builder of lighthouses.\n"
SALE = "---\naccess: board\n---\n# The sale\n\nThe board of Elmsford sells the tower to Basil Quimby for 900 crowns.\n"
BUILT, SOLD = "Who built the tower of Elmsford?", "To whom does the board sell the tower of Elmsford?"
EVERYTHING = ("ask", "read", "maintain")


@pytest.fixture
def town(
    new_index: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Served, KeyStore]]:
    """A server of which one document is the board's; the folder it runs in has no cases yet."""
    settings = Settings(corpus_dir=tmp_path / "corpus", index_dir=new_index(tmp_path / "index"))
    settings.corpus_dir.mkdir()
    (settings.corpus_dir / "tower.md").write_text(TOWER, "utf-8")
    (settings.corpus_dir / "sale.md").write_text(SALE, "utf-8")
    sync(settings)
    (tmp_path / "evals").mkdir()
    monkeypatch.chdir(tmp_path)
    with Assistant(settings) as assistant, served(assistant, settings) as server:
        yield server, KeyStore(settings.index_dir)


def visitor(
    town: tuple[Served, KeyStore], name: str, *access: str, scopes: tuple[str, ...] = EVERYTHING
) -> httpx.Client:
    """Somebody who has logged in with a key of their own."""
    server, store = town
    _, secret = store.make(name, scopes=scopes, access=None if "all" in access else access)
    client = httpx.Client(base_url=server.url, timeout=60, headers={"accept": "text/html"})
    assert client.post("/login", data={"password": secret}).status_code == 303
    return client


def complain(client: httpx.Client, question: str) -> None:
    asked = client.post("/api/ask", json={"question": question})
    body = {"question": question, "verdict": "down", "comment": "<script>x</script>", "answer": asked.json()}
    assert client.post("/api/feedback", json=body).status_code == 201


def test_button_makes_a_case_and_the_record_is_gone(town: tuple[Served, KeyStore], tmp_path: Path) -> None:
    boss = visitor(town, "boss", "all")
    complain(boss, BUILT)
    page = boss.get("/review").text
    assert BUILT in page
    assert "<script>" not in page
    [address] = re.findall(r"action='(/review/[^']+)'", page)
    done = boss.post(address, data={"choice": "answer", "facts": "Ada Thornton"})
    assert "is written to" in boss.get(done.headers["location"]).text
    [case] = load_cases(tmp_path / "evals/known_answers.jsonl").cases
    assert (case.question, case.expect.sources, case.expect.facts) == (BUILT, ("tower.md",), (("Ada Thornton",),))
    assert "Nothing waits" in boss.get("/review").text
    assert boss.post(address, data={"choice": "dismiss"}).status_code == 404


def test_what_makes_no_case_is_told_and_waits_on(town: tuple[Served, KeyStore], tmp_path: Path) -> None:
    boss = visitor(town, "boss", "all")
    complain(boss, BUILT)
    [address] = re.findall(r"action='(/review/[^']+)'", boss.get("/review").text)
    for form, said in (
        ({"choice": "answer", "facts": "Basil Quimby"}, "does not stand in the answer"),
        ({"choice": "sources", "sources": "nowhere.md"}, "nowhere.md"),
        ({"choice": "sources"}, "name the paths"),
    ):
        assert said in boss.get(boss.post(address, data=form).headers["location"]).text
    assert not (tmp_path / "evals/known_answers.jsonl").exists()
    assert BUILT in boss.get("/review").text


def test_maintainer_sees_only_what_rests_on_documents_it_may_see(town: tuple[Served, KeyStore]) -> None:
    boss, outsider = visitor(town, "boss", "board"), visitor(town, "outsider")
    complain(boss, SOLD)
    complain(boss, BUILT)
    assert {q for q in (SOLD, BUILT) if q in boss.get("/review").text} == {SOLD, BUILT}
    page = outsider.get("/review").text
    assert BUILT in page
    assert not [word for word in ("Quimby", SOLD, "sale.md") if word in page]


def test_who_may_only_ask_has_no_such_page(town: tuple[Served, KeyStore]) -> None:
    reader = visitor(town, "reader", scopes=("ask",))
    refused = reader.get("/review")
    assert (refused.status_code, "maintain" in refused.json()["detail"]) == (403, True)
    assert reader.post("/review/x", data={"choice": "dismiss"}).status_code == 403
    assert reader.get("/metrics").status_code == 403
    stranger = httpx.get(f"{town[0].url}/review", headers={"accept": "text/html"})
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/login")


def test_page_elsewhere_can_not_press_the_button(town: tuple[Served, KeyStore]) -> None:
    boss = visitor(town, "boss", "all")
    complain(boss, BUILT)
    [address] = re.findall(r"action='(/review/[^']+)'", boss.get("/review").text)
    elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert boss.post(address, data={"choice": "dismiss"}, headers=elsewhere).status_code == 403
    assert BUILT in boss.get("/review").text


def test_revoked_key_ends_its_logins(town: tuple[Served, KeyStore]) -> None:
    boss = visitor(town, "boss", "all")
    assert boss.get("/review").status_code == 200
    town[1].revoke("boss")
    assert boss.get("/review").headers["location"] == "/login"
    assert json.loads(httpx.get(f"{town[0].url}/api/health").text) == {"status": "ok"}
