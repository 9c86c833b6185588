"""Greetings, thanks and farewells: known as such and answered in kind, in English and Russian.

What is not here: a question that merely begins politely; that is a question.
"""

from __future__ import annotations

import re

_GREETING = re.compile(
    r"(hi|hello|hey|good (morning|afternoon|evening|day)|greetings|привет|здравствуй(те)?|добрый (день"
    r"|вечер)|доброе утро)"
    r"( there| all| everyone)?",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"((ok(ay)?|great|perfect|good|got it|nice),? )?(many )?"
    r"(thanks?( you)?|thx|cheers|much appreciated|спасибо|благодарю)"
    r"( (so|very) much| a lot| a bunch| большое| for (your|the|all( your)?) (help|answer|information))?"
    r"|(that|this|it)('s| is| was)( (really|very|so|most|quite|super))? (helpful|great|useful|perfect|good|clear|all)"
    r"|(very |really )?helpful|(это )?(было )?(очень )?(полезно|помогло)|great|ok(ay)?|got it|perfect"
    r"|понятно|ясно|отлично",
    re.IGNORECASE,
)
_FAREWELL = re.compile(r"(good ?bye|bye( bye)?|see you( later)?|good night|пока|до свидания)", re.IGNORECASE)
_SELF = re.compile(
    r"(who|what) are you|what can you do|help|how does this work|how are you( doing)?( today)?|кто ты|кто вы"
    r"|что ты умеешь|что вы умеете|помощь|как дела",
    re.IGNORECASE,
)


_KINDS = {"greeting": _GREETING, "thanks": _THANKS, "farewell": _FAREWELL, "self": _SELF}
_ENGLISH = (
    "Hello!",
    "You're welcome.",
    "Goodbye.",
    "Ask me something about the documents: I answer only in their words and show the source.",
)
_RUSSIAN = (
    "Здравствуйте!",
    "Пожалуйста.",
    "До свидания.",
    "Спросите что-нибудь о документах корпуса: я отвечаю только их словами и указываю источник.",
)


def reply_to(message: str) -> str | None:
    """The reply to a message that is small talk and nothing else; None for a question."""
    parts = [" ".join(part.split()) for part in re.split(r"[^\w\s']+", message) if part.strip()]
    kinds = [next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(part)), None) for part in parts]
    if not parts or None in kinds:
        return None
    russian = re.search(r"[а-яё]", message, re.IGNORECASE) is not None
    greeting, thanks, farewell, offer = _RUSSIAN if russian else _ENGLISH
    if "farewell" in kinds:
        return farewell
    if "thanks" in kinds:
        return thanks
    return f"{greeting} {offer}" if "greeting" in kinds else offer
