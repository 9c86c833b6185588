"""A quoted sentence that points back does not leave the reader guessing to what."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant import Assistant
from assistant.answering.antecedents import points_back
from assistant.answering.evidence import Evidence
from assistant.retrieval.query import analyse
from tests.answering.test_citations import assert_proven

MakeAssistant = Callable[..., Assistant]

NOTES = """# Harbour notes

The city archive keeps the papers of the port.

The Elbrun committee met in the old customs house. It was dissolved after a quarrel over dredging fees. The port then
hired consultants, and the ferry company paid them for ten years.

## Lamps

They were lit with whale oil until the gasworks opened in 1871.
"""


@pytest.fixture(scope="module")
def notes(make_assistant: MakeAssistant) -> Assistant:
    """A document in which sentences point back: to the one before, and to none in their section."""
    return make_assistant({"notes.md": NOTES, "other.md": "# Ferries\n\nThe ferry crosses the bay twice a day.\n"})


def test_what_it_points_to_is_quoted_with_it(notes: Assistant) -> None:
    answer = notes.ask("What was dissolved after a quarrel over dredging fees?")
    assert_proven(notes, answer)
    (sentence, *_) = answer.sentences
    assert sentence.text.startswith("The Elbrun committee met in the old customs house. It was dissolved after")
    assert sum("Elbrun" in s.text for s in answer.sentences) == 1, "it is said once"


def test_nothing_is_brought_along_from_another_section(notes: Assistant) -> None:
    answer = notes.ask("What was lit with whale oil until the gasworks opened?")
    assert_proven(notes, answer)
    assert answer.sentences[0].text == "They were lit with whale oil until the gasworks opened in 1871."


@pytest.mark.parametrize(
    ("question", "sentence", "title", "back"),
    [
        ("Why was it given up?", "It was given up in 1964.", "Notes", True),
        ("What ended the quarrel?", "This decision ended the quarrel.", "Notes", True),
        ("Which decision ended the quarrel?", "This decision ended the quarrel.", "Notes", False),
        ("Where did the engineer Orsova study?", "She studied in Bergen.", "Anna Orsova", False),
        ("Where did the engineer Orsova study?", "She studied in Bergen.", "Notes", True),
        ("Where did the engineer Orsova study?", "It was Bergen where Orsova had her lessons.", "Notes", False),
        ("Who explained the tides?", "It was Newton who explained the tides.", "Notes", False),
        ("Who explained the tides?", "Newton explained the tides.", "Notes", False),
        ("Где училась инженер Орсова?", "Она училась в Бергене.", "Заметки", True),
        ("Где училась инженер Орсова?", "Она училась в Бергене.", "Анна Орсова", False),
    ],
)
def test_only_what_is_unresolved_points_back(question: str, sentence: str, title: str, back: bool) -> None:
    evidence = Evidence("d", "d.md", title, None, None, None, 0, len(sentence), sentence, 0.9, "")
    assert points_back(analyse(question), evidence) is back
