"""What a browser does not show of a page: elements hidden by attribute, by their own style, by the page's style sheet.

It reads plain rules of one class, id or tag (`.note {display: none}`), not the whole language: what a rule for other
media or a script would hide or show is not known here, and in doubt an element is shown.
"""

from __future__ import annotations

import re
from typing import Any

_INVISIBLE = re.compile(
    r"(?:^|[;{\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0?\.?0+(?![.\d])"
    r"|font-size\s*:\s*0+(?![.\d])|(?:left|top|right|text-indent)\s*:\s*-\d{3,}|clip\s*:\s*rect\s*\(\s*[01](?:px)?[\s,]+[01])",
    re.IGNORECASE,
)
# An end that is missing is the end of the sheet: a search for it from every beginning would take quadratic time.
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_AT_RULE = re.compile(r"@[^{};@]*(?:;|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})")
_SIMPLE = re.compile(r"[a-z]*[.#][\w-]+$", re.IGNORECASE)
_MAX_SHEET = 500_000  # characters


def hidden_names(page: Any) -> frozenset[str]:
    """The simple selectors (`.note`, `p.note`, `#box`) that the page's own style sheets hide."""
    names: set[str] = set()
    for style in page.iter("style"):
        sheet = _AT_RULE.sub(" ", _COMMENT.sub(" ", (style.text or "")[:_MAX_SHEET]))
        for rule in sheet.split("}"):
            selectors, _, declarations = rule.rpartition("{")
            if _INVISIBLE.search(declarations):
                names |= {name.strip() for name in selectors.split(",") if _SIMPLE.match(name.strip())}
    return frozenset(names)


def is_hidden(element: Any, names: frozenset[str]) -> bool:
    """Whether a browser hides the element, as far as it and `names` say."""
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    if _INVISIBLE.search(element.get("style") or ""):
        return True
    if not names:
        return False
    own = [f".{name}" for name in (element.get("class") or "").split()] + [f"#{element.get('id') or ''}"]
    return any(name in names or f"{element.tag}{name}" in names for name in own)
