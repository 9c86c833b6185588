"""HTML of the thumbs under an answer, and of the questions to a reader who was not content.

Nothing of a document or a person stands in it. What is not here: what a click does (`static/chat.js`), where it goes
(`api.py`).
"""

from __future__ import annotations

from assistant.store.feedback import LONGEST_COMMENT, Complaint
from assistant.types import Answer

_UP = (
    "M7 21H4a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1h3m0 10V11m0 10h9.3a2 2 0 0 0 2-1.6l1.5-7a2 2 0 0 0-2-2.4H14V5.5"
    "A2.5 2.5 0 0 0 11.5 3L7 11"
)
_WORDS = {
    Complaint.WRONG_ANSWER: "The answer is wrong",
    Complaint.WRONG_SOURCE: "It rests on the wrong source",
    Complaint.SHOULD_HAVE_REFUSED: "The documents do not answer this",
    Complaint.SHOULD_HAVE_ANSWERED: "The documents do answer this",
    Complaint.OTHER: "Something else",
}


def under(answer: Answer, key: str) -> str:
    """The thumbs of one answer.

    Args:
        answer: Decides what can be wrong with it.
        key: Under which the server holds the answer.
    """
    unfit = Complaint.SHOULD_HAVE_ANSWERED if answer.answered else Complaint.SHOULD_HAVE_REFUSED
    only_answers = () if answer.answered else (Complaint.WRONG_ANSWER, Complaint.WRONG_SOURCE)
    choices = "".join(
        f'<label><input type="radio" name="{key}-reason" value="{code.value}"> {words}</label>'
        for code, words in _WORDS.items()
        if code is not unfit and code not in only_answers
    )
    return (
        f'<div class="ca-feedback" data-answer="{key}"><div class="ca-thumbs" role="group" aria-label="Judge this '
        f'answer">{_thumb("up", "Good answer")}{_thumb("down", "Bad answer")}'
        '<span class="ca-thanks" role="status"></span></div>'
        f'<form class="ca-why" hidden><fieldset><legend>What is wrong?</legend>{choices}</fieldset>'
        f'<label class="ca-comment">Anything else (optional)<textarea name="comment" rows="2" '
        f'maxlength="{LONGEST_COMMENT}"></textarea></label>'
        '<button type="submit" class="ca-send">Send</button></form></div>'
    )


def _thumb(verdict: str, label: str) -> str:
    return (
        f'<button type="button" class="ca-thumb" data-verdict="{verdict}" aria-pressed="false" aria-label="{label}" '
        f'title="{label}"><svg viewBox="0 0 24 24" width="17" height="17" aria-hidden="true" focusable="false">'
        f'<path d="{_UP}"></path></svg></button>'
    )
