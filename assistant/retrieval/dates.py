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
LONGEST_SPAN = 60
# Where a question names one year, a span up to this length still names it.
SHORT_SPAN = 2


def years(text: str, longest_span: int = LONGEST_SPAN) -> set[int]:
    """The years that a text names; of a span ("2013 to 2017", "2008–09") every year in it.

    Args:
        text: In English or Russian.
        longest_span: In years. A longer span is left out whole, its ends included: a term of office
            "(2009-2017)" says little about 2017.
    """
    found: set[int] = set()
    for pattern, short in ((_SPAN, False), (_SHORT_SPAN, True)):
        for match in pattern.finditer(text):
            first = int(match[1])
            last = first // 100 * 100 + int(match[2]) if short else int(match[2])
            if 0 <= last - first <= longest_span:
                found.update(range(first, last + 1))
        text = pattern.sub(" ", text)
    return found | {int(y) for y in _SINGLE.findall(text)}
