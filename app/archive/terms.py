"""For how long files of each purpose are in use and then blocked: the usual, the bounds, why."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l


@dataclass(frozen=True)
class Term:
    """Days in use and days blocked, both as usual; `least` and `most` bound the days in use."""

    label: Any
    days: int
    blocked_days: int
    least: int
    most: int
    reason: Any


MOST_BLOCKED = 3650
OTHER = "other"

TERMS: dict[str, Term] = {
    "paper": Term(
        _l("Papers of a visit"),
        *(365, 1095, 30, 3650),
        _l("For one year somebody may claim damages (Ley 39/2015, article 67.1)."),
    ),
    "recording": Term(
        _l("Recordings"),
        *(365, 1095, 30, 5475),
        _l("They prove what was said, as long as somebody may doubt it."),
    ),
    "act": Term(
        _l("Sealed acts"),
        *(1825, 1095, 1825, 36500),
        _l("They can be checked for five years at least (RD 203/2021, article 21)."),
    ),
    "package": Term(
        _l("Copies made to be handed over"),
        *(30, 1, 1, 365),
        _l("They can be made again from what they were made of."),
    ),
    "guide": Term(
        _l("Guides in sign language and sound"),
        *(36500, 1, 365, 36500),
        _l("They are shown until somebody removes them."),
    ),
    OTHER: Term(
        _l("Everything else"),
        *(365, 1095, 30, 3650),
        _l("As the visit that it belongs to."),
    ),
}


def known(purpose: str) -> str:
    """The purpose under which a file is counted: one of ours, or everything else."""
    return purpose if purpose in TERMS else OTHER
