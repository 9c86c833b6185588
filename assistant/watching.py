"""Following the corpus folder: a sync whenever something in it changes, until it is told to stop.

The operating system tells of changes, polling where it can't; and since events may be lost (network folders tell
of none), the folder is compared again at an interval. The embedder is loaded once. What is not here: what a sync
does (indexing.py), and how its outcome is shown (commands/terminal.py).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event

from assistant.building import OnProgress
from assistant.embedding import Embedder, load_embedder, model_fingerprint
from assistant.errors import AssistantError, IndexingError
from assistant.indexing import sync
from assistant.ingest.walking import IGNORE_FILE
from assistant.publishing import CATALOG, TWINS, Load, open_vectors
from assistant.settings import Settings
from assistant.store.catalog import Catalog
from assistant.types import SyncReport

log = logging.getLogger(__name__)

# Seconds between two comparisons of the whole folder though nothing was told; 10,000 files take half a second.
_INTERVAL = 30.0
_RETRY = 2.0  # seconds until a run that failed is tried again
# In milliseconds. Files that come together are one sync: it waits for a pause, but not for ever.
_PAUSE, _AT_MOST, _TICK = 60, 400, 250

OnOutcome = Callable[[SyncReport | AssistantError], None]


def watch(
    settings: Settings, tell: OnOutcome, *, progress: OnProgress | None = None, stop: Event | None = None
) -> None:
    """Syncs now and after every change of the corpus folder.

    A run that fails is told and tried again: a folder that is gone may come back, a full disk be cleared.

    Args:
        settings: Where things are.
        tell: Called with the report of the first run and of every run that changed or skipped something else than
            the one before, and with every new error.
        progress: Called as a run goes on.
        stop: Ends the watch when it is set.
    """
    stop = stop or Event()
    load, told, due, warm = _keeping(), "", 0.0, False
    for changed in _changes(settings, stop):
        if not changed and time.monotonic() < due:
            continue
        try:
            outcome: SyncReport | AssistantError = sync(settings, progress=progress, load=load)
            if not warm:
                _warm_up(settings, load)
                warm = True
        except AssistantError as error:
            outcome = error
        except Exception as error:
            # A fault of ours with one state of the folder must not end the watch for the next.
            log.exception("a run failed")
            outcome = IndexingError(f"internal error ({type(error).__name__}: {error}); the next change is tried again")
        due = time.monotonic() + (_INTERVAL if isinstance(outcome, SyncReport) else _RETRY)
        gist = _gist(outcome)
        if gist != told:
            tell(outcome)
        told = gist


def _warm_up(settings: Settings, load: Load) -> None:
    """Opens what a change needs, so that the first one is as fast as the next."""
    embedder = load(settings.embedding_model, settings.index_dir / TWINS)
    with closing(Catalog(settings.index_dir / CATALOG)) as catalog, catalog.read() as snapshot:
        open_vectors(settings, snapshot, embedder.card.fingerprint)


def _gist(outcome: SyncReport | AssistantError) -> str:
    """What makes an outcome news: a version, a file skipped, an error."""
    if isinstance(outcome, SyncReport):
        return f"{outcome.version} {outcome.skipped}"
    return str(outcome)


def _keeping() -> Load:
    """A loader that keeps the embedder as long as its model stays the same."""
    kept: dict[str, Embedder] = {}

    def load(name: str, twins: Path) -> Embedder:
        fingerprint = model_fingerprint(name)
        if fingerprint not in kept:
            kept.clear()
            kept[fingerprint] = load_embedder(name, twins)
        return kept[fingerprint]

    return load


def _changes(settings: Settings, stop: Event) -> Iterator[bool]:
    """Ticks, each with whether something was told since the last; the first after a start to watch says so.

    Watching has begun by then, so that nothing that happens while the run is under way is missed.
    """
    folder, polling = settings.corpus_dir, False
    while not stop.is_set():
        watched = _identity(folder)
        if watched is not None:
            try:
                with closing(_events(folder, settings.index_dir, stop, polling=polling)) as events:
                    next(events, None)
                    yield True
                    for changed in events:
                        yield changed
                        if _identity(folder) != watched:  # removed or replaced: what is watched is not the corpus
                            break
                continue
            except (OSError, RuntimeError) as error:  # RuntimeError: what the watcher's own inside raises
                if not polling and _identity(folder) == watched:
                    log.warning("the system can't tell of changes in %s (%s); looking every second", folder, error)
                    polling = True
        yield False
        stop.wait(_TICK / 1000)


def _events(folder: Path, index_dir: Path, stop: Event, *, polling: bool) -> Generator[bool, None, None]:
    """Ticks of the watcher; the index, where it lies inside the corpus, and hidden files are no news."""
    from watchfiles import watch as follow

    corpus, index = folder.resolve(), index_dir.resolve()

    def counts(path: Path) -> bool:
        inside = path.relative_to(corpus) if path.is_relative_to(corpus) else Path()
        hidden = any(part.startswith(".") for part in inside.parts) and inside.name != IGNORE_FILE
        return not hidden and not path.is_relative_to(index)

    for changes in follow(
        corpus,
        watch_filter=None,
        step=_PAUSE,
        debounce=_AT_MOST,
        rust_timeout=_TICK,
        yield_on_timeout=True,
        stop_event=stop,
        force_polling=polling or None,
        poll_delay_ms=1000,
        ignore_permission_denied=True,
    ):
        yield any(counts(Path(path)) for _, path in changes)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino)
