"""What the command line shows: answers and passages as text for people, progress on standard error, exit codes.

What is not here: the commands, and JSON's shape, which the records of types.py have themselves.
"""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.types import Answer, Citation, NearDuplicate, Passage, Progress, Skipped, SyncReport

if TYPE_CHECKING:  # heavy, and only named here
    from tqdm import tqdm

    from assistant.store.keys import Key
    from assistant.store.snapshot import Version
    from assistant.versions import Difference

DONE, FAILED, WRONG_USAGE, INTERRUPTED, NOBODY_READS = 0, 1, 2, 130, 141

_WIDTH, _NARROWEST = 100, 30
_NAMED = 10  # of many near duplicates
_EXCERPT = 300  # characters of a passage, to give an idea of it
_UNITS = {"reading": "files", "loading": "model", "embedding": "chunks", "writing": "documents", "asking": "questions"}
# Overrides of the writing direction: a file's name could read as another.
_DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# What JSON lets stand: controls, which could steer the terminal, and line ends to many readers of JSON lines.
_ESCAPED = {ord(c): f"\\u{ord(c):04x}" for c in "".join(map(chr, range(0x7F, 0xA0))) + "\u2028\u2029" + _DIRECTION}

Step = Callable[[Progress], None]


def speak_utf8() -> None:
    """Makes both streams UTF-8 whatever the locale says, since documents are in every script.

    What no encoding can hold (half of a surrogate pair in a question) is written as its JSON escape.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def print_json(value: Any, *, one_line: bool = False) -> None:
    """Prints JSON, on one line at once where others wait for the next."""
    text = json.dumps(value, ensure_ascii=False, indent=None if one_line else 2).translate(_ESCAPED)
    sys.stdout.write(text + "\n")
    if one_line:
        sys.stdout.flush()


def print_text(text: str) -> None:
    """Prints text for people, without what could steer the terminal or turn the line around."""
    sys.stdout.write(_harmless(text) + "\n")
    sys.stdout.flush()


def tell(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(_harmless(text) + "\n")
    sys.stderr.flush()


def tell_skipped(skipped: Sequence[Skipped]) -> None:
    """Names the files that did not become documents."""
    for file in skipped:
        tell(" ".join(f"skipped: {file.reason}".split()))  # a name may hold line ends


def tell_alike(near_duplicates: Sequence[NearDuplicate]) -> None:
    """Names documents that nearly say what another one does; of many, the first."""
    for one in near_duplicates[:_NAMED]:
        tell(f"near duplicate: {one.path} says nearly what {one.of} does ({one.likeness:.0%})")
    if len(near_duplicates) > _NAMED:
        tell(f"and {len(near_duplicates) - _NAMED} near duplicates more; --json names all")


@contextmanager
def stages(*, bars_only: bool = False) -> Iterator[Step]:
    """Shows the progress of work in stages: a bar each on a terminal, else a line each.

    Args:
        bars_only: Without a terminal nothing is shown, for work that is done again and again.
    """
    bar: tqdm[Any] | None = None
    current = ""

    def step(progress: Progress) -> None:
        nonlocal bar, current
        stage, done, total = progress.stage, progress.done, progress.total
        if stage != current or (bar is None and not done):
            current = stage
            if bar is not None:
                bar.close()
                bar = None
            if not total:
                return
            if not sys.stderr.isatty():
                if not bars_only:
                    tell(f"{stage} {total} {_UNITS.get(stage, '')}".rstrip())
                return
            from tqdm import tqdm

            # What is done at once flashes no bar.
            unit = f" {_UNITS.get(stage, '')}"
            bar = tqdm(total=total, desc=stage, unit=unit, leave=False, delay=0.3, dynamic_ncols=True, file=sys.stderr)
        if bar is not None:
            bar.update(done - bar.n)
            if done == total:
                bar.close()
                bar = None

    try:
        yield step
    finally:
        if bar is not None:
            bar.close()


def changes_text(report: SyncReport) -> str:
    """How many documents changed, and how."""
    counts = ("added", report.added), ("updated", report.updated), ("deleted", report.deleted)
    changed = ", ".join(f"{number:,} {what}" for what, number in counts if number)
    return f"{changed or 'no change'}, {report.unchanged:,} unchanged"


def report_text(report: SyncReport, index_dir: Path) -> str:
    """What an indexing run did and where it is published; the skipped files were named one by one before."""
    skipped = f", {len(report.skipped):,} files skipped (named above)" if report.skipped else ""
    at = "published in" if report.changed else "as it was in"
    return (
        f"{changes_text(report)}{skipped}\n"
        f"{report.documents:,} documents, {report.chunks:,} chunks: version {report.version} {at} {index_dir}"
        f" ({report.seconds:.1f} s)"
    )


def answer_text(answer: Answer) -> str:
    """An answer with numbered marks and its quotations; a refusal with the nearest passages."""
    if answer.answered:
        short = answer.short_answer
        first = [] if short is None else [_wrapped(f"{short.text} [{short.citation}]")]
        marked = " ".join(s.text + "".join(f" [{number}]" for number in s.citations) for s in answer.sentences)
        parts = [*first, _wrapped(marked), *map(_citation, answer.citations)]
    else:
        parts = [_wrapped(answer.explanation or "The corpus does not answer this.")]
        if answer.passages:
            parts += ["The nearest passages:", *(passage_text(n, p) for n, p in enumerate(answer.passages[:3], 1))]
    parts += [_wrapped(f"Note: {note}") for note in answer.notes]
    return "\n\n".join(parts)


def versions_text(versions: Sequence[Version]) -> str:
    """The versions, one a line, the newest first."""
    return "\n".join(
        f"{'*' if version is versions[-1] else ' '} {version.name}  {version.created}  {version.documents} documents: "
        f"{version.added} added, {version.updated} updated, {version.deleted} deleted"
        for version in reversed(versions)
    )


def difference_text(difference: Difference) -> str:
    """What two versions have otherwise: a line for each document, and for each chunk of those that changed."""
    lines = [f"+ {path}" for path in difference.added] + [f"- {path}" for path in difference.removed]
    for document in difference.changed:
        lines.append(f"~ {document.path}")
        for mark, texts in (("-", document.chunks_removed), ("+", document.chunks_added)):
            lines += [f"    {mark} {textwrap.shorten(text, _WIDTH, placeholder=' …')}" for text in texts]
    return "\n".join(lines) or "no difference"


def passage_text(number: int, passage: Passage) -> str:
    """A passage with its place, cut to an excerpt."""
    text = textwrap.shorten(passage.text, _EXCERPT, placeholder=" …")
    return f"({number}) {_place(passage)}\n{_wrapped(text, '    ')}"


def _citation(citation: Citation) -> str:
    address = f"\n    {citation.url}" if citation.url else ""
    return f"[{citation.number}] {_place(citation)}{address}\n{_wrapped(f'“{citation.quote}”', '    ')}"


def _place(source: Citation | Passage) -> str:
    page = f"page {source.page}" if source.page else ""
    return " · ".join(part for part in (source.title, source.date, source.path, page) if part)


def _wrapped(text: str, indent: str = "") -> str:
    width = max(_NARROWEST, min(_WIDTH, shutil.get_terminal_size((_WIDTH, 24)).columns))
    return textwrap.fill(
        " ".join(text.split()), width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def _harmless(text: str) -> str:
    return "".join(c for c in text if (unicodedata.category(c) != "Cc" and c not in _DIRECTION) or c in "\n\t")


def key_text(key: Key) -> str:
    """A key as a line for people; never the secret, which is kept nowhere."""
    sees = "all documents" if key.access is None else ", ".join(("unlabelled", *sorted(key.access)))
    parts = [key.id, key.name, f"may {', '.join(sorted(key.scopes))}", f"sees {sees}"]
    if key.origins:
        parts.append(f"on {', '.join(key.origins)}")
    if key.per_minute:
        parts.append(f"{key.per_minute} a minute")
    parts.append(f"revoked {key.revoked}" if key.revoked else f"made {key.created}")
    return "  ".join(parts)
