"""What the reader learns from: questions with windows of text, which sentences answer, and which words.

For each question that a passage answers an epoch holds the pair itself and one of: a near miss of the question, the
passage with its answer taken out, another passage of the same document that is nearest to the question. Questions
written by hand (questions.jsonl) and the sets' own unanswerable ones come in every epoch. What is not here: the
rules for near misses (near_misses.py), training (train_reader.py).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from near_misses import near_miss
from sklearn.feature_extraction.text import TfidfVectorizer

from assistant.ingest.sentences import split_sentences
from assistant.types import Block, BlockKind, Document

HERE = Path(__file__).parent
# How many questions an epoch takes of each set.
SETS = {"squad": 4_719, "tydi": 2_400, "fairytaleqa": 1_000, "covidqa": 500, "clapnq": 599}
_LONGEST = 170  # words of a window; longer passages are cut around the evidence
_JOINED = 0.3  # share of short passages that are read with a neighbour
_NEAR = 4  # nearest other passages that a negative is drawn from


@dataclass(frozen=True, slots=True)
class Window:
    """A question with the text that is read for it.

    Attributes:
        sentences: Spans of `text`.
        evidence: Which of them answer.
        answer: Span of `text` that is the short answer; None where there is none or it isn't known.
        answerable: Whether the text answers.
    """

    question: str
    title: str
    text: str
    sentences: tuple[tuple[int, int], ...]
    evidence: tuple[bool, ...]
    answer: tuple[int, int] | None
    answerable: bool


@dataclass(slots=True)
class Asked:
    """A question as its set has it."""

    question: str
    passage: int
    evidence: list[tuple[int, int]]
    answer: tuple[int, int] | None
    answerable: bool


@dataclass(slots=True)
class Source:
    """The passages and questions of one set; passages of one document are each other's negatives."""

    name: str
    passages: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    by_hand: list[Asked] = field(default_factory=list)

    def passage(self, text: str, document: str, known: dict[str, int]) -> int:
        if text not in known:
            known[text] = len(self.passages)
            self.passages.append(text)
            self.documents.append(document)
        return known[text]


