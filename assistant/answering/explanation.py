"""What a person is told instead of an answer: what was looked for and what of it is missing, in their language.

Each sentence here is true of the passages that are shown beside it. What is not here: the decision
(abstention.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answering.ambiguity import Readings
from assistant.answering.languages import Barrier
from assistant.answering.premises import FalsePremise, Slot
from assistant.retrieval.query import Query, names_in
from assistant.retrieval.rewriting import ASKS_BACK
from assistant.retrieval.words import STOPWORDS
from assistant.store.keywords import WORD, stem, stems
from assistant.types import Passage

_MOST_WORDS = 3
_MOST_YEARS = 6
_LONGEST_QUOTE = 300


def explain(query: Query, passages: Sequence[Passage], across: Barrier | None = None) -> str:
    """Says which words and years of the question the nearest passages don't mention, and which years they do.

    Args:
        across: The documents that the question can't reach because of its language.
    """
    said = _missing(query, passages)
    return f"{said} {_unreachable(query, across)}" if across else said


def _unreachable(query: Query, across: Barrier) -> str:
    if query.cyrillic:
        only = f"{_listed([f'«{n}»' for n in across.names], 'и')}: об этом говорят только они. " if across.names else ""
        return (
            f"Документы на других языках ({across.unreadable} из {across.of}) этим вопросом не прочитать. {only}"
            "Спросите на их языке или укажите многоязычную модель в ASSISTANT_EMBEDDING_MODEL."
        )
    only = f"Only those speak of {_listed(across.names, 'and')}. " if across.names else ""
    return (
        f"{across.unreadable} of {across.of} documents are in another language, which the embedding model does not"
        f" connect with the question. {only}Ask in their language, or set ASSISTANT_EMBEDDING_MODEL to a multilingual"
        " model."
    )


def _missing(query: Query, passages: Sequence[Passage]) -> str:
    near = " ".join(f"{p.title} {p.text}" for p in passages)
    words, asked_years, other_years = _missing_words(query, near), *_years(query, near)
    missing = [*map(str, asked_years), *words]
    if query.cyrillic:
        said = ["Корпус не отвечает на этот вопрос."]
        if missing:
            said.append(f"В ближайших местах не упоминается: {_listed(missing, 'и')}.")
        else:
            about = f"упоминают {min(query.years)} год" if query.one_year else "касаются вопроса"
            said.append(f"Ближайшие места {about}, но ни одно предложение не содержит ответа.")
        if other_years:
            said.append(f"Речь там о годах: {_listed(list(map(str, other_years)), 'и')}.")
        return " ".join(said)
    said = ["The corpus does not answer this."]
    if missing:
        said.append(f"The nearest passages do not mention {_listed([f'“{m}”' for m in missing], 'or')}.")
    else:
        on_it = f"mention {min(query.years)}" if query.one_year else "touch on it"
        said.append(f"The nearest passages {on_it}, but no sentence in them states the answer.")
    if other_years:
        said.append(f"They speak of {_listed(list(map(str, other_years)), 'and')}.")
    return " ".join(said)


def nothing_dated(query: Query, as_of: str | None) -> str:
    """For a search that found no passage at all."""
    if as_of and query.cyrillic:
        return f"Ни один документ не позднее {as_of} об этом не говорит."
    return f"No document dated up to {as_of} speaks of this." if as_of else explain(query, ())


def contradicted(query: Query, premise: FalsePremise) -> str:
    """What the question takes for granted, and what the corpus says instead, with the document that says it."""
    years = list(map(str, premise.years))
    if query.cyrillic:
        quoted = f"«{premise.title}»: «{_short(premise.says)}»"
        if premise.slot is Slot.YEAR:
            then = f"{_listed(years, 'и')} {'год' if len(years) == 1 else 'годы'}"
            return (
                f"О такой вещи, как «{premise.other}» {premise.asked} года, корпус не говорит; там это {then}. {quoted}"
            )
        if premise.slot is Slot.NAMES:
            return f"Корпус нигде не связывает «{premise.asked}» и «{premise.other}». {quoted}"
        if premise.slot is Slot.EVENT:
            return f"По корпусу, этого не было: «{premise.asked}». {quoted}"
        return f"В корпусе нигде не сказано: «{premise.asked}». {quoted}"
    quoted = f"“{premise.title}” says: “{_short(premise.says)}”"
    if premise.slot is Slot.YEAR:
        those = f"{'that' if len(years) == 1 else 'those'} of {_listed(years, 'and')}"
        return f"The corpus mentions no {premise.other} of {premise.asked}; it speaks of {those}. {quoted}"
    if premise.slot is Slot.NAMES:
        return f"Nothing in the corpus connects {premise.asked} with {premise.other}. {quoted}"
    if premise.slot is Slot.EVENT:
        return f"The corpus says that the {premise.asked} did not take place. {quoted}"
    return f"Nothing in the corpus says that {premise.asked}. {quoted}"


def which_one(several: Readings) -> str:
    """The question back, with the readings of the one that was asked."""
    return f"{ASKS_BACK}: {_listed(several.names, 'or')}?"


def empty_corpus(query: Query) -> str:
    """For a corpus without documents."""
    if query.cyrillic:
        return "В корпусе нет документов: добавьте файлы в папку корпуса и выполните `assistant index`."
    return "The corpus holds no documents: put files into the corpus folder and run `assistant index`."


def foreign_language(query: Query) -> str:
    """For a question in a language that neither the documents nor the embedding model know."""
    if query.cyrillic:
        return (
            "В корпусе нет документов на русском языке, а модель эмбеддингов читает только английский. Задайте вопрос"
            " по-английски или укажите многоязычную модель в ASSISTANT_EMBEDDING_MODEL."
        )
    return (
        "No document of the corpus is in the language of the question, and the embedding model does not connect the"
        " two. Ask in the documents' language, or set ASSISTANT_EMBEDDING_MODEL to a multilingual model."
    )


def _missing_words(query: Query, near: str) -> list[str]:
    """Content words of what is asked that stand nowhere near, as written, names first."""
    present = set(stems(near))
    words = [w for w in WORD.findall(query.focus) if w.lower() not in STOPWORDS and not w.isdigit() and len(w) > 1]
    names = names_in(query.focus)
    ordered = list(dict.fromkeys([*names, *words]))
    return [w for w in ordered if stem(w) not in present][:_MOST_WORDS]


def _years(query: Query, near: str) -> tuple[list[int], list[int]]:
    """Years asked for that stand nowhere near, and then the nearest ones that do; none that only bounds ("before")."""
    if any(period.open for period in query.periods):
        return [], []
    there = query.years_in(near)
    missing = sorted(query.years - there)
    if not missing or query.years & there:  # of a span some years are there
        return [], []
    closest = sorted(there, key=lambda year: abs(year - missing[0]))[:_MOST_YEARS]
    return (missing if len(missing) == 1 else [missing[0], missing[-1]]), sorted(closest)


def _short(text: str) -> str:
    """A quotation cut at a word where it is long."""
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE].rsplit(' ', 1)[0]} …"


def _listed(items: Sequence[str], joiner: str) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joiner} {items[-1]}"
