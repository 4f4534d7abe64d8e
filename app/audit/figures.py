"""Figures about what happened, for a monitor: by town and kind, of one day, without anybody."""

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from app.audit.models import AuditEntry
from app.core import clock
from app.core.db import db
from app.towns import queries as towns
from app.towns.tenant import town_of

DAY = timedelta(days=1)


def of_events() -> Iterator[Metric]:
    """Bookings, offers, joins, seals and all else that is told: each counted by its name."""
    found = GaugeMetricFamily(
        "ventanilla_events", "What happened in the last day.", labels=("town", "name")
    )
    question = (
        sa.select(AuditEntry.name, sa.func.count())
        .where(AuditEntry.happened_at > clock.now() - DAY)
        .group_by(AuditEntry.name)
    )
    for town in towns.all_towns():
        with town_of(town.id):
            for name, count in db.session.execute(question):
                found.add_metric((town.slug, name), count)
    yield found
