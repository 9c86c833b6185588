"""What a single line of text is by its look alone: caption, footnote, list item, boilerplate, heading.

Every rule is a general habit of written documents, and a rule that is in doubt says no: text wrongly taken for
a heading or for boilerplate is lost as evidence, a heading missed is only read as a paragraph. What a line is
among its neighbours is decided by the format modules.
"""

from __future__ import annotations

import re

MAX_HEADING_WORDS = 12
_MAX_HEADING_LENGTH = 110

_BULLET = re.compile(r"[ \t]*(?:[•◦▪‣·●○■□➢➤✓*+–—-]|\d{1,3}[.)]|[a-zа-я][.)]|\((?:[a-z]|[ivx]+|\d\d?)\))[ \t\xa0]+\S")
_FOOTNOTE = re.compile(r"[ \t]*(?:\[\d{1,3}\]|\[\^[^\]\s]+\]:|[¹²³⁴⁵⁶⁷⁸⁹⁰]+)[ \t\xa0]*\S")
_CAPTION = re.compile(
    r"[ \t]*(?:"
    r"(?:Map|Figure|Fig\.|Table|Chart|Graph|Diagram|Image|Photo|Plate|Exhibit|Box|Illustration"
    r"|Рис\.|Рисунок|Таблица|Табл\.|Карта|Фото|График|Схема|Диаграмма|Иллюстрация)"
    r"[ \xa0]*\d+(?:[.\d]*)(?:[.:]|[ ]*[—–-])"
    r"|©"
    r"|(?:Sources?|Photo|Image|Credit|Photo credit|Image credit|Photograph|Picture|Источник|Источники|Фото)[ ]*:"
    r"|(?:Photo|Image|Photograph|Picture)s? (?:by|courtesy of|from)\b.{3,80}$"
    r")",
)
# "…, officials said. Jane Doe/Agency Name": the credit of a press photograph at the end of its caption.
_CREDIT = re.compile(r"[.!?\"”'’)] \(?[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+){0,3}/[A-Z][\w.&]+(?: [A-Z][\w.&]+){0,4}\)?$")
_SOURCE = re.compile(r"[ \t]*(?:Sources?|Источники?)[ ]*:")
_KEYWORDS = re.compile(r"[A-ZА-ЯЁ0-9][\w.'’&-]*(?:, [A-ZА-ЯЁ0-9][\w.'’&-]*){3,}$")

