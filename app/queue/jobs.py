"""What nobody ended ends by itself."""

from app.core.db import transaction
from app.core.jobs import every
from app.queue import services
from app.towns import queries as towns
from app.towns.tenant import town_of


@every(300)
def close_the_forgotten() -> int:
    """Town by town. Returns how many visits were closed."""
    count = 0
    for town in towns.all_towns():
        with town_of(town.id), transaction():
            count += services.close_the_forgotten()
    return count
