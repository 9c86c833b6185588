"""The words that answer a who, when, where or how many: a span inside one of the cited sentences, or nothing.

Of the words of that kind, those nearest to the question's own words in the sentence are chosen: fewest words between
them, no border of a clause; and a person must stand where the one asked for stands, as subject, after "by", or beside
the office. Where two are about as near, or the sentence says too little of what is asked, there is no short answer: a
wrong one is worse than none. What is not here: finding words of a kind (candidates.py, quantities.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from assistant.answering.candidates import candidates
from assistant.answering.contrary import denies, is_contrary
from assistant.answering.quantities import Span
from assistant.answering.wording import FUNCTION_WORDS
from assistant.retrieval.query import Kind, Query, kind_of
from assistant.store.keywords import WORD, stem, stems
from assistant.types import Citation, ShortAnswer

# Chosen on the training questions, where words were marked that answer (not on the development sets).
_LEAST_SAID = 0.5  # share of the question's words that stand in the sentence or in the title above it
_LEAST_SAID_ALONE = 0.25  # where the sentence holds one thing of the kind asked for
_LEAST_NEAR = {Kind.WHEN: 0.05, Kind.HOW_MANY: 0.2, Kind.WHERE: 0.2, Kind.WHO: 0.4}
_LEAST_NEAR_ALONE = {**_LEAST_NEAR, Kind.HOW_MANY: 0.1}  # with nothing else of the kind in the sentence
_LEAST_NEAR_IN_PLACE = 0.12  # of a name that stands where the one asked for stands
_CLEARLY = 1.25  # how much nearer than any others
_BORDER = 4  # words that a border between clauses counts for
_LONGEST_PREFERRED = 12  # words
# Words of the question that say what kind of thing is asked for, and stand in no answer.
_OF_THE_ASKING = frozenset(
    stems(
        "year date day month century decade season time number percentage amount city country state place town location"
        " person people long old far large big tall high many much often "
        " дата день месяц век город стране страна место процент"
    )
)
_BORDERS = re.compile(
    r"[,;:()—–]|[.!?]\s|\b(?:and|but|while|whereas|which|who|although|because|when|where"
    r"|и|а|но|который|которая|которые|где|когда)\b",
    re.IGNORECASE,
)
_AND_ALSO = re.compile(r",?\s(?:and|or|и|или)\s(?:(?:in|on|at|by|from|to|в|на|из)\s)?(?:the\s)?")
_HOW_MANY = re.compile(r"\b(?:how many|сколько)\s+(?P<counted>(?:\w+\s+)?\w+)", re.IGNORECASE)
_NOUN = re.compile(r"(?:\s+[\w-]+){1,2}")
# "Who is Anne Neuberger?" asks for no other name.
_ABOUT_ONE_NAMED = re.compile(r"(?i:who|кто)\s+(?i:is|was|такой|такая)(?:\s+[A-ZА-ЯЁ][\w.’'-]*)+\W*")
_ASKED = re.compile(
    r"(?:\w+\s+)?\b(?:who|whom|whose|what|which|when|where|how|why|кто|кого|кому|кем|чей|чья|что|как\w*|когда|где|куда"
    r"|откуда|сколько|почему)\b(?:\s+\w+){0,3}",
    re.IGNORECASE,
)


Stands = tuple[str, int, int]
"""Where a sentence stands: its document's id, and its span there."""


@dataclass(frozen=True, slots=True)
class Found:
    """Words of a sentence and how near they are to the question's."""

    span: Span
    near: float


def short_answer(
    query: Query, citations: Sequence[Citation], preferred: Mapping[Stands, Span] | None = None
) -> ShortAnswer | None:
    """The words that answer, from the citation where they are nearest to the question's words.

    Args:
        query: The question, read.
        citations: Of the answer.
        preferred: Of some evidence sentences the span of the words that a reader prefers; taken where it agrees with
            the kind of thing asked for.

    Returns:
        None where the question asks for something else, or where no words stand out, or where two sentences that
        are about as near say different things.
    """
    if query.kind not in _LEAST_NEAR or not _asks_for_its_kind(query) or _ABOUT_ONE_NAMED.fullmatch(query.focus):
        return None
    found: list[tuple[float, Citation, Span]] = []
    for citation in citations:
        if is_contrary(query, citation.quote) or (query.kind is Kind.WHO and denies(query, citation.quote)):
            continue
        wanted = (preferred or {}).get((citation.document_id, citation.start, citation.end))
        if wanted is not None:
            agreed = agreeing(query, citation.quote, (wanted[0] - citation.start, wanted[1] - citation.start))
            if agreed is not None:
                return _in_document(citation, agreed)
        best = nearest(query, citation.quote, citation.title)
        if best is not None:
            found.append((best.near, citation, best.span))
    if not found:
        return None
    found.sort(key=lambda item: -item[0])
    near, citation, span = found[0]
    said = citation.quote[slice(*span)]
    for other_near, other, other_span in found[1:]:
        if near < _CLEARLY * other_near and not _same(said, other.quote[slice(*other_span)]):
            return None
    return _in_document(citation, span)


