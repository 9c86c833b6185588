"""Words that say the same count as said."""

from __future__ import annotations

import pytest

from assistant.retrieval.kin import with_kin
from assistant.store.keywords import stem, stems


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("headed", "He led the team."),
        ("file", "Moscow submitted the concept."),
        ("additional", "further members"),
        ("возглавил", "Он руководил группой."),
    ],
)
def test_another_word_for_it_counts_as_said(asked: str, said: str) -> None:
    assert stem(asked) in with_kin(stems(said))


def test_other_words_do_not() -> None:
    said = with_kin(stems("He led the team to Kenya in 2013."))
    assert stem("signed") not in said
    assert {stem("Zimbabwe"), "2017"}.isdisjoint(said)
