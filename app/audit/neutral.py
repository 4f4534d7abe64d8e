"""What may stand in the record: no telephone, no code that opens something, no control characters.

The code of a visit is its citizen's key, so it is replaced by a keyed digest: whoever has the code
finds its lines, and nobody finds the code in them.
"""

import hashlib
import hmac
import ipaddress
import re
from typing import Any

from flask import current_app

from app.core.db import CODE_LENGTH, CODE_LETTERS

LONGEST = 300
DEEPEST = 6

CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
# A day looks much like a telephone, so it is found first and stays.
PHONE = re.compile(
    r"(?P<day>\b20\d\d-[01]\d-[0-3]\d\b)|(?<![\w+])(?:\+|00)?\d(?:[ .-]?\d){8,14}(?!\w)"
)
CODE = re.compile(rf"(?<![A-Za-z0-9])[{CODE_LETTERS}]{{{CODE_LENGTH}}}(?![A-Za-z0-9])")
DIGITS = re.compile(r"(?<![\w#-])\d{6}(?![\w-])")
# Random text in hexadecimal or base64: long, and of mixed signs as words are not.
TOKEN = re.compile(
    r"(?<![\w/+=-])(?=[\w/+-]*\d)(?=[\w/+-]*[A-Z])(?=[\w/+-]*[a-z])[\w/+-]{20,}={0,2}"
    r"|(?<![0-9A-Fa-f])[0-9a-fA-F]{32,}(?![0-9A-Fa-f])"
)


def neutral(value: Any, depth: int = 0) -> Any:
    """The same facts, as they may be written down."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= DEEPEST:
        return "…"
    if isinstance(value, dict):
        return {neutral_text(str(key)): neutral(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [neutral(item, depth + 1) for item in value]
    return neutral_text(str(value))


def neutral_text(text: str) -> str:
    text = text[: 4 * LONGEST]
    text = CODE.sub(lambda found: sign_of(found[0]), text)
    text = TOKEN.sub(lambda found: sign_of(found[0]), text)
    text = PHONE.sub(lambda found: found["day"] or "#telephone", text)
    text = DIGITS.sub("#digits", text)
    text = CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def sign_of(secret: str) -> str:
    """`#` and sixteen digits that only this installation can make of it."""
    return f"#{_keyed(f'secret:{secret}')[:16]}"


def sign_of_address(address: str) -> str:
    """Whoever has one IPv6 address has all of its /64."""
    try:
        asked = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if asked.version == 6:
        address = str(ipaddress.ip_network(f"{address}/64", strict=False))
    return _keyed(f"audit address:{address}")[:32]


def _keyed(text: str) -> str:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
