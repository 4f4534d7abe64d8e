"""What the network counts as one message."""

import pytest

from app.messaging.segments import in_basic_letters, is_basic, segments


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ñüéà¿¡" * 26, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("á" * 70, 1),
        ("á" * 71, 2),
        ("a" * 70 + "í", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("", 1),
    ],
)
def test_a_text_is_as_many_messages_as_the_network_counts(text, count):
    assert segments(text) == count


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Señor García, ¿qué día?", "Señor Garcia, ¿qué dia?"),
        ("La col·lecció d’avui", "La col.lecció d'avui".replace("ó", "o")),
        ("Cançó", "CanÇo"),
        ("日本", "??"),
    ],
)
def test_plain_letters_keep_what_the_alphabet_has(text, plain):
    assert in_basic_letters(text) == plain
    assert is_basic(plain)
