"""Time as texts write it: years and spans of years, in English and Russian.

What is not here: a document's own date (ingest finds it).
"""

from __future__ import annotations

import re

_YEAR = r"(1[0-9]{3}|20[0-9]{2})"
_SINGLE = re.compile(rf"(?<![\d.,]){_YEAR}(?!\d|[.,]\d)")
_SPAN = re.compile(
    rf"(?:\b(?:from|between|с)\s+)?(?<!\d){_YEAR}(?:\s*(?:[-–—/]|to|until|till|and|по|до)\s*){_YEAR}(?!\d)",
    re.IGNORECASE,
)
_SHORT_SPAN = re.compile(rf"(?<!\d){_YEAR}[-–—/](\d{{2}})(?!\d)")
# A longer span speaks of an era; listing its years would match everything.
_LONGEST_SPAN = 60


def years(text: str) -> set[int]:
    """The years that a text names; of a span ("2013 to 2017", "2008–09") every year in it."""
    found = {int(y) for y in _SINGLE.findall(text)}
    for first, last in _SPAN.findall(text):
        if 0 <= int(last) - int(first) <= _LONGEST_SPAN:
            found.update(range(int(first), int(last) + 1))
    for first, last in _SHORT_SPAN.findall(text):
        end = int(first) // 100 * 100 + int(last)
        if 0 < end - int(first) <= _LONGEST_SPAN:
            found.update(range(int(first), end + 1))
    return found
