"""What answers a request by happening elsewhere, and who is told of it."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from app.accounts import queries as accounts
from app.accounts.models import Role
from app.assurance.events import CheckAnswered, CheckStopped, PersonIdentified
from app.assurance.models import Method
from app.booking import queries as booking
from app.booking.events import VisitMoved
from app.booking.models import Visit
from app.core import clock, stream
from app.core.events import on
from app.core.i18n import speaking
from app.core.phones import takes_messages
from app.identity.events import SignedIn
from app.messaging import services as messaging
from app.papers.events import PaperReceived
from app.papers.models import Side
from app.requests import queries, services
from app.requests.errors import AnsweredAlready
from app.requests.events import RequestEvent, RequestMade
from app.requests.models import Kind, Request, Way

WAYS = {
    Method.SMS_CODE: Way.SMS,
    Method.PASSKEY: Way.PASSKEY,
    Method.EID: Way.EID,
    Method.CLERK: Way.CLERK,
}


@on(RequestEvent)
def tell_both_sides(event: RequestEvent) -> None:
    """The room and the page of the visit look again. The day of the town has nothing new."""
    visit = booking.visit(event.visit_id)
    state = {"status": visit.status.value, "channel": visit.channel.value}
    stream.tell(f"visit:{visit.id}", "state", state)


@on(RequestMade)
def send_the_link(event: RequestMade) -> None:
    """Who is on the telephone or at the counter may have no page open: one message a visit."""
    visit = booking.visit(event.visit_id)
    is_first = len(queries.asked_in(visit)) == 1
    if visit.is_by_video or not is_first or not takes_messages(visit.phone):
        return
    with speaking(visit.reads):
        text = _("The town hall asks you something, here: %(link)s", link=booking.link_of(visit))
    messaging.send_later(
        visit.phone,
        text,
        key=f"visit:{visit.code}:asked",
        locale=visit.reads,
        not_after=clock.now() + timedelta(minutes=10),
    )


@on(VisitMoved)
def stop_asking(event: VisitMoved) -> None:
    """Over, or back in the line: nobody is asked anything any more."""
    visit = booking.visit(event.visit_id)
    if not visit.is_being_attended:
        services.close(visit)


@on(PersonIdentified)
def they_showed_who_they_are(event: PersonIdentified) -> None:
    visit = booking.visit(event.visit_id)
    done = WAYS[Method(event.method)]
    request = _asked_to_identify(visit, done)
    if request:
        _settle(request, True, level=event.level, method=event.method)


@on(SignedIn)
def they_used_their_passkey(event: SignedIn) -> None:
    """Also when this visit had been told of the passkey before: then nothing new was written."""
    account = accounts.account(event.account_id)
    if account is None or account.role is not Role.CITIZEN or event.method != "passkey":
        return
    for visit in booking.attended_of(account.id):
        request = _asked_to_identify(visit, Way.PASSKEY)
        if request:
            _settle(request, True, method="passkey")


@on(PaperReceived)
def the_paper_came(event: PaperReceived) -> None:
    """It was checked and can be read: what was asked for first is what it answers."""
    visit = booking.visit(event.visit_id)
    wanted = (one for one in queries.open_in(visit) if one.kind is Kind.PAPER and not one.is_late)
    request = next(wanted, None)
    if request and event.side == Side.CITIZEN:
        _settle(request, True, "paper", paper=event.paper_id)


@on(CheckAnswered)
def they_said_no_to_the_check(event: CheckAnswered) -> None:
    request = _asked_to_identify(booking.visit(event.visit_id), Way.CLERK)
    if request and not event.agreed:
        _settle(request, False)


@on(CheckStopped)
def the_clerk_stopped(event: CheckStopped) -> None:
    request = _asked_to_identify(booking.visit(event.visit_id), Way.CLERK)
    if request:
        services.withdraw(request)


def _asked_to_identify(visit: Visit, way: Way) -> Request | None:
    return next(
        (
            one
            for one in queries.open_in(visit)
            if one.kind is Kind.IDENTIFY and one.way is way and not one.is_late
        ),
        None,
    )


def _settle(request: Request, is_yes: bool, how: str = "identity", **content: Any) -> None:
    # Withdrawn in the same instant? What they showed is written down all the same.
    with suppress(AnsweredAlready):
        services.settle(request, is_yes, how, **content)
