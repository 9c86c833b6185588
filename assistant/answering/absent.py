"""What there is not: a thing that the corpus says never took place, a name that no document mentions.

What is not here: what the corpus has in another's place (premises.py), and what a person is told (explanation.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.evidence import Judged
from assistant.answering.mentions import standing
from assistant.answering.presupposed import names_of
from assistant.retrieval.query import Query
from assistant.retrieval.words import STOPWORDS
from assistant.store.keywords import WORD, stem, stems
from assistant.store.snapshot import Snapshot

_NEVER = re.compile(
    r"\s+(?:(?:has |had |have )?(?:never|not) (?:taken place|took place|happened|met|materiali[sz]ed|been held"
    r"|convened)"
    r"|(?:did not|didn['’]t|does not|would not|will not) (?:take place|happen|meet|materiali[sz]e|convene)"
    r"|(?:was|were|has been|had been) (?:never|not) held|(?:was|were|has been|had been) (?:cancell?ed|called off)"
    r"|(?:так и )?не (?:состоял\w+|был\w* проведен\w*)|(?:был\w* )?отмен[еи]\w+)\b",
    re.IGNORECASE,
)
_ASKS_ABOUT_IT = re.compile(r"\b(not|never|cancel\w*|called off|if|не|отмен\w*)\b|n['’]t\b", re.IGNORECASE)
_BOUND = re.compile(
    r"\b(in|with|at|to|from|for|of|by|on|near|в|во|с|со|на|к|из|от|для|о|об|у)\s+(the\s+)?$", re.IGNORECASE
)
_LONGEST = 4  # words of a thing's name
_AT_HAND = 0.6  # share of what else is asked that the sentence and what stands above it must hold


def never_held(query: Query, near: Sequence[Judged]) -> tuple[str, Judged] | None:
    """The thing in the question's words, and the sentence that says that it never took place; None where none does.

    The thing is named by two words at least ("the second meeting"), which stand together in the question, and the rest
    of what is asked must be at hand where the sentence stands: another body may have met a second time.
    """
    if _ASKS_ABOUT_IT.search(query.focus):
        return None
    asked = [(m.group(), stem(m.group())) for m in WORD.finditer(query.focus)]
    for judged in near:
        e = judged.evidence
        for never in _NEVER.finditer(e.text):
            before = [w for w in WORD.findall(e.text[: never.start()])[-_LONGEST:] if w.lower() not in STOPWORDS]
            for first in range(len(before) - 1):
                phrase = [stem(w) for w in before[first:]]
                said = _together(asked, phrase)
                if said and _is_of_it(query, judged, set(query.terms) - set(phrase)):
                    return said, judged
    return None


def is_unheard_of(query: Query, snapshot: Snapshot) -> bool:
    """True where it is asked about something with, in or of a name that no document mentions ("with Kenya").

    What is said of others does not answer that. Who does something may stand under another name ("Beijing").
    """
    names = [n for n in names_of(query.focus) if _BOUND.search(query.focus.partition(n.text)[0])]
    return any(not any(standing(word, snapshot) for word in stems(name.text)) for name in names)


def _is_of_it(query: Query, judged: Judged, rest: set[str]) -> bool:
    """True where what the question names besides is at hand, its years above all."""
    e = judged.evidence
    stands = " ".join((e.title, e.heading, judged.context, e.text))
    return query.years <= query.years_in(stands) and len(rest & set(stems(stands))) >= _AT_HAND * len(rest)


def _together(asked: Sequence[tuple[str, str]], phrase: Sequence[str]) -> str:
    """The question's words for a phrase's stems, where they stand side by side; empty where they don't."""
    for i in range(len(asked) - len(phrase) + 1):
        if [s for _, s in asked[i : i + len(phrase)]] == list(phrase):
            return " ".join(word for word, _ in asked[i : i + len(phrase)])
    return ""
