"""Signs by which a sentence tells what it holds: a cause, an end, a means, a person, a place, a number, a date.

English and Russian patterns, and what they are asked. What is not here: how far a sign counts (evidence.py).
"""

from __future__ import annotations

import re

from assistant.retrieval.dates import years
from assistant.retrieval.query import Query, names_in
from assistant.store.keywords import stem
from assistant.types import BlockKind

CAUSE = re.compile(
    r"\b(because|since(?! (the )?(\d|\w+ \d))|due to|owing to|as a result|result(s|ed|ing)? (in|from|of)"
    r"|caus(e|es|ed|ing)|reasons?|therefore|thus|hence|led to|leads? to|so that|in order to|thanks to|consequen\w+"
    r"|prompt(s|ed)|blam\w+|fear(s|ed)? that|objected that|on the grounds"
    r"|потому|поскольку|так как|из-за|вследствие|в результате|причин\w+|поэтому|благодаря|привел\w* к|чтобы)\b",
    re.IGNORECASE,
)
EFFECT = re.compile(
    r"^(but|however|nevertheless|yet|instead|но|однако|тем не менее)\b"
    r"|(?<!open-)\b(collaps\w+|fail(s|ed|ure)?|froze|frozen|freez\w*|suspend\w*|halt(s|ed)?|cancel\w*|withdr\w+"
    r"|abandon\w*|reject\w*|critici\w+|refus(e|es|ed|al)|oppos\w+"
    r"|ended(?! (?:his|her|their|its|an?|the) (?:visit|trip|tour|stay|journey|speech|day))"
    r"|stopped|went back|object(s|ed|ions?)"
    r"|never|short-lived|fell|dissol\w+|disband\w*|destroy\w*|demolish\w*|burn(ed|t)|robbed|seized|closed|merged|sold"
    r"|прекра\w+|приостанов\w+|заморо\w+|отказ\w*|критик\w*|раскритик\w*|сорва\w*|отверг\w*|рухнул\w*"
    r"|распущен\w*|распал\w*|закрыт\w*|ликвидир\w+|уничтож\w+|сгорел\w*|продан\w*)\b",
    re.IGNORECASE,
)
MANNER = re.compile(
    r"\b(by \w+ing|through|using|via|by means|with the help|method|process|step|путем|путём|с помощью|посредством)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|million|billion"
    r"|half|a third|quarter|once|twice|one-time|single|один|одна|два|две|три|четыре|пять|шесть|семь|восемь|девять"
    r"|десять|сто|тысяч\w*|миллион\w*|миллиард\w*|половин\w*|треть\w*|процент\w*|дважды|однажды)\b",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"\b(january|february|march|april|may|june|july|august|september|october|november|december|monday"
    r"|tuesday|wednesday"
    r"|thursday|friday|saturday|sunday|century|январ\w+|феврал\w+|март\w*|апрел\w+|ма[йя]|июн\w+|июл\w+|август\w*"
    r"|сентябр\w+|октябр\w+|ноябр\w+|декабр\w+|век[ае]?)\b",
    re.IGNORECASE,
)
_MONTHS = (
    r"(january|february|march|april|may|june|july|august|september|october|november|december|январ\w+|феврал\w+"
    r"|март\w*|апрел\w+|ма[йя]|июн\w+|июл\w+|август\w*|сентябр\w+|октябр\w+|ноябр\w+|декабр\w+)"
)
# Dates and years are numbers, but never the answer to how many.
_DATING = re.compile(rf"\b(\d{{1,2}} {_MONTHS}|{_MONTHS} \d{{1,2}}\b(?!,? ?\d{{3}}\b)|(1\d|20)\d\d)\b", re.IGNORECASE)
_PLACE = re.compile(
    r"\b(in|at|near|from|to|via|through|visited|reached)( the)?( (city|town|port|village|capital) of)?"
    rf" (?!{_MONTHS}\b)(?P<name>[A-Z]\w+)|\b(в|во|на|из|под|около) (?P<russian>[А-ЯЁ]\w+)"
)
_BETWEEN = r"(?!(?:and|or|to|in|on|at|by|with|from|as|for|is|was|has|had) )[a-zA-ZА-ЯЁ][\w.'-]* "  # "de", "von", "bin"
_PERSON = re.compile(rf"\b[A-ZА-ЯЁ][\w.'-]+ (?:{_BETWEEN}){{0,1}}[A-ZА-ЯЁ][\w'-]+")
_A_STATE = re.compile(r"\b(which|what) (country|nation|state|government)\b", re.IGNORECASE)
# Words that make no other firm of one: "Colonial Pipeline Company" is nobody new to a question on Colonial Pipeline.
_FIRM = frozenset("company companies corporation corp inc ltd limited llc plc co gmbh group".split())


def names_someone(query: Query, text: str) -> bool:
    """True where the text names a person that the question does not."""
    # Russian names a person by one capitalised word as often as by two, and capitalises little else; a state has one.
    if query.cyrillic or _A_STATE.search(query.focus):
        found = names_in(text)
    else:
        found = [w for m in _PERSON.findall(text) for w in names_in(f"- {m}")]
    return any(stem(w) not in query.terms and w.lower() not in _FIRM for w in found)


def names_a_place(query: Query, text: str) -> bool:
    """True where the text names a place that the question does not."""
    return any(stem(m["name"] or m["russian"]) not in query.terms for m in _PLACE.finditer(text))


def has_a_number(text: str) -> bool:
    """True where the text holds a number that is no date."""
    return _NUMBER.search(_DATING.sub(" ", text)) is not None


def has_a_new_date(query: Query, text: str) -> bool:
    """True where the text holds a date that the question does not."""
    return bool(years(text) - query.years) or _MONTH.search(text) is not None


def holds_a_list(text: str, kind: BlockKind) -> bool:
    """True for an item of a list, the sentence that announces one, or one that enumerates."""
    return kind is BlockKind.LIST_ITEM or text.endswith(":") or text.count(",") + text.count(";") > 1
