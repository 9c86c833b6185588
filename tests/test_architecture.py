"""The house rules that no linter knows: which way imports run, what modules are called, how long they get."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import assistant

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "assistant"

# A module imports from its own line and from those above it, never from below.
LAYERS = (
    ("types", "errors", "settings"),
    ("embedding",),
    ("ingest",),
    ("store",),
    ("building", "publishing", "indexing", "versions", "forgetting"),
    ("watching", "doctor", "repairing"),
    ("retrieval",),
    ("answering",),
    ("assistant",),
    ("evaluation",),
    ("serving.problems", "serving.etags", "serving.given", "serving.warming"),
    ("serving.door",),
    ("serving.watching",),
    ("serving.asking", "serving.readiness"),
    ("serving.programs", "serving.browser"),
    ("serving.application",),
    ("serving.server", "serving"),
    ("commands",),
    ("cli", "app"),
)
LAYER = {name: number for number, names in enumerate(LAYERS) for name in names}
HEAVY = ("torch", "chromadb", "gradio", "sentence_transformers", "langchain", "transformers", "onnxruntime")
EXEMPT = {"assistant", "assistant.__main__"}  # the public API and the way in name modules of every layer


def _modules() -> dict[str, Path]:
    """Dotted name to file, for every module of the package and for the chat's entry point."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(REPOSITORY).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    if (REPOSITORY / "app.py").exists():
        found["app"] = REPOSITORY / "app.py"
    return found


MODULES = _modules()


def _imports(file: Path, modules: dict[str, Path] = MODULES) -> set[str]:
    """Our own modules that a file imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] in ("assistant", "app")}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}:{node.lineno}: relative import"
            base = node.module or ""
            if base.split(".")[0] in ("assistant", "app"):
                found |= {_home(base, alias.name, modules) for alias in node.names}
    return found


def _home(base: str, name: str, modules: dict[str, Path]) -> str:
    """The module that `from base import name` really reaches."""
    if f"{base}.{name}" in modules:
        return f"{base}.{name}"
    if base == "assistant":
        return assistant.HOMES.get(name, base)
    return base


def _layer(module: str) -> int:
    names = module.removeprefix("assistant.").split(".")
    name = next((n for n in (".".join(names[:2]), names[0]) if n in LAYER), "")
    assert name, f"{module} has no place in the order of layers; give it one in LAYERS, or move it"
    return LAYER[name]


@pytest.mark.parametrize("module", sorted(MODULES.keys() - EXEMPT))
def test_module_imports_only_from_its_own_layer_and_above(module: str) -> None:
    for target in _imports(MODULES[module]) - EXEMPT:
        assert _layer(target) <= _layer(module), f"{module} imports {target}, which stands below it"


def test_no_two_modules_import_each_other_even_in_a_circle() -> None:
    graph = {module: _imports(file) - EXEMPT - {module} for module, file in MODULES.items() if module not in EXEMPT}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("a circle of imports: " + " -> ".join(reversed(error.args[1])))


def test_function_level_imports_and_names_of_the_public_api_are_seen(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(
        "import assistant.store.catalog\n"
        "def late():\n"
        "    from assistant.serving.browser import ui\n"
        "    from assistant import Answer, Assistant\n"
        "    import os\n",
        "utf-8",
    )
    modules = {"assistant.serving.browser.ui": file}
    assert _imports(file, modules) == {
        "assistant.store.catalog",
        "assistant.serving.browser.ui",
        "assistant.types",
        "assistant.assistant",
    }


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [module for module in MODULES if drawers & set(module.split("."))]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_module_opens_with_what_it_holds_and_is_short_or_says_why_not(module: str) -> None:
    source = MODULES[module].read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(source))
    assert docstring, f"{module} does not say what it holds"
    length = len(source.splitlines())
    assert length <= 400 or "over 400 lines" in docstring, (
        f"{module} has {length} lines; split it, or let its first docstring say why it is over 400 lines"
    )


@pytest.mark.parametrize("module", ["assistant", "assistant.cli"])
def test_import_is_cheap(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert loaded.stdout.strip() == "[]"
