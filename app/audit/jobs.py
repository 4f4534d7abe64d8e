"""Every day the record is checked and its last line stamped; what could not be is tried again."""

from app.audit import services
from app.core.db import transaction
from app.core.jobs import every
from app.towns import queries as towns
from app.towns.tenant import town_of


@every(900)
def check_and_ask_for_stamps() -> int:
    """Town by town, when a day has gone by. Returns how many were checked."""
    count = 0
    for town in towns.all_towns():
        with town_of(town.id):
            if not services.is_stamp_due(town):
                continue
            with transaction():
                services.check(services.HOUSE)
                services.ask_for_stamp()
            count += 1
    return count


@every(20)
def stamp_due() -> int:
    """Returns how many lines were stamped."""
    return services.stamp_due()
