"""Does a quotation carry a sentence? The check between what a language model wrote and what is stored.

It compares what can be compared without understanding: numbers with their units, names, links, the share
of content words, negations, hedges and opposites, who did it to whom where a verb tells. It errs towards
"no": a sentence that fails costs some fluency, since the quotation stands in its place, and a sentence that
passes wrongly costs trust. It is no proof of meaning: facts of one quotation can still be told crosswise in
words that it does not compare. What is not here: the model, the replacement.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.contrary import opposed
from assistant.answering.reading import Number, Reading, Word, fold, read, stems
from assistant.answering.wording import CALENDAR, CURRENCIES, UNITS

# Share of a sentence's content words (names and numbers are counted apart, and must all be there) that the
# evidence must hold. Below it the predicate is usually another one.
MINIMUM_SHARE = 0.6

# A sentence longer than this is no sentence; it bounds the work that a hostile reply can cause.
MAXIMUM_CHARACTERS = 2000

_LINK = re.compile(r"\w+://\S+|www\.\S+|\S+@\S+|\b[\w-]{2,}\.[^\W\d_]{2,}\b\S*", re.IGNORECASE)
_MARKUP = re.compile(r"<[^\s\d=][^>]*>?|!\[|\]\(")
_YEAR = re.compile(r"1\d{3}|20\d{2}")


def supported(sentence: str, cited_texts: Sequence[str], context: str = "") -> bool:
    """True where everything in `sentence` that can be checked stands in the cited texts.

    Args:
        sentence: What is to be shown, without citation marks.
        cited_texts: The quotations that it rests on.
        context: Titles, headings and dates of their documents: may supply names and topic words, since
            a quotation says "it" for what its title names, never a number or a fact.
    """
    if len(sentence) > MAXIMUM_CHARACTERS:
        return False
    said = read(sentence)
    proofs = [read(text) for text in cited_texts]
    around = read(context)
    return bool(
        proofs
        and _makes_a_claim(said)
        and _links_stand(sentence, cited_texts)
        and _numbers_stand(said, proofs, around)
        and _words_stand(said, proofs, around)
        and _nothing_flipped(said, proofs)
        and _nothing_crossed(said, proofs)
    )


def related(sentence: str, quotation: str) -> bool:
    """True where the two share a word that says something, or a number."""
    said, proof = read(sentence), read(quotation)
    return bool(
        {word.stem for word in said.words if not word.function} & {word.stem for word in proof.words}
        or {number.value for number in said.numbers} & {number.value for number in proof.numbers}
    )


def _makes_a_claim(said: Reading) -> bool:
    return bool(said.numbers) or any(not word.function for word in said.words)


def _links_stand(sentence: str, cited_texts: Sequence[str]) -> bool:
    """Addresses and markup must stand there letter by letter: a made-up link is worse than a made-up word."""
    cited = "\n".join(cited_texts).casefold()
    marks = [match[0].rstrip(".,;:!?)»”\"'") for match in _LINK.finditer(sentence)] + _MARKUP.findall(sentence)
    return all(mark.casefold() in cited for mark in marks)


# --- numbers -------------------------------------------------------------------------------------------------


def _numbers_stand(said: Reading, proofs: Sequence[Reading], around: Reading) -> bool:
    values = {number.value for proof in proofs for number in proof.numbers}
    measures = {(number.value, _unit(number)) for proof in proofs for number in proof.numbers}
    named = {(number.before, number.value) for number in around.numbers if number.before}
    known = {word.stem for proof in proofs for word in proof.words}
    for number in said.numbers:
        if (number.before, number.value) in named:  # "Boeing 747", where the title says it
            continue
        unit = _unit(number)
        if number.value not in values or (unit and (number.value, unit) not in measures):
            return False
        if not unit and _counts(number) and stems([fold(number.noun)])[0] not in known:
            return False  # 5 sons are not 5 daughters
    folded = " ".join(proof.folded for proof in proofs)
    return all(
        symbol not in said.folded or symbol in folded or any(word in folded for word in words)
        for symbol, words in CURRENCIES.items()
    )


def _unit(number: Number) -> str:
    return UNITS.get(fold(number.noun), "")


def _counts(number: Number) -> bool:
    """True where the next word is what the number counts: not after a year, not a name, not "in" or "and"."""
    if not number.noun or _YEAR.fullmatch(number.value) or not number.value.isdigit():
        return False
    return not Word(number.noun, fold(number.noun), "", False, 0).function and number.noun.islower()


# --- names and content words ---------------------------------------------------------------------------------


def _words_stand(said: Reading, proofs: Sequence[Reading], around: Reading) -> bool:
    known = [word for reading in (*proofs, around) for word in reading.words]
    folded = {word.folded for word in known}
    known_stems = {word.stem for word in known}
    common = {word.stem for word in known if not word.capitalised}
    cyrillic = [word for word in known if word.cyrillic and word.capitalised]
    content = hits = 0
    for word in said.words:
        if word.function or (len(word.raw) == 1 and word.initial):
            continue
        if word.capitalised:
            stands = word.folded in folded or (word.cyrillic and any(_same_name(word, other) for other in cyrillic))
            if not stands and not (word.initial and not word.raw.isupper() and word.stem in common):
                return False
        if not word.capitalised or word.initial:
            content += 1
            hits += word.folded in folded or word.stem in known_stems
    return hits >= MINIMUM_SHARE * content


_CASE_ENDING = re.compile(
    r"(?<=..)(?:ого|его|ому|ему|ыми|ими|ами|ями|иям|иях|ым|им|ом|ем|ой|ей|ою|ею|ах|ях|ам|ям|ых|их|ий|ый|ая|яя|ое|ее"
    r"|ую|юю|[аяуюыиеойь])$"
)
_SURNAME = re.compile(r"(?:ов|ев|ин|ын)(?:а|у|ым|ом|е|ой|ы|ых|ыми|ую)?$")


def _same_name(one: Word, other: Word) -> bool:
    """True for two cases of one Russian name.

    The stemmer takes the ending of a surname for one of case ("Иванов", "Ивана": иван), so that alone
    it would let one person pass for another.
    """
    if _CASE_ENDING.sub("", one.folded) == _CASE_ENDING.sub("", other.folded):
        return True
    return one.stem == other.stem and bool(_SURNAME.search(one.folded)) == bool(_SURNAME.search(other.folded))


# --- negations, hedges, opposites ----------------------------------------------------------------------------


def _nothing_flipped(said: Reading, proofs: Sequence[Reading]) -> bool:
    stems_said = {word.stem for word in said.words}
    denied = [scope for proof in proofs for scope in proof.negated]
    hedged = [scope for proof in proofs for scope in proof.hedged]
    return (
        all(any(not scope or not other or scope & other for other in denied) for scope in said.negated)
        and not _dropped(denied, said.negated, stems_said)
        and not _dropped(hedged, said.hedged, stems_said)
        and not opposed(said, proofs)
    )


def _dropped(scopes: Sequence[frozenset[str]], kept: Sequence[frozenset[str]], stems_said: set[str]) -> bool:
    """True where the sentence says what the evidence denies (or hedges), without denying (hedging) it."""
    governed = frozenset[str]().union(*kept)
    for scope in scopes:
        if not scope and not kept:
            return True
        told = scope & stems_said
        if told and not (told & governed) and not (kept and not all(kept)):
            return True
    return False


# --- facts told crosswise ------------------------------------------------------------------------------------


def _nothing_crossed(said: Reading, proofs: Sequence[Reading]) -> bool:
    """False for "born in 2001, died in 1950" and "Beta bought Acme", where the evidence has it the other way.

    A word bound to other numbers in the evidence must not be bound to this one in the sentence; two names
    with the same word between them must stand in the same direction, a passive ("by") turning it round.
    """
    for binding in (_governors, _counted):
        known = {pair for proof in proofs for pair in binding(proof)}
        bound = {word for word, _ in known}
        if any(word in bound and (word, value) not in known for word, value in binding(said)):
            return False
    directions = {direction for proof in proofs for direction in _directions(proof)}
    return all(
        (one, word, other) in directions or (other, word, one) not in directions
        for one, word, other in _directions(said)
    )


def _governors(reading: Reading) -> set[tuple[str, str]]:
    """Each number with the last content word before it: "opened on 19 March 1932" binds both to "opened"."""
    pairs = set()
    for number in reading.numbers:
        before = [word for word in reading.words if word.start < number.start and not word.function]
        plain = [word for word in before if not word.capitalised and word.folded not in CALENDAR]
        if plain:
            pairs.add((plain[-1].stem, number.value))
    return pairs


def _counted(reading: Reading) -> set[tuple[str, str]]:
    """Each number with the noun that it counts."""
    return {(stems([fold(number.noun)])[0], number.value) for number in reading.numbers if _counts(number)}


def _directions(reading: Reading) -> set[tuple[str, str, str]]:
    """Who, what, whom: two names in Latin letters and each word between them.

    Russian names are left out: there the case says who did it, not the order.
    """
    found = set()
    words = reading.words
    names = [
        index
        for index, word in enumerate(words)
        if word.capitalised and not word.function and not word.cyrillic and len(word.raw) > 1
    ]
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            between = words[first + 1 : second]
            turned = any(word.folded == "by" for word in between)
            one, other = (words[first], words[second]) if not turned else (words[second], words[first])
            for word in between:
                if not word.capitalised and not word.function:
                    found.add((one.folded, word.stem, other.folded))
    return found
