"""What insight does when something happened below: it remembers, and tells other machines."""

from app.booking import queries as booking
from app.booking.events import (
    VisitBooked,
    VisitCancelled,
    VisitChannelChanged,
    VisitEvent,
    VisitMoved,
    VisitTimeChanged,
    WalkedIn,
)
from app.core.events import on
from app.insight import services
from app.insight.words import pseudonym

# What other machines are told of. Everything else about visits stays in the house.
TOLD = (
    *(VisitBooked, VisitCancelled, VisitMoved),
    *(VisitTimeChanged, VisitChannelChanged, WalkedIn),
)


@on(VisitChannelChanged)
def remember_the_other_way(event: VisitChannelChanged) -> None:
    services.note_channel_change(event)


@on(VisitEvent)
def tell_other_machines(event: VisitEvent) -> None:
    """Which visit, and how it stands now: never a name, a telephone or the one link."""
    if not isinstance(event, TOLD):
        return
    visit = booking.visit(event.visit_id)
    services.note(
        type(event).__name__,
        {
            "visit": pseudonym(visit.id),
            "procedure": visit.procedure.slug,
            "channel": visit.channel.value,
            "language": visit.language,
            "status": visit.status.value,
            "starts_at": visit.starts_at.isoformat(),
        },
    )
