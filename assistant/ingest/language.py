"""The language of a text, as far as the assistant must tell: English, Russian, or neither.

By script and by the small words that every text has. It names no other language: `und` says only that it is
not one of the two, or that there is too little to tell by.
"""

from __future__ import annotations

import re

UNDETERMINED = "und"
_SAMPLE = 20_000  # characters
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH = _words(
    "the of and to in is was are were for on that with as by at from this it be an have has had not or which who what"
    " when where why how did does do can could will would should there their his her its he she they we you i my your"
    " about into than then between after before during been but if all any no more other our me tell a"
)
# Common words of neighbours in Latin script; those that English has as well are left out.
_OTHER_LATIN = _words(
    "der die das und ist nicht mit von den dem ein eine zu auf für sich auch wie wer wo wann warum im"
    " le la les des et est une dans pour que qui sur pas plus avec aux du ce quand où quel quelle"
    " el los las y es una por con para del se su al como cuándo dónde qué quién"
    " il di che è per non della delle nel gli sono uno dal con chi o os um uma não com em dos da na foi"
    " het een van en niet zijn voor op te aan wie nie się jest na od w z och att som på av är det"
)
_RUSSIAN = _words(
    "и в во не на что он она они как это по к но из у за от так же для бы был была были быть то с со о об при до или"
    " если когда где кто почему какой какая какие который которая которые чем между также после его её их мы вы я все"
    " сколько зачем куда ли а"
)
_NOT_RUSSIAN = re.compile("[іїєґўђјљњћџѓќѕәіңғүұқөһ]", re.IGNORECASE)


def detect_language(text: str) -> str:
    """`en`, `ru` or `und`; fit for a document and for a question of a few words."""
    words = [word.lower() for word in _WORD.findall(text[:_SAMPLE])]
    if not words:
        return UNDETERMINED
    letters = "".join(words)
    cyrillic = sum("\u0400" <= c <= "\u052f" for c in letters)
    latin = sum(c.isascii() or "\u00c0" <= c <= "\u024f" for c in letters)
    if cyrillic > 0.5 * len(letters):
        return "ru" if _is_russian(words, letters) else UNDETERMINED
    if latin > 0.5 * len(letters) and _is_english(words):
        return "en"
    # A Russian question about a name in Latin letters: "Кто такой Donald Trump Junior?"
    if cyrillic and any(word in _RUSSIAN for word in words) and not _NOT_RUSSIAN.search(letters):
        return "ru" if not any(word in _ENGLISH for word in words) else UNDETERMINED
    return UNDETERMINED


def _is_russian(words: list[str], letters: str) -> bool:
    if len(_NOT_RUSSIAN.findall(letters)) > 0.005 * len(letters):
        return False
    common = sum(word in _RUSSIAN for word in words)
    if len(letters) < 200:
        return True
    # Bulgarian and Macedonian have neither ы nor э; every Russian paragraph has.
    return ("ы" in letters or "э" in letters) and common >= 0.03 * len(words)


def _is_english(words: list[str]) -> bool:
    english = sum(word in _ENGLISH for word in words)
    other = sum(word in _OTHER_LATIN for word in words)
    if len(words) < 30:
        return english > other
    return english > 1.5 * other and english >= 0.06 * len(words)
