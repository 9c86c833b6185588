"""A follow-up made to stand alone, by rules: the subject of the conversation is carried over.

What is not here: rewriting by a language model (answering/generative.py), which is used where one is set.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.retrieval.listed import picked_out
from assistant.retrieval.query import names_in
from assistant.retrieval.sides import with_other_doer, with_other_name, with_other_named, with_other_side
from assistant.retrieval.words import STOPWORDS
from assistant.store.keywords import WORD
from assistant.types import Turn

_POINTS_BACK = re.compile(
    r"\b(he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those|there|then|such"
    r"|same|former|latter"
    r"|(first|second|third|last|other|next|previous|earlier) (one|ones)|(the|that) (one|ones)|either|neither|both"
    r"|он|она|оно|они|его|ее|её|их|ему|ей|им|ими|нем|нём|ней|них|это|этот|эта|эти|этого|этой|этому"
    r"|этим|этих|тот|та|те"
    r"|тогда|там|туда)\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^\s*(and|but|so|or|also|then|ok(ay)?|no,? i|i (mean|meant|am referring|was referring|was asking)|you (mean|meant)"
    r"|what about|how about|how so|what else|anything else|why not"
    r"|why\s*\?|how\s*\?"
    r"|when\s*\?|where\s*\?|who\s*\?|no,|а|и|но|или|тогда|ещё|еще|почему\s*\?|когда\s*\?|где\s*\?|кто\s*\?)(\s|$|,)",
    re.IGNORECASE,
)
_THING = (
    r"((\w+\s+)?(one|groups?|attempt|meeting|talks|summit|групп[аыеу]|попытк[аиеу]|встреч[аиеу]|саммит\w*"
    r"|переговор\w*))"
)
_INSTEAD = re.compile(
    r"^\s*((no|sorry|oh),?\s+)*((and|but|so|а|и|но|нет,?)\s+)*((what|how)\s+about|i\s+meant?|as\s+for"
    r"|я\s+имел[а]?\s+в\s+виду|(что|как)\s+(насч[её]т|с))?"
    rf"\s*(the|in|of|that|в|про)?\s*{_THING}?\s*(of|in|from|в)?\s*(?P<year>1\d{{3}}|20\d{{2}})"
    rf"\s*(году|годом|года|год)?\s*{_THING}?\s*[?.!]*\s*$",
    re.IGNORECASE,
)
# "Where?" after "When did they meet?"
_ONE_WORD = re.compile(
    r"^\s*((and|but|so|ok(ay)?|а|и|но)[\s,]+)*(?P<word>why|when|where|how|почему|зачем|когда|где|куда|как)"
    r"(\s+(exactly|precisely|so|именно))?\s*[?.!]*\s*$",
    re.IGNORECASE,
)
_AUXILIARY = r"(?=\s+(?:do|does|did|has|have|had)\b)"
_ASKED_OF = re.compile(
    r"^\s*((and|but|so|ok(ay)?|а|и|но)[\s,]+)*"
    r"(?P<word>(?:when|where|why|how|in (?:what|which) \w+|how (?:long|often))"
    rf"(?:{_AUXILIARY}|(?=\s+(?:is|are|was|were)\b))"
    rf"|(?:what|who|whom|which (?P<which>\w+)|how (?:many|much) (?P<many>\w+)){_AUXILIARY}"
    r"|(?:когда|где|куда|откуда|почему|зачем|как)(?=\s))",
    re.IGNORECASE,
)
_THE_THING = re.compile(r"\bthe (?=[a-z])")
_YEAR = re.compile(r"(?<!\d)(1\d{3}|20\d{2})(?!\d)")
# How the assistant begins to ask which of several things is meant (answering/explanation.py).
ASKS_BACK = "Which one do you mean"
# A question of more content words than this, none of them pointing back, stands alone.
_SHORT = 3
_FRAGMENT = 4
_ASKS = re.compile(
    r"\?|^\s*(who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|has|have|had|can|could|will|would"
    r"|should|list|name|tell|explain|describe|compare|define|show|give|summari[sz]e"
    r"|кто|что|когда|где|какой|какая|какие|какое|почему|зачем|сколько|как|назови|перечисли|расскажи|опиши)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question that stands alone: `text` is sent to the index, `focus` is the part that is asked now."""

    text: str
    focus: str


