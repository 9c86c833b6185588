"""False premises: what a question takes for granted and the corpus contradicts.

Six rules, each of which can be explained to a person, and each of which says nothing where it is unsure: what never
took place (absent.py), the year of a thing, names that have nothing to do with each other, the one name among words
that belong to another, who did it, and how it came out. A premise is called false only where the corpus knows all that
the question names, nowhere says it of each other, and has something else in its place. What is not here: how the
question is read (presupposed.py), what a person is told (explanation.py), questions that merely have no answer
(abstention.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from assistant.answering.absent import never_held
from assistant.answering.evidence import Evidence, Judged
from assistant.answering.mentions import Mention, holds, mentions, standing, years_beside, years_told_of
from assistant.answering.presupposed import (
    COMPARES,
    Act,
    Name,
    act_of,
    coordinated,
    dated_thing,
    names_of,
    stands_for_a_state,
    takes_for_granted,
)
from assistant.retrieval.dates import years
from assistant.retrieval.query import Kind, Query, names_in
from assistant.retrieval.words import STOPWORDS
from assistant.store.keywords import WORD, stem, stems
from assistant.store.snapshot import Snapshot


class Slot(StrEnum):
    """What of the question the corpus contradicts."""

    YEAR = "year"
    NAMES = "names"
    ACT = "act"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class FalsePremise:
    """A premise that the corpus contradicts.

    Attributes:
        asked: What was taken for granted, in the question's words.
        other: Of a year the thing that has it; of names the second one; of an act nothing.
        years: That the corpus has instead.
        title, says: The document that says otherwise, and its sentence.
    """

    slot: Slot
    asked: str
    other: str
    years: tuple[int, ...]
    title: str
    says: str


_READ = 12  # best sentences that may contradict
_FEW = 3  # chunks
_FREQUENT = 0.2  # share of the chunks from which on a name is the corpus's subject and connects with everything
_RARE = 0.05  # share of the chunks up to which a word is rare
_FEWEST_RARE = 2
_COVERED = 0.5  # share of what else is asked that the contradicting sentence has to hold


def false_premise(query: Query, judged: Sequence[Judged], snapshot: Snapshot) -> FalsePremise | None:
    """The premise of the question that the corpus contradicts, if there is one."""
    if not takes_for_granted(query.focus):
        return None
    near = judged[:_READ]
    return (
        _never_took_place(query, judged)
        or _wrong_year(query, near, snapshot)
        or _unconnected(query, near, snapshot)
        or _among_anothers_words(query, near, snapshot)
        or _act_of_another(query, near, snapshot)
        or _other_outcome(query, snapshot)
    )


def _never_took_place(query: Query, judged: Sequence[Judged]) -> FalsePremise | None:
    """Asked who chaired the second meeting, where there was none."""
    found = never_held(query, judged)
    if found is None:
        return None
    e = found[1].evidence
    return FalsePremise(Slot.EVENT, found[0], "", (), e.title, e.text)


def _wrong_year(query: Query, near: Sequence[Judged], snapshot: Snapshot) -> FalsePremise | None:
    """Asked about the 2019 group, where the corpus has groups of 2013 and 2017 and nothing about one of 2019."""
    thing = dated_thing(query.focus)
    if thing is None:
        return None
    told = {year for j in near for year in years(f"{j.evidence.title} {j.evidence.heading} {j.evidence.text}")}
    read: list[tuple[str, tuple[str, ...], dict[Mention, set[int]]]] = []
    for text, phrase in thing.readings:
        found = mentions(phrase, snapshot) or mentions(phrase, snapshot, told - {thing.year}) or []
        small = text.islower()
        tight = {m: near_by for m in found if (near_by := years_beside(m.text, phrase, small=small))}
        read.append((text, phrase, tight or {m: told_of for m in found if (told_of := years_told_of(m, phrase))}))
    # Of "working group collapse", "working group" and "group" the longest that is spoken of as a thing.
    longer = [reading for reading in read if len(reading[1]) > 1 and reading[2]] or read
    most = max(len(beside) for _, _, beside in longer)
    text, phrase, beside = next(reading for reading in longer if 2 * len(reading[2]) >= most)
    of_the_year = mentions(phrase, snapshot, {thing.year})
    if of_the_year is None or any(_dates(m, thing.year, phrase, small=text.islower()) for m in of_the_year):
        return None
    other = set[int]().union(*beside.values())
    if not other or thing.year in other:
        return None
    nearest = min(other, key=lambda year: (abs(year - thing.year), year))
    source = next(m for m in beside if nearest in beside[m])
    return FalsePremise(Slot.YEAR, str(thing.year), text, tuple(sorted(other)), source.title, source.text)


def _dates(mention: Mention, year: int, phrase: Sequence[str], *, small: bool) -> bool:
    """True where the sentence may speak of such a thing of that year.

    "The Open-ended Working Group" is no working group such as one asks about with small letters, and what stands
    beside a year of its own is not of another that merely stands near.
    """
    there = mention.common if small else mention.around
    if year not in mention.years or not all(holds(there, word) for word in phrase):
        return False
    beside = years_beside(mention.text, phrase, small=small) or years_beside(mention.place, phrase, small=small)
    return not beside or year in beside


# --- names that have nothing to do with each other ------------------------------------------------------------


def _unconnected(query: Query, near: Sequence[Judged], snapshot: Snapshot) -> FalsePremise | None:
    names = names_of(query.focus)
    if len(names) < 2 or COMPARES.search(query.focus):
        return None
    names = [n for n in names if _is_told_of(n, snapshot) and not stands_for_a_state(n, query.focus)]
    for one, other in combinations(names, 2):
        if one.key == other.key or coordinated(query.focus, one, other) or _together(one, other, snapshot):
            continue
        rest = [n for n in names if n not in (one, other)]
        found = [
            (said, FalsePremise(Slot.NAMES, missing.text, there.text, (), said.title, " ".join(said.text.split())))
            for missing, there in ((one, other), (other, one))
            if (said := _says_it_of_another(query, missing, [there, *rest], near))
        ]
        if found:
            return max(found, key=lambda f: _in_common(query, f[0]))[1]
    return None


def _is_told_of(name: Name, snapshot: Snapshot) -> bool:
    """True for a name that the corpus knows and does not have all over."""
    return 0 < standing(name.key, snapshot) <= max(_FEW, _FREQUENT * snapshot.counts()[1])


def _together(one: Name, other: Name, snapshot: Snapshot) -> bool:
    """True where a paragraph, with what it stands under, speaks of both."""
    said = mentions((one.key, other.key), snapshot)
    return said is None or any(holds(m.around, one.key) and holds(m.around, other.key) for m in said)


def _says_it_of_another(query: Query, missing: Name, there: Sequence[Name], near: Sequence[Judged]) -> Evidence | None:
    """The best sentence that has all else that is asked, and another name where the missing one would stand."""
    own = set(stems(missing.text))
    rest = [t for t in query.terms if t not in own]
    fitting = []
    for item in near:
        around = f"{item.context} {item.evidence.text}"
        present = set(stems(f"{item.evidence.title} {item.evidence.heading} {around}"))
        others = {stem(w) for w in names_in(f"- {around}")} - set(query.terms)
        is_complete = all(holds(present, n.key) for n in there) and _share(rest, present) >= _COVERED
        if is_complete and others and not holds(present, missing.key):
            fitting.append(item)
    # A row of a table is a note; a sentence says it.
    fitting = [item for item in fitting if not item.features.table_row] or fitting
    return max((item.evidence for item in fitting), key=lambda e: _in_common(query, e), default=None)


def _in_common(query: Query, evidence: Evidence) -> int:
    present = set(stems(evidence.text))
    return sum(holds(present, term) for term in query.terms)


def _share(words: Sequence[str], present: set[str]) -> float:
    return sum(holds(present, w) for w in words) / len(words) if words else 1.0


# --- a name among words that belong to another ----------------------------------------------------------------


def _among_anothers_words(query: Query, near: Sequence[Judged], snapshot: Snapshot) -> FalsePremise | None:
    """Asked why Obama tweeted about an impenetrable unit, where those rare words are said of Trump alone."""
    names = [n for n in names_of(query.focus) if standing(n.key, snapshot)]
    act = act_of(query.focus)
    if len(names) != 1 or act is None or act.subject != names[0]:
        return None
    name = names[0]
    words = [w for w in dict.fromkeys((_root(act.verb), *act.object_stems)) if not holds((w,), name.key)]
    common = snapshot.document_frequency(words)
    rare = [w for w in words if 0 < common[w] <= max(_FEW, _RARE * snapshot.counts()[1])]
    if len(rare) < _FEWEST_RARE:
        return None
    for word in rare:
        said = mentions((name.key, word), snapshot)
        if said is None or any(holds(m.around, name.key) and holds(m.around, word) for m in said):
            return None
    for item in near:
        text = f"{item.context} {item.evidence.text}"
        own = set(stems(item.evidence.text))
        others = [n for n in names_of(f"- {text}") if _same_kind(name, n, snapshot)]
        if others and any(w in own for w in rare) and all(w in stems(text) for w in rare):
            return FalsePremise(Slot.ACT, act.said, "", (), item.evidence.title, " ".join(item.evidence.text.split()))
    return None


# --- who did it ------------------------------------------------------------------------------------------------

_IRREGULAR = {
    past: present
    for present, pasts in {
        "freez": ("froze", "frozen"),
        "withdraw": ("withdrew", "withdrawn"),
        "lead": ("led",),
        "begin": ("began", "begun"),
        "break": ("broke", "broken"),
        "choos": ("chose", "chosen"),
        "give": ("gave", "given"),
        "hold": ("held",),
        "make": ("made",),
        "sell": ("sold",),
        "send": ("sent",),
        "seek": ("sought",),
        "take": ("took", "taken"),
        "win": ("won",),
        "write": ("wrote", "written"),
        "lose": ("lost",),
        "leav": ("left",),
        "buy": ("bought",),
        "bring": ("brought",),
        "build": ("built",),
    }.items()
    for past in pasts
}
# Between a name and what it does: "the Obama administration then froze".
_BETWEEN = r"(\s+(administration|government|authorities|officials|has|have|had|then|later|also|soon|therefore|again))*"
_NAMED = r"(?P<name>[A-ZА-ЯЁ][\w-]*(\s+[A-ZА-ЯЁ][\w-]*)*)"
_ACTIVE = re.compile(rf"{_NAMED}{_BETWEEN}\s+(?P<verb>[^\W\d_]+)")
_PASSIVE = re.compile(rf"\b(?P<verb>[^\W\d_]+)\s+by\s+(the\s+)?{_NAMED}")
_SIDE_BY_SIDE_WORDS = frozenset({"and", "the", "и"})
_PASSIVE_BEFORE = frozenset({"was", "were", "been", "be", "being", "is", "are"})
_IS_NOUN = re.compile(r"(ion|ions|ment|ments|al|er|ers|ing)$")
_NOUN = 5  # letters that a verb shares with its noun: "suspended", "suspension"


def _act_of_another(query: Query, near: Sequence[Judged], snapshot: Snapshot) -> FalsePremise | None:
    """Asked why Russia suspended the talks, where the corpus says that the United States suspended them."""
    act = act_of(query.focus)
    if act is None or not act.object_stems or query.kind not in _TAKES_FOR_GRANTED:
        return None
    verb = _root(act.verb)
    if _bears_out(act, verb, snapshot):
        return None
    for item in near:
        evidence = item.evidence
        doer = _doer(evidence.text, verb)
        if doer is None or doer.key == act.subject.key or item.features.year_other or item.features.span_other == 1.0:
            continue
        own = set(stems(evidence.text))
        if doer.key in act.object_stems:
            is_other = holds(own, act.subject.key)  # the two have changed places
        else:
            is_other = _same_kind(act.subject, doer, snapshot)
        present = own | set(stems(f"{evidence.title} {evidence.heading} {item.context}"))
        of_it = any(holds(own, word) for word in act.object_stems)
        if is_other and of_it and _share(act.object_stems, present) >= _MOST_OF_IT:
            return FalsePremise(Slot.ACT, act.said, "", (), evidence.title, " ".join(evidence.text.split()))
    return None


_TAKES_FOR_GRANTED = frozenset({Kind.WHY, Kind.WHEN, Kind.WHERE, Kind.HOW})
_MOST_OF_IT = 0.6


def _last(name: str) -> str:
    return stem(name.split()[-1])


def _root(verb: str) -> str:
    lowered = verb.lower()
    return _IRREGULAR.get(lowered, stem(lowered))


def _doer(text: str, verb: str) -> Name | None:
    """The name right before the verb, or after "by" where it is passive."""
    for pattern in (_ACTIVE, _PASSIVE):
        for match in pattern.finditer(text):
            name = re.sub(r"^(The|A|An)\s+", "", match["name"])
            if _root(match["verb"]) == verb and not _IS_NOUN.search(match["verb"]) and name.lower() not in STOPWORDS:
                return Name(name, _last(name))
    return None


def _bears_out(act: Act, verb: str, snapshot: Snapshot) -> bool:
    """True where any sentence may say that the subject did so, or where there are too many to tell."""
    forms = {verb, stem(act.verb), *(stem(past) for past, present in _IRREGULAR.items() if present == verb)}
    for form in forms:
        said = mentions((act.subject.key, form), snapshot)
        if said is None:
            return True
        of_it = [m for m in said if any(holds(m.around, word) for word in act.object_stems)]
        if any(_may_say(m.text, act.subject, verb) for m in of_it):
            return True
    return False


def _may_say(text: str, subject: Name, verb: str) -> bool:
    """True where the subject stands before the verb, with no other name between unless side by side, or after "by"."""
    words = WORD.findall(text)
    subjects = [i for i, word in enumerate(words) if holds((stem(word),), subject.key)]
    for at, word in enumerate(words):
        if _root(word) != verb and not (len(verb) >= _NOUN and stem(word).startswith(verb[:_NOUN])):
            continue
        if any(at < s <= at + 4 and "by" in words[at + 1 : s] for s in subjects):
            return True
        if at and words[at - 1].lower() in _PASSIVE_BEFORE:
            continue
        for s in subjects:
            between = [w for w in words[s + 1 : at] if w.lower() not in _SIDE_BY_SIDE_WORDS]
            beside = words[s + 1 : s + 2] in (["and"], ["и"]) and all(w[0].isupper() for w in between)
            if s < at and (beside or not any(w[0].isupper() for w in between)):
                return True
    return False


def _same_kind(one: Name, other: Name, snapshot: Snapshot) -> bool:
    """True for two names that the corpus names side by side, or each beside a third: "Russia and the United States"."""
    beside_one, beside_other = _beside(one, snapshot), _beside(other, snapshot)
    return other.key in beside_one or one.key in beside_other or bool(beside_one & beside_other)


def _beside(name: Name, snapshot: Snapshot) -> set[str]:
    numbers = [n for n, _ in snapshot.keyword_scores(f'"{name.key}"', _LOOKED_THROUGH, (1.0, 1.0, 1.0))]
    found = set()
    for chunk in snapshot.chunks(numbers).values():
        for match in _SIDE_BY_SIDE.finditer(snapshot.text(chunk.document, chunk.start, chunk.end)):
            pair = {_last(match["one"]), _last(match["other"])}
            if name.key in pair:
                found |= pair - {name.key}
    return found


_LOOKED_THROUGH = 100
_SIDE_BY_SIDE = re.compile(
    r"(?P<one>[A-ZА-ЯЁ][\w-]*(\s+[A-ZА-ЯЁ][\w-]*)*)\s+(and|or|и|или)\s+(the\s+)?"
    r"(?=(?P<other>[A-ZА-ЯЁ][\w-]*(\s+[A-ZА-ЯЁ][\w-]*)*))"
)


# --- how it came out --------------------------------------------------------------------------------------------

_AGAINST = re.compile(
    r"\b(veto\w*|reject\w*|oppos\w*|block(s|ed)?|vot(e|es|ed) (it )?(against|down)|defeat\w*|throw out|threw out"
    r"|налож\w+ вето|вето|отклон\w*|отверг\w*|против|заблокир\w*)\b",
    re.IGNORECASE,
)
_FOR = re.compile(
    r"\b(adopt(s|ed)?|approv(e|es|ed)|pass(es|ed)|without (a )?vote|by consensus|unanimous\w*|принял\w*|принят\w*"
    r"|одобр\w*|без голосования|консенсус\w*|единогласно)\b",
    re.IGNORECASE,
)


def _other_outcome(query: Query, snapshot: Snapshot) -> FalsePremise | None:
    """Asked why Russia vetoed the resolution, where the corpus says that it was adopted."""
    act = act_of(query.focus)
    if act is None or query.kind not in _TAKES_FOR_GRANTED or not _AGAINST.search(act.said):
        return None
    words = [w for w in act.object_stems if not _AGAINST.search(w) and w not in ("vote", "голос")]
    if not words:
        return None
    said = mentions(words, snapshot)
    if said is None:
        return None
    said = [m for m in said if not query.years or query.years & m.years]
    said = [m for m in said if all(holds(m.around, w) for w in words) and any(holds(m.stems, w) for w in words)]
    if any(_AGAINST.search(m.text) for m in said):
        return None
    source = next((m for m in said if _FOR.search(m.text)), None)
    return FalsePremise(Slot.ACT, act.said, "", (), source.title, source.text) if source else None
