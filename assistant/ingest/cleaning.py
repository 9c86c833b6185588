"""The one normalisation that turns a file's characters into stored text.

What it does not do: judge content. Blocks, boilerplate and captions are told apart elsewhere; every
offset in the system refers to text that has gone through `normalise` and was not touched after it.
"""

from __future__ import annotations

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")

# What a reader can't see but a comparison does: other controls, lone surrogates, soft hyphen, zero-width and
# direction marks, byte order marks, tag characters, non-characters. Variation selectors stay: they are visible.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)

# Accents are neither ASCII nor letters; NFC sorts a run of them in a time that grows with its square.
_MOST_ACCENTS = 30  # on one letter, the limit of Unicode's own stream-safe text
_RUN = re.compile(f"[^\\w\x00-\u02ff]{{{_MOST_ACCENTS + 1},}}")


def normalise(text: str) -> str:
    r"""The stored form of `text`: NFC, `\n` line ends, nothing that can't be seen.

    Non-breaking spaces stay, they are visible spacing. The function is idempotent: what is taken out goes
    before NFC, since an unseen character between a letter and its accent would keep them apart.
    """
    text = _LINE_ENDS.sub("\n", text)
    return unicodedata.normalize("NFC", _RUN.sub(_within_reason, _UNSEEN.sub("", text)))


def _within_reason(run: re.Match[str]) -> str:
    """The signs of a run, without accents that no letter can carry any more."""
    kept = []
    accents = 0
    for sign in run[0]:
        accents = accents + 1 if unicodedata.combining(sign) else 0
        if accents <= _MOST_ACCENTS:
            kept.append(sign)
    return "".join(kept)
