"""How long an SMS is for the network, and how to make it shorter when the town wishes so.

GSM 03.38: 160 letters of the basic alphabet fit in one message, 153 in each part of a longer one;
some letters count twice. One letter outside the alphabet (á, í, ó, ú among them) makes the whole
text UCS-2: 70, and 67 in parts.
"""

import unicodedata

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
DOUBLE = frozenset("^{}\\[~]|€\f")
PLAIN = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "·": ".",
        "\u00a0": " ",
        "ç": "Ç",
    }
)


def segments(text: str) -> int:
    """How many messages the network counts, and the town pays."""
    if is_basic(text):
        length = sum(2 if letter in DOUBLE else 1 for letter in text)
        return 1 if length <= 160 else -(-length // 153)
    length = len(text.encode("utf-16-be")) // 2
    return 1 if length <= 70 else -(-length // 67)


def is_basic(text: str) -> bool:
    return all(letter in BASIC or letter in DOUBLE for letter in text)


def in_basic_letters(text: str) -> str:
    """The same text with letters of the basic alphabet: á becomes a, ñ and é stay as they are."""
    return "".join(_basic(letter) for letter in text)


def _basic(letter: str) -> str:
    if letter in BASIC or letter in DOUBLE:
        return letter
    replaced = letter.translate(PLAIN)
    if replaced != letter and all(sign in BASIC for sign in replaced):
        return replaced
    bare = "".join(
        sign for sign in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(sign)
    )
    return bare if bare and all(sign in BASIC for sign in bare) else "?"
