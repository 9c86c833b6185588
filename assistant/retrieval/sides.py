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
# "And the GGE?", "what about Putin?"
_WHAT_OF = re.compile(
    rf"^\s*(?:(?:[Aa]nd|[Bb]ut|[Ss]o)\s+(?:what\s+about\s+)?|(?:[Ww]hat|[Hh]ow)\s+about\s+)"
    rf"(?P<name>(?:the\s+)?{_NAME})\s*\?\s*$"
)
_ANY_NAME = re.compile(rf"(?<=\s)(?:the\s+)?{_NAME}(?!['’]s|\s+[a-z]*\d)")
_AT = re.compile(r"\b(?:in|at|on|during|after|before|since|by|within)\s$", re.IGNORECASE)
# "And what did Putin want?" after "What did Biden ask for in Geneva?"
_ACT = re.compile(
    rf"^\s*(?:(?:[Aa]nd|[Bb]ut|[Ss]o)\s+)?(?P<asks>(?i:what|why|how|when|where|whom?))\s+(?:did|does|do)\s+"
    rf"(?P<doer>(?:the\s+)?{_NAME})\s+(?P<act>[a-z][^?]*)\?\s*$"
)
_CIRCUMSTANCE = re.compile(
    r"\s(?:in|at|on|during|after|before|since)\s(?:the\s)?(?:[A-Z]|\d{4}|\w+\s(?:of|in)\s)[^?]*$"
)


def with_other_doer(base: str, follow_up: str) -> str | None:
    """What someone else did in the circumstances of the earlier question, if it asks the same of the first one."""
    one, other = _ACT.match(base), _ACT.match(follow_up)
    if one is None or other is None or not re.match(r"\s*(?:and|but|so)\b", follow_up, re.IGNORECASE):
        return None
    circumstance = _CIRCUMSTANCE.search(one["act"])
    if one["asks"].lower() != other["asks"].lower() or one["doer"] == other["doer"] or not circumstance:
        return None
    if _CIRCUMSTANCE.search(other["act"]):
        return None
    asked = follow_up[other.start("asks") :].rstrip(" ?")
    return f"{asked[0].upper()}{asked[1:]}{circumstance[0].rstrip()}?"


def with_other_named(base: str, follow_up: str) -> str | None:
    """The earlier question about the name that a follow-up consists of, if it has but one that is no circumstance."""
    named = _WHAT_OF.match(follow_up)
    found = [m for m in _ANY_NAME.finditer(base) if not _AT.search(base[: m.start()])] if named else []
    if named is None or len(found) != 1 or _OF_A_COUNTRY.search(found[0][0]) or found[0][0] == named["name"]:
        return None
    return base[: found[0].start()] + named["name"] + base[found[0].end() :]


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