def nearest(query: Query, text: str, title: str = "") -> Found | None:
    """The words of a sentence that answer, if they stand out."""
    words = [_Word(m.start(), m.end(), stem(m.group())) for m in WORD.finditer(text)]
    terms, above = frozenset(query.terms) - _OF_THE_ASKING, frozenset(stems(title))
    spans = candidates(query, text)
    least_said = _LEAST_SAID if len(spans) > 1 else _LEAST_SAID_ALONE
    if len(terms & ({word.stem for word in words} | above)) < least_said * len(terms):
        return None
    if query.kind is Kind.WHO and above & query.names:  # what the document is about is not who is asked for
        spans = [span for span in spans if not set(stems(text[slice(*span)])) <= above]
    if len(spans) == 1 and _counts(query, text, spans[0]):
        return Found(spans[0], 1.0)
    least = (_LEAST_NEAR if len(spans) > 1 else _LEAST_NEAR_ALONE)[query.kind]
    found = []
    for span in spans:
        near, enough = _nearness(terms, text, words, span), least
        if query.kind is Kind.WHO:
            standing = _standing(query, text, words, span, alone=len(spans) == 1)
            if standing is _Standing.ELSEWHERE:
                continue
            near, enough = (near + 1, 1 + _LEAST_NEAR_IN_PLACE) if standing is _Standing.IN_PLACE else (near, least)
        if near >= enough:
            found.append(Found(span, near))
    found.sort(key=lambda f: -f.near)
    if not found or any(_coordinated(text, found[0].span, span) for span in spans):
        return None
    return found[0] if len(found) == 1 or found[0].near >= _CLEARLY * found[1].near else None


def agreeing(query: Query, text: str, preferred: Span) -> Span | None:
    """The preferred words of a sentence, cut at words, where they hold or meet words of the kind asked for."""
    words = [m.span() for m in WORD.finditer(text) if m.start() < preferred[1] and preferred[0] < m.end()]
    if not words or not 0 <= preferred[0] < preferred[1] <= len(text):
        return None
    start, end = min(words[0][0], preferred[0]), max(words[-1][1], preferred[1])
    met = [span for span in candidates(query, text) if span[0] < end and start < span[1]]
    if not met or any(_told_between(text[one[1] : other[0]]) for one, other in pairwise(met)):
        return None
    first, last = met[0]
    holds = start <= first and last <= end and len(words) <= _LONGEST_PREFERRED
    return (start, end) if holds else (first, last)


def _told_between(text: str) -> bool:
    """Whether something is told between two names: "Ann Nyberger and Newsweek spells Anne Neuberger"."""
    return re.search("[:;]", text) is not None or any(word not in FUNCTION_WORDS for word in WORD.findall(text))


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    stem: str


def _asks_for_its_kind(query: Query) -> bool:
    """True where the first asking word asks for the kind: "what city was she in when ..." does not ask when.

    "Date of the threat?" has no such word, and its own.
    """
    asked = _ASKED.search(query.focus)
    return kind_of(asked[0] if asked else query.focus) is query.kind


def _in_document(citation: Citation, span: Span) -> ShortAnswer:
    start, end = span
    return ShortAnswer(
        text=citation.quote[start:end],
        document_id=citation.document_id,
        start=citation.start + start,
        end=citation.start + end,
        citation=citation.number,
    )


def _same(one: str, other: str) -> bool:
    """True where the words of one stand among those of the other."""
    a, b = set(stems(one)), set(stems(other))
    return a <= b or b <= a


