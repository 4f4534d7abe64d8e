"""What booking does when something happens below it, and what it tells the citizen."""

from datetime import datetime, timedelta

from flask_babel import gettext as _

from app.accounts import queries as accounts
from app.accounts.events import PhoneChanged
from app.booking import queries, services
from app.booking.events import (
    VisitBooked,
    VisitCancelled,
    VisitEvent,
    VisitTimeChanged,
    WaitlistEvent,
    WaitlistOffered,
    WalkedIn,
)
from app.booking.models import OfficeReason, Visit, WaitlistEntry
from app.booking.words import office_reason
from app.core import clock, stream
from app.core.db import new_code
from app.core.events import on
from app.core.i18n import clock_time, date_in_words, speaking
from app.messaging import services as messaging
from app.messaging.events import MessageNotDelivered
from app.schedule.events import AllocationMoved, HoldExpired
from app.schedule.models import RESTING

# Name, how long before the visit, and how much later than the booking at the least.
REMINDERS = (
    ("two-days", timedelta(hours=48), timedelta(hours=6)),
    ("two-hours", timedelta(hours=2), timedelta(hours=1)),
)


@on(HoldExpired)
def give_up_what_was_held(event: HoldExpired) -> None:
    """A booking that nobody confirmed ends; an offer that nobody took goes to the next."""
    if event.claim.startswith(RESTING):
        return
    if event.claim.startswith("offer:"):
        entry = queries.entry_of_claim(event.claim)
        if entry:
            services.pass_over(entry)
        return
    visit = queries.by_claim(event.claim)
    if visit:
        services.expire(visit)


@on(AllocationMoved)
def note_who_attends(event: AllocationMoved) -> None:
    """To admit somebody else, this visit has another clerk now. Its citizen notices nothing."""
    visit = queries.by_claim(event.claim)
    if visit and visit.clerk_id == event.resource_id:
        visit.clerk_id = event.to_resource_id
        stream.tell(f"day:{visit.town_id}", "day", {})


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


@on(WalkedIn)
def send_the_link_of_the_line(event: WalkedIn) -> None:
    visit = queries.visit(event.visit_id)
    with speaking(visit.reads):
        text = _("You are in the line. Your place, always: %(link)s", link=queries.link_of(visit))
    _write(visit, "walked-in", text, not_after=clock.now() + timedelta(minutes=30))


@on(VisitTimeChanged)
def send_the_new_time(event: VisitTimeChanged) -> None:
    """The new time, and new reminders; what was written about the old one does not leave."""
    visit = queries.visit(event.visit_id)
    messaging.withdraw(f"visit:{visit.code}:")
    facts = {
        "day": _day(visit),
        "time": clock_time(visit.starts_at, visit.town.time_zone),
        "link": queries.link_of(visit),
    }
    with speaking(visit.reads):
        sentences = {
            "citizen": _("Your visit is now on %(day)s, %(time)s: %(link)s", **facts),
            "office": _(
                "We had to change your visit to %(day)s, %(time)s. If it does not suit: %(link)s",
                **facts,
            ),
        }
        by = "citizen" if visit.office_reason == OfficeReason.ASKED else event.by
        text = _with_reason(sentences[by], visit)
    _write(visit, "moved", text, not_after=visit.ends_at)
    _remind(visit)


@on(VisitTimeChanged)
def forget_the_wish_that_came_true(event: VisitTimeChanged) -> None:
    """Somebody who moved their visit by hand no longer waits for that time to be beaten."""
    entry = queries.entry_of(queries.visit(event.visit_id))
    if entry:
        services.leave(entry)


@on(PhoneChanged)
def write_to_the_new_number(event: PhoneChanged) -> None:
    """Reminders and offers that would have gone to the old number go to the new one."""
    account = accounts.account(event.account_id)
    for visit in queries.to_come_of(event.account_id):
        if account is None or not account.phone or visit.phone == account.phone:
            continue
        messaging.withdraw(f"visit:{visit.code}:")
        visit.phone = account.phone
        if entry := queries.entry_of(visit):
            _offer_to(entry, account.phone)
        visit.version += 1
        _remind(visit)
    if account is not None and account.phone and event.before:
        for entry in queries.all_entries_of(event.before):
            if entry.visit_id is None:
                _offer_to(entry, account.phone)


