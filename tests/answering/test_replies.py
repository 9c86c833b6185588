"""Replies are taken apart, never mended."""

from __future__ import annotations

import pytest

from assistant.answering.replies import Claim, parse_reply, says_no_answer, without_reasoning


@pytest.mark.parametrize(
    ("reply", "claims"),
    [
        ("It opened in 1932 [1].", [("It opened in 1932.", (1,))]),
        ("It opened in 1932. [1]", [("It opened in 1932.", (1,))]),
        ("It opened in 1932.[1][3] It is long [2].", [("It opened in 1932.", (1, 3)), ("It is long.", (2,))]),
        ("It opened in 1932 [1, 3]. Good.", [("It opened in 1932.", (1, 3)), ("Good.", ())]),
        ("It opened in 1932 【2】.", [("It opened in 1932.", (2,))]),
        ("In 1932 [2] it opened [1] [2].", [("In 1932 it opened.", (2, 1))]),
        (
            "Dr. J. Smith of the U.S. Army came [1]. He left [2].",
            [
                ("Dr. J. Smith of the U.S. Army came.", (1,)),
                ("He left.", (2,)),
            ],
        ),
        ("В 1932 г. мост открыли [1]. Он длинный. [2]", [("В 1932 г. мост открыли.", (1,)), ("Он длинный.", (2,))]),
        ("# Answer\n\n- **It** opened [1].\n2. It *is* long [2]", [("It opened.", (1,)), ("It is long.", (2,))]),
        ("```\nIt opened\nin 1932 [1].\n```", [("It opened in 1932.", (1,))]),
        ("It costs 3.5 euros [1].", [("It costs 3.5 euros.", (1,))]),
        ("No id here. Nor here", [("No id here.", ()), ("Nor here.", ())]),
        ("It opened [1-3].", [("It opened [1-3].", ())]),
        ("It opened.\n[1]\nIt is long. [2]", [("It opened.", (1,)), ("It is long.", (2,))]),
        ("[1] The bridge\n[2] The road", [("The bridge.", ()), ("The road.", ())]),
        ("[1]", []),
        ("", []),
    ],
)
def test_sentences_and_their_ids(reply, claims):
    assert parse_reply(reply) == [Claim(*claim) for claim in claims]


@pytest.mark.parametrize("reply", ["NO ANSWER", "no answer.", "**NO ANSWER**\n\nIt is silent.", " NO ANSWER\n"])
def test_no_answer_is_understood(reply):
    assert says_no_answer(reply)


@pytest.mark.parametrize("reply", ["", "There is no answer to that [1].", "NO ANSWER was given [1]."])
def test_a_sentence_about_no_answer_is_a_sentence(reply):
    assert not says_no_answer(reply)


@pytest.mark.parametrize(
    ("reply", "rest"),
    [
        ("<think>\nhm [1]\n</think>\nIt is [1].", "It is [1]."),
        ("hm </think> It is [1].", "It is [1]."),
        ("<thinking>cut off in the midd", ""),
        ("It is [1].", "It is [1]."),
    ],
)
def test_hidden_reasoning_is_taken_off(reply, rest):
    assert without_reasoning(reply) == rest


def test_absurdly_long_id_is_an_id_that_does_not_exist():
    (claim,) = parse_reply(f"It opened [{'9' * 5000}].")
    assert claim == Claim("It opened.", (999_999_999,))
