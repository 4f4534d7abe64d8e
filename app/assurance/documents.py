"""The number of an identity document, as the town's rule keeps it and never otherwise."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import date, timedelta

from flask import current_app

from app.assurance.models import DocumentKind
from app.core import clock
from app.towns.models import DocumentRule, Town

NOT_IN_A_NUMBER = re.compile(r"[^0-9A-Z]")


@dataclass(frozen=True)
class Kept:
    """What is left of a number: how, what, and until which day."""

    rule: DocumentRule | None
    text: str = ""
    until: date | None = None


def plain(typed: str) -> str:
    """Capital letters and digits only: `12.345.678-z` is `12345678Z`."""
    return NOT_IN_A_NUMBER.sub("", typed.upper())


def kept(town: Town, kind: DocumentKind, typed: str) -> Kept:
    """As the rule of the town wants it. The number itself goes no further than here."""
    number = plain(typed)
    if not number or town.document_rule is DocumentRule.NOTHING:
        return Kept(None)
    if town.document_rule is DocumentRule.MASKED:
        return Kept(DocumentRule.MASKED, masked(kind, number))
    if town.document_rule is DocumentRule.DIGEST:
        return Kept(DocumentRule.DIGEST, keyed(town, kind, number))
    return Kept(DocumentRule.FULL, number, last_day(town))


def last_day(town: Town) -> date:
    """Until when a full number that is written down today is kept."""
    return clock.today(town.time_zone) + timedelta(days=max(1, town.document_days))


def masked(kind: DocumentKind, number: str) -> str:
    """Four digits and asterisks, always the same four (guidance of the data protection agencies).

    The fourth to seventh digit; of a passport with six, the third to sixth; where there are not so
    many, the last four signs. Whatever the length, at least half are hidden.
    """
    digits = [place for place, sign in enumerate(number) if sign.isdigit()]
    if len(digits) >= 7:
        shown = digits[3:7]
    elif kind is DocumentKind.PASSPORT and len(digits) == 6:
        shown = digits[2:6]
    else:
        shown = list(range(max(len(number) - 4, (len(number) + 1) // 2), len(number)))
    return "".join(sign if place in shown else "*" for place, sign in enumerate(number))


def keyed(town: Town, kind: DocumentKind, number: str) -> str:
    """A digest that only this installation can make, another one in each town."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    text = f"document:{town.id}:{kind.value}:{number}".encode()
    return hmac.new(key, text, hashlib.sha256).hexdigest()
