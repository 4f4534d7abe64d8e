"""When a visit ends, the house asks for the act of what was stated in it or is on record."""

from app.acts import services
from app.booking import queries as booking
from app.booking.events import VisitMoved
from app.booking.models import Status
from app.core.events import on


@on(VisitMoved)
def ask_for_the_act(event: VisitMoved) -> None:
    if event.status == Status.SERVED:
        services.ask_if_due(booking.visit(event.visit_id))
