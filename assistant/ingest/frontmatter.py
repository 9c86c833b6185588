"""Front matter: the YAML between two `---` lines at the head of a Markdown file.

Scalars are kept as they are written (`date: 2022-03` is a string, `title: No` is not a boolean), so nothing is
constructed but strings, lists and mappings. What the values mean is `metadata`'s business; only `access` is checked
here, so that a file whose labels can't be read is never open to everybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.errors import DocumentError
from assistant.ingest.access import checked_labels
from assistant.types import Source

_LIMIT = 65_536  # characters; metadata is never that long, an attack on the parser may be
_MAX_DEPTH = 30
_BRACKETS = re.compile(r"[\[\]{}]")
_FENCED = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.DOTALL | re.MULTILINE)
# Front matter that is not closed, or not at the head, and names labels: to take it for text would open the file.
_ACCESS_LOST = re.compile(r"\A\s*---[ \t]*\n(?:[^\n]*\S[^\n]*\n)*?[ \t]*[\"']?access[\"']?[ \t]*:", re.IGNORECASE)
_EMPTY = frozenset({"", "~", "null", "none"})


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a file says of itself; unchecked strings."""

    title: str | None = None
    date: str | None = None
    language: str | None = None
    url: str | None = None
    tags: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    access: tuple[str, ...] = ()


def split_front_matter(text: str, path: str) -> tuple[FrontMatter, str]:
    """The front matter and the text after it; an empty one where the file has none.

    Raises:
        DocumentError: It is not YAML, not a mapping, or too long; the message names the line of the file. Or its labels
            can't be read.
    """
    match = _FENCED.match(text)
    if match is None:
        if _ACCESS_LOST.match(text):
            raise DocumentError(
                f"{path} names `access` in front matter that is not closed or not on the first line; mend it"
            )
        return FrontMatter(), text
    values = _parse(match[1], path)
    matter = FrontMatter(
        title=_scalar(values.get("title")),
        date=_scalar(values.get("date")),
        language=_scalar(values.get("language", values.get("lang"))),
        url=_scalar(values.get("url")),
        tags=_strings(values.get("tags")),
        sources=tuple(_sources(values.get("sources", values.get("source")))),
        access=_access(values["access"], path) if "access" in values else (),
    )
    return matter, text[match.end() :]


def _parse(source: str, path: str) -> dict[str, object]:
    import yaml

    if len(source) > _LIMIT:
        raise _broken(path, 1, f"longer than {_LIMIT:,} characters")
    if _depth(source) > _MAX_DEPTH:  # the parser's time grows with the square of it
        raise _broken(path, 1, "nested too deeply")
    try:
        for event in yaml.parse(source, Loader=yaml.BaseLoader):
            if isinstance(event, yaml.AliasEvent):  # a few lines of aliases can stand for gigabytes
                raise _broken(path, (event.start_mark.line if event.start_mark else 0) + 2, "aliases are not allowed")
        values = yaml.load(source, Loader=yaml.BaseLoader)  # strings, lists, mappings only
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or "it can't be parsed"
        raise _broken(path, mark.line + 2 if mark else 1, problem) from error
    except RecursionError as error:
        raise _broken(path, 1, "nested too deeply") from error
    if values in (None, ""):
        return {}
    if not isinstance(values, dict):
        raise _broken(path, 2, "it must be `name: value` lines")
    node = yaml.compose(source, Loader=yaml.BaseLoader)
    keys = [str(key.value).strip().lower() for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
    if keys.count("access") > 1:  # YAML would take the last one
        raise DocumentError(f"{path}: its front matter names `access` more than once; make it one list")
    return {str(key).strip().lower(): value for key, value in values.items()}


def _access(value: object, path: str) -> tuple[str, ...]:
    """The labels: one, or a list of them. Anything else is refused, whatever may have been meant."""
    labels = value if isinstance(value, list) else [value]
    try:
        return checked_labels(labels)
    except ValueError as error:
        raise DocumentError(f"{path}: `access` in its front matter can't be used ({error}); mend it") from error


def _depth(source: str) -> int:
    """How deep brackets are nested at most."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(source):
        depth = depth + 1 if bracket in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def _broken(path: str, line: int, problem: str) -> DocumentError:
    return DocumentError(
        f"{path}: front matter is not valid YAML (line {line}: {problem}); mend it or remove the --- lines"
    )


def _scalar(value: object) -> str | None:
    if not isinstance(value, str) or value.strip().lower() in _EMPTY:
        return None
    return value.strip()


def _strings(value: object) -> tuple[str, ...]:
    """A list of strings, or one string with commas, as people write tags."""
    items = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else []
    return tuple(text for item in items if (text := _scalar(item)) is not None)


def _sources(value: object) -> list[Source]:
    found = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            url = _scalar(item.get("url"))
            title = _scalar(item.get("title")) or url
            if title:
                found.append(Source(title, _scalar(item.get("publisher")), _scalar(item.get("date")), url))
        elif (title := _scalar(item)) is not None:
            found.append(Source(title, url=title if title.startswith(("http://", "https://")) else None))
    return found
