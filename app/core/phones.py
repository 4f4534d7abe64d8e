"""Telephone numbers as people type them, and which of them may be sent a message."""

import enum
from collections.abc import Collection

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

HOME = "ES"


class Unfit(enum.StrEnum):
    """Why no message can be sent to what was typed."""

    NOT_A_NUMBER = "not_a_number"
    NOT_A_MOBILE = "not_a_mobile"
    COSTLY = "costly"
    FOREIGN = "foreign"


class UnfitNumber(ValueError):
    def __init__(self, reason: Unfit) -> None:
        super().__init__(reason.value)
        self.reason = reason


COSTLY = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOIP,
}
MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
LAST_DIGITS = 4


def mobile(typed: str, countries: Collection[str] = (HOME,), *, or_landline: bool = False) -> str:
    """`0034 600-12.34 56` → `+34600123456`, full-width digits too. Raises UnfitNumber."""
    if len(typed) > 60:
        raise UnfitNumber(Unfit.NOT_A_NUMBER)
    try:
        number = phonenumbers.parse(typed, HOME)
    except phonenumbers.NumberParseException as error:
        raise UnfitNumber(Unfit.NOT_A_NUMBER) from error
    if not phonenumbers.is_valid_number(number):
        raise UnfitNumber(Unfit.NOT_A_NUMBER)
    if phonenumbers.region_code_for_number(number) not in countries:
        raise UnfitNumber(Unfit.FOREIGN)
    kind = phonenumbers.number_type(number)
    if kind in COSTLY:
        raise UnfitNumber(Unfit.COSTLY)
    if kind not in MOBILE and not (or_landline and kind == PhoneNumberType.FIXED_LINE):
        raise UnfitNumber(Unfit.NOT_A_MOBILE)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def takes_messages(number: str) -> bool:
    """Whether an SMS can arrive there. Of a number we cannot read, the network decides."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return True
    return kind != PhoneNumberType.FIXED_LINE


def country_of(number: str) -> str | None:
    """`ES` for `+34600123456`; None for what is no number."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None


def prefix_of(number: str) -> str:
    """All but the last four digits: ten thousand telephones, as whoever sells messages buys."""
    return number[:-LAST_DIGITS]


def dictated(number: str) -> str:
    """`+34972203040` → `9 7 2, 2 0, …`: digit by digit, however a voice reads whole numbers."""
    return ", ".join(" ".join(group) for group in readable(number).split())


def readable(number: str) -> str:
    """`+34600123456` → `600 12 34 56`; foreign ones keep their country code."""
    try:
        parsed = phonenumbers.parse(number, HOME)
    except phonenumbers.NumberParseException:
        return number
    home = phonenumbers.region_code_for_number(parsed) == HOME
    style = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)
