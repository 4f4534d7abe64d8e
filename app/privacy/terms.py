"""For how long each kind of data is kept: the usual term, its bounds and its reason."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from app.privacy.models import Kept


@dataclass(frozen=True)
class Term:
    """Days: usual, least and most. A town may choose between the two."""

    label: Any
    days: int
    least: int
    most: int
    reason: Any


TERMS: dict[Kept, Term] = {
    Kept.UNCONFIRMED: Term(
        _l("Bookings that nobody confirmed"),
        *(2, 1, 30),
        _l("They are of no use once the time is free again."),
    ),
    Kept.CODES: Term(
        _l("Codes sent to a telephone"),
        *(7, 1, 30),
        _l("A few days show who sends too many."),
    ),
    Kept.MESSAGES: Term(
        _l("Messages sent: to whom and when, without their text"),
        *(90, 7, 365),
        _l("They show that somebody was told in time."),
    ),
    Kept.WAITLIST: Term(
        _l("Wishes for an earlier time, once they are over"),
        *(30, 1, 365),
        _l("They explain why somebody was offered a time."),
    ),
    Kept.WAITS: Term(
        _l("What people in the line were told about their wait"),
        *(90, 7, 365),
        _l("They show whether what we tell comes true."),
    ),
    Kept.VISITS: Term(
        _l("Visits that are over, until they are blocked"),
        *(365, 30, 1825),
        _l("For one year somebody may claim damages (Ley 39/2015, article 67.1)."),
    ),
    Kept.BLOCKED: Term(
        _l("Blocked data, until it is destroyed"),
        *(1095, 365, 1825),
        _l("For three years we answer for how we treated it (LOPDGDD, articles 32 and 72)."),
    ),
    Kept.REQUESTS: Term(
        _l("Requests about data, once they are answered"),
        *(1095, 365, 1825),
        _l("They show that each was answered within its month."),
    ),
    Kept.AUDIT: Term(
        _l("The record of what happened, without names or telephones"),
        *(1825, 730, 3650),
        _l("Security asks for at least two years (RD 311/2022, op.exp.8)."),
    ),
    Kept.STATISTICS: Term(
        _l("Figures of each day, in which nobody can be found"),
        *(3650, 365, 36500),
        _l("They hold no personal data."),
    ),
}
