"""What a quoted sentence points back to: "It was dissolved in 2017" is quoted together with the sentence that names it.

The quotation grows by the one sentence before it, so that it stays one span of the document under one number. It
grows only where a reader would be left guessing: not where the sentence, the title or the heading names what was asked
about. What is not here: which sentences are said (extractive.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.answering.evidence import Evidence
from assistant.retrieval.query import Query, begins_with_pronoun
from assistant.store.keywords import WORD, stem, stems
from assistant.store.snapshot import Snapshot
from assistant.types import BlockKind

# "It was Newton who ...", "It is not known whether ...": this "it" points forward.
_FORWARD = re.compile(
    r"It (?:is|was|has been|had been|seems?|seemed|appears?|appeared|remains?|would be|will be|became)\b.*?"
    r"\b(?:that|to|who|whether|when|which)\b|(?:It|This) (?:rain|snow)|(?:Both|both) [^,.]+ and |Это значит, что"
)
# "This agreement": resolved where the question speaks of an agreement.
_POINTING = re.compile(
    r"(?:this|that|these|those|such|both|its|his|her|their|этот|эта|эти|это|такой|такая|такие|его|ее|её|их)\s+(?P<noun>\w+)",
    re.IGNORECASE,
)
_LONGEST = 45  # words of a sentence that is brought along
_SHORTEST = 4


def with_antecedents(query: Query, chosen: Sequence[Evidence], snapshot: Snapshot) -> list[Evidence]:
    """The same evidence in the same order; a sentence that points back is quoted with the one that it points to."""
    held = {(e.document_id, e.end) for e in chosen}
    completed = []
    for evidence in chosen:
        if points_back(query, evidence):
            evidence = _with_sentence_before(evidence, held, snapshot)
        completed.append(evidence)
    return completed


def points_back(query: Query, evidence: Evidence) -> bool:
    """True where a sentence begins with a word that points back, and nothing that the reader sees says to what."""
    text = evidence.text
    if not begins_with_pronoun(text) or _FORWARD.match(text):
        return False
    pointing = _POINTING.match(text)
    if pointing and stem(pointing["noun"]) in query.terms:
        return False
    named = query.names | query.slots
    if named and named <= set(stems(text)):
        return False
    return not named & set(stems(f"{evidence.title} {evidence.heading}"))


def _with_sentence_before(evidence: Evidence, held: set[tuple[str, int]], snapshot: Snapshot) -> Evidence:
    before = snapshot.sentence_before(evidence.document_id, evidence.start)
    if before is None or before.kind is not BlockKind.PARAGRAPH or (evidence.document_id, before.end) in held:
        return evidence
    text = snapshot.span(evidence.document_id, before.start, evidence.end) or ""
    said, gap = text[: before.end - before.start], text[before.end - before.start : evidence.start - before.start]
    if gap.strip() or not _names_something(said):
        return evidence
    page = evidence.page and snapshot.document(evidence.document_id).page_at(before.start)
    return replace(evidence, start=before.start, text=text, page=page)


def _names_something(sentence: str) -> bool:
    words = WORD.findall(sentence)
    return _SHORTEST <= len(words) <= _LONGEST and not begins_with_pronoun(sentence) and not sentence.endswith("?")
