"""Whether a full stop after a word ends a sentence: English and Russian abbreviations, initials, ordinals.

One decision, `ends_sentence`, over word lists. In doubt two sentences stay one: a quotation that is too long is
still true, half a sentence may not be.
"""

from __future__ import annotations

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A name follows: no sentence ever ends here. Written with a capital, where the small word means something else.
_TITLES: Final = _words(
    "Mr Mrs Ms Messrs Mme Mlle Dr Prof St Ste Gen Sen Rep Gov Lt Col Capt Cpl Sgt Maj Cmdr Adm Rev Fr Hon Pres Amb"
    " Supt Insp Mgr Msgr Sr Fig Figs Eq Art Sec Ch Vol Op Ref Refs Ed Mt"
)
_NEVER: Final = _words(
    "vs cf viz e.g i.e eg ie ca approx resp incl esp no nos pp"
    " им ул тов гр проф акад ген см ср напр рис табл стр илл пос дер пл наб просп пер обл респ соч изд"
    " т.е т.к т.н т.ч т.о полк подполк кап лейт адм о-в оз св тел"
)
# A number follows, or it was the word itself (`No. He left`).
_BEFORE_NUMBER: Final = _words("no nos p pp vol fig figs eq art sec ch op ст п пп с т гл вып № д корп рис")
# Common at a sentence's end too: it ended if a capital follows.
_BEFORE_CAPITAL: Final = _words("p.m a.m pm am etc т.д т.п др пр н.э м.б д п b.c a.d bc")
# Ends a sentence only before a word that sentences begin with.
_BEFORE_STARTER: Final = _words(
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri inc ltd corp co jr bros"
    " dept univ assn ave blvd rd st ft mt al est ph.d m.d b.a m.a d.c llc plc ed eds trans"
    " г гг в вв млн млрд тыс руб коп долл ч мин сек кв стр экз чел ред обл р сб"
)
_STARTERS: Final = _words(
    "the a an this that these those it its he she they we you i his her their our my your in on at by for from with"
    " after before during since until when while where as if but and or so however although though because there here"
    " then what who why how which according all some many most both each few no not nor yet still also another such"
    " once under over between among despite following meanwhile moreover furthermore instead later earlier today"
    " to of into through without within against about upon"
    " в во на он она оно они это эта этот эти мы вы я ты с со к ко по при из за от до для о об у и а но или что как"
    " если когда где так также тогда однако после перед между под над кроме несмотря его её их наш ваш мой все всё вся"
    " весь каждый некоторые многие большинство во-первых во-вторых затем потом сейчас теперь там здесь тем поэтому"
    " поскольку хотя пока кто чтобы не ни да нет уже ещё еще более именно согласно благодаря среди через без против"
)
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}$")
_ENUMERATION = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Zа-я]|[ivxIVX]{1,5})$")


def ends_sentence(word: str, following: str, *, initial_follows: bool, spaced: bool, at_start: bool) -> bool:
    """Whether the full stop between `word` and `following` ends a sentence.

    Args:
        word: What stands directly before the full stop, without brackets and quotation marks.
        following: The next word, which begins with a capital, a digit or a sign.
        initial_follows: The next word is one letter with a full stop, as in `J. R. Smith`.
        spaced: There is white space before the full stop, as in tokenised data sets.
        at_start: `word` is the first of its sentence.
    """
    low = word.lower().lstrip("(")
    starter = following.lower() in _STARTERS and not initial_follows
    digit = following[:1].isdigit()
    if at_start and _ENUMERATION.match(word):
        return False  # "1. Introduction", "a. The first"
    if word.isdigit():
        return _number_ends(word, digit=digit, starter=starter, spaced=spaced)
    if low in _BEFORE_NUMBER and (word[:1].isupper() or not word.isascii() or low in ("pp", "p")) and digit:
        return False
    if word in _TITLES:
        return False
    if low in ("no", "nos"):
        return not digit
    if low in _NEVER:
        return False
    if len(word) == 1 and word.isalpha():
        return _letter_ends(word, starter=starter, digit=digit)
    if low in _BEFORE_CAPITAL:
        return not digit or low in ("p.m", "a.m", "pm", "am")
    if low in _BEFORE_STARTER:
        # "mar", "sun" and the like are words when small; "г." and "млн" are not.
        return starter or (low.isascii() and word.islower() and low not in ("inc", "ltd", "al", "st", "est"))
    if _DOTTED.match(word):
        return starter
    return True


def _number_ends(word: str, *, digit: bool, starter: bool, spaced: bool) -> bool:
    """After a number: `in 1981 . It` ends, `2 . Bundesliga` is an ordinal, `3 . 5` a decimal."""
    if not spaced:
        return True
    if digit:
        return len(word) == 4
    return starter or len(word) > 2


def _letter_ends(word: str, *, starter: bool, digit: bool) -> bool:
    """After one letter: an initial (`George G. Meade`), or a name such as `Plan B.` before a new sentence."""
    low = word.lower()
    if word.islower():
        if low in _BEFORE_STARTER:
            return starter
        return low in _BEFORE_CAPITAL and not digit
    return starter