def standalone(question: str, history: Sequence[Turn]) -> Standalone:
    """Makes a follow-up stand alone; a question that does already is returned as it is.

    One that only names another year, side or person ("and the 2013 one?") is the earlier question with that; what it
    picks from a list ("the second one") is named. Any other gets the last question that stood alone in front.
    """
    if picked := picked_out(question, history):
        question = picked
    return _carried_over(question, history)


def _carried_over(question: str, history: Sequence[Turn]) -> Standalone:
    earlier = [turn.content.strip() for turn in history if turn.role == "user" and turn.content.strip()]
    if not earlier or not depends(question):
        return Standalone(question, question)
    base = last = ""
    if history[-1].role == "assistant" and history[-1].content.startswith(ASKS_BACK):
        earlier = earlier[-1:]  # what is said now answers the question back
    for turn in earlier:
        if not base or not depends(turn):
            base, last = turn, ""
        elif another := _with_another(base, turn):
            base = another
        else:
            last = turn
    if last and _ASKS.search(last) and _ONE_WORD.match(question):  # "when?" is said of what was asked last
        asked = _with_other_word(last, question) or f"{last} {question}"
        return Standalone(f"{base} {asked}", asked)
    swapped = _with_another(base, question)
    if not swapped:
        return Standalone(f"{base} {question}", question)
    # "When did the 2013 group meet?", "why did it stop?", "and the 2017 one?": why did that one stop?
    return Standalone(f"{swapped} {last}", last) if last and _ASKS.search(last) else Standalone(swapped, swapped)


def _with_another(base: str, follow_up: str) -> str | None:
    """The earlier question about another year, side or person, or asked otherwise, if that is all a follow-up does."""
    return (
        _with_other_year(base, follow_up)
        or with_other_side(base, follow_up)
        or with_other_name(base, follow_up)
        or with_other_named(base, follow_up)
        or with_other_doer(base, follow_up)
        or _with_other_word(base, follow_up)
    )


def _with_other_word(base: str, follow_up: str) -> str | None:
    """The earlier question asked by the one word that the follow-up consists of ("where did they meet?")."""
    word, asked = _ONE_WORD.match(follow_up), _ASKED_OF.match(base)
    if not word or not asked or asked["word"].lower() == word["word"].lower():  # "why?" after "why ...": why that
        return None
    rest, thing = base[asked.end() :].rstrip(" ?"), asked["which"] or asked["many"]
    return f"{word['word'].capitalize()}{rest}{f' {thing}' if thing else ''}?"


def _with_other_year(base: str, follow_up: str) -> str | None:
    """The earlier question about the year that a follow-up names instead, if that is all it does."""
    instead = _INSTEAD.match(follow_up)
    if not instead:
        return None
    there = len(set(_YEAR.findall(base)))
    if not there and re.search(rf"\b{_THING}\b", follow_up, re.IGNORECASE):  # "the working group": "the 2013 one"
        dated, once = _THE_THING.subn(rf"the {instead['year']} ", base, count=1)
        return dated if once else None
    return _YEAR.sub(instead["year"], base) if there == 1 else None


def depends(question: str) -> bool:
    """True where a question can't be understood without what was said before it."""
    content = [w for w in WORD.findall(question) if w.lower() not in STOPWORDS]
    if _CONTINUES.search(question) or _INSTEAD.match(question):
        return True
    if _POINTS_BACK.search(_without_clauses(question)):
        return len(content) <= 8
    if len(WORD.findall(question)) <= _FRAGMENT and not _ASKS.search(question):
        return True  # a few words that ask nothing say more about what was asked before
    return len(content) <= _SHORT and not names_in(question) and not _YEAR.search(question)


def _without_clauses(question: str) -> str:
    """The question without words that only look as if they pointed back: "is there", "it is … that"."""
    return re.sub(
        r"\b(is|are|was|were) there\b|\bthere (is|are|was|were)\b|(?<=\w )that (?=\w+ )",
        " ",
        question,
        flags=re.IGNORECASE,
    )
