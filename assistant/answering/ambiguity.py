"""Questions that fit several things: "the group", where the corpus has one of 2013 and one of 2017, or "the Prime
Minister", where one document is on that of Canada and another on that of France.

What is asked back names the readings. A question is ambiguous only where nothing in it, or in the conversation, tells
them apart, and the evidence for each is about as good. What is not here: the wording (explanation.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.evidence import Judged
from assistant.answering.mentions import mentions, years_beside
from assistant.answering.presupposed import takes_for_granted
from assistant.retrieval.query import Kind, Query, analyse
from assistant.retrieval.words import OUTCOMES, STOPWORDS
from assistant.store.keywords import WORD, stem, stems
from assistant.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Readings:
    """What a question may mean: the things that there are, as they are named back ("the 2013 group")."""

    names: tuple[str, ...]


_THE = re.compile(
    r"\b(?:did|does|was|were|is|happened to|became of|of|in|chaired|led|headed|announced)\s+(?P<the>the\s+)"
)
_ABOUT_AS_GOOD = 0.8  # of the best evidence's score
_FOUND_TOO = 0.5  # of the best passage's score, for a document whose title is what is asked about
_OFTEN = 2  # sentences that date a thing so, before it counts as one
_READ = 20  # best sentences whose years are looked for where the thing's words stand everywhere
_ARTICLE = re.compile(r"\b(?P<asks>do|does|did)?\s*\b(?:the|this|that)\s+", re.IGNORECASE)
_LONGEST = 3  # words of a name
_SORTS = frozenset("product model service device film song series book".split())
_READINGS = 3  # with more there is no question to put back
_KINDS = frozenset({Kind.WHY, Kind.FATE, Kind.WHO, Kind.WHEN, Kind.WHERE, Kind.HOW})


def readings(query: Query, judged: Sequence[Judged], snapshot: Snapshot) -> Readings | None:
    """The things that the question may mean, if there are several and nothing tells them apart."""
    if query.years or not judged or not takes_for_granted(query.focus):
        return None
    return _of_years(query, judged, snapshot) or _of_titles(query, judged)


def _of_years(query: Query, judged: Sequence[Judged], snapshot: Snapshot) -> Readings | None:
    asked = query if query.focus == query.text else analyse(query.focus)
    if asked.slots or query.kind not in _KINDS:
        return None
    earlier = frozenset(stems(query.text.removesuffix(query.focus)))
    told = {year for j in judged[:_READ] for year in _years_of(query, j)}
    for text, phrase in _things(query.focus):
        if not earlier.isdisjoint(phrase):  # the conversation is about it
            return None
        found = mentions(phrase, snapshot) or mentions(phrase, snapshot, told)
        dated: dict[int, int] = {}
        for mention in found or ():
            for year in years_beside(mention.text, phrase, small=True):
                dated[year] = dated.get(year, 0) + 1
        several = sorted(year for year, often in dated.items() if often >= _OFTEN)
        if not 1 < len(several) <= _READINGS:
            continue
        fit = {
            year: max((j.evidence.score for j in judged if year in _years_of(query, j)), default=0) for year in several
        }
        best = max(fit.values())
        likely = [year for year in several if fit[year] >= _ABOUT_AS_GOOD * best]
        return Readings(tuple(f"the {year} {text}" for year in likely)) if best and len(likely) > 1 else None
    return None


def _of_titles(query: Query, judged: Sequence[Judged]) -> Readings | None:
    """The documents that are each on a thing of the name asked about ("the Prime Minister"), and on another one."""
    if query.focus != query.text:
        return None
    for phrase in _named(query):
        fit: dict[str, float] = {}
        for item in judged:
            title = item.evidence.title
            if _is_one(phrase, title, query):
                fit[title] = max(fit.get(title, 0.0), item.features.passage)
        likely = [title for title, passage in fit.items() if passage >= _FOUND_TOO]
        if 1 < len(likely) <= _READINGS:
            return Readings(tuple(likely))
    return None


def _named(query: Query) -> list[tuple[str, ...]]:
    """What the question calls "the" something, as stems, the longest first, if it names nothing besides."""
    found = []
    for article in _ARTICLE.finditer(query.text):
        words = WORD.findall(query.text, article.end())
        for end in range(min(_LONGEST, len(words)), 0, -1):
            phrase = tuple(stem(word) for word in words[:end])
            ends = words[end - 1].lower() not in STOPWORDS and _ends(words[end:], asked=bool(article["asks"]))
            if ends and query.slots <= set(phrase):
                found.append(phrase)
    return found


def _ends(after: list[str], *, asked: bool) -> bool:
    """Whether a name may end before these words: "the Prime Minister | evolved", not "the Soviet | army".

    Where something is asked of it ("does the ..."), one word may be what it does: "the stadium | open".
    """
    if not after or (asked and (len(after) == 1 or after[1].lower() in STOPWORDS)):
        return True
    word = after[0].lower()
    return word in STOPWORDS or word in _SORTS or word.endswith("ed")


def _is_one(phrase: tuple[str, ...], title: str, query: Query) -> bool:
    """Whether a title is the thing's name with something that the question does not say ("... of Canada")."""
    words = tuple(stem(word) for word in WORD.findall(title))
    more = set(words) - set(phrase)
    at_an_end = phrase in (words[: len(phrase)], words[-len(phrase) :])
    return at_an_end and bool(more) and more.isdisjoint(query.terms)


def _years_of(query: Query, judged: Judged) -> set[int]:
    evidence = judged.evidence
    return query.years_in(evidence.text) or query.years_in(f"{evidence.title} {evidence.heading}")


def _things(question: str) -> list[tuple[str, tuple[str, ...]]]:
    """What stands after "the": up to three words in small letters, the longest reading first."""
    match = _THE.search(question)
    if match is None:
        return []
    words: list[re.Match[str]] = []
    for word in WORD.finditer(question, match.end()):
        joined = question[words[-1].end() if words else match.end() : word.start()]
        lowered = word.group()
        if joined.strip(" ") or not lowered.islower() or lowered in STOPWORDS or lowered in OUTCOMES or len(words) > 2:
            break
        words.append(word)
    made = (words[:n] for n in range(len(words), 0, -1))
    return [(question[w[0].start() : w[-1].end()], tuple(stem(m.group()) for m in w)) for w in made]
