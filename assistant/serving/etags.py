"""What a client says it has already, by the tags that it was given (RFC 9110, section 13.1.2)."""

from __future__ import annotations


def is_known(tag: str, if_none_match: str) -> bool:
    """True where the header `If-None-Match` names that tag, with its quotation marks, or any."""
    offered = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return bool(offered & {tag, "*"})
