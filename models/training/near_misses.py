"""Questions that a passage nearly answers, made from ones that it does, by rule.

Passages without the answer are not enough to learn refusal from: they mostly do not match the question. A near
miss matches in every word but one: a name, year, number, role, or word of direction is another. What is not here:
near misses that people wrote (questions.jsonl), or passages whose answer was taken out (windows.py).
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Sequence

_YEAR = re.compile(r"\b(?:1[0-9]\d\d|20[0-2]\d)\b")
_NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?:[.,]\d{3})*(?:\.\d+)?(?![\w,])")
_NAME = re.compile(r"\b[A-Z][\w'’-]+(?:\s+(?:(?:of|the|de|von|van|al)\s+)?[A-Z][\w'’-]+)*")
_ASKING = frozenset(
    "Who What When Where Why How Which Whose Whom Did Does Do Is Are Was Were Has Have Had Can Could In On At By For "
    "From The A An To Of With After Before During According If Name About Under Through Along".split()
)
# Pairs of words of which one makes the other's statement untrue.
_OPPOSITES = """
    before after; first last; largest smallest; biggest smallest; highest lowest; most least; more less; more fewer;
    increase decrease; increased decreased; rise fall; rose fell; north south; east west; northern southern;
    eastern western; won lost; win lose; begin end; began ended; start stop; started stopped; open close;
    opened closed; join leave; joined left; accept reject; accepted rejected; support oppose; supported opposed;
    allow forbid; allowed prohibited; attack defend; attacked defended; bought sold; buy sell; love hate; loved hated;
    oldest youngest; older younger; longest shortest; earliest latest; early late; above below; inside outside;
    male female; man woman; men women; father mother; brother sister; son daughter; king queen; husband wife;
    friend enemy; best worst; better worse; strong weak; major minor; internal external; public private;
    success failure; successful unsuccessful; arrived departed; arrive depart; born buried; birth death; died married;
    import export; imported exported; majority minority; maximum minimum; positive negative; primary secondary;
    gained lost; hot cold; wet dry; summer winter; spring autumn; morning evening; day night; rich poor;
    creation destruction; created destroyed; build destroy; built destroyed; agreed refused; agree refuse;
    advantage disadvantage; advantages disadvantages; cause prevent; caused prevented; included excluded;
    include exclude; approved vetoed; old new; upper lower; direct indirect; formal informal;
    remember forget; happy sad; big small; give take; gave took; teacher pupil; urban rural; ancient modern;
    appointed dismissed; praised criticized; praise criticize; expanded reduced; encouraged discouraged
"""
_OPPOSITE: dict[str, list[str]] = {}
for _pair in _OPPOSITES.replace("\n", " ").split(";"):
    _one, _other = _pair.split()
    _OPPOSITE.setdefault(_one, []).append(_other)
    _OPPOSITE.setdefault(_other, []).append(_one)


def near_miss(question: str, title: str, passage: str, others: Sequence[str], rng: random.Random) -> str | None:
    """The question with one detail made wrong, or None where no rule applies.

    Args:
        question: One that the passage answers.
        title: Of the document.
        passage: What answers it.
        others: Other passages of the same document: where wrong names come from.
        rng: Decides which rule and which detail.
    """
    rules: list[Callable[[], str | None]] = [
        lambda: _other_year(question, passage, rng),
        lambda: _other_number(question, passage, rng),
        lambda: _other_name(question, title, passage, others, rng),
        lambda: _other_name(question, title, passage, others, rng),
        lambda: _swapped_roles(question, rng),
        lambda: _opposite(question, rng),
        lambda: _opposite(question, rng),
        lambda: _negated(question, rng),
    ]
    # The negation comes last: nearly every question can be negated, few people ask so.
    order = rng.sample(rules[:-1], len(rules) - 1) + ([rules[-1]] if rng.random() < 0.15 else [])
    for rule in order:
        made = rule()
        if made is not None and made != question:
            return made
    return None


def _replace(text: str, match: re.Match[str], by: str) -> str:
    return text[: match.start()] + by + text[match.end() :]


def _other_year(question: str, passage: str, rng: random.Random) -> str | None:
    found = list(_YEAR.finditer(question))
    if not found:
        return None
    match = rng.choice(found)
    near = [y for y in _YEAR.findall(passage) if y != match.group()]
    if near and rng.random() < 0.4:
        return _replace(question, match, rng.choice(near))
    year = int(match.group()) + rng.choice((-11, -7, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 7, 11))
    return None if str(year) in passage else _replace(question, match, str(year))


def _other_number(question: str, passage: str, rng: random.Random) -> str | None:
    found = [m for m in _NUMBER.finditer(question) if not _YEAR.fullmatch(m.group())]
    if not found:
        return None
    match = rng.choice(found)
    near = [n for n in _NUMBER.findall(passage) if n != match.group() and not _YEAR.fullmatch(n)]
    if near:
        return _replace(question, match, rng.choice(near))
    other = str(int(float(match.group().replace(",", ""))) + rng.randint(1, 9))
    return _replace(question, match, other)


def _names(text: str) -> list[re.Match[str]]:
    return [m for m in _NAME.finditer(text) if m.group().split()[0] not in _ASKING]


def _other_name(question: str, title: str, passage: str, others: Sequence[str], rng: random.Random) -> str | None:
    # Another name in the place of the document's own subject is noticed at once, and makes little sense.
    asked = [m for m in _names(question) if not _words(m.group()) & _words(title)]
    if not asked:
        return None
    match = rng.choice(asked)
    old = match.group()
    pool = [passage] if rng.random() < 0.5 or not others else [rng.choice(list(others))]
    # A name inside a sentence, so that its capital letter is its own; as long, so that it is of its kind.
    inside = {
        m.group().removesuffix("'s")
        for text in pool
        for m in _names(text)
        if m.start() > 2 and text[m.start() - 2] not in ".!?:\n\"'“"
    }
    fitting = sorted(
        n for n in inside if len(n.split()) == len(old.split()) and not _words(n) & (_words(question) | _words(title))
    )
    if not fitting:
        return None
    return _replace(question, match, rng.choice(fitting) + ("'s" if old.endswith("'s") else ""))


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return set(re.findall(r"[a-z0-9]+", plain))


def _swapped_roles(question: str, rng: random.Random) -> str | None:
    names = _names(question)
    if len(names) < 2 or any(m.group().endswith("'s") for m in names):
        return None
    one, other = sorted(rng.sample(names, 2), key=lambda m: m.start())
    between = question[one.end() : other.start()].split()
    if {"and", "or"} & set(between) or len(between) < 2:  # "A and B" says the same the other way round
        return None
    return (
        question[: one.start()]
        + other.group()
        + question[one.end() : other.start()]
        + one.group()
        + question[other.end() :]
    )


def _opposite(question: str, rng: random.Random) -> str | None:
    found = [m for m in re.finditer(r"[a-z]+", question) if m.group() in _OPPOSITE]
    if not found:
        return None
    match = rng.choice(found)
    return _replace(question, match, rng.choice(_OPPOSITE[match.group()]))


def _negated(question: str, rng: random.Random) -> str | None:
    match = re.search(r"\b(did|does|do|was|were|is|are|could|can|has|had|have)\b", question)
    if match is None or " not " in question or "n't" in question:
        return None
    return _replace(
        question, match, rng.choice(("did not", "didn't")) if match.group() == "did" else match.group() + " not"
    )
