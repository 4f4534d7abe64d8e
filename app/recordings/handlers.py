"""What happens in a meeting is written in its ledger; who comes in is asked; the end ends it."""

from app.booking import queries as booking
from app.booking.events import VisitChannelChanged, VisitMoved
from app.booking.models import Visit
from app.calls.events import ParticipantAdmitted, ParticipantJoined
from app.core.events import Event, on
from app.recordings import queries, services
from app.recordings.models import Meeting
from app.towns.models import Channel, Recording

ENDS = ("served", "no_show", "left")
# What is told of a visit before anybody can meet in it: no ledger is looked for.
BEFORE = frozenset(
    (
        *("VisitHeld", "CitizenRecognised", "VisitBooked", "VisitCancelled", "VisitExpired"),
        *("VisitTimeChanged", "WalkedIn", "NearlyTheirTurn", "PriorityChanged", "VisitsDestroyed"),
    )
)


@on(Event)
def write_it_down(event: Event) -> None:
    """A meeting that may be recorded has its ledger from the moment when somebody comes in."""
    visit_id = getattr(event, "visit_id", None)
    if not isinstance(visit_id, int) or type(event).__name__ in BEFORE:
        return
    meeting = queries.meeting_of_visit(visit_id)
    if meeting is None and isinstance(event, ParticipantJoined):
        meeting = _opened_for(booking.visit(visit_id))
    if meeting is not None:
        services.write_event(meeting, event)


def _opened_for(visit: Visit) -> Meeting | None:
    is_none = queries.rule_of(visit) is Recording.NONE
    return None if is_none else services.open_ledger(visit)


@on(ParticipantJoined)
def ask_whoever_comes(event: ParticipantJoined) -> None:
    services.meet(booking.visit(event.visit_id))


@on(ParticipantAdmitted)
def ask_whoever_is_let_in(event: ParticipantAdmitted) -> None:
    services.meet(booking.visit(event.visit_id))


@on(VisitMoved)
def end_with_the_visit(event: VisitMoved) -> None:
    if event.status in ENDS:
        services.close_with_the_call(booking.visit(event.visit_id))


@on(VisitChannelChanged)
def end_with_the_picture(event: VisitChannelChanged) -> None:
    if event.channel != Channel.VIDEO:
        services.close_with_the_call(booking.visit(event.visit_id))
