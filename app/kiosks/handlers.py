"""What a screen shows when something happens to the visit of whoever stands at it."""

from app.booking import queries as booking
from app.booking.events import VisitCancelled, VisitChannelChanged, VisitEvent, VisitMoved
from app.booking.models import OVER
from app.core.events import on
from app.kiosks import queries, services


@on(VisitEvent)
def show_what_became_of_it(event: VisitEvent) -> None:
    """When the visit is over or goes on elsewhere, the screen leads to its end."""
    if not isinstance(event, VisitMoved | VisitCancelled | VisitChannelChanged):
        return
    visit = booking.visit(event.visit_id)
    is_elsewhere = not visit.is_by_video
    if visit.status not in OVER and not is_elsewhere:
        return
    stay = queries.stay_of_visit(visit)
    if stay is not None:
        services.see(stay)  # from now on the clock of whoever is silent runs again
        services.tell(stay, "ended")
