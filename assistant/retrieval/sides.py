"""A follow-up that asks the same of another side: "and on the American side?", "а с американской стороны?".

What is not here: another year in place of the year, and all other follow-ups (rewriting.py).
"""

from __future__ import annotations

import re

_SIDE = re.compile(
    r"^\s*(?:(?:and|but|so)\s+)?(?:(?:what|how)\s+about\s+)?(?:(?:on|from|for|of)\s+)?the\s+"
    r"(?P<side>[A-Z]\w+(?:an|ese|ish|ch|i))(?:\s+(?:side|one|team|part|delegation))?\s*[?.!]*\s*$"
    r"|^\s*(?:[аА]|[иИ]|[нН]о)?\s*(?:как\s+(?:насчёт|насчет)\s+)?(?:[сС]|[уУ]|[сС]о)?\s*"
    r"(?P<russian>\w+ск)\w{2,3}(?:\s+(?:сторон\w+|команд\w+|делегаци\w+))\s*[?.!]*\s*$"
)
_OF_A_COUNTRY = re.compile(r"\b[A-Z]\w+(?:an|ese|ish|ch|i)\b")
_OF_A_COUNTRY_RU = re.compile(r"\b(\w+ск)([а-яё]{2,3})\b")


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
