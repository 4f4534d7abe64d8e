"""Errands of the desk that mix several features."""

from app.booking import services as booking
from app.booking.errors import VisitChanged, VisitMissing
from app.booking.models import Status, Visit
from app.queue import services as queue


def receive(visit: Visit) -> None:
    """Somebody with an appointment in person is here."""
    if visit.status is not Status.BOOKED:
        raise VisitMissing
    queue.receive(visit)


def close(visit: Visit, ended: Status, outcome: str, next_steps: str) -> None:
    """The end of a visit and what its citizen reads about it. Afterwards only the words change."""
    if not (visit.is_being_attended or visit.is_over):
        raise VisitChanged
    visit.outcome, visit.next_steps = outcome.strip(), next_steps.strip()
    if visit.status in (Status.CALLED, Status.IN_SERVICE):
        booking.move_on(visit, ended)
