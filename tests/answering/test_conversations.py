"""Whole conversations over the starter corpus: each turn is answered about what it is about."""

from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.types import Reason
from tests.answering.test_citations import assert_proven

# Each turn with a fact of its answer, or the reason why there is none.
CONVERSATIONS: dict[str, list[tuple[str, str | Reason]]] = {
    "another side": [
        ("Who led the Russian team in the consultations of 2021?", "Khramov"),
        ("And on the American side?", "Neuberger"),
    ],
    "three turns about one group": [
        ("Hello!", Reason.SMALL_TALK),
        ("When did the 2013 working group meet?", "November 2013"),
        ("And who chaired it?", "Klimashin"),
        ("Why did it stop?", "Ukraine"),
        ("And the 2017 one?", "The 2017 working group"),
        ("Thanks!", Reason.SMALL_TALK),
    ],
    "one word": [
        ("When did Putin and Biden meet?", "June 2021"),
        ("Where?", "Geneva"),
    ],
    "question back": [
        ("Why did the working group fail?", Reason.AMBIGUOUS),
        ("The first one", "Ukraine"),
        ("And the 2017 one?", "criticism"),
    ],
    "correction": [
        ("Why did the 2019 working group collapse?", Reason.FALSE_PREMISE),
        ("No, I meant the 2013 one", "Ukraine"),
        ("Sorry, I meant 2017", "criticism"),
    ],
    "change of subject": [
        ("Why did the 2017 working group collapse?", "criticism"),
        ("Could a cyberattack trigger NATO's Article 5?", "could trigger"),
        ("Who is Lyukmanov?", "Special Representative"),
        ("What did he warn of?", "clash"),
    ],
    "русский": [
        ("Когда заседала рабочая группа 2013 года?", "ноябре 2013"),
        ("А почему она прекратила работу?", "заморозила"),
        ("А в 2017 году?", "раскритиковали"),
        ("Спасибо!", Reason.SMALL_TALK),
    ],
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversation(starter: Assistant, name: str) -> None:
    history: list[dict[str, str]] = []
    for question, expected in CONVERSATIONS[name]:
        answer = starter.ask(question, history=history)
        if isinstance(expected, Reason):
            assert answer.reason is expected, question
        else:
            assert expected in answer.text, question
        assert_proven(starter, answer)
        history += [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer.text or answer.explanation or ""},
        ]
