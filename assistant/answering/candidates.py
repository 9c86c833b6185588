"""Words of a sentence that could answer who, when or where: names, dates, places; how many is in quantities.py.

English and Russian patterns over one sentence, without a model and without lists of names. What is not here: which of
them answers the question (short_answer.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.answering.quantities import Span, quantities
from assistant.answering.wording import FUNCTION_WORDS
from assistant.retrieval.query import Kind, Query
from assistant.store.keywords import stems


def candidates(query: Query, text: str) -> list[Span]:
    """What in a sentence is of the kind asked for and not in the question, in text order."""
    if query.kind is Kind.WHEN:
        return dates(text, query)
    if query.kind is Kind.HOW_MANY:
        found = quantities(text, query.focus, _dates(text))
        return [span for span in found if not query.numbers & set(_FIGURES.findall(text[slice(*span)]))]
    if query.kind is Kind.WHO:
        return people(text, query)
    return places(text, query) if query.kind is Kind.WHERE else []


_FIGURES = re.compile(r"\d+(?:[.,]\d+)*")

# --- dates ---------------------------------------------------------------------------------------------------

_FULL_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_MONTH = rf"(?:{_FULL_MONTH}|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
_RUSSIAN_MONTH = (
    r"(?:январ[ьяе]|феврал[ьяе]|март[ае]?|апрел[ьяе]|ма[йяе]|июн[ьяе]|июл[ьяе]|август[ае]?|сентябр[ьяе]"
    r"|октябр[ьяе]|ноябр[ьяе]|декабр[ьяе])\b"
)
_YEAR = r"(?:1\d{3}|20\d{2})"
_YEARS = rf"{_YEAR}(?:\s?[-–—/]\s?(?:{_YEAR}|\d\d))?"
_RUSSIAN_YEARS = rf"{_YEARS}(?:\s(?:год(?:а|у|ом|е|ы|ов|ах)?\b|гг?\.))?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_ERA = r"(?:\s?(?:BCE?|AD|CE)\b)"
_ORDINAL = (
    r"(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
    r"|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty-first)"
)
_PART = r"(?:(?:the\ )?(?:very\ )?(?:early|mid|late|middle\ of|beginning\ of|end\ of)[-\s](?:the\ )?)"
_RUSSIAN_PART = r"(?:(?:начал|середин|кон[еу]?ц|весн|лет|осен|зим)\w{1,3}\ )"
_DATE = re.compile(
    rf"""\b(?:
      (?:between|from)\ {_YEAR}\ (?:and|to|until|till)\ {_YEAR} | (?:с|между)\ {_YEAR}\ (?:по|до|и)\ {_RUSSIAN_YEARS}
    | \d{{4}}-\d\d-\d\d | \d{{1,2}}\.\d{{1,2}}\.\d{{4}}
    | {_DAY}\ (?:of\ )?{_MONTH}(?:,?\ {_YEAR})?
    | {_MONTH}\ {_DAY}(?:\s?[-–—]\s?\d{{1,2}})?\b(?![\d:]|,\d)(?:,?\ {_YEAR})?
    | {_PART}?{_MONTH},?\ (?:of\ )?{_YEAR}
    | \d{{1,2}}\ {_RUSSIAN_MONTH}(?:\ {_RUSSIAN_YEARS})? | {_RUSSIAN_MONTH}\ {_RUSSIAN_YEARS}
    | (?:the\ )?{_PART}?\d{{3,4}}s\b | {_RUSSIAN_PART}?\d{{2,4}}-(?:е|х)\b(?:\ год(?:ы|ах|ов)\b)?
    | (?:the\ )?{_PART}?{_ORDINAL}(?:\ (?:or|and|to)\ {_ORDINAL})?[\ -]centur(?:y|ies)\b{_ERA}?
    | {_RUSSIAN_PART}?[IVX]+(?:\s?[-–—]\s?[IVX]+)?\ век\w*
    | (?:the\ )?(?:spring|summer|autumn|fall|winter)(?:\ of)?\ {_YEARS}
    | {_PART}{_YEARS} | AD\ \d{{1,4}} | \d{{1,4}}{_ERA} | {_RUSSIAN_PART}?{_RUSSIAN_YEARS}
    )(?!\d)""",
    re.VERBOSE,
)
# "1500 soldiers" is a number, "in 1500 soldiers", "1500 was" a year.
_IN = re.compile(r"\b(?:in|since|by|until|till|from|of|to|before|after|during|в|к|до|после|с)\s$", re.IGNORECASE)
_COUNTED = re.compile(r"\s(?P<word>[a-zа-яё]+(?:s|ов|ей|ек))\b")
_LIFE = re.compile(r"(?P<first>.+?)\s?[-–—]\s?(?P<last>.+)")
_BORN = re.compile(r"\b(born|birth|родил\w+|рожден\w+)\b", re.IGNORECASE)
_DIED = re.compile(r"\b(die[sd]?|death|умер\w*|скончал\w+|смерт\w+)\b", re.IGNORECASE)
# How precise a date is asked for, and what it must hold to be so.
_PRECISION = (
    (r"\b(year|году)\b", _YEAR),
    (r"\b(date|day|month|числа|день|месяце)\b", rf"{_MONTH}|{_RUSSIAN_MONTH}|-\d\d\b|\.\d\d\."),
    (r"\b(century|веке)\b", r"centur|век"),
    (r"\b(decade|десятилетии)\b", r"0s\b|0-[ех]\b"),
)


def dates(text: str, query: Query) -> list[Span]:
    """Dates as precise as they are written, without the preposition before them; the year only, where that is asked."""
    asked = re.search(r"\b(what|which|как\w+)\s(\w+\s)?(?P<precision>\w+)|какого числа", query.focus, re.IGNORECASE)
    wanted = next((p for asks, p in _PRECISION if asked and re.search(asks, asked[0], re.IGNORECASE)), "")
    known = set(re.findall(r"\w+", query.text.lower()))
    found = []
    for start, end in _of_a_life(text, query):
        words = set(re.findall(r"\w+", text[start:end].lower())) - {"the", "of", "in"}
        if words <= known or not re.search(wanted, text[start:end]):
            continue
        if wanted == _YEAR and len(only := list(re.finditer(_YEARS, text[start:end]))) == 1:
            start, end = start + only[0].start(), start + only[0].end()
        found.append((start, end))
    return found


def _of_a_life(text: str, query: Query) -> Iterator[Span]:
    """The dates, but of a span of life ("(1810 – 1849)") only the end asked for."""
    born, died = _BORN.search(query.focus), _DIED.search(query.focus)
    spans = _dates(text)
    for i, (start, end) in enumerate(spans):
        if bool(born) != bool(died):
            life = _LIFE.fullmatch(text, start, end)
            if life and not re.search(r"-\d\d-", life[0]):
                yield life.span("first" if born else "last")
                continue
            to_next = text[end : spans[i + 1][0]] if i + 1 < len(spans) else ""
            from_last = text[spans[i - 1][1] : start] if i else ""
            if (died and to_next.strip() in ("-", "–", "—")) or (born and from_last.strip() in ("-", "–", "—")):
                continue
        yield start, end


def _dates(text: str) -> list[Span]:
    return [m.span() for m in _DATE.finditer(text) if not _counts(text, m)]


def _counts(text: str, match: re.Match[str]) -> bool:
    counted = _COUNTED.match(text, match.end())
    return bool(
        re.fullmatch(_YEAR, match[0])
        and counted
        and counted["word"] not in FUNCTION_WORDS
        and not _IN.search(text[: match.start()])
    )


# --- names ---------------------------------------------------------------------------------------------------

_UPPER = "".join(letter for letter in map(chr, range(0x530)) if letter.isupper())
_CAPITALISED = rf"[{_UPPER}](?:[\w-]|[’'](?=\w\w))*(?:(?<=\b[{_UPPER}])\.)?"
_PARTICLE = r"(?:de|van|von|der|den|del|della|du|da|di|dos|bin|ibn|al|el|la|le|ten|ter|фон|де|ван)"
_NAME = re.compile(
    rf"{_CAPITALISED}(?:\s(?:{_PARTICLE}\s)*{_CAPITALISED}|\sof\s(?:the\s)?{_CAPITALISED}|\s&\s{_CAPITALISED})*"
)
_NO_NAME = re.compile(
    rf"{_FULL_MONTH}|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|[IVX]+|BCE?|AD|CE|According|Following"
    r"|Despite|Unlike|Later|Today|Further|Many|Several|Most|Some|Согласно|По"
)
# A word that begins a sentence with a capital and is no name by its form; one that tells of what nation a thing is.
_COMMON = re.compile(r"\w+(?:s|ing|ed|ly|ist|ment|ion|ы|и|ие|ость)")
_ADJECTIVE = re.compile(r"\w+(?:ish|ese|ian|ean|can|nch|utch|zech|ern|aeli|ic|ск\w{1,3})")
_LOWER_AFTER = re.compile(r"\s([a-zа-яё][\w-]*)")
# "The Buddhist monk Yao", "by the Mongol prince Khan": the first is no one.
_OF_SOMEONE = re.compile(rf"(?:\s(?P<word>[a-z-]+)){{1,3}}\s[{_UPPER}]")
_ARTICLE_BEFORE = re.compile(r"\b(?:the|a|an|by|from|of|with)\s$", re.IGNORECASE)
_JOINED = re.compile(r",?\s(?:and|и)\s|,\s")
_AND = re.compile(r",?\s(?:and|и)\s")
_IN_SHORT = re.compile(rf"\s\([{_UPPER}][{_UPPER}.]+\)")  # the name once more: "the Federal Security Service (FSB)"
_PLACED = re.compile(
    r"\b(?:in|at|into|near|within|outside|through|across|on|of|в|во|на|из)\s+(?:the\s+)?$", re.IGNORECASE
)


def people(text: str, query: Query) -> list[Span]:
    """Names that the question lacks and that are no place; those that an "and" joins stand together."""
    spans: list[Span] = []
    for start, end in _new_names(text, query):
        if (spans and start < spans[-1][1]) or _PLACED.search(text[:start]) or text.startswith(("'s", "’s"), end):
            continue
        short = _IN_SHORT.match(text, end)
        spans.append((start, short.end() if short else end))
    found: list[Span] = []
    i = 0
    while i < len(spans):
        j = i
        while j + 1 < len(spans) and _JOINED.fullmatch(text, spans[j][1], spans[j + 1][0]):
            j += 1
        # Without an "and" before the last it is an apposition: "Oleg Khramov, Deputy Secretary".
        while j > i and not _AND.fullmatch(text, spans[j - 1][1], spans[j][0]):
            j -= 1
        found.append((spans[i][0], spans[j][1]))
        i = j + 1
    full = [span for span in found if " " in text[slice(*span)]]
    return full or found if query.cyrillic else found  # Russian writes the names of offices with a capital


def _new_names(text: str, query: Query) -> Iterator[Span]:
    return (span for span in _names(text) if not _in_question(text[slice(*span)], query))


def _names(text: str) -> Iterator[Span]:
    for match in _NAME.finditer(text):
        start, end = match.span()
        begins = not re.search(r"\w", text[:start])
        words = match[0].split()
        while words and _is_no_name(words[0]):
            start += len(words[0]) + 1
            words, begins = words[1:], False
        if not words or words[0] in ("of", "&") or len(text[start:end].strip(".")) < 2:
            continue
        if begins and len(words) == 1 and _COMMON.fullmatch(words[0]):
            continue
        after, someone = _LOWER_AFTER.match(text, end), _OF_SOMEONE.match(text, end)
        if len(words) == 1 and after and after[1] not in FUNCTION_WORDS and _ADJECTIVE.fullmatch(words[0]):
            continue  # "British troops"
        if someone and _ARTICLE_BEFORE.search(text[:start]) and not _is_doing(someone[0]):
            continue
        yield start, end


def _is_doing(between: str) -> bool:
    """True where the words between two names are more than the nouns before the second one."""
    return bool(set(between.split()[:-1]) & FUNCTION_WORDS) or re.search(r"ed\b", between) is not None


def _is_no_name(word: str) -> bool:
    is_function = word.lower() in FUNCTION_WORDS and not (len(word) > 1 and word.isupper())
    return is_function or _NO_NAME.fullmatch(word) is not None


def _in_question(name: str, query: Query) -> bool:
    """True where the question holds the name's last word or most of it, or its initials (the US)."""
    if "".join(word[0] for word in name.split()).lower() in query.terms:
        return True
    known = [word in query.terms for word in stems(name)]
    return not known or known[-1] or sum(known) * 2 > len(known)


