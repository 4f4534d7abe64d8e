"""What identity does by itself: forget what is over, and notice codes that nobody types."""

from app.core.db import transaction
from app.core.jobs import every
from app.identity import queries, services
from app.towns import queries as towns
from app.towns.tenant import every_town, town_of


@every(600)
def forget() -> None:
    with every_town(), transaction():
        services.forget_challenges()
        services.forget_sessions()
        services.forget_recoveries()


@every(30)
def watch() -> int:
    """Whether too few of the codes sent come back. Returns how many alarms ring from now on."""
    count = 0
    for town in towns.all_towns():
        with town_of(town.id):
            if queries.shares():
                with transaction():
                    count += len(services.watch())
    return count
