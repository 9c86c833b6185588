from __future__ import annotations

import pytest

from assistant.ingest import detect_language, parse_date


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("April 15, 2024", "2024-04-15"),
        ("15 апреля 2024 г.", "2024-04-15"),
        ("2024-04-15T10:00:00Z", "2024-04-15"),
        ("D:20230615120000Z", "2023-06-15"),
        ("Mon, 15 Apr 2024 10:00:00 GMT", "2024-04-15"),
        ("March 2022", "2022-03"),
        ("2022", "2022"),
        ("15.04.2024", "2024-04-15"),
        ("25/03/2022", "2022-03-25"),
        ("04/05/2024", "2024"),
        ("2022-02-30", None),
        ("last week", None),
    ],
)
def test_dates_are_read_as_precisely_as_they_are_known(text, iso):
    assert parse_date(text) == iso


@pytest.mark.parametrize(
    ("name", "text", "date"),
    [
        ("a.txt", "Title\n\nApril 15, 2024\n\nText is here.", "2024-04-15"),
        ("a.txt", "Заголовок\n\nОпубликовано: 15 апреля 2024 г.\n\nТекст.", "2024-04-15"),
        ("a.txt", "Title\n\nMOSCOW, March 25, 2022 (Agency) — Talks began.", "2022-03-25"),
        ("a.txt", "1973 oil crisis\n\nThe crisis began in October 1973 when the members met.", None),
        ("note_2024-04-15.txt", "Title\n\nText.", "2024-04-15"),
        ("treaty-appeal-2022.txt", "Title\n\nText.", "2022"),
        ("114417-0-1990.txt", "Title\n\nText.", None),
        ("a.md", "---\ndate: 2022\n---\n# T\n\nApril 15, 2024\n\nText.", "2022"),
    ],
)
def test_date_comes_from_the_strongest_source_or_is_none(load, name, text, date):
    assert load(name, text).date == date


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Who is Andrey Krutskikh?", "en"),
        ("Кто такой Крутских?", "ru"),
        ("Wo ist der Bahnhof?", "und"),
        ("Хто такий Шевченко і де він народився?", "und"),
        ("12345", "und"),
    ],
)
def test_language(text, language):
    assert detect_language(text) == language
