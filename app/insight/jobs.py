"""What insight does by itself: write down what there was to give, tell other machines, forget."""

from app.core.db import transaction
from app.core.jobs import every
from app.insight import services
from app.towns import queries as towns
from app.towns.tenant import every_town, town_of


@every(1800)
def keep_duty() -> int:
    """Town by town, the days that are over. Returns how many rows were written."""
    count = 0
    for town in towns.all_towns():
        with town_of(town.id), transaction():
            count += services.keep_duty(town)
    return count


@every(2, called_by="webhooks", by_many=True)
def tell_other_machines() -> int:
    """Returns how many pieces of news were tried."""
    return services.deliver_due()


@every(3600)
def forget_old() -> int:
    with every_town(), transaction():
        return services.forget_old()
