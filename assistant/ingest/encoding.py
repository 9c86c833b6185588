"""Bytes to characters: byte order marks, UTF-8, UTF-16 and UTF-32 without one, old Russian and Western code pages.

It decides by how plausible the decoded letters are in their place, which holds for a line of ten words where
statistical detectors fail. It does not know formats; a declared encoding (HTML) is handed in.
"""

from __future__ import annotations

import codecs
import re
from itertools import pairwise

from assistant.errors import DocumentError
from assistant.ingest.signatures import is_html, refusal

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CYRILLIC_PAGES = ("cp1251", "koi8-r", "cp866", "iso-8859-5", "mac-cyrillic")
_SAMPLE = 20_000  # characters are judged on this many bytes around the first ones outside ASCII
_ENOUGH = 100  # bytes outside ASCII; of fewer the detector makes Chinese
_SURE = 0.55  # plausibility above which a code page is taken without asking a detector

# Letters of Russian by frequency, in per mille; what is missing from it is no Russian letter.
_RUSSIAN = {
    letter: share
    for letters, share in (
        ("о", 110), ("е", 85), ("а", 80), ("и", 74), ("нт", 65), ("с", 55), ("рвл", 46), ("к", 35), ("мдп", 30),
        ("уя", 23), ("ыьгз", 18), ("бч", 15), ("йхж", 10), ("шю", 7), ("цщэфъё", 3),
    )
    for letter in letters
}  # fmt: skip
# The pairs that half of all neighbours in Russian words are; the wrong code page's letters rarely make them.
_NEIGHBOURS = frozenset(
    (
        "ст но то на ен ов ни ра во ко го ер ро от пр ре ли по ка та те ин де ом ес ва ал ло не ль ан ос ле ат тв ти ол"
        " ор да за ны ми ем об ог он ет ит ос ия ие ей ой ый их ая ют ть ся ви ск ла ри ам пе ил ис из ед им ма ав ел"
    ).split()
)
_PUNCTUATION = frozenset("«»„“”‘’–—…№§©°\xa0·•€£‹›†‡™®±×½¼¾²³µ¿¡´")
_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœšžþð")
_WORD = re.compile(r"[^\W\d_]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def decode(data: bytes, path: str, declared: str | None = None) -> str:
    """The characters of a text file.

    Args:
        data: The file's bytes.
        path: Named in errors.
        declared: The encoding that the file claims; believed where the bytes are not UTF-8.

    Raises:
        DocumentError: The bytes are no text.
    """
    if not is_html(data) and (wrong := refusal(data, path, "text")):
        raise wrong
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, errors="replace")
    if b"\x00" in data:
        text = _wide(data)
        if text is None:
            raise _binary(path)
        return text
    text = _utf8(data) or _declared(data, declared) or _code_page(data)
    if len(_CONTROLS.findall(text[:_SAMPLE])) > 3 + 0.02 * len(text[:_SAMPLE]):
        raise _binary(path)
    return text


def _binary(path: str) -> DocumentError:
    return DocumentError(f"{path} holds binary data, not text; give it the suffix of its format or remove it")


def _wide(data: bytes) -> str | None:
    """UTF-32 or UTF-16 without a byte order mark: the one that gives letters and spaces of known scripts."""
    best, best_share = None, 0.85
    for name, size in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        if best is not None and size == 2:
            break
        text = data[: len(data) // size * size].decode(name, errors="replace")
        sample = text[:_SAMPLE]
        known = sum(c in "\r\n\t" or " " <= c < "\u0530" or c in _PUNCTUATION for c in sample)
        if known > best_share * len(sample):
            best, best_share = text, known / len(sample)
    return best


def _utf8(data: bytes) -> str | None:
    """UTF-8, also where a byte or two of a long text are damaged or it was cut inside a character."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
        wrong = text.count("\ufffd")
        right = sum(c > "\x7f" for c in text) - wrong
        return text if right > 20 * wrong else None


def _declared(data: bytes, name: str | None) -> str | None:
    if not name:
        return None
    name = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "ascii": "cp1252"}.get(name.lower(), name)
    try:
        return data.decode(name)
    except (LookupError, UnicodeDecodeError, ValueError):
        return None


def _code_page(data: bytes) -> str:
    """The most plausible of the old code pages; a detector is asked where none is plausible."""
    first = next(i for i, byte in enumerate(data) if byte > 0x7F)
    begin = max(0, first - 200)
    sample = data[begin : begin + _SAMPLE]
    scores = {name: _russian(sample.decode(name, errors="replace")) for name in _CYRILLIC_PAGES}
    scores["cp1252"] = _western(sample.decode("cp1252", errors="replace"))
    name = max(scores, key=lambda key: scores[key])
    if scores[name] < _SURE and sum(byte > 0x7F for byte in sample) >= _ENOUGH:
        from charset_normalizer import from_bytes

        best = from_bytes(data[:200_000]).best()
        if best is not None and best.encoding not in ("ascii", "utf_8"):
            name = best.encoding
    return data.decode(name, errors="replace")


def _russian(text: str) -> float:
    """How much the characters outside ASCII look like Russian: at most 1."""
    total = points = 0.0
    for word in _WORD.findall(text):
        foreign = [c for c in word if c > "\x7f"]
        if not foreign:
            continue
        total += len(foreign)
        if len(foreign) < len(word) or not (word.islower() or word[1:].islower() or word.isupper()):
            continue  # half Latin, or capitals in the middle: another code page's letters
        points += len(word) * _plausible(word.lower()) * (0.95 if word.isupper() else 1.0)
    odd = sum(c > "\x7f" and not c.isalpha() and c not in _PUNCTUATION for c in text)
    return (points - odd) / max(1.0, total + odd)


def _plausible(word: str) -> float:
    """How Russian a small word is, 0 to 1: by its letters, and by which of them are neighbours."""
    if any(c not in _RUSSIAN for c in word):
        return 0.0
    letters = max(0.0, min(1.0, (sum(_RUSSIAN[c] for c in word) / len(word) - 15) / 35))
    if len(word) < 3:
        return 0.7 * letters
    neighbours = sum(one + two in _NEIGHBOURS for one, two in pairwise(word)) / (len(word) - 1)
    return 0.5 * letters + 0.5 * min(1.0, 2.0 * neighbours)


def _western(text: str) -> float:
    """How much the characters outside ASCII look like accents and quotes of a Western language: at most 1."""
    total = points = 0.0
    for word in _WORD.findall(text):
        foreign = [c for c in word if c > "\x7f"]
        total += len(foreign)
        if len(foreign) * 2 <= max(2, len(word)) and (word.islower() or word[1:].islower() or word.isupper()):
            points += sum(c in _WESTERN for c in word.lower())
    marks = sum(c in _PUNCTUATION for c in text)
    odd = sum(c > "\x7f" and not c.isalpha() and c not in _PUNCTUATION for c in text)
    return (points + 0.6 * marks - odd) / max(1.0, total + marks + odd)  # marks exist in every code page
