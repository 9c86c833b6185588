"""What "the second one", "the latter" or "the other" of a follow-up is, among the things that the last turns list.

What is not here: the rest of a follow-up (rewriting.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.retrieval.dates import years
from assistant.retrieval.words import STOPWORDS
from assistant.types import Turn

_ORDINALS = {
    "first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1, "former": 0, "latter": -1,
    "перв": 0, "втор": 1, "трет": 2, "четверт": 3, "последн": -1,
}  # fmt: skip
_ONE = r"(one|group|attempt|meeting|talks|summit|time)"
_PICKS = re.compile(
    rf"\b(?:the\s+)?(?P<which>(?:first|second|third|fourth|last|other)(?=\s+{_ONE}\b)|former|latter|other(?=\s*[?.]))"
    rf"(?:\s+{_ONE})?\b"
    r"|\b(?P<russian>перв|втор|трет|четверт|последн)(?:ый|ая|ое|ого|ой|ую|ом|ей|ий|ья|ье|ья|ью|ью|его|яя|ее|ем)\b",
    re.IGNORECASE,
)
_NAMED = r"[A-ZА-ЯЁ][\w’'-]*(?:\s+[A-ZА-ЯЁ][\w’'-]*)*"
_LISTED = re.compile(rf"{_NAMED}(?:\s*,\s*(?:{_NAMED}))*,?\s+(?:and|or|и|или)\s+(?:the\s+)?{_NAMED}")
_OF_YEARS = re.compile(r"\b((?:[a-z]{4,} )?[a-z]{4,}?)s?\s+of\s+(?:1\d{3}|20\d{2})\b")
_MOST = 4  # of a list that one speaks of like that


def picked_out(question: str, history: Sequence[Turn]) -> str | None:
    """The question with the thing named that it picks from the last turns' list; None where it picks none.

    Years are such a list ("the groups of 2013 and 2017"), and so are names that stand side by side.
    """
    match = _PICKS.search(question)
    if match is None or years(question):
        return None
    lists = (found for turn in reversed(history[-2:]) if (found := _list_in(turn.content)))
    listed = next(lists, None)
    if listed is None:
        return None
    which = (match["which"] or match["russian"]).lower()
    asked = next((turn.content for turn in reversed(history) if turn.role == "user"), "")
    if which == "other":
        left = [thing for thing in listed if thing not in asked]
        place, listed = 0, left if len(left) == 1 else []
    else:
        place = _ORDINALS[which]
    if not -len(listed) <= place < len(listed):
        return None
    thing = listed[place]
    if match["russian"]:
        named = f"{match[0]} ({thing})"
    elif thing.isdigit():
        named = f"the {thing} {_kind_of_thing(history[-2:]) or 'one'}"
    else:
        named = thing
    return question[: match.start()] + named + question[match.end() :]


def _kind_of_thing(turns: Sequence[Turn]) -> str | None:
    """What the years were listed of: "working group" of "the working groups of 2013 and 2017"."""
    for turn in reversed(turns):
        if found := _OF_YEARS.search(turn.content):
            words = [word for word in found[1].split() if word.lower() not in STOPWORDS]
            return " ".join(words) or None
    return None


def _list_in(text: str) -> list[str]:
    dated = list(dict.fromkeys(re.findall(r"(?<!\d)(?:1\d{3}|20\d{2})(?!\d)", text)))
    if 1 < len(dated) <= _MOST:
        return dated
    for match in _LISTED.finditer(text):
        parts = re.split(r"\s*,\s*(?:(?:and|or|и|или)\s+)?|\s+(?:and|or|и|или)\s+", match[0])
        names = [part.removeprefix("the ") for part in parts if part.lower() not in STOPWORDS]
        if 1 < len(names) <= _MOST:
            return names
    return []
