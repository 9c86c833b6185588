"""How much of a question a text covers: the share of its words, each weighted by how rare it is in the corpus."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set

from assistant.retrieval.kin import is_said
from assistant.store.snapshot import Snapshot


def rarity_of(terms: Sequence[str], snapshot: Snapshot) -> dict[str, float]:
    """The weight of each term: the logarithm of how many chunks there are for one that holds it."""
    frequency = snapshot.document_frequency(terms)
    total = max(1, snapshot.counts()[1])
    return {term: math.log(1 + total / (1 + frequency[term])) for term in terms}


def share(terms: Sequence[str], present: Set[str], rarity: Mapping[str, float]) -> float:
    """The share of the terms' weight that is present, within [0, 1]."""
    whole = said = 0.0
    for term in terms:
        weight = rarity[term]
        whole += weight
        if term in present or is_said(term, present):
            said += weight
    return said / whole if whole else 0.0
