"""What the queue does when something happens below it, and what it tells who waits elsewhere."""

from datetime import timedelta

from flask_babel import gettext as _

from app.booking import queries as booking
from app.booking.events import VisitMoved, WalkedIn
from app.booking.models import Status, Visit
from app.core import clock, stream
from app.core.events import on
from app.core.i18n import speaking
from app.messaging import services as messaging
from app.queue import queries, services
from app.queue.events import CounterChanged, NearlyTheirTurn


@on(WalkedIn)
def tell_the_first_wait(event: WalkedIn) -> None:
    services.tell_waits(booking.visit(event.visit_id).town)


@on(VisitMoved)
def tell_the_wait_of_who_came_in(event: VisitMoved) -> None:
    if event.status == Status.WAITING:
        services.tell_waits(booking.visit(event.visit_id).town)


@on(VisitMoved)
def call_who_is_away(event: VisitMoved) -> None:
    """Whoever waits elsewhere hears that they are called now."""
    visit = booking.visit(event.visit_id)
    if event.status == Status.CALLED and visit.wants_sms:
        with speaking(visit.reads):
            text = _("The town hall is calling you now. Come in: %(link)s", link=_link(visit))
        _write(visit, f"called-{visit.calls}", text)


@on(NearlyTheirTurn)
def tell_them_to_come_back(event: NearlyTheirTurn) -> None:
    visit = booking.visit(event.visit_id)
    with speaking(visit.reads):
        text = _("It is nearly your turn at the town hall. Come back: %(link)s", link=_link(visit))
    _write(visit, "near", text)


@on(CounterChanged)
def show_it_on_the_agendas(event: CounterChanged) -> None:
    stream.tell(f"day:{event.town_id}", "day", {})
    stream.tell(f"day:{event.town_id}", "counters", {})


@on(VisitMoved)
def show_it_in_the_hall(event: VisitMoved) -> None:
    """The screen of the office looks again when somebody with a number is called or leaves."""
    ticket = queries.ticket_of(booking.visit(event.visit_id))
    if ticket:
        stream.tell(f"hall:{ticket.office_id}", "hall", {})


def _link(visit: Visit) -> str:
    return booking.link_of(visit)


def _write(visit: Visit, kind: str, text: str) -> None:
    if not visit.phone:
        return
    messaging.send_later(
        visit.phone,
        text,
        key=f"visit:{visit.code}:{visit.version}:{kind}",
        locale=visit.reads,
        not_after=clock.now() + timedelta(minutes=15),
    )
