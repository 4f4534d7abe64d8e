"""What booking does when something happens below it, and what it tells the citizen."""

from datetime import datetime, timedelta

from flask_babel import gettext as _

from app.booking import queries, services
from app.booking.events import VisitBooked, VisitCancelled, VisitEvent
from app.booking.models import Visit
from app.core import clock, stream
from app.core.events import on
from app.core.i18n import clock_time, date_in_words, speaking
from app.messaging import services as messaging
from app.schedule.events import HoldExpired

# Name, how long before the visit, and how much later than the booking at the least.
REMINDERS = (
    ("two-days", timedelta(hours=48), timedelta(hours=6)),
    ("two-hours", timedelta(hours=2), timedelta(hours=1)),
)


@on(HoldExpired)
def expire_the_visit(event: HoldExpired) -> None:
    visit = queries.by_claim(event.claim)
    if visit:
        services.expire(visit)


@on(VisitBooked)
def send_the_link(event: VisitBooked) -> None:
    visit = queries.visit(event.visit_id)
    with speaking(visit.reads):
        text = _(
            "Visit booked: %(day)s, %(time)s. Everything about it, and how to cancel: %(link)s",
            day=_day(visit),
            time=clock_time(visit.starts_at, visit.town.time_zone),
            link=queries.link_of(visit),
        )
    _write(visit, "booked", text, not_after=visit.ends_at)


@on(VisitBooked)
def remind_them(event: VisitBooked) -> None:
    """Two days and two hours before, unless that is already past; withdrawn with the visit."""
    visit = queries.visit(event.visit_id)
    now = clock.now()
    for name, before, notice in REMINDERS:
        at = visit.starts_at - before
        if at < now + notice:
            continue
        with speaking(visit.reads):
            text = _(
                "Reminder: your visit is on %(day)s, %(time)s. See it or cancel: %(link)s",
                day=_day(visit),
                time=clock_time(visit.starts_at, visit.town.time_zone),
                link=queries.link_of(visit),
            )
        _write(visit, name, text, at=at, not_after=visit.starts_at)


@on(VisitCancelled)
def confirm_that_it_is_cancelled(event: VisitCancelled) -> None:
    visit = queries.visit(event.visit_id)
    messaging.withdraw(f"visit:{visit.code}:")
    with speaking(visit.reads):
        sentences = {
            "citizen": _("Your visit on %(day)s is cancelled, as you asked.", day=_day(visit)),
            "office": _(
                "We are sorry: we had to cancel your visit on %(day)s. To book again: %(phone)s",
                day=_day(visit),
                phone=visit.town.phone,
            ),
        }
    _write(visit, "cancelled", sentences[event.by], not_after=visit.ends_at + timedelta(hours=1))


@on(VisitEvent)
def tell_who_looks_at_it(event: VisitEvent) -> None:
    """Pages that show this visit, or the town's day, look again."""
    visit = queries.visit(event.visit_id)
    stream.tell(f"visit:{visit.id}", "state", {"status": visit.status.value})
    stream.tell(f"day:{visit.town_id}", "day", {})


def _write(
    visit: Visit, kind: str, text: str, *, not_after: datetime, at: datetime | None = None
) -> None:
    """One message of each kind for each version of the visit: a later version replaces it."""
    messaging.send_later(
        visit.phone,
        text,
        key=f"visit:{visit.code}:{visit.version}:{kind}",
        locale=visit.reads,
        at=at,
        not_after=not_after,
    )


def _day(visit: Visit) -> str:
    return date_in_words(visit.starts_at.astimezone(visit.town.zone).date(), with_year=False)