def _coordinated(text: str, one: Span, other: Span) -> bool:
    """True for "in 1932 and in 1945": neither is the answer alone."""
    first, second = sorted((one, other))
    return one != other and _AND_ALSO.fullmatch(text, first[1], second[0]) is not None


def _nearness(terms: frozenset[str], text: str, words: Sequence[_Word], span: Span) -> float:
    """How near the question's words are: for each that is there, the inverse of the words and borders between."""
    start, end = span
    inside = [i for i, word in enumerate(words) if word.start < end and start < word.end]
    if not inside:
        return 0.0
    near: dict[str, float] = {}
    for i, word in enumerate(words):
        if word.stem not in terms or inside[0] <= i <= inside[-1]:
            continue
        between = text[word.end : start] if i < inside[0] else text[end : word.start]
        steps = max(inside[0] - i, i - inside[-1]) - 1
        distance = 2 + steps + _BORDER * len(_BORDERS.findall(between))
        near[word.stem] = max(near.get(word.stem, 0.0), 1 / distance)
    return sum(near.values())


def _counts(query: Query, text: str, span: Span) -> bool:
    """Whether a number counts what is asked: "557 tents" where it is asked how many tents."""
    asked = _HOW_MANY.search(query.focus)
    if query.kind is not Kind.HOW_MANY or asked is None:
        return False
    noun = _NOUN.match(text, span[1])
    said = text[span[0] : noun.end() if noun else span[1]]
    return bool((set(stems(asked["counted"])) - _OF_THE_ASKING) & set(stems(said)))


# --- who -----------------------------------------------------------------------------------------------------

_AUXILIARY = r"(?:has|have|had|was|were|is|are|be|been|being|also|first|later|then|originally|впервые|был\w?|\w+ly)"
_DOER = re.compile(
    rf"\b(?:who|кто|(?:which|what)\s+(?:\w+\s+)?\w+)\s+(?P<before>(?:{_AUXILIARY}\s+)*)(?P<verb>\w+)", re.IGNORECASE
)
_DONE_TO = re.compile(
    r"\bwho(?:m)?\s+(?:did|does|do|was|is|were)\s+.+?(?P<verb>\w+)(?:\s+(?:by|with|to|for|from|in|on|as))?\W*$",
    re.IGNORECASE,
)
_OFFICE = re.compile(r"\b(?:who|кто)\s+(?:is|was|were|are|был\w?)\s+(?:the\s+)?(?P<office>[^?]+)", re.IGNORECASE)
_PASSIVE = re.compile(r"\b(?:was|were|is|are|been|being|был\w?)\b", re.IGNORECASE)
_TO_ITS_VERB = re.compile(rf"(?:\s*,[^,;]*,)?\s+(?:{_AUXILIARY}\s+){{0,3}}", re.IGNORECASE)
_ARTICLE = r"(?:(?:the|a|an|its|his|her|their)\s+)?(?:[A-Z]\w+\s+)?(?:[a-z-]+\s+){0,3}"
_BY = re.compile(rf"(?P<done>\w+)\s+(?:\w+ly\s+)?by\s+{_ARTICLE}$")
_PARTICIPLE = re.compile(r"\w+(?:ed|en|wn|lt|de|un|ht|ld)", re.IGNORECASE)
_AFTER_VERB = re.compile(r"\s+(?:(?:by|with|to|for|from|as)\s+)?(?:the\s+)?")
_IS = re.compile(r"\b(?:was|is|were|are|became|стал\w?|был\w?)\s+(?:the\s+)?(?:[a-z-]+\s+){0,2}$")
_AS_OFFICE = re.compile(
    r"(?:,\s+(?:the|a|an|its|his|her|their|then)?\s*|(?:,[^,;]*,)?\s+(?:was|is|became|served as|стал\w?|был\w?)\s+)"
    r"(?P<said>[^,;.]+)"
)
_SAYING = re.compile(
    r"\s+(?:\w+\s+)?(?:said|says|report\w*|stated|claim\w*|argu\w+|suggest\w*|announc\w+|wrote|noted|that)\b"
)
_LED_IN = re.compile(r"^(?:In|On|By|During|After|Since|В)\b[^,]*,\s|^The\s")
_OPENS_CLAUSE = re.compile(r"(?:\s*,[^,;]*,)?\s+[a-z]")
_OFFICE_WORDS = 4
_MOSTLY = 0.7  # of the question's words, where nothing but being the only name speaks for it


