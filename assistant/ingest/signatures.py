"""What a file is by its first bytes, where its suffix says something else.

It names a few formats that people meet under a wrong suffix, and the suffix they should have. It opens nothing
and takes no text for a format that it may only be about.
"""

from __future__ import annotations

import re

from assistant.errors import DocumentError

_SIGNATURES = (
    (b"%PDF-", "a PDF", ".pdf"),
    (b"{\\rtf", "an RTF text", ".rtf"),
    (b"PK\x03\x04", "a ZIP archive or an office file", ".docx, .xlsx, .pptx, .odt or .epub"),
    (b"\xd0\xcf\x11\xe0", "an old or an encrypted office file", None),
    (b"\x89PNG", "binary data (a picture)", None),
    (b"GIF8", "binary data (a picture)", None),
    (b"\xff\xd8\xff", "binary data (a picture)", None),
    (b"\x7fELF", "binary data (a program)", None),
    (b"MZ\x90\x00", "binary data (a program)", None),
    (b"\x1f\x8b", "a packed file", None),
    (b"7z\xbc\xaf", "a packed file", None),
    (b"Rar!\x1a\x07", "a packed file", None),
    (b"SQLite format 3\x00", "a database", None),
)
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)


def is_html(data: bytes) -> bool:
    """Whether a file begins as a web page does."""
    return _HTML.match(data[:4096]) is not None


def refusal(data: bytes, path: str, wanted: str) -> DocumentError | None:
    """The error that says what a file is instead of `wanted`; None where its first bytes don't tell.

    Args:
        data: The file's bytes, or the first of them.
        path: Named in the error.
        wanted: What its suffix promises, with its article, `a Word file`.
    """
    found = next(((name, suffix) for signature, name, suffix in _SIGNATURES if data.startswith(signature)), None)
    if found is None and is_html(data):
        found = ("a web page", ".html")
    if found is None:
        return None
    name, suffix = found
    remedy = f"give it the suffix {suffix}" if suffix else "convert it to a format that is read"
    return DocumentError(f"{path} is {name}, not {wanted}; {remedy}, or list it in .assistantignore")
