"""When a visit ends by another way, or goes on by telephone, its room is closed too."""

from app.booking import queries as booking
from app.booking.events import VisitChannelChanged, VisitMoved
from app.booking.models import Visit
from app.calls import queries, services
from app.core.events import on
from app.towns.models import Channel

ENDS = ("served", "no_show", "left")


@on(VisitMoved)
def close_the_room(event: VisitMoved) -> None:
    if event.status in ENDS:
        _close(booking.visit(event.visit_id), "ended")


@on(VisitChannelChanged)
def leave_the_room(event: VisitChannelChanged) -> None:
    if event.channel != Channel.VIDEO:
        _close(booking.visit(event.visit_id), "phone")


def _close(visit: Visit, reason: str) -> None:
    services.close(visit, reason)
    for invitation in queries.invitations(visit):
        services.revoke(invitation)
