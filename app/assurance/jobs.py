"""What is forgotten by itself: numbers whose days are over, and attempts that nobody ended."""

from app.assurance import services
from app.core.db import transaction
from app.core.jobs import every
from app.towns import queries as towns
from app.towns.tenant import every_town, town_of


@every(3600)
def mask_documents() -> int:
    """Town by town, by its own rule. Returns how many numbers were masked."""
    count = 0
    for town in towns.all_towns():
        with town_of(town.id), transaction():
            count += services.mask_what_is_due(town)
    return count


@every(600)
def forget_attempts() -> None:
    with every_town(), transaction():
        services.forget_attempts()
