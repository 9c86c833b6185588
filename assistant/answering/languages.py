"""Whether the question's language stands in the way: English and Russian, by their scripts.

What is not here: what a person is told then (explanation.py), and the language of a document (ingest/language.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.embedding import Embedder
from assistant.retrieval.query import Query, names_in
from assistant.store.keywords import stem
from assistant.store.snapshot import Snapshot

# What an embedder has to read, so as to connect a question in one language with documents in the other.
_RUSSIAN = "Документы этого собрания написаны на русском языке"
_LATIN = dict(
    zip(
        "абвгдезийклмнопрстуфхцчшщыэюя",
        "a b v g d e z i y k l m n o p r s t u f kh ts ch sh shch y e yu ya".split(),
        strict=True,
    )
) | {"ж": "zh", "ь": "", "ъ": ""}
_CYRILLIC = sorted(((latin, letter) for letter, latin in _LATIN.items() if latin), key=lambda p: -len(p[0]))
_SHORTEST = 5  # letters from which on a name spelled in the other script is told from other words


@dataclass(frozen=True, slots=True)
class Barrier:
    """Documents that the question can't reach because of its language.

    Attributes:
        unreadable: How many documents are in the other language; `of` all.
        names: Of the question, that only those documents mention.
    """

    unreadable: int
    of: int
    names: tuple[str, ...]


def barrier(query: Query, snapshot: Snapshot, embedder: Embedder) -> Barrier | None:
    """The documents in another language than the question, where those are the most and the embedder reads but one."""
    languages = snapshot.languages()
    russian, of = languages.get("ru", 0), sum(languages.values())
    unreadable = of - russian if query.cyrillic else russian
    if 2 * unreadable < of or not unreadable or embedder.knows(query.text if query.cyrillic else _RUSSIAN):
        return None
    return Barrier(unreadable, of, tuple(n for n in dict.fromkeys(names_in(query.focus)) if _is_elsewhere(n, snapshot)))


def _is_elsewhere(name: str, snapshot: Snapshot) -> bool:
    """True for a name that stands in the documents in the other script and not in its own."""
    own, other = stem(name), _in_other_script(stem(name))
    if len(other) < _SHORTEST or not re.fullmatch(r"\w+", other):
        return False
    return not _stands(own, snapshot) and _stands(other, snapshot)


def _stands(word: str, snapshot: Snapshot) -> bool:
    return bool(snapshot.keyword_scores(f'"{word}" *', 1, (1.0, 1.0, 1.0)))


def _in_other_script(word: str) -> str:
    if re.search("[а-я]", word):
        return "".join(_LATIN.get(letter, letter) for letter in word)
    for latin, letter in _CYRILLIC:
        word = word.replace(latin, letter)
    return word
