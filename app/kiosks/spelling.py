"""How what changes is written so that a voice says it right: months, days, Valencian's numbers."""

from datetime import date

from babel import Locale
from babel.dates import format_date

from app.core.i18n import LANGUAGES

UNITS = ("zero", "un", "dos", "tres", "quatre", "cinc", "sis", "set", "huit", "nou")
TEENS = (
    *("deu", "onze", "dotze", "tretze", "catorze"),
    *("quinze", "setze", "desset", "díhuit", "dènou"),
)
TENS = (
    *("", "", "vint", "trenta", "quaranta"),
    *("cinquanta", "seixanta", "setanta", "huitanta", "noranta"),
)
NO_PREPOSITION = ("en",)


def in_valencian(number: int) -> str:
    """In words, from 0 to 99: its eight and its seventeen are not those of the Catalan voice."""
    if number < 10:
        return UNITS[number]
    if number < 20:
        return TEENS[number - 10]
    ten, unit = divmod(number, 10)
    if not unit:
        return TENS[ten]
    return f"{TENS[ten]}-i-{UNITS[unit]}" if ten == 2 else f"{TENS[ten]}-{UNITS[unit]}"


def day_of_month(slug: str, day: int) -> str:
    if slug == "va":
        return in_valencian(day)
    if slug == "eu" and day not in (11, 31):  # hamaika and hogeita hamaika end in -a already
        return f"{day}a"
    return str(day)


def of_month(slug: str, month: int) -> str:
    """`de noviembre`, `d’abril`, `azaroaren`."""
    name = format_date(date(2024, month, 1), "LLLL", Locale.parse(LANGUAGES[slug].locale))
    if slug == "eu":
        return f"{name}ren"
    if slug in NO_PREPOSITION:
        return name
    return f"d’{name}" if slug in ("ca", "va", "oc") and name[0] in "aeiou" else f"de {name}"
