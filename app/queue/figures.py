"""Figures about the waiting room for a monitor."""

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.towns import queries as towns
from app.towns.tenant import town_of


def of_waiting() -> Iterator[Metric]:
    """How many wait now in each town, and for how long whoever has waited longest."""
    count = GaugeMetricFamily("ventanilla_waiting", "People who wait now.", labels=("town",))
    longest = GaugeMetricFamily(
        "ventanilla_waiting_longest_seconds", "Of whoever waits longest.", labels=("town",)
    )
    question = sa.select(sa.func.count(Visit.id), sa.func.min(Visit.waiting_at)).where(
        Visit.status == Status.WAITING
    )
    for town in towns.all_towns():
        with town_of(town.id):
            many, since = db.session.execute(question).one()
        count.add_metric((town.slug,), many)
        longest.add_metric((town.slug,), (clock.now() - since).total_seconds() if since else 0)
    yield count
    yield longest