# --- places --------------------------------------------------------------------------------------------------

_PLACE_BEFORE = re.compile(
    r"\b(?:in|at|near|from|to|into|on|outside|around|through|across|toward|towards|reached|visited|left|via|within"
    r"|throughout|в|во|на|из|под|около|близ)\s(?:(?:the|what is now|modern|present-day|nearby|north|south|east|west"
    r"|northern|southern|eastern|western|central|downtown)\s)*(?:(?:city|town|port|village|capital|province|state|island"
    r"|region|county|kingdom|district|город\w*|селе|деревне|провинции|области|штате)\s(?:of\s)?)?$",
    re.IGNORECASE,
)
_WITHIN = re.compile(r",?\s(?:[a-z]+\s)?(?:in|of|near|в)\s(?:the\s)?")
_NOT_TO = re.compile(r"\b(?:according|due|thanks|birth|born|similar|next)\s+to\s$", re.IGNORECASE)


def places(text: str, query: Query) -> list[Span]:
    """Names after a word that tells where, with the larger one or further ones: "Houston, Texas", "A, B and C"."""
    names, found = list(_new_names(text, query)), list[Span]()
    for start, end in names:
        before = _PLACE_BEFORE.search(text[:start])
        if before is None or (before[0][0].isupper() and before.start() > 0) or _NOT_TO.search(text[:start]):
            continue  # a capital inside the sentence begins a title: "To Kill a Mockingbird"
        while further := next((last for first, last in names if _JOINED.fullmatch(text, end, first)), None):
            end = further
        if found and start < found[-1][1]:
            continue
        if found and _WITHIN.fullmatch(text, found[-1][1], start):
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return [(start, end) for start, end in found if not text.startswith(("'s", "’s"), end)]
