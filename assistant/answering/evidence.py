"""Which sentences are evidence: every sentence of the passages and of their neighbours, judged by features.

Find small, read wide: what answers a question may stand a paragraph after what matches it and share no
word with it, so each sentence is judged together with where it stands. Each feature can be explained to a
person; their weights are a logistic regression (weights.py). What is not here: whether the evidence
suffices (abstention.py), and what is said of it (extractive.py, generative.py).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from threading import Lock

import numpy as np

from assistant.answering.weights import BIAS, WEIGHTS
from assistant.embedding import Embedder, Vectors
from assistant.retrieval.dates import years
from assistant.retrieval.query import Kind, Query, names_in
from assistant.store.catalog import Snapshot, StoredChunk
from assistant.store.keywords import stem, stems
from assistant.types import BlockKind, Passage, Sentence, page_at


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sentence judged as evidence. `score` is the probability that it answers; `heading` its path, or empty."""

    document_id: str
    path: str
    title: str
    date: str | None
    url: str | None
    page: int | None
    start: int
    end: int
    text: str
    score: float
    heading: str


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of a sentence as evidence for a question; shares and cosines within [0, 1].

    Attributes:
        cosine: Of the embedded question and sentence.
        coverage: Share of the question's words, weighted by rarity, that stand in the sentence.
        around: The same share of the words missing in the sentence, in the sentences next to it.
        above: The same, in title, headings and the section's first sentence.
        passage: The score of its passage against the best passage's.
        first_passage: In the best passage, or next to it.
        outside: Beside a passage, not in it.
        year: A year of the question stands in the sentence.
        year_carried: It stands in the headings or in the last dated sentence of the section before it.
        year_other: The sentence, or what dates it, names years, and none of the question's.
        names: Share of the question's names and numbers that stand in the sentence.
        new_name, new_number, new_date: Asked for and there: a name, number or date that the question lacks.
        cause: Asked why, and it speaks of causes; `effect`: asked why, and it speaks of change or opposition.
        manner: Asked how, and it speaks of means.
        items: Asked for a list, and it is or holds one.
        opening: The first sentence of its document or section.
        short, long: Under 6 words; over 45.
        pronoun: Begins with a word that points back.
        question: Is a question itself.
        list_item, table_row, footnote, caption: Its kind.
    """

    cosine: float
    coverage: float
    around: float
    above: float
    passage: float
    first_passage: float
    outside: float
    year: float
    year_carried: float
    year_other: float
    names: float
    new_name: float
    new_number: float
    new_date: float
    cause: float
    effect: float
    manner: float
    items: float
    opening: float
    short: float
    long: float
    pronoun: float
    question: float
    list_item: float
    table_row: float
    footnote: float
    caption: float


FEATURES = tuple(f.name for f in fields(Features))
# Sentences whose vectors are computed for one question; the rest rank by their other features alone.
EMBEDDED = 48
_REMEMBERED = 20_000

_CAUSE = re.compile(
    r"\b(because|since|due to|owing to|as a result|result(s|ed|ing)? (in|from|of)|caus(e|es|ed|ing)|reasons?|therefore"
    r"|thus|hence|led to|leads? to|so that|in order to|thanks to|consequen\w+|after|following|amid|prompt(s|ed)|blam\w+"
    r"|потому|поскольку|так как|из-за|вследствие|в результате|причин\w+|поэтому|благодаря|привел\w* к|чтобы|после)\b",
    re.IGNORECASE,
)
_EFFECT = re.compile(
    r"^(but|however|nevertheless|yet|instead|но|однако|тем не менее)\b|\b(collaps\w+|fail\w*|froze\w*|freez\w*|suspend\w*"
    r"|halt\w*|cancel\w*|withdr\w+|abandon\w*|reject\w*|critici\w+|refus\w+|oppos\w+|end(ed|s)?|stopped|went back|object\w*"
    r"|lack\w*|never|прекра\w+|приостанов\w+|заморо\w+|отказ\w*|критик\w*|сорва\w*|отверг\w*)\b",
    re.IGNORECASE,
)
_MANNER = re.compile(
    r"\b(by \w+ing|through|using|via|by means|with the help|method|process|step|путем|путём|с помощью|посредством)\b",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"^(he|she|it|they|this|that|these|those|such|his|her|its|their|him|the (former|latter)|both|он|она|оно|они|это|этот"
    r"|эта|эти|его|ее|её|их|такой|такая|такие)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundred|thousand|million|billion|half"
    r"|third|quarter|twice|один|одна|два|две|три|четыре|пять|шесть|семь|восемь|девять|десять|сто|тысяч\w*|миллион\w*"
    r"|миллиард\w*|половин\w*|треть\w*|процент\w*)\b",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"\b(january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday"
    r"|thursday|friday|saturday|sunday|century|январ\w+|феврал\w+|март\w*|апрел\w+|ма[йя]|июн\w+|июл\w+|август\w*"
    r"|сентябр\w+|октябр\w+|ноябр\w+|декабр\w+|век[ае]?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence with its features and where it stands."""

    evidence: Evidence
    features: Features
    order: tuple[int, int]  # rank of its passage, offset


