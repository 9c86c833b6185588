"""Greetings, thanks and farewells: known as such and answered in kind, in English and Russian."""

from __future__ import annotations

import re

_GREETING = re.compile(
    r"(hi|hello|hey|good (morning|afternoon|evening|day)|greetings|привет|здравствуй(те)?|добрый (день"
    r"|вечер)|доброе утро)"
    r"( there| all| everyone)?",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"((ok(ay)?|great|perfect|good|got it|nice),? )?(thanks?( you)?|thx|cheers|much appreciated|спасибо|благодарю)"
    r"( (so|very) much| a lot| большое| for (your|the) (help|answer))?|great|ok(ay)?|got it|perfect"
    r"|понятно|ясно|отлично",
    re.IGNORECASE,
)
_FAREWELL = re.compile(r"(good ?bye|bye( bye)?|see you( later)?|good night|пока|до свидания)", re.IGNORECASE)
_SELF = re.compile(
    r"(who|what) are you|what can you do|help|how does this work|how are you( doing)?( today)?|кто ты|кто вы"
    r"|что ты умеешь|что вы умеете|помощь|как дела",
    re.IGNORECASE,
)


def reply_to(message: str) -> str | None:
    """The reply to a message that is small talk and nothing else; None for a question."""
    bare = " ".join(re.sub(r"[^\w\s,']", " ", message).split()).strip(" ,")
    russian = re.search(r"[а-яё]", bare, re.IGNORECASE) is not None
    offer = (
        "Спросите что-нибудь о документах корпуса: я отвечаю только их словами и указываю источник."
        if russian
        else "Ask me something about the documents: I answer only in their words and show the source."
    )
    if _GREETING.fullmatch(bare):
        return ("Здравствуйте! " if russian else "Hello! ") + offer
    if _THANKS.fullmatch(bare):
        return "Пожалуйста." if russian else "You're welcome."
    if _FAREWELL.fullmatch(bare):
        return "До свидания." if russian else "Goodbye."
    if _SELF.fullmatch(bare):
        return offer
    return None
