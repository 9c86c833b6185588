"""Words that say the same count as said."""

from __future__ import annotations

import pytest

from assistant.retrieval.kin import is_said, with_kin
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


@pytest.mark.parametrize(("asked", "said"), [("помечается", "помечен"), ("помечен", "помечается")])
def test_russian_words_of_one_root_count_as_said(asked: str, said: str) -> None:
    assert is_said(stem(asked), with_kin(stems(f"Каждый пакет {said} адресом.")))


@pytest.mark.parametrize(("asked", "said"), [("контроль", "контракт"), ("рота", "ротация"), ("contract", "contractor")])
def test_words_that_only_begin_alike_do_not(asked: str, said: str) -> None:
    assert not is_said(stem(asked), with_kin(stems(said)))
