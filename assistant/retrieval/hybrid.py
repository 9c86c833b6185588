"""Finding passages: dense and keyword search, fused, with years, names and neighbours counted in.

Small chunks are found, wide passages are returned: a hit is widened by its neighbours in the same section
until it is worth reading, and hits that touch become one passage. What is not here: judging sentences
(answering), reading the question (query.py).

The weights below were chosen on half a of the development sets (docs/RESULTS.md says how far each counts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.embedding import Embedder
from assistant.retrieval.coverage import rarity_of, share
from assistant.retrieval.dates import is_later
from assistant.retrieval.query import Query, analyse, begins_with_pronoun
from assistant.store.snapshot import Snapshot, StoredChunk
from assistant.store.vectors import VectorStore
from assistant.types import BlockKind, Passage, page_at


@dataclass(frozen=True, slots=True)
class Weights:
    """How far each kind of evidence counts in a chunk's score.

    Attributes:
        dense: Share of the dense score against the keyword score, in a convex combination of both
            (Bruch, Gai, Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval").
        dense_foreign: The same for a question in a script that the embedder spells letter by letter.
        coverage: For the share of the question's words, weighted by rarity, that stand in the chunk.
        year: For how far it speaks of the period asked about.
        name: For the share of the question's names and numbers that stand in it.
        neighbour: Share of the better neighbour's score that a chunk is given.
        document: Share of its document's best chunks' mean.
        aside: For a chunk of footnotes or captions; they name a subject and seldom say anything of it.
        columns: Of title, headings and text in BM25.
    """

    dense: float = 0.5
    dense_foreign: float = 0.1
    coverage: float = 0.2
    year: float = 0.4
    name: float = 0.1
    neighbour: float = 0.05
    document: float = 0.1
    aside: float = -0.3
    columns: tuple[float, float, float] = (1.0, 1.0, 1.0)


WEIGHTS = Weights()
_ALONE = 0.3  # share of a follow-up searched alone
CANDIDATES = 80  # chunks that each search brings
PASSAGE_WORDS = 170  # a passage is widened up to this length,
JOINED_WORDS = 220  # and takes further hits up to this one,
_JOINING = 12  # of so many best hits, however few passages are asked for: more of them never change the first ones
_WORD = 20  # characters of a passage's words on average at most; a file may have a megabyte of spaces between two
_ASIDES = frozenset({BlockKind.FOOTNOTE, BlockKind.CAPTION})


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk found for a question, with what its score is made of (each within [0, 1])."""

    chunk: StoredChunk
    dense: float
    keyword: float
    coverage: float
    year: float
    name: float
    score: float = 0.0


class Retriever:
    """Finds the passages of an index that may answer a question."""

    def __init__(self, vectors: VectorStore, embedder: Embedder, weights: Weights = WEIGHTS) -> None:
        self._vectors = vectors
        self._embedder = embedder
        self._weights = weights

    def passages(self, query: Query, snapshot: Snapshot, top_k: int, as_of: str | None = None) -> list[Passage]:
        """The best passages, best first, at most `top_k`.

        Args:
            query: The question, read.
            snapshot: The state of the catalog to search.
            top_k: How many at most.
            as_of: An ISO date; documents that are dated later are left out, undated ones stay.
        """
        hits = self.rank(query, snapshot)
        return widen([h for h in hits if not is_later(h.chunk.date, as_of)], snapshot, top_k)

    def rank(self, query: Query, snapshot: Snapshot) -> list[Hit]:
        """All candidate chunks, scored, best first.

        A follow-up is searched with the earlier question in front and, at less weight, alone: where it needed
        no earlier question after all, that one does not drown it. One that begins with a pronoun did need it.
        """
        whole = self._rank(query, snapshot)
        if query.focus == query.text or begins_with_pronoun(query.focus):
            return whole
        return _blend(whole, self._rank(analyse(query.focus), snapshot))

    def _rank(self, query: Query, snapshot: Snapshot) -> list[Hit]:
        foreign = not self._embedder.knows(query.text)
        return score(self.candidates(query, snapshot), self._weights, foreign=foreign)

    def candidates(self, query: Query, snapshot: Snapshot) -> list[Hit]:
        """What either search brings, with its features, not yet scored."""
        vector = self._embedder.embed_query(query.text)
        cosines = self._dense(vector, snapshot)
        bm25 = dict(snapshot.keyword_scores(_match(query), 2 * CANDIDATES, self._weights.columns))
        numbers = list(dict.fromkeys([*cosines, *list(bm25)[:CANDIDATES]]))
        cosines |= self._exact([n for n in numbers if n not in cosines], vector, snapshot)
        best = max(bm25.values(), default=0.0) or 1.0
        rarity = rarity_of(query.terms, snapshot)
        chunks, present, slots = snapshot.chunks(numbers), snapshot.stems_of(numbers), query.slots
        return [
            Hit(
                chunks[n],
                dense=max(0.0, cosines.get(n, 0.0)),
                keyword=bm25.get(n, 0.0) / best,
                coverage=share(query.terms, present[n], rarity),
                year=_timing(query, chunks[n], snapshot),
                name=len(slots & present[n]) / len(slots) if slots else 0.0,
            )
            for n in numbers
        ]

    def _dense(self, vector: np.ndarray, snapshot: Snapshot) -> dict[int, float]:
        """Cosines of the nearest live chunks.

        Vectors that are not live, or not of this snapshot's reader, are looked past until there are as many as if they
        did not exist; where they are most of what is held, the live ones are compared one by one instead.
        """
        limit = CANDIDATES
        found = self._vectors.query(vector, limit)
        live = snapshot.chunks_of_vectors([i for i, _ in found])
        while len(live) < CANDIDATES and len(found) == limit:
            wanted = snapshot.live_vectors()
            if len(wanted) == len(live):
                break
            limit *= 4
            if len(wanted) < limit:
                held = self._vectors.get(wanted)
                found = sorted(((i, float(held[i] @ vector)) for i in held), key=lambda each: (-each[1], each[0]))
            else:
                found = self._vectors.query(vector, limit)
            live = snapshot.chunks_of_vectors([i for i, _ in found])
        cosines: dict[int, float] = {}
        for vector_id, cosine in [each for each in found if each[0] in live][:CANDIDATES]:
            for number in live[vector_id]:
                cosines.setdefault(number, cosine)
        return dict(list(cosines.items())[:CANDIDATES])

    def _exact(self, numbers: Sequence[int], vector: np.ndarray, snapshot: Snapshot) -> dict[int, float]:
        """Cosines of given chunks, so that a keyword hit is judged on both counts."""
        ids = snapshot.vectors_of_chunks(numbers)
        vectors = self._vectors.get(list({i for each in ids.values() for i in each}))
        return {
            number: max((float(vectors[i] @ vector) for i in each if i in vectors), default=0.0)
            for number, each in ids.items()
        }


def _timing(query: Query, chunk: StoredChunk, snapshot: Snapshot) -> float:
    if not query.periods:
        return 0.0
    text = snapshot.text(chunk.document, chunk.start, chunk.end)
    return query.timing(" ".join((chunk.title, *chunk.headings, text)))


def score(hits: Sequence[Hit], weights: Weights, *, foreign: bool = False) -> list[Hit]:
    """Scores candidates, best first; ties keep the order of the corpus."""
    alpha = weights.dense_foreign if foreign else weights.dense
    own = {
        hit.chunk.number: alpha * hit.dense
        + (1 - alpha) * hit.keyword
        + weights.coverage * hit.coverage
        + weights.year * hit.year
        + weights.name * hit.name
        + weights.aside * (hit.chunk.kind in _ASIDES)
        for hit in hits
    }
    place = {(hit.chunk.document, hit.chunk.ordinal): own[hit.chunk.number] for hit in hits}
    by_document: dict[int, list[float]] = {}
    for hit in hits:
        by_document.setdefault(hit.chunk.document, []).append(own[hit.chunk.number])
    standing = {d: sum(sorted(s, reverse=True)[:3]) / 3 for d, s in by_document.items()}
    scored = []
    for hit in hits:
        document, ordinal = hit.chunk.document, hit.chunk.ordinal
        beside = max(place.get((document, ordinal - 1), 0.0), place.get((document, ordinal + 1), 0.0))
        total = own[hit.chunk.number] + weights.neighbour * beside + weights.document * standing[document]
        scored.append(replace(hit, score=total))
    return sorted(scored, key=lambda h: (-h.score, h.chunk.path, h.chunk.start))


def _blend(whole: Sequence[Hit], alone: Sequence[Hit]) -> list[Hit]:
    """One ranking of two: each relative to its own best, on the scale of the first."""
    if not whole or not alone:
        return [*whole, *alone]
    scale, best = whole[0].score or 1.0, alone[0].score or 1.0
    found = {hit.chunk.number: replace(hit, score=0.0) for hit in (*alone, *whole)}
    for hits, part, top in ((whole, 1 - _ALONE, scale), (alone, _ALONE, best)):
        for hit in hits:
            so_far = found[hit.chunk.number]
            found[hit.chunk.number] = replace(so_far, score=so_far.score + part * scale * hit.score / top)
    return sorted(found.values(), key=lambda h: (-h.score, h.chunk.path, h.chunk.start))


def widen(hits: Sequence[Hit], snapshot: Snapshot, top_k: int, words: int = PASSAGE_WORDS) -> list[Passage]:
    """Makes passages of hits: neighbours of the same section are read along, and a hit that touches a passage joins it.

    So that two chunks of one stretch don't take the places of two passages.
    """
    made: list[_Stretch] = []
    taken: set[tuple[int, int]] = set()
    for rank, hit in enumerate(hits):
        if rank >= _JOINING and len(made) >= top_k:
            break
        chunk = hit.chunk
        if (chunk.document, chunk.ordinal) in taken:
            continue
        near = {c.ordinal: c for c in snapshot.chunks_between(chunk.document, chunk.ordinal - 3, chunk.ordinal + 3)}
        length = _length(chunk, snapshot)
        taken.add((chunk.document, chunk.ordinal))
        touched = next((s for s in made if s.takes(chunk, length, JOINED_WORDS)), None) if rank < _JOINING else None
        if touched:
            touched.take(chunk, length)
            continue
        stretch = _Stretch(hit, chunk, chunk, length)
        made.append(stretch)
        grown = True
        while grown:
            grown = False
            for ordinal in (stretch.last.ordinal + 1, stretch.first.ordinal - 1):
                other = near.get(ordinal)
                if other is None or (chunk.document, ordinal) in taken:
                    continue
                length = _length(other, snapshot)
                if stretch.takes(other, length, words):
                    stretch.take(other, length)
                    taken.add((chunk.document, ordinal))
                    grown = True
    return [_passage(s.hit, s.first.start, s.last.end, snapshot) for s in made[:top_k]]


@dataclass(slots=True)
class _Stretch:
    """Chunks that follow one another, around the best hit among them."""

    hit: Hit
    first: StoredChunk
    last: StoredChunk
    words: int

    def takes(self, chunk: StoredChunk, words: int, most: int) -> bool:
        """Whether a chunk of its section touches it and leaves it short enough."""
        if (chunk.document, chunk.section) != (self.first.document, self.first.section):
            return False
        if chunk.ordinal not in (self.first.ordinal - 1, self.last.ordinal + 1):
            return False
        span = max(chunk.end, self.last.end) - min(chunk.start, self.first.start)
        return self.words + words <= most and span <= _WORD * most

    def take(self, chunk: StoredChunk, words: int) -> None:
        if chunk.ordinal < self.first.ordinal:
            self.first = chunk
        else:
            self.last = chunk
        self.words += words


def _length(chunk: StoredChunk, snapshot: Snapshot) -> int:
    return len(snapshot.text(chunk.document, chunk.start, chunk.end).split())


def _passage(hit: Hit, start: int, end: int, snapshot: Snapshot) -> Passage:
    chunk = hit.chunk
    return Passage(
        document_id=chunk.document_id,
        path=chunk.path,
        title=chunk.title,
        date=chunk.date,
        start=start,
        end=end,
        text=snapshot.text(chunk.document, start, end),
        score=round(hit.score, 4),
        url=chunk.url,
        page=page_at(chunk.pages, start),
    )


def _match(query: Query) -> str:
    """The question's words as an FTS5 expression; any of them may match."""
    return " OR ".join(f'"{term}"' for term in query.terms)