# Whole lines that are never content, and phrases that sell a publication. The phrases count only in company.
_NOISE_LINE = re.compile(
    r"\W*(?:advertisement|реклама|editor['’]s picks?|read more|read also|читайте также|share this(?: article| page)?"
    r"|поделиться|skip to (?:main )?content|back to top|наверх|all rights reserved|все права защищены"
    r"|(?:©|copyright)\b.{0,80}\ball rights reserved|accept (?:all )?cookies|print this page|most (?:read|popular)"
    r"|recommended for you|related articles|sign up for (?:our|the) newsletters?)\W*$",
    re.IGNORECASE,
)
# A whole paragraph that leads away from the text: how it begins, and what it offers.
_AWAY = re.compile(
    r"\W*(?:read (?:more|also|next)|see also|related|more on this|watch|читайте также|читать также|смотрите также"
    r"|по теме)\s?:\s",
    re.IGNORECASE,
)
_PITCH = re.compile(
    r"\W*(?:subscribe|sign up|already (?:a subscriber|subscribed|registered|have an account)|log in"
    r"|register (?:now|for)|get (?:our|the latest)|join (?:our|us)|follow us|download our"
    r"|подпи(?:шитесь|сывайтесь)|оформите подписку)\b",
    re.IGNORECASE,
)
_OFFER = re.compile(
    r"\b(?:newsletters?|inbox|unlimited|free trial|full access|continue reading|telegram|whatsapp|our app|our channel"
    r"|latest news|updates|per month|рассылк\w+|канал\w*|новост\w+|доступ\w*)\b",
    re.IGNORECASE,
)
_SELLING = re.compile(
    r"\bsubscri(?:be|ption)\b|\bunlimited (?:digital )?access\b|\bad[- ]free\b|\bnewsletters?\b|\bdelivered to your"
    r"|\b(?:ios|android) (?:and|&) \w+ app|\bapp access\b|\bfree trial\b|\bcancel any ?time\b|\bsign up\b|\blog in\b"
    r"|\bподписа\w+|\bподпиш\w+|\bподписк\w+|\bрассылк\w+|\bcookies\b|\bfollow us\b",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-=*_~#•·.—–+]{3,}$")
_ENDED = re.compile(r"[.!?…][\"”»'’)\]]*$")
_TERMINAL = re.compile(r"[.!?…:;,][\"”»'’)\]]*$")
_URL = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+")
_CUT_OFF = re.compile(r"(?:^|[ (])[A-HJ-UWYZ]$")  # one letter at the end, no Roman number
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_NUMBERING = re.compile(
    r"(?:(?:chapter|section|part|article|appendix|annex|глава|раздел|часть|статья|приложение) +)?"
    r"(\d{1,2}(?:\.\d{1,2}){0,4})[.)]?\s",
    re.IGNORECASE,
)
_NOTES_HEADING = re.compile(
    r"\W*(?:references|notes|end ?notes|footnotes|bibliography|works cited|sources|примечания|сноски|литература"
    r"|список литературы|источники|библиография)\W*$",
    re.IGNORECASE,
)
# A short paragraph with one of these is a sentence, whatever its length.
_VERBS = re.compile(
    r"\b(?:is|was|are|were|has|had|have|did|does|do|will|would|can|could|died|became|won|joined|left|served|moved|said"
    r"|retired|married|be|been)\b"
)


def is_list_item(line: str) -> bool:
    """True for a line that begins with a bullet, a number or a letter with a bracket or full stop."""
    return _BULLET.match(line) is not None


def is_footnote(line: str) -> bool:
    """True for a line that begins with a note's mark, `[1] …`."""
    return _FOOTNOTE.match(line) is not None


def is_source(line: str) -> bool:
    """True for the `Source: …` line under a figure or a quotation."""
    return _SOURCE.match(line) is not None


def is_credited(line: str) -> bool:
    """True for a line that ends with a photograph's credit, `Jane Doe/Agency`."""
    return _CREDIT.search(line.rstrip()[-120:]) is not None


def is_caption(line: str) -> bool:
    """True for `Figure 3. …`, `© …`, `Source: …` and lines with a photograph's credit."""
    return _CAPTION.match(line) is not None or is_credited(line)


def is_keywords(line: str) -> bool:
    """True for a line of four or more single capitalised words with commas: a picture's keywords."""
    return _KEYWORDS.match(line.strip()) is not None


def is_noise(line: str) -> bool:
    """True for a whole line that belongs to a page's frame (`Advertisement`, `Read more`, `Sign up for our …`)."""
    if len(line) < 120 and (_NOISE_LINE.match(line) or _AWAY.match(line)):
        return True
    return len(line) < 220 and _PITCH.match(line) is not None and _OFFER.search(line) is not None


def is_rule(line: str) -> bool:
    """True for a line drawn with signs (`-----`, `***`)."""
    return _RULE.match(line.strip()) is not None


def sells(line: str) -> bool:
    """True for a short line that offers a subscription; only several together make boilerplate."""
    return len(line) < 90 and _SELLING.search(line) is not None


def is_notes_heading(line: str) -> bool:
    """True for the heading under which only notes follow (`References`)."""
    return len(line) < 60 and _NOTES_HEADING.match(line) is not None


def ends_sentence(line: str) -> bool:
    """True where a line ends with punctuation that no heading ends with."""
    return _TERMINAL.search(line.rstrip()[-8:]) is not None


def is_ended(text: str) -> bool:
    """True where a text ends with its last sentence."""
    return _ENDED.search(text) is not None


def is_balanced(line: str) -> bool:
    """True where every round bracket that opens in the line closes in it."""
    return line.count("(") == line.count(")")


def is_cut_off(line: str) -> bool:
    """True where a line ends in the middle of a formula or a bracket (`hydrogen (H`), not as a line of text does."""
    return _CUT_OFF.search(line) is not None or (not is_balanced(line) and not ends_sentence(line))


def is_reference(line: str) -> bool:
    """True for a line that a list of references is made of: it has a mark, an address or a year."""
    return is_footnote(line) or is_list_item(line) or _URL.search(line) is not None or _YEAR.search(line) is not None


def word_count(line: str) -> int:
    """Words divided by white space."""
    return len(line.split())


def heading_depth(line: str) -> int:
    """The depth that a heading's own numbering shows: 1 for `2. Methods`, 2 for `2.1 Data`, 0 without number."""
    match = _NUMBERING.match(line.strip())
    return match[1].count(".") + 1 if match else 0


def looks_like_heading(line: str, *, tokenised: bool = False) -> bool:
    """Whether a line could be a heading by itself.

    Args:
        line: The line, without regard to its neighbours.
        tokenised: The document sets spaces before full stops, as data sets do; its headings end in ` .`.
    """
    text = line.strip()
    if tokenised and text.endswith(" ."):
        text = text[:-2]
        if _VERBS.search(text) or word_count(text) > MAX_HEADING_WORDS - 2:
            return False
    words = word_count(text)
    if not text or words > MAX_HEADING_WORDS + 3 or len(text) > _MAX_HEADING_LENGTH or not _WORDS.search(text):
        return False
    question = text.endswith("?")
    if question:
        if words < 3 or text.count("?") > 1 or re.search(r"[.!] ", text):
            return False
    elif words > MAX_HEADING_WORDS or ends_sentence(text):
        return False
    first = text.lstrip("\"“«'‘(¿")[:1]
    if not (first.isupper() or first.isdigit()):
        return False
    if is_footnote(line) or is_caption(line) or is_noise(line) or is_keywords(text) or _URL.search(text):
        return False
    if is_list_item(line) and heading_depth(text) == 0:
        return False
    if not is_balanced(text) or _CUT_OFF.search(text):
        return False
    if re.match(r"(?:By|Автор|From|To|Dear|Published|Updated|Posted|Tel|Phone|Email|E-mail)\b[: ]", text):
        return False
    letters = sum(c.isalpha() for c in text)
    return letters * 2 > len(text.replace(" ", "")) and not is_date_line(text)


_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|январ|феврал|март|апрел|ма[йя]|июн|июл|август|сентябр"
    r"|октябр|ноябр|декабр)\w*\.?"
)
_DATE_LINE = re.compile(
    rf"\W*(?:\w+[,:]? )?(?:\d{{1,2}} {_MONTH},? \d{{4}}|{_MONTH} (?:\d{{1,2}},? )?\d{{4}}"
    r"|\d{4}-\d\d-\d\d|\d\d[./]\d\d[./]\d{4})"
    r"(?: ?г(?:\.|ода)?)?\W*$",
    re.IGNORECASE,
)


def is_date_line(line: str) -> bool:
    """True for a line that holds a date and at most one word before it."""
    return _DATE_LINE.match(line.strip()) is not None
