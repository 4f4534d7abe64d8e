"""Figures of the kiosks for whoever watches from outside."""

from collections.abc import Iterable

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily, Metric

from app.core import clock
from app.core.db import db
from app.kiosks.models import Kiosk, Stay
from app.towns.tenant import every_town


def of_kiosks() -> Iterable[Metric]:
    """How many there are, how many are silent, and people whose traces were not shown as wiped."""
    with every_town():
        known = sa.select(sa.func.count()).select_from(Kiosk).where(Kiosk.key_digest.is_not(None))
        silent = known.where(Kiosk.silent_at.is_not(None))
        unwiped = sa.select(sa.func.count()).select_from(Stay)
        unwiped = unwiped.where(
            Stay.ended_at < clock.now(), Stay.wiped_at.is_(None), Stay.begun_at.is_not(None)
        )
        figures = (
            ("ventanilla_kiosks", "Kiosks in the register", known),
            ("ventanilla_kiosks_silent", "Kiosks of which nobody hears", silent),
            ("ventanilla_kiosk_stays_unwiped", "Stays without proof of their wipe", unwiped),
        )
        for name, words, question in figures:
            yield GaugeMetricFamily(name, words, value=db.session.scalar(question) or 0)
