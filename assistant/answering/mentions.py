"""Where the corpus speaks of given words: its statements, each with what it stands under and what dates it.

A statement is a paragraph of prose, or one row or item. What is not here: what follows from a mention, or from there
being none (premises.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from assistant.retrieval.dates import SHORT_SPAN, years
from assistant.retrieval.words import MONTHS
from assistant.store.keywords import WORD, stem, stems
from assistant.store.snapshot import Snapshot, StoredChunk
from assistant.types import BlockKind, Sentence

# Chunks that are looked through; words that stand together more often than that are connected anyway.
MOST = 60
_COLUMNS = (1.0, 1.0, 1.0)
_SEPARATE = frozenset({BlockKind.LIST_ITEM, BlockKind.TABLE_ROW})
# A Russian stem keeps the ending that its word was made with: "Женева", "женевский".
_SHORTEST_PREFIX = 5


@dataclass(frozen=True, slots=True)
class Mention:
    """A sentence of the corpus as it stands.

    Attributes:
        stems: Of the sentence; `around`: of its paragraph, title and headings as well.
        common: Those of `around` that are written small somewhere: not as part of a name.
        place: Title, headings and paragraph, as text.
        years: That the sentence names, or, where it names none, its title, headings and document's date.
        told_in: That the sentence names, or, where it names none, those in which the sentence before says that it was.
    """

    title: str
    text: str
    stems: tuple[str, ...]
    around: frozenset[str]
    common: frozenset[str]
    place: str
    years: frozenset[int]
    told_in: frozenset[int]


def mentions(words: Iterable[str], snapshot: Snapshot, years_among: Iterable[int] = ()) -> list[Mention] | None:
    """The sentences of all chunks that hold all of the stems (and one of the years, if any are given).

    None where there are too many to look through.
    """
    parts = [_pattern(word) for word in words]
    if among := sorted(set(years_among)):
        parts.append("(" + " OR ".join(f'"{year}"' for year in among) + ")")
    numbers = [number for number, _ in snapshot.keyword_scores(" AND ".join(parts), MOST, _COLUMNS)] if parts else []
    if len(numbers) == MOST:
        return None
    return [m for chunk in snapshot.chunks(numbers).values() for m in _of_chunk(chunk, snapshot)]


def standing(word: str, snapshot: Snapshot) -> int:
    """In how many chunks the word, or one made from it, stands; counted up to a thousand."""
    return len(snapshot.keyword_scores(_pattern(word), 1_000, _COLUMNS))


def holds(present: Collection[str], word: str) -> bool:
    """True where a stem, or a word made from it ("Armenian" of "Armenia"), is among those present."""
    if word in present:
        return True
    prefix = _prefix(word)
    return len(prefix) >= _SHORTEST_PREFIX and any(p.startswith(prefix) for p in present)


def _pattern(word: str) -> str:
    prefix = _prefix(word)
    return f'"{prefix}" *' if len(prefix) >= _SHORTEST_PREFIX else f'"{word}"'


def _prefix(word: str) -> str:
    return word[:_SHORTEST_PREFIX] if "а" <= word[:1] <= "я" else word


def _of_chunk(chunk: StoredChunk, snapshot: Snapshot) -> list[Mention]:
    stretch = snapshot.text(chunk.document, chunk.start, chunk.end)
    over = " ".join((chunk.title, *chunk.headings))
    dated = years(over, SHORT_SPAN) | years(chunk.date or "")
    found = []
    for paragraph in _paragraphs(snapshot.sentences(chunk.document, chunk.start, chunk.end), stretch, chunk.start):
        texts = [" ".join(stretch[s.start - chunk.start : s.end - chunk.start].split()) for s in paragraph]
        place = ". ".join((over, " ".join(texts)))
        around = frozenset(stems(place))
        starts = {text.split()[0].strip('"“«(') for text in texts}
        common = frozenset(stem(w) for w in WORD.findall(place) if w[0].islower() or w in starts)
        for text, before in zip(texts, ("", *texts), strict=False):
            own = frozenset(years(text, SHORT_SPAN))
            told_in = own or frozenset(years(" ".join(m[0] for m in _TOLD_IN.finditer(before))))
            words = tuple(stems(text))
            found.append(Mention(chunk.title, text, words, around, common, place, own or frozenset(dated), told_in))
    return found


def _paragraphs(sentences: Sequence[Sentence], stretch: str, start: int) -> list[list[Sentence]]:
    made: list[list[Sentence]] = []
    for sentence in sentences:
        if sentence.kind is BlockKind.HEADING:
            continue
        last = made[-1][-1] if made else None
        apart = last is None or "\n" in stretch[last.end - start : sentence.start - start]
        if apart or sentence.kind in _SEPARATE:
            made.append([sentence])
        else:
            made[-1].append(sentence)
    return made


def phrase_at(present: Sequence[str], phrase: Sequence[str]) -> list[int]:
    """Where the stems of a phrase stand one after the other."""
    n = len(phrase)
    return [i for i in range(len(present) - n + 1) if all(holds((present[i + k],), phrase[k]) for k in range(n))]


def years_told_of(mention: Mention, phrase: Sequence[str]) -> set[int]:
    """Years that a sentence tells of the thing in, with small letters: "the new working group met in November 2013"."""
    return set(mention.told_in) if phrase_at(_small(mention.text), phrase) else set()


def years_beside(text: str, phrase: Sequence[str], *, small: bool) -> set[int]:
    """Years that belong to the phrase in this sentence: "the 2013 group", "groups of 2013 and 2017".

    Args:
        small: The thing is asked about with small letters; what has a name ("the UN Group of 2015") is another.
    """
    words = stems(text)
    found: set[int] = set()
    for at in phrase_at(_small(text) if small else words, phrase):
        if at and _YEAR.fullmatch(words[at - 1]):
            found.add(int(words[at - 1]))
        tail = words[at + len(phrase) : at + len(phrase) + _TAIL]
        if tail and tail[0] in _LINKS:
            tail = [w for w in tail[1:] if not _MONTH.fullmatch(w)]
        for word in tail:  # "of 2013, 2017 and 2021"
            if _YEAR.fullmatch(word):
                found.add(int(word))
            elif word not in _AND:
                break
    return found


def _small(text: str) -> list[str]:
    """Stems of a text, with nothing in the place of words that are capitalised and do not begin it."""
    words = WORD.findall(text.replace("’s", "").replace("'s", ""))
    return [stem(word) if i == 0 or not word[0].isupper() else "" for i, word in enumerate(words)]


_YEAR = re.compile(r"1\d{3}|20\d{2}")
_TAIL = 6
# "In July 2017", "on June 17, 2013", not "since 2011".
_TOLD_IN = re.compile(rf"\b(in|on|в|({MONTHS})( \d{{1,2}},| of)?) (1\d{{3}}|20\d{{2}})\b", re.IGNORECASE)
_LINKS = frozenset({"of", "from"})
_AND = frozenset({"and", "и"})
_MONTH = re.compile(
    r"januari|februari|march|april|may|june|juli|august|septemb|octob|novemb|decemb|январ|феврал|март|апрел|ма|июн|июл"
    r"|август|сентябр|октябр|ноябр|декабр"
)
