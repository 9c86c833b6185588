"""Web pages: the main text without the page's frame, and what the page says of itself.

The main part is `<article>` or `<main>` where there is one of substance, else the body less navigation, hidden
elements, forms, link lists and boxes named for what they sell. It fetches nothing and runs no script.
"""

from __future__ import annotations

import json
import re
from typing import Any

from assistant.errors import DocumentError
from assistant.ingest import lines as look
from assistant.ingest.encoding import decode
from assistant.ingest.extraction import Extracted, TextBuilder
from assistant.ingest.htmlblocks import Piece, pieces_of
from assistant.ingest.htmlhidden import hidden_names, is_hidden
from assistant.types import BlockKind

_DECLARED = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w.:-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)", re.I)
_XML_HEAD = re.compile(r"\s*<\?xml[^>]*\?>")
_NEVER_SHOWN = (
    "script style template noscript svg math iframe object embed canvas audio video button select option input"
    " textarea dialog menu nav aside footer head"
).split()
_FRAME_NAME = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|breadcrumbs?|sidebar|footer|masthead|cookies?|consent|gdpr|newsletter"
    r"|subscribe|subscription|paywall|promo|advert\w*|ads|ad-slot|banner|share|sharing|social|related|recommended|comments"
    r"|popup|modal|skip-link|sr-only|visually-hidden|screen-reader-text|hidden)(?:$|[\s_-])",
    re.IGNORECASE,
)
_FRAME_ROLES = frozenset({"navigation", "banner", "contentinfo", "complementary", "search", "dialog", "menu"})
_DATE_METAS = (
    "article:published_time datepublished date dc.date dc.date.issued dcterms.created dcterms.issued pubdate"
    " citation_publication_date citation_date publish-date publication_date parsely-pub-date og:published_time"
).split()


def read_html(data: bytes, path: str) -> Extracted:
    """The main text and blocks of a web page.

    Raises:
        DocumentError: The file is not text, or not HTML.
    """
    page = parse_page(data, path)
    about = _about(page)
    builder = TextBuilder()
    for piece in main_pieces(page):
        builder.add(piece.kind, piece.text, piece.level)
    return Extracted(
        builder.text,
        builder.blocks,
        named_title=about["title"],
        named_date=about["date"],
        named_url=about["url"],
        named_language=about["language"],
    )