class _Standing(Enum):
    """What a sentence's structure says of a name, where it is asked who."""

    IN_PLACE = "stands where the one asked for stands"
    POSSIBLE = "may be the one asked for"
    ELSEWHERE = "stands elsewhere"


def _standing(query: Query, text: str, words: Sequence[_Word], span: Span, *, alone: bool) -> _Standing:
    office, doer, done_to = (pattern.search(query.focus) for pattern in (_OFFICE, _DOER, _DONE_TO))
    terms = frozenset(query.terms)
    in_place = possible = False
    if query.cyrillic:
        in_place = doer is not None and _beside(stem(doer["verb"]), text, words, span)
    elif office:
        in_place = _holds_office(terms & set(stems(office["office"])), text, words, span)
    elif done_to:
        possible = _is_object(stem(done_to["verb"]), text, words, span)
    elif doer:
        in_place = _is_subject(doer, text, words, span)
        possible = _opens(stem(doer["verb"]), text, words, span)
    by_whom = re.search(r"\bby\b", query.focus) or not (office or done_to or (doer and _PASSIVE.search(doer["before"])))
    if in_place or (by_whom and _done_by(terms, text, span, query.focus)):
        return _Standing.IN_PLACE
    possible = possible or (alone and not done_to and len(terms & {w.stem for w in words}) >= _MOSTLY * len(terms))
    return _Standing.POSSIBLE if possible else _Standing.ELSEWHERE


def _done_by(terms: frozenset[str], text: str, span: Span, question: str) -> bool:
    """Founded by X: what was done is the question's word, or the only thing in the sentence done by someone."""
    by = _BY.search(text[: span[0]])
    if by is None:
        return False
    only = len(re.findall(r"\bby\b", text)) == 1 and "by" not in question.lower().split()
    return stem(by["done"]) in terms or (only and _PARTICIPLE.fullmatch(by["done"]) is not None)


def _is_subject(doer: re.Match[str], text: str, words: Sequence[_Word], span: Span) -> bool:
    """The question's verb follows, in the same voice; an apposition may stand between."""
    verb, passive = stem(doer["verb"]), bool(_PASSIVE.search(doer["before"]))
    for word in words:
        if word.start >= span[1] and word.stem == verb:
            between = _TO_ITS_VERB.fullmatch(text, span[1], word.start)
            if between and bool(_PASSIVE.search(between[0])) == passive:
                return True
    return False


def _opens(verb: str, text: str, words: Sequence[_Word], span: Span) -> bool:
    """It is the sentence's subject, whose verb is another word for the question's; not one who only reports."""
    before, after = _LED_IN.sub("", text[: span[0]]), text[span[1] :]
    says_it_otherwise = all(word.stem != verb for word in words)
    return bool(says_it_otherwise and not before and _OPENS_CLAUSE.match(after) and not _SAYING.match(after))


def _is_object(verb: str, text: str, words: Sequence[_Word], span: Span) -> bool:
    return any(w.stem == verb and w.end <= span[0] and _AFTER_VERB.fullmatch(text, w.end, span[0]) for w in words)


def _beside(verb: str, text: str, words: Sequence[_Word], span: Span) -> bool:
    """Before or after the verb, since Russian puts the subject on either side, an office between them."""
    for word in words:
        if word.stem != verb:
            continue
        between = (word.end, span[0]) if word.end <= span[0] else (span[1], word.start)
        if len(text[slice(*between)].split()) <= _OFFICE_WORDS and not _BORDERS.search(text[slice(*between)]):
            return True
    return False


def _holds_office(office: frozenset[str], text: str, words: Sequence[_Word], span: Span) -> bool:
    """The mayor X; X, the mayor; X was mayor; the mayor was X."""
    if not office:
        return False
    before = [word for word in words if word.end <= span[0]]
    if before and before[-1].stem in office and not re.search(r"[.,;]", text[before[-1].end : span[0]]):
        return True
    most = max(1.0, len(office) / 2)
    if _IS.search(text[: span[0]]) and len(office & {word.stem for word in before}) >= most:
        return True
    said = _AS_OFFICE.match(text, span[1])
    return said is not None and len(office & set(stems(said["said"]))) >= most
