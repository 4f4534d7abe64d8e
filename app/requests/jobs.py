"""What nobody answers in time stops being asked."""

from app.core.db import transaction
from app.core.jobs import every
from app.requests import queries, services
from app.towns.tenant import every_town, town_of


@every(15)
def expire_requests() -> int:
    """Town by town, where there is one. Returns how many expired."""
    count = 0
    with every_town():
        towns = {request.town_id for request in queries.due()}
    for town_id in sorted(towns):
        with town_of(town_id), transaction():
            count += services.expire_due()
    return count
