"""The assistants of the retrieval tests."""

from tests.retrieval.conftest import make_assistant, starter

__all__ = ["make_assistant", "starter"]
