"""The first process of the container: brings the index in line with the corpus folder, then becomes the server.

What the image was built with spares the first start the slow parts, without a network: the exported query embedder
always, the starter corpus' index where that corpus is the one that is served. What is not here: settings, which are
environment variables (Containerfile).
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

from assistant import Settings
from assistant.cli import main

HERE = Path(__file__).resolve().parent
BUILT = HERE / "index"
CATALOG = "catalog.sqlite3"


def start() -> None:
    """Seeds the index folder, indexes, serves."""
    # The kernel gives the first process of a container no default: without this one `stop` would wait, then kill.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    settings = Settings()
    seed(settings.index_dir, starter=settings.corpus_dir.resolve() == HERE / "corpus")
    failed = main(["index"])
    if failed:
        sys.exit(failed)
    os.execv(sys.executable, [sys.executable, "-m", "assistant", "serve"])


def seed(index: Path, *, starter: bool) -> None:
    """Copies what the image was built with and the index folder lacks; the catalog last, since it is the truth."""
    (index / "embedder").mkdir(parents=True, exist_ok=True)
    for twin in (BUILT / "embedder").iterdir():
        if not (index / "embedder" / twin.name).exists():
            copy(twin, index / "embedder" / twin.name)
    if starter and not (index / CATALOG).exists():
        copy(BUILT / "chroma", index / "chroma")
        copy(BUILT / CATALOG, index / CATALOG)


def copy(source: Path, target: Path) -> None:
    """Copies a file or a folder, writable by this user whatever the image's rights are, and all of it or nothing."""
    part, left = target.with_name(f"{target.name}.part"), target.is_dir()
    for old in (part, target) if left else (part,):
        if old.is_dir():
            shutil.rmtree(old)
    files = [source] if source.is_file() else [file for file in source.rglob("*") if file.is_file()]
    for file in files:
        to = part / file.relative_to(source) if source.is_dir() else part
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, to)
    part.rename(target)


if __name__ == "__main__":
    start()
