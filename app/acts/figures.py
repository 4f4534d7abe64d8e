"""Figures about acts for a monitor."""

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from app.acts.models import SealedAct, Step
from app.core.db import db
from app.towns.tenant import every_town


def of_acts() -> Iterator[Metric]:
    """What waits for its seal, and what has been tried in vain."""
    unsealed = sa.select(sa.func.count(SealedAct.id)).where(SealedAct.step != Step.SEALED)
    figures = (
        ("ventanilla_acts_unsealed", "Acts that wait for their seal.", unsealed),
        (
            "ventanilla_acts_in_vain",
            "Those of them that failed.",
            unsealed.where(SealedAct.tries > 0),
        ),
    )
    with every_town():
        for name, words, question in figures:
            yield GaugeMetricFamily(name, words, value=db.session.scalar(question) or 0)
