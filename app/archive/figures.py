"""Figures about files for a monitor."""

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from app.archive.models import StoredFile, Stranger
from app.archive.queries import closed_by_older_keys
from app.core.blocking import sees_blocked
from app.core.db import db
from app.towns.tenant import every_town


def of_files() -> Iterator[Metric]:
    """How many, how large, and what somebody should look at."""
    kept = GaugeMetricFamily("ventanilla_files", "Files that are kept.", labels=("purpose",))
    size = GaugeMetricFamily("ventanilla_file_bytes", "What is in them.", labels=("purpose",))
    alive = StoredFile.destroyed_at.is_(None)
    with every_town(), sees_blocked():
        rows = db.session.execute(
            sa.select(
                StoredFile.purpose, sa.func.count(StoredFile.id), sa.func.sum(StoredFile.size)
            )
            .where(alive)
            .group_by(StoredFile.purpose)
        ).all()
        damaged = _count(alive, StoredFile.problem != "")
        leaving = _count(StoredFile.destroyed_at.is_not(None), StoredFile.away_at.is_(None))
        older = closed_by_older_keys()
        strangers = db.session.scalar(sa.select(sa.func.count(Stranger.place)))
    for purpose, count, bytes_of in rows:
        kept.add_metric((purpose,), count)
        size.add_metric((purpose,), int(bytes_of))
    yield kept
    yield size
    yield GaugeMetricFamily("ventanilla_files_damaged", "Found by the last check.", value=damaged)
    yield GaugeMetricFamily(
        "ventanilla_files_leaving", "Destroyed, with bytes still in the store.", value=leaving
    )
    yield GaugeMetricFamily(
        "ventanilla_files_unknown", "In the store, and the register knows nothing.", value=strangers
    )
    yield GaugeMetricFamily(
        "ventanilla_envelopes_older_key", "Not closed by the newest key.", value=older
    )


def _count(*which: sa.ColumnElement[bool]) -> int:
    return int(db.session.scalar(sa.select(sa.func.count(StoredFile.id)).where(*which)) or 0)
