"""Every night what has been kept long enough ends, town by town, and the report says how much."""

from datetime import timedelta

from app.core import clock
from app.core.db import transaction
from app.core.jobs import every
from app.privacy import queries, services
from app.towns import queries as towns
from app.towns.models import Town
from app.towns.tenant import town_of

FROM_HOUR = 3  # on the town's clock
BETWEEN = timedelta(hours=20)


@every(1800)
def keep_to_the_terms() -> int:
    """Returns how many towns were looked after."""
    count = 0
    for town in towns.all_towns():
        with town_of(town.id):
            if is_due(town):
                run(town)
                count += 1
    return count


@every(300)
def block_late_messages() -> int:
    count = 0
    for town in towns.all_towns():
        with town_of(town.id), transaction():
            count += services.block_late_messages()
    return count


def run(town: Town) -> dict[str, int]:
    """Each step for itself: one that fails is seen, and does not undo the others."""
    report: dict[str, int] = {}
    for step in services.STEPS:
        with transaction():
            report |= step(town)
    with transaction():
        services.remember_run(report)
    return report


def is_due(town: Town) -> bool:
    if clock.now().astimezone(town.zone).hour < FROM_HOUR:
        return False
    last = next(iter(queries.last_runs(1)), None)
    return last is None or clock.now() - last.made_at >= BETWEEN
