"""Figures about messages for a monitor."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from app.messaging import queries
from app.towns.tenant import every_town


def of_messages() -> Iterator[Metric]:
    """Messages written in the last 24 hours, by way and state: failed ones are a reason to look."""
    found = GaugeMetricFamily(
        "ventanilla_messages", "Messages of the last 24 hours.", labels=("way", "state")
    )
    with every_town():
        for labels, count in queries.count_by_state().items():
            found.add_metric(labels, count)
    yield found
