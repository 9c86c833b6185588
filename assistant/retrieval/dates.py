"""Time as texts write it: years and spans of years, in English and Russian.

What is not here: a document's own date (ingest finds it).
"""

from __future__ import annotations

import re

_YEAR = r"(1[0-9]{3}|20[0-9]{2})"
_SINGLE = re.compile(rf"(?<![\d.,]){_YEAR}(?!\d|[.,]\d)")
# "2013-06-17" and "17.06.2013" are days, neither spans nor decimals.
_DAY = re.compile(rf"(?<!\d)(?:{_YEAR}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]{_YEAR})(?!\d)")
# "and" joins a span only after "between": "the attempts of 2013 and 2017" are two years.
_SPANS = (
    re.compile(rf"(?<!\d){_YEAR}\s*(?:[-–—/]|to|until|till|по|до)\s*{_YEAR}(?!\d)", re.IGNORECASE),
    re.compile(rf"\b(?:between|между)\s+{_YEAR}\s+(?:and|и)\s+{_YEAR}(?!\d)", re.IGNORECASE),
)
_SHORT_SPAN = re.compile(rf"(?<!\d){_YEAR}[-–—/](\d{{2}})(?!\d|-)")
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
    found = {int(first or second) for first, second in _DAY.findall(text)}
    text = _DAY.sub(" ", text)
    for pattern in (*_SPANS, _SHORT_SPAN):
        for match in pattern.finditer(text):
            first, last = int(match[1]), int(match[2])
            last += first // 100 * 100 if pattern is _SHORT_SPAN else 0
            if 0 <= last - first <= longest_span:
                found.update(range(first, last + 1))
        text = pattern.sub(" ", text)
    return found | {int(y) for y in _SINGLE.findall(text)}