def _offer_to(entry: WaitlistEntry, phone: str) -> None:
    """What stands is offered once more: whoever has the old number would have it otherwise."""
    entry.phone = phone
    if entry.has_offer:
        messaging.withdraw(f"waitlist:{entry.code}:")
        _write_the_offer(entry, again=f":{new_code()}")


@on(VisitCancelled)
def forget_the_wish(event: VisitCancelled) -> None:
    entry = queries.entry_of(queries.visit(event.visit_id))
    if entry:
        services.leave(entry)


@on(WaitlistOffered)
def offer_by_message(event: WaitlistOffered) -> None:
    _write_the_offer(queries.entry(event.entry_id))


def _write_the_offer(entry: WaitlistEntry, again: str = "") -> None:
    if entry.offered_starts_at is None or entry.offer_until is None:
        return
    zone = entry.town.time_zone
    with speaking(entry.reads):
        day = entry.offered_starts_at.astimezone(entry.town.zone).date()
        text = _(
            "A time is free: %(day)s, %(time)s. Yours until %(until)s if you say yes: %(link)s",
            day=date_in_words(day, with_year=False),
            time=clock_time(entry.offered_starts_at, zone),
            until=clock_time(entry.offer_until, zone),
            link=queries.link_of_offer(entry),
        )
    messaging.send_later(
        entry.phone,
        text,
        key=f"waitlist:{entry.code}:{entry.offers}{again}",
        locale=entry.reads,
        not_after=entry.offer_until,
    )


@on(WaitlistEvent)
def take_the_offer_back(event: WaitlistEvent) -> None:
    """An offer that was answered and has not left yet does not leave."""
    entry = queries.entry(event.entry_id)
    if not entry.is_open:
        messaging.withdraw(f"waitlist:{entry.code}:")


@on(VisitBooked)
def remind_them(event: VisitBooked) -> None:
    _remind(queries.visit(event.visit_id))


def _remind(visit: Visit) -> None:
    """Two days and two hours before, unless that is already past; withdrawn with the visit."""
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
            "closing": _(
                "We are sorry: we closed before we could attend you. To book a time: %(phone)s",
                phone=visit.town.phone,
            ),
        }
        by = "citizen" if visit.office_reason == OfficeReason.ASKED else event.by
        text = _with_reason(sentences[by], visit)
    not_after = max(visit.ends_at, clock.now()) + timedelta(hours=1)
    _write(visit, "cancelled", text, not_after=not_after)


@on(MessageNotDelivered)
def show_who_was_not_reached(event: MessageNotDelivered) -> None:
    """The agenda says whom to call."""
    stream.tell(f"day:{event.town_id}", "day", {})


@on(VisitEvent)
def tell_who_looks_at_it(event: VisitEvent) -> None:
    """Pages that show this visit, or the town's day, look again."""
    visit = queries.visit(event.visit_id)
    if visit.booked_at is None:
        return  # it stands on no page yet
    state = {"status": visit.status.value, "channel": visit.channel.value}
    stream.tell(f"visit:{visit.id}", "state", state)
    stream.tell(f"day:{visit.town_id}", "day", {})


def _write(
    visit: Visit, kind: str, text: str, *, not_after: datetime, at: datetime | None = None
) -> None:
    """One message of each kind for each version of the visit: a later version replaces it.

    Who came in person may have left no telephone.
    """
    if not visit.phone:
        return
    messaging.send_later(
        visit.phone,
        text,
        key=f"visit:{visit.code}:{visit.version}:{kind}",
        locale=visit.reads,
        at=at,
        not_after=not_after,
    )


def _with_reason(text: str, visit: Visit) -> str:
    """With why the office does it; what somebody asked for needs no reason."""
    if visit.office_reason in ("", OfficeReason.ASKED):
        return text
    return _("%(message)s Why: %(reason)s", message=text, reason=office_reason(visit.office_reason))


def _day(visit: Visit) -> str:
    return date_in_words(visit.starts_at.astimezone(visit.town.zone).date(), with_year=False)
