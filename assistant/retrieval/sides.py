"""A follow-up that asks the same of another: "and on the American side?", "no, I meant Trump".

What is not here: another year in place of the year, and all other follow-ups (rewriting.py).
"""

from __future__ import annotations

import re

_SIDE = re.compile(
    r"^\s*(?:(?:[Aa]nd|[Bb]ut|[Ss]o)\s+)?(?:(?:[Ww]hat|[Hh]ow)\s+about\s+)?(?:(?:[Oo]n|[Ff]rom|[Ff]or|[Oo]f)\s+)?"
    r"[Tt]he\s+"
    r"(?P<side>[A-Z]\w+(?:an|ese|ish|ch|i))(?:\s+(?:side|one|team|part|delegation))?\s*[?.!]*\s*$"
    r"|^\s*(?:[аА]|[иИ]|[нН]о)?\s*(?:как\s+(?:насчёт|насчет)\s+)?(?:[сС]|[уУ]|[сС]о)?\s*"
    r"(?P<russian>\w+ск)\w{2,3}(?:\s+(?:сторон\w+|команд\w+|делегаци\w+))\s*[?.!]*\s*$"
)
_OF_A_COUNTRY = re.compile(r"\b(?!Which\b|Such\b|Each\b|March\b)[A-Z]\w+(?:an|ese|ish|ch|i)\b")
_OF_A_COUNTRY_RU = re.compile(r"\b(\w+ск)([а-яё]{2,3})\b")
_MEANT = re.compile(
    r"^\s*(?:[Nn]o,?\s+)?I\s+(?:meant?|was\s+(?:asking\s+about|referring\s+to))\s+(?P<name>[A-Z][\w-]*(?:\s+[A-Z][\w-]*)*)"
    r"\s*[?.!]*\s*$"
)
_NAME = r"[A-Z][\w-]*(?:\s+[A-Z][\w-]*)*"
_DOER = re.compile(rf"(?<!^)(?<!\bin )(?<!\bat )(?<!\bon )(?<!\bof )(?<!\bto )(?<!\bfrom )(?<!\bthe )\b{_NAME}")


def with_other_name(base: str, follow_up: str) -> str | None:
    """The earlier question with the name that was meant, if it has but one that may stand for it."""
    meant = _MEANT.match(follow_up)
    names = [m for m in _DOER.finditer(base) if base[m.start() - 1 : m.start()].isspace()] if meant else []
    if meant is None or len(names) != 1:
        return None
    return base[: names[0].start()] + meant["name"] + base[names[0].end() :]


def with_other_side(base: str, follow_up: str) -> str | None:
    """The earlier question about the side that a follow-up names instead, if the question is about one side only."""
    named = _SIDE.match(follow_up)
    if named is None:
        return None
    if named["side"]:
        sides = set(_OF_A_COUNTRY.findall(base))
        return re.sub(rf"\b{sides.pop()}\b", named["side"], base) if len(sides) == 1 else None
    found = _OF_A_COUNTRY_RU.findall(base)
    return _OF_A_COUNTRY_RU.sub(rf"{named['russian'].lower()}\2", base) if len(found) == 1 else None
