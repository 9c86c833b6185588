"""From a file to a document, its sentences and its chunks.

`walk_corpus` finds the files, `load_document` reads one, `split_sentences` and `split_chunks` divide it. It
stores and embeds nothing.
"""

from __future__ import annotations

from assistant.ingest.chunking import split_chunks
from assistant.ingest.cleaning import normalise
from assistant.ingest.language import detect_language
from assistant.ingest.loaders import SUPPORTED_SUFFIXES, document_id, load_document
from assistant.ingest.metadata import parse_date
from assistant.ingest.sentences import split_sentences
from assistant.ingest.walking import Found, walk_corpus

# Raise it when a change here gives another text, other sentences or chunks for the same file: every document is
# then read again by the next run.
PIPELINE = 3

__all__ = [
    "PIPELINE",
    "SUPPORTED_SUFFIXES",
    "Found",
    "detect_language",
    "document_id",
    "load_document",
    "normalise",
    "parse_date",
    "split_chunks",
    "split_sentences",
    "walk_corpus",
]
