"""Numbers that point to quotations: made, checked against the stored text, and kept in step with the sentences.

The last room before display: a quotation that is not the stored text to the character is not cited, and a
sentence without a citation is not displayed. What is not here: choosing what to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.evidence import Evidence
from assistant.store.snapshot import Snapshot
from assistant.types import AnswerSentence, Citation


@dataclass(frozen=True, slots=True)
class Statement:
    """Something to be displayed and the evidence that it rests on, the most direct first."""

    text: str
    evidence: tuple[Evidence, ...]


def cite(statements: Sequence[Statement], snapshot: Snapshot) -> tuple[list[AnswerSentence], list[Citation]]:
    """Numbers the evidence in the order of its first use and drops what can't be verified.

    Returns:
        The sentences to display, each with at least one citation, and the citations that they use. Every
        citation's quote equals `stored_text[start:end]`, read back here.
    """
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    sentences: list[AnswerSentence] = []
    for statement in statements:
        used: list[int] = []
        for evidence in statement.evidence:
            key = (evidence.document_id, evidence.start, evidence.end)
            if snapshot.span(evidence.document_id, evidence.start, evidence.end) != evidence.text:
                continue
            if key not in numbers:
                numbers[key] = len(citations) + 1
                citations.append(_citation(numbers[key], evidence))
            if numbers[key] not in used:
                used.append(numbers[key])
        if used and statement.text.strip():
            sentences.append(AnswerSentence(statement.text, tuple(used)))
    return sentences, citations


def _citation(number: int, evidence: Evidence) -> Citation:
    return Citation(
        number=number,
        document_id=evidence.document_id,
        path=evidence.path,
        title=evidence.title,
        date=evidence.date,
        url=evidence.url,
        page=evidence.page,
        quote=evidence.text,
        start=evidence.start,
        end=evidence.end,
    )