@dataclass(frozen=True, slots=True)
class _Place:
    """A sentence before it is judged."""

    passage: Passage
    rank: int
    chunk: StoredChunk
    sentence: Sentence
    text: str
    previous: str
    following: str
    opening: str
    dated: frozenset[int]
    outside: bool


class EvidenceJudge:
    """Judges sentences. Remembers the vectors of sentences it has seen; thread-safe."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._seen: OrderedDict[str, Vectors] = OrderedDict()
        self._guard = Lock()

    def judge(self, query: Query, passages: Sequence[Passage], snapshot: Snapshot) -> list[Judged]:
        """All sentences of the passages and of their neighbours, best first."""
        places = _places(passages, snapshot)
        if not places:
            return []
        rarity = _rarity(query, snapshot)
        words = [frozenset(stems(p.text)) for p in places]
        rough = [_coverage(query.terms, w, rarity) + p.passage.score for p, w in zip(places, words, strict=True)]
        embedded = sorted(range(len(places)), key=lambda i: -rough[i])[:EMBEDDED]
        cosines = dict(zip(embedded, self._cosines(query.focus, [places[i].text for i in embedded]), strict=True))
        lowest = min(cosines.values())
        best = max(p.score for p in passages) or 1.0
        judged = []
        for i, (place, present) in enumerate(zip(places, words, strict=True)):
            features = _features(query, place, present, rarity, cosines.get(i, lowest), best)
            judged.append(Judged(_evidence(place, probability(features)), features, (place.rank, place.sentence.start)))
        return sorted(judged, key=lambda j: (-j.evidence.score, j.order))

    def _cosines(self, question: str, texts: Sequence[str]) -> list[float]:
        with self._guard:
            missing = [t for t in dict.fromkeys(texts) if t not in self._seen]
        fresh = dict(zip(missing, self._embedder.embed(missing), strict=True))
        vector = self._embedder.embed_query(question)
        with self._guard:
            self._seen.update(fresh)
            found = [float((fresh[t] if t in fresh else self._seen[t]) @ vector) for t in texts]
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return [max(0.0, c) for c in found]


def probability(features: Features) -> float:
    """The probability that a sentence with these features answers the question."""
    logit = BIAS + sum(w * v for w, v in zip(WEIGHTS, astuple(features), strict=True))
    return float(1 / (1 + np.exp(-logit)))


def _places(passages: Sequence[Passage], snapshot: Snapshot) -> list[_Place]:
    """Every sentence to be judged, once, with the best passage that it stands in or beside."""
    places: list[_Place] = []
    seen: set[tuple[int, int]] = set()
    read: list[tuple[int, Passage, StoredChunk, bool]] = []
    for rank, passage in enumerate(passages):
        inside = snapshot.chunks_in(passage.document_id, passage.start, passage.end)
        if not inside:
            continue
        read += [(rank, passage, chunk, False) for chunk in inside]
        beside = snapshot.chunks_between(inside[0].document, inside[0].ordinal - 1, inside[-1].ordinal + 1)
        read += [(rank, passage, chunk, True) for chunk in beside if chunk not in inside]
    for rank, passage, chunk, outside in sorted(read, key=lambda r: (r[0], r[3])):
        if (chunk.document, chunk.start) in seen:
            continue
        seen.add((chunk.document, chunk.start))
        places += _sentences_of(rank, passage, chunk, outside, snapshot)
    return places


def _sentences_of(rank: int, passage: Passage, chunk: StoredChunk, outside: bool, snapshot: Snapshot) -> list[_Place]:
    section = snapshot.section(chunk.document, chunk.section)
    texts = {s.start: snapshot.text(chunk.document, s.start, s.end) for s in section[:1]}
    sentences = [s for s in snapshot.sentences(chunk.document, chunk.start, chunk.end) if s.kind != BlockKind.HEADING]
    stretch = snapshot.text(chunk.document, chunk.start, chunk.end)
    own = {s.start: stretch[s.start - chunk.start : s.end - chunk.start] for s in sentences}
    opening = next(iter(texts.values()), "")
    dated = frozenset(years(" ".join(chunk.headings))) or frozenset(years(opening))
    places = []
    for i, sentence in enumerate(sentences):
        text = own[sentence.start]
        places.append(
            _Place(
                passage,
                rank,
                chunk,
                sentence,
                text,
                previous=own[sentences[i - 1].start] if i else "",
                following=own[sentences[i + 1].start] if i + 1 < len(sentences) else "",
                opening="" if section and section[0].start == sentence.start else opening,
                dated=dated,
                outside=outside,
            )
        )
        dated = frozenset(years(text)) or dated
    return places


def _features(
    query: Query, place: _Place, present: frozenset[str], rarity: Mapping[str, float], cosine: float, best: float
) -> Features:
    text, kind = place.text, place.sentence.kind
    beside = frozenset(stems(place.previous + " " + place.following))
    over = frozenset(stems(" ".join((place.chunk.title, *place.chunk.headings, place.opening))))
    own_years = frozenset(years(text))
    dating = own_years or place.dated
    asked = query.names | query.numbers
    words = len(text.split())
    coverage = _coverage(query.terms, present, rarity)
    return Features(
        cosine=cosine,
        coverage=coverage,
        around=_coverage(query.terms, present | beside, rarity) - coverage,
        above=_coverage(query.terms, present | over, rarity) - coverage,
        passage=place.passage.score / best,
        first_passage=float(place.rank == 0),
        outside=float(place.outside),
        year=float(bool(query.years & own_years)),
        year_carried=float(bool(query.years & place.dated) and not own_years),
        year_other=float(bool(query.years) and bool(dating) and not query.years & dating),
        names=len(asked & present) / len(asked) if asked else 0.0,
        new_name=float(
            query.kind in (Kind.WHO, Kind.WHERE) and any(stem(n) not in query.terms for n in names_in(text))
        ),
        new_number=float(query.kind is Kind.HOW_MANY and _NUMBER.search(text) is not None),
        new_date=float(query.kind is Kind.WHEN and (bool(own_years) or _MONTH.search(text) is not None)),
        cause=float(query.kind is Kind.WHY and _CAUSE.search(text) is not None),
        effect=float(query.kind is Kind.WHY and _EFFECT.search(text) is not None),
        manner=float(query.kind is Kind.HOW and _MANNER.search(text) is not None),
        items=float(query.kind is Kind.LIST and (kind is BlockKind.LIST_ITEM or text.count(",") + text.count(";") > 1)),
        opening=float(not place.opening),
        short=float(words < 6),
        long=float(words > 45),
        pronoun=float(_BACK.match(text) is not None),
        question=float(text.rstrip().endswith("?")),
        list_item=float(kind is BlockKind.LIST_ITEM),
        table_row=float(kind is BlockKind.TABLE_ROW),
        footnote=float(kind is BlockKind.FOOTNOTE),
        caption=float(kind is BlockKind.CAPTION),
    )


def _evidence(place: _Place, score: float) -> Evidence:
    chunk, sentence = place.chunk, place.sentence
    return Evidence(
        document_id=chunk.document_id,
        path=chunk.path,
        title=chunk.title,
        date=chunk.date,
        url=chunk.url,
        page=page_at(chunk.pages, sentence.start),
        start=sentence.start,
        end=sentence.end,
        text=place.text,
        score=score,
        heading=" > ".join(chunk.headings),
    )


def _rarity(query: Query, snapshot: Snapshot) -> dict[str, float]:
    frequency = snapshot.document_frequency(query.terms)
    total = max(1, snapshot.counts()[1])
    return {t: float(np.log(1 + total / (1 + frequency[t]))) for t in query.terms}


def _coverage(terms: Sequence[str], present: frozenset[str], rarity: Mapping[str, float]) -> float:
    whole = sum(rarity[t] for t in terms)
    return sum(rarity[t] for t in terms if t in present) / whole if whole else 0.0
