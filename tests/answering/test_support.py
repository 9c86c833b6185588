"""What the support check lets through and what it stops."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from razdel import sentenize

from assistant.answering.support import related, supported

BRIDGE = "The Harbour Bridge opened on 19 March 1932 and did not carry trams after 1958."
TOLSTOY = "Толстой написал роман в 1869 году."


@pytest.mark.parametrize(
    ("sentence", "quotation"),
    [
        ("The Harbour Bridge opened in March 1932.", BRIDGE),
        ("The bridge did not carry trams after 1958.", BRIDGE),
        ("About five percent of the staff left.", "Some 5% of staff left."),
        ("It cost $3 million.", "The cost was 3,000,000 dollars."),
        ("She had five sons.", "She had 5 sons."),
        ("The range is 12.5 km.", "Its range is 12,5 km."),
        ("John's house was built in the 1990s.", "In the 1990s John built a house."),
        ("It is the third largest city.", "It’s the 3rd largest city."),
        ("Twenty-one people were hurt, one of them badly.", "21 people were hurt, one badly."),
        ("The law was passed on 3 May 2010.", "On May 3, 2010 the law passed."),
        ("The temperature fell to -5 °C.", "The temperature fell to −5 °C"),
        ("Coffee may cause cancer.", "Coffee may cause cancer."),
        ("It was not only cheap but fast.", "It was fast and cheap."),
        ("Роман написан Толстым в 1869 году.", TOLSTOY),
        ("Письмо написано Ивановым.", "Письмо написал Иванов."),
        ("В 1990-х годах завод закрылся.", "Завод закрылся в 1990-е годы."),
        ("Население составляет 1 500 000 жителей.", "Население — 1,5 млн жителей."),
        ("Пётр родился в Москве.", "Петр родился в городе Москва."),
    ],
)
def test_what_the_quotation_says_is_supported(sentence, quotation):
    assert supported(sentence, [quotation])


@pytest.mark.parametrize(
    ("sentence", "quotation"),
    [
        ("It opened in 1933.", BRIDGE),
        ("It opened on 19 March 1932 and 7 April 1933.", BRIDGE),
        ("Some 5% of staff left.", "Some 5 of staff left."),
        ("It cost $3 billion.", "The cost was 3,000,000 dollars."),
        ("It cost €3.", "It cost $3."),
        ("She had 5 daughters.", "She had 5 sons."),
        ("The range is 12.5 miles.", "Its range is 12.5 km."),
        ("It is the second largest city.", "It is the 3rd largest city."),
        ("The temperature fell to 5 °C.", "The temperature fell to −5 °C"),
        ("Завод закрылся в 1980-х годах.", "Завод закрылся в 1990-е годы."),
        ("It was built in 1990.", "It was built in the 1990s."),
    ],
)
def test_invented_number_is_not_supported(sentence, quotation):
    assert not supported(sentence, [quotation])


@pytest.mark.parametrize(
    ("sentence", "quotation"),
    [
        ("Napoleon opened the bridge in 1932.", BRIDGE),
        ("The bridge in Sydney opened in 1932.", BRIDGE),
        ("WHO opened the bridge.", BRIDGE),
        ("Роман написан Пушкиным в 1869 году.", TOLSTOY),
        ("Письмо написал Иван.", "Письмо написал Иванов."),
        ("The bridge opened, see http://evil.example/x.", BRIDGE),
        ("The bridge opened, see evil.example.", BRIDGE),
        ("The bridge opened <img src=x onerror=alert(1)>.", BRIDGE),
    ],
)
def test_invented_name_or_link_is_not_supported(sentence, quotation):
    assert not supported(sentence, [quotation])


@pytest.mark.parametrize(
    ("sentence", "quotation"),
    [
        ("The Harbour Bridge did not open in 1932.", BRIDGE),
        ("The bridge carried trams after 1958.", BRIDGE),
        ("The bridge never opened.", BRIDGE),
        ("No bridge opened in 1932.", BRIDGE),
        ("The bridge did not carry trams before 1958.", BRIDGE),
        ("It is legal.", "It is illegal."),
        ("Profits rose in 2020.", "Profits fell in 2020."),
        ("Coffee causes cancer.", "Coffee may cause cancer."),
        ("He doesn't own a car.", "He owns a car."),
        ("He owns a car.", "He doesn’t own a car."),
        ("Толстой не написал роман в 1869 году.", TOLSTOY),
        ("Толстой написал роман в 1869 году.", "Толстой не написал роман в 1869 году."),
        ("В городе есть метро.", "Метро в городе нет."),
    ],
)
def test_flipped_statement_is_not_supported(sentence, quotation):
    assert not supported(sentence, [quotation])


@pytest.mark.parametrize("sentence", ["It is so.", "The council demolished it after long protests.", "", "..."])
def test_sentence_that_shares_nothing_is_not_supported(sentence):
    assert not supported(sentence, [BRIDGE])


def test_nothing_is_supported_by_nothing():
    assert not supported("The bridge opened.", [])
    assert not supported("The bridge opened.", [], "The bridge opened")


def test_title_supplies_names_but_no_facts():
    quotation = "It first flew in 1969."
    assert supported("The Boeing 747 first flew in 1969.", [quotation], "Boeing 747\n2020-01-01")
    assert not supported("The Boeing 747 first flew in 1969.", [quotation])
    assert not supported("It first flew in 2020.", [quotation], "Boeing 747\n2020-01-01")
    assert not supported("The Boeing has 747 seats.", [quotation], "Boeing 747")


def test_several_quotations_carry_a_sentence_together():
    assert supported("Ann was born in 1950 and died in 2001.", ["Ann was born in 1950.", "Ann died in 2001."])
    assert not supported("Ann was born in 1950 and died in 2002.", ["Ann was born in 1950.", "Ann died in 2001."])


@pytest.mark.parametrize(
    ("sentence", "quotation", "expected"),
    [
        ("Acme was acquired by Beta in 1990.", "Acme acquired Beta in 1990.", False),
        ("Beta acquired Acme in 1990.", "Acme acquired Beta in 1990.", False),
        ("Beta was acquired by Acme in 1990.", "Acme acquired Beta in 1990.", True),
        ("Ann was born in 2001 and died in 1950.", "Ann was born in 1950 and died in 2001.", False),
        ("She had 3 sons and 5 daughters.", "She had 5 sons and 3 daughters.", False),
        ("Paris is the capital of France.", "Paris is the capital of France, Rome of Italy.", True),
    ],
)
def test_facts_told_crosswise_are_not_supported(sentence, quotation, expected):
    assert supported(sentence, [quotation]) is expected


@pytest.mark.parametrize("path", sorted(Path("corpus").glob("*.md")), ids=lambda path: path.stem)
def test_every_sentence_supports_itself(path):
    for span in sentenize(path.read_text(encoding="utf-8")):
        sentence = " ".join(span.text.split())
        if any(letter.isalpha() for letter in sentence):
            assert supported(sentence, [sentence]), sentence


def test_related_takes_a_shared_word_or_number():
    assert related("It opened in 1932.", BRIDGE)
    assert related("Bridges.", BRIDGE)
    assert not related("Its span is 503 metres.", BRIDGE)


_PIECES = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            "1,000 1 234,5 twenty-one fİve 3rd 1990-х 5-го not не без % per cent million тыс. minus −5 $ [1] by Ann . "
            "! May http://a.b <b> one of third пятью".split(" ")
        ),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(_PIECES, _PIECES)
def test_any_text_is_judged_without_an_error(sentence, quotation):
    assert supported(" ".join(sentence), [" ".join(quotation)], "Title") in (True, False)


def test_long_numbers_are_compared_digit_by_digit():
    digits = "1234567890" * 4
    assert supported(f"The code is {digits}.", [f"The code: {digits}"])
    assert not supported(f"The code is {digits}.", [f"The code: {digits[:-1]}1"])
    assert not supported("x " * 2000, ["x " * 2000])