def parse_page(data: bytes, path: str) -> Any:
    """The tree of a web page, in the encoding it declares or looks like.

    Raises:
        DocumentError: The bytes are not text, or not HTML.
    """
    from lxml import etree, html

    match = _DECLARED.search(data[:4096])
    declared = (match[1] or match[2]).decode("ascii", errors="ignore") if match else None
    source = _without_xml_head(decode(data, path, declared))
    try:
        parser = html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
        return html.document_fromstring(source, parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise DocumentError(f"{path} holds no text or is no HTML ({error}); save the page again") from error


def main_pieces(page: Any) -> list[Piece]:
    """The blocks of a page's main text; takes the page's frame out of the tree."""
    _drop_frame(page)
    return _judged(pieces_of(_main_part(page)))


def _without_xml_head(source: str) -> str:
    """The page without the XML declaration that names its encoding: lxml refuses one in decoded text."""
    head = _XML_HEAD.match(source)
    return source[head.end() :] if head else source


def _about(page: Any) -> dict[str, str | None]:
    """Title, date, address and language, as the page names them for machines."""
    metas = {
        str(meta.get("property") or meta.get("name") or meta.get("itemprop")).lower(): str(meta.get("content")).strip()
        for meta in page.iter("meta")
        if meta.get("content")
    }
    linked = _linked_data(page)
    times = [time.get("datetime") or time.text_content() for time in page.iter("time")]
    dates = [metas.get(name) for name in _DATE_METAS] + [linked.get("datePublished")] + times[:1]
    canonical = next((link.get("href") for link in page.iter("link") if link.get("rel") == "canonical"), None)
    return {
        "title": _title(page, metas, linked),
        "date": next((date for date in dates if date), None),
        "url": canonical or metas.get("og:url"),
        "language": page.get("lang") or page.get("{http://www.w3.org/XML/1998/namespace}lang"),
    }


def _title(page: Any, metas: dict[str, str], linked: dict[str, str]) -> str | None:
    """The page's own headline; a site's name that titles carry at their end is left out."""
    headlines = [" ".join(h1.text_content().split()) for h1 in page.iter("h1")]
    headlines = [headline for headline in headlines if headline]
    element = page.find(".//head/title")
    title = " ".join((element.text_content() if element is not None else "").split())
    for name in (metas.get("og:title"), linked.get("headline"), title):
        if name:
            inside = [headline for headline in headlines if headline in name and len(headline) > 0.4 * len(name)]
            return inside[0] if inside else name
    return headlines[0] if headlines else None


def _linked_data(page: Any) -> dict[str, str]:
    """`headline` and `datePublished` of the first JSON-LD object that has them; broken JSON is no error of ours."""
    found: dict[str, str] = {}
    for script in page.iter("script"):
        if script.get("type") != "application/ld+json":
            continue
        try:
            waiting = [json.loads(script.text or "")]
        except (ValueError, RecursionError):
            continue
        while waiting:
            value = waiting.pop(0)
            if isinstance(value, list):
                waiting.extend(value)
            elif isinstance(value, dict):
                for name in ("headline", "datePublished"):
                    if isinstance(value.get(name), str):
                        found.setdefault(name, value[name])
                waiting.extend(value[key] for key in ("@graph", "mainEntity") if key in value)
    return found


def _drop_frame(page: Any) -> None:
    """Takes out what a reader does not see or does not read: hidden elements, navigation, boxes, link lists."""
    hidden = hidden_names(page)
    for element in list(page.iter(*_NEVER_SHOWN)):
        _drop(element)
    sizes = _text_sizes(page)
    whole = max(1, sizes[page][0])
    for element in list(page.iter()):
        if not isinstance(element.tag, str) or element.tag in ("html", "body", "main", "article"):
            continue
        if is_hidden(element, hidden):
            _drop(element)
            continue
        size, linked, links = sizes.get(element, (0, 0, 0))
        if size > 0.5 * whole:  # a wrapper that is named for one of its parts
            continue
        if _is_frame(element) or (
            element.tag in ("ul", "ol", "div", "section", "table", "p") and links >= 3 and linked > 0.7 * size
        ):
            _drop(element)


def _is_frame(element: Any) -> bool:
    named = (element.get("role") or "").lower() in _FRAME_ROLES or _FRAME_NAME.search(
        f"{element.get('class') or ''} {element.get('id') or ''}"
    )
    outside = element.tag == "header" and not any(True for _ in element.iterancestors("article", "main"))
    if not named and not outside:
        return False
    return element.tag not in ("h1", "h2", "h3", "p") and next(element.iter("h1", "article", "main"), None) is None


def _drop(element: Any) -> None:
    """Removes an element but keeps the text behind it; a space stands in its place."""
    parent = element.getparent()
    if parent is None:
        return
    tail = " " + (element.tail or "")
    previous = element.getprevious()
    if previous is not None:
        previous.tail = (previous.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)


def _text_sizes(page: Any) -> dict[Any, tuple[int, int, int]]:
    """Of each element: characters of text, those inside links, number of links; in one pass from the leaves up."""
    from lxml import etree

    sizes: dict[Any, tuple[int, int, int]] = {}
    for _, element in etree.iterwalk(page, events=("end",)):
        size, linked, links = len((element.text or "").strip()), 0, 0
        for child in element:
            child_size, child_linked, child_links = sizes.get(child, (0, 0, 0))
            size += child_size + len((child.tail or "").strip())
            linked += child_linked
            links += child_links
        if element.tag == "a":
            linked, links = size, 1
        sizes[element] = (size, linked, links)
    return sizes


def _main_part(page: Any) -> Any:
    """The element that holds the main text: the one article or main part of substance, or the body."""
    body = page.find("body")
    body = page if body is None else body
    sizes = _text_sizes(body)
    whole = sizes[body][0]
    mains = list(body.iter("main")) + [e for e in body.iter() if e.get("role") == "main"]
    articles = list(body.iter("article")) + [e for e in body.iter() if e.get("itemprop") == "articleBody"]
    for candidates, share in ((articles, 0.6), (mains, 0.3)):
        best = max(candidates, key=lambda element: sizes[element][0], default=None)
        if best is not None and sizes[best][0] >= share * whole:
            return best
    return body


def _judged(pieces: list[Piece]) -> list[Piece]:
    """Captions and noise told by their look, and subscription boxes: short lines together, several of which sell."""
    judged = [_by_look(piece) for piece in pieces]
    selling = [index for index, piece in enumerate(judged) if look.sells(piece.text) and _in_box(piece)]
    while selling:
        near = 1
        while near < len(selling) and selling[near] - selling[near - 1] <= 2:
            near += 1
        if near >= 2:
            first, last = _box(judged, selling[0], selling[near - 1])
            for index in range(first, last + 1):
                judged[index] = Piece(BlockKind.BOILERPLATE, judged[index].text)
        del selling[:near]
    return judged


def _in_box(piece: Piece) -> bool:
    return len(piece.text) < 90 and piece.kind not in (BlockKind.HEADING, BlockKind.CAPTION)


def _box(pieces: list[Piece], first: int, last: int) -> tuple[int, int]:
    """From what sells outwards over short lines, up to a sentence of the text or to half of the box."""
    most = last - first + 1
    while first > 0 and most and _in_box(pieces[first - 1]) and not look.ends_sentence(pieces[first - 1].text):
        first, most = first - 1, most - 1
    while (
        last + 1 < len(pieces) and most and _in_box(pieces[last + 1]) and not look.ends_sentence(pieces[last + 1].text)
    ):
        last, most = last + 1, most - 1
    return first, last


def _by_look(piece: Piece) -> Piece:
    if piece.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.HEADING) and look.is_noise(piece.text):
        return Piece(BlockKind.BOILERPLATE, piece.text)
    if piece.kind is BlockKind.PARAGRAPH and look.is_caption(piece.text):
        return Piece(BlockKind.CAPTION, piece.text)
    if piece.kind is BlockKind.PARAGRAPH and look.is_footnote(piece.text):
        return Piece(BlockKind.FOOTNOTE, piece.text)
    return piece