def sources(train: Path, tydi: Path) -> list[Source]:
    """The sets in `train` (offsets into passages), TyDi QA's English gold passages, and our own questions."""
    found = []
    for name in ("squad", "fairytaleqa", "covidqa", "clapnq"):
        source, known = Source(name), dict[str, int]()
        for line in (train / f"{name}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            at = source.passage(row["passage"], row["doc"].replace("_", " "), known)
            evidence = [tuple(e) for e in row["evidence"]]
            answer = tuple(row["answer"]) if row["answer"] else None
            source.asked.append(Asked(row["question"], at, evidence, answer, row["answerable"]))
        found.append(source)
    source, known = Source("tydi"), dict[str, int]()
    for article in json.loads(tydi.read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                if not qa["id"].startswith("english"):
                    continue
                at = source.passage(paragraph["context"], article["title"], known)
                start = qa["answers"][0]["answer_start"]
                span = (start, start + len(qa["answers"][0]["text"]))
                source.asked.append(Asked(qa["question"], at, [span], span, answerable=True))
    found.append(source)
    _add_our_own({s.name: s for s in found})
    return found


def _add_our_own(found: dict[str, Source]) -> None:
    places = {
        (s.name, hashlib.sha256(text.encode()).hexdigest()[:16]): i
        for s in found.values()
        for i, text in enumerate(s.passages)
    }
    for line in (HERE / "questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        at = places[row["source"], row["passage"]]
        answer = tuple(row["answer"]) if row["answer"] else None
        evidence = [tuple(e) for e in row["evidence"]]
        found[row["source"]].by_hand.append(Asked(row["question"], at, evidence, answer, bool(evidence)))


def epoch(found: Sequence[Source], rng: random.Random) -> Iterator[Window]:
    """One pass; what is drawn at random differs between epochs."""
    for source in found:
        near = _nearest(source)
        others: dict[str, list[int]] = {}
        for i, document in enumerate(source.documents):
            others.setdefault(document, []).append(i)
        chosen = rng.sample(range(len(source.asked)), min(SETS[source.name], len(source.asked)))
        for number in chosen:
            asked = source.asked[number]
            yield from _true(source, asked, rng)
            if asked.answerable:
                yield from _made(source, asked, near[number], others[source.documents[asked.passage]], rng)
            elif source.name == "squad":  # few and hard: once more, with a neighbour
                yield from _true(source, asked, rng)
        for asked in source.by_hand:
            yield from _true(source, asked, rng)


def _true(source: Source, asked: Asked, rng: random.Random) -> Iterator[Window]:
    window = _window(source, asked.question, asked.passage, asked, rng)
    if window is not None:
        yield window


def _made(
    source: Source, asked: Asked, near: Sequence[int], others: Sequence[int], rng: random.Random
) -> Iterator[Window]:
    """One window that does not answer."""
    passage = source.passages[asked.passage]
    kind = rng.random()
    if kind < 0.5:
        made = near_miss(
            asked.question,
            source.documents[asked.passage],
            passage,
            [source.passages[i] for i in others if i != asked.passage],
            rng,
        )
        if made is not None:
            window = _window(source, made, asked.passage, None, rng, around=asked)
            if window is not None:
                yield window
                return
    if kind < 0.75:
        window = _without_answer(source, asked, rng)
        if window is not None:
            yield window
            return
    if near:
        window = _window(source, asked.question, rng.choice(list(near)), None, rng)
        if window is not None:
            yield window


def _nearest(source: Source) -> list[list[int]]:
    """For each question the passages of its document that are nearest to it and don't hold its answer."""
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), stop_words="english")
    passages = words.fit_transform(source.passages)
    questions = words.transform([a.question for a in source.asked])
    documents = np.array(source.documents)
    found = []
    for i, asked in enumerate(source.asked):
        same = np.flatnonzero(documents == source.documents[asked.passage])
        answer = source.passages[asked.passage][slice(*asked.answer)].lower() if asked.answer else ""
        others = [j for j in same if j != asked.passage and not (answer and answer in source.passages[j].lower())]
        if not others:
            found.append([])
            continue
        alike = np.asarray((passages[others] @ questions[i].T).todense()).ravel()
        found.append([others[j] for j in np.argsort(-alike, kind="stable")[:_NEAR]])
    return found


def _without_answer(source: Source, asked: Asked, rng: random.Random) -> Window | None:
    """The passage with the answering sentences taken out, if the answer does not stand elsewhere in it."""
    text = source.passages[asked.passage]
    spans = _sentences(text)
    left = [s for s in spans if not any(_meet(s, e) for e in asked.evidence)]
    if len(left) < 2:
        return None
    rest = " ".join(text[a:b] for a, b in left)
    if asked.answer and text[slice(*asked.answer)].lower() in rest.lower():
        return None
    return _cut(asked.question, _title(source, asked.passage, rng), rest, [], None, rng)


def _window(
    source: Source, question: str, passage: int, asked: Asked | None, rng: random.Random, around: Asked | None = None
) -> Window | None:
    text = source.passages[passage]
    evidence = list(asked.evidence) if asked else []
    answer = asked.answer if asked else None
    title = _title(source, passage, rng)
    neighbour = passage + rng.choice((-1, 1))
    if (
        len(text.split()) < 110
        and rng.random() < _JOINED
        and 0 <= neighbour < len(source.passages)
        and source.documents[neighbour] == source.documents[passage]
        and len(source.passages[neighbour].split()) < 120
    ):
        other = source.passages[neighbour]
        if neighbour < passage:
            shift = len(other) + 1
            text = other + "\n" + text
            evidence = [(a + shift, b + shift) for a, b in evidence]
            answer = (answer[0] + shift, answer[1] + shift) if answer else None
        else:
            text = text + "\n" + other
    keep = evidence or (list(around.evidence) if around else [])
    return _cut(question, title, text, evidence, answer, rng, keep)


def _title(source: Source, passage: int, rng: random.Random) -> str:
    return source.documents[passage] if source.name in ("squad", "tydi", "clapnq") and rng.random() < 0.7 else ""


def _cut(
    question: str,
    title: str,
    text: str,
    evidence: Sequence[tuple[int, int]],
    answer: tuple[int, int] | None,
    rng: random.Random,
    keep: Sequence[tuple[int, int]] = (),
) -> Window | None:
    """A window of whole sentences of at most `_LONGEST` words that holds what must be kept."""
    spans = _sentences(text)
    if not spans:
        return None
    needed = [i for i, s in enumerate(spans) if any(_meet(s, e) for e in keep)] or [rng.randrange(len(spans))]
    words = [len(text[a:b].split()) for a, b in spans]
    first, last = needed[0], needed[0]
    for i in needed:
        if sum(words[first : i + 1]) <= _LONGEST:
            last = i
    while True:
        room = _LONGEST - sum(words[first : last + 1])
        ways = [w for w, i in ((-1, first - 1), (1, last + 1)) if 0 <= i < len(spans) and words[i] <= room]
        if not ways:
            break
        if rng.choice(ways) < 0:
            first -= 1
        else:
            last += 1
    begin, end = spans[first][0], spans[last][1]
    inside = tuple((a - begin, b - begin) for a, b in spans[first : last + 1])
    gold = tuple(any(_meet(s, e) for e in evidence) for s in spans[first : last + 1])
    if evidence and not any(gold):
        return None
    short = (answer[0] - begin, answer[1] - begin) if answer and begin <= answer[0] and answer[1] <= end else None
    return Window(question, title, text[begin:end], inside, gold, short, bool(evidence))


def _sentences(text: str) -> list[tuple[int, int]]:
    block = Block(0, len(text), BlockKind.PARAGRAPH)
    document = Document("", "", "", text, "", blocks=(block,))
    return [(s.start, s.end) for s in split_sentences(document)]


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether the evidence overlaps the sentence by more than a stray end of it."""
    return min(one[1], other[1]) - max(one[0], other[0]) > min(3, (other[1] - other[0]) // 2)
