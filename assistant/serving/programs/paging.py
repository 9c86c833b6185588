"""Pages of the documents, the same for every protocol: a page goes on behind the last path of the one before.

A document that comes or goes meanwhile shifts no other off the pages.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from assistant.types import DocumentSummary


def page_of(
    documents: Sequence[DocumentSummary], cursor: str | None, most: int
) -> tuple[list[DocumentSummary], str | None]:
    """One page.

    Args:
        documents: All of them, by path.
        cursor: That of the page before; None for the first.
        most: How many a page holds.

    Returns:
        The page, and the cursor of the next one; None where it is the last.

    Raises:
        ValueError: The cursor is none of ours.
    """
    after = (
        None
        if cursor is None
        else base64.b64decode(cursor, altchars=b"-_", validate=True).decode("utf-8", "surrogateescape")
    )
    rest = [document for document in documents if after is None or document.path > after]
    page = rest[:most]
    if len(rest) <= most:
        return page, None
    return page, base64.urlsafe_b64encode(page[-1].path.encode("utf-8", "surrogateescape")).decode()
