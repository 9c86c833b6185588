"""The public API is what `__all__` lists and the README documents: no more, no less, and cheap to import."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import assistant
from assistant import errors


def test_all_is_sorted_and_has_no_doubles() -> None:
    assert assistant.__all__ == sorted(set(assistant.__all__))


@pytest.mark.parametrize("name", assistant.__all__)
def test_name_can_be_imported_and_says_what_it_is(name: str) -> None:
    value = getattr(assistant, name)
    assert inspect.isclass(value)
    assert value.__module__ == assistant.HOMES[name]
    assert value.__doc__
    assert name in dir(assistant)


def test_every_error_that_is_raised_on_purpose_is_public() -> None:
    tree = {name for name, value in vars(errors).items() if inspect.isclass(value)}
    assert tree == {name for name in assistant.__all__ if name.endswith("Error")}
    assert all(issubclass(getattr(errors, name), errors.AssistantError) for name in tree)


def test_version_is_the_installed_one() -> None:
    assert assistant.__version__ == version("corpus-assistant")


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Oracle'"):
        importlib.import_module("assistant").Oracle  # noqa: B018


def test_import_takes_no_time_that_anybody_notices(repository: Path) -> None:
    """The heavy libraries, which would take seconds, are listed in tests/test_architecture.py."""
    code = "import time; begun = time.process_time(); import assistant; print(time.process_time() - begun)"
    command = [sys.executable, "-c", code]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True, cwd=repository) for _ in range(3)]
    assert min(float(run.stdout) for run in runs) < 0.1


PROGRAM = """
from collections.abc import AsyncIterator

from assistant import Answer, Assistant, AssistantError, Citation, Event, Passage, Reason, Settings, Turn


def ask(question: str) -> str:
    with Assistant(Settings(corpus_dir="documents", caution="careful")) as assistant:
        try:
            answer: Answer = assistant.ask(question, history=[Turn("user", "Who?"), {"role": "ai"}], as_of="2022")
        except AssistantError as error:
            return str(error)
        quoted: list[Citation] = list(answer.citations)
        why: Reason | None = answer.reason
        found: list[Passage] = assistant.search(question, top_k=3)
        stored: str = assistant.document(quoted[0].document_id).text
        assert assistant.sync().documents == len(assistant.documents()) and assistant.ready()
        return f"{answer.text} {why} {found[0].score:.2f} {stored[:3]}"


async def stream(assistant: Assistant) -> AsyncIterator[Event]:
    passages: list[Passage] = await assistant.asearch("Who?", as_of="2022")
    answer: Answer = await assistant.aask(passages[0].title)
    async for event in assistant.astream(answer.standalone_question):
        yield event


def chained(assistant: Assistant) -> str:
    answer: Answer = assistant.as_runnable().invoke("Who?")
    documents = assistant.as_retriever(top_k=3, as_of="2022").invoke("Who?", k=2)
    return answer.text + documents[0].page_content
"""
WRONG = {
    "assistant.ask(question, histroy=[])": "histroy",
    "assistant.ask(question).txet": "txet",
    "assistant.search(question).text": "list[Passage]",
    "assistant.ask(7)": "int",
}


@pytest.mark.timeout(900)
@pytest.mark.slow
def test_programs_that_use_it_are_checked_strictly(repository: Path, tmp_path: Path) -> None:
    """From outside, where only py.typed makes its types known; what is wrong is found."""
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    calls = "".join(f"    {call}\n" for call in WRONG)
    wrong = f"from assistant import Assistant\n\n\ndef f(assistant: Assistant, question: str) -> None:\n{calls}"
    (tmp_path / "wrong.py").write_text(wrong, "utf-8")
    installed = tmp_path / "installed"  # a checkout beside it would be read as part of the program
    installed.mkdir()
    (installed / "assistant").symlink_to(repository / "assistant")
    skipped = ", ".join(
        f"{name}.*" for name in ("torch", "transformers", "sentence_transformers", "chromadb", "gradio")
    )
    (tmp_path / "mypy.ini").write_text(f"[mypy]\n[mypy-{skipped}]\nfollow_imports = skip\n", "utf-8")  # no public types
    cache = repository / ".mypy_cache" / "outside"  # the first run takes a minute, later ones seconds
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(cache)]
    env = {**os.environ, "PYTHONPATH": str(installed)}
    env.pop("MYPYPATH", None)
    done = subprocess.run([*command, "program.py", "wrong.py"], cwd=tmp_path, env=env, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert not [line for line in lines if not line.startswith("wrong.py:")], done.stdout
    for number, told in enumerate(WRONG.values(), 5):
        assert any(line.startswith(f"wrong.py:{number}: error:") and told in line for line in lines), done.stdout


def test_readme_documents_exactly_the_public_names(repository: Path) -> None:
    readme = repository / "README.md"
    section = re.search(r"^## Python API\n(.*?)(?=^## |\Z)", readme.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert section, "README.md has no section '## Python API'"
    assert _documented(section[1]) == set(assistant.__all__)


def _documented(section: str) -> set[str]:
    """The backticked class names of the section's tables and lists; code blocks and methods are not names."""
    prose = re.sub(r"^```.*?^```", "", section, flags=re.MULTILINE | re.DOTALL)
    rows = "\n".join(line for line in prose.splitlines() if re.match(r"\s*([|*+-]|\d+\.)", line))
    return set(re.findall(r"`([A-Z][A-Za-z]+)`", rows))


def test_only_names_in_tables_and_lists_of_the_readme_count() -> None:
    section = (
        "Prose with `Prose`.\n\n```python\nx = `Code`\n```\n| `Answer`, `Turn` | `Answer.text` |\n- `Settings`: `.a`\n"
    )
    assert _documented(section) == {"Answer", "Turn", "Settings"}
