"""Loading the models before the first question needs them."""

from __future__ import annotations

import logging

from assistant.assistant import Assistant
from assistant.errors import AssistantError

_log = logging.getLogger(__name__)


def warm_up(assistant: Assistant) -> None:
    """Loads the models by a search, so that the first question is as fast as the next."""
    try:
        assistant.search("warm up", top_k=1)
    except AssistantError as error:  # no index yet, say: each question is told so
        _log.debug("nothing to warm up: %s", error)
