"""When a visit ends by another way, its room is closed too."""

from app.booking import queries as booking
from app.booking.events import VisitMoved
from app.calls import queries
from app.calls.services import channel_of
from app.core import clock, stream
from app.core.events import on

ENDS = ("served", "no_show", "left")


@on(VisitMoved)
def close_the_room(event: VisitMoved) -> None:
    if event.status not in ENDS:
        return
    for seat in queries.participants(booking.visit(event.visit_id)):
        if seat.is_present:
            seat.is_present, seat.left_at = False, clock.now()
            stream.tell(channel_of(seat), "bye", {"reason": "ended"})
