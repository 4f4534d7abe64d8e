"""Figures about codes for a monitor."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from app.identity import queries
from app.towns import queries as towns
from app.towns.tenant import town_of


def of_codes() -> Iterator[Metric]:
    """Telephones sent a code in the last hour, those that gave one back, and alarms."""
    sent = GaugeMetricFamily(
        "ventanilla_code_numbers",
        "Telephones sent a code in the last hour.",
        labels=["town"],
    )
    confirmed = GaugeMetricFamily(
        "ventanilla_code_numbers_confirmed", "Those of them that gave it back.", labels=["town"]
    )
    alarms = GaugeMetricFamily(
        "ventanilla_code_alarms", "Prefixes that no code is sent to now.", labels=["town"]
    )
    for town in towns.all_towns():
        with town_of(town.id):
            shares = queries.shares()
            sent.add_metric([town.slug], sum(one.numbers for one in shares))
            confirmed.add_metric([town.slug], sum(one.confirmed for one in shares))
            alarms.add_metric([town.slug], len(queries.live_alarms()))
    yield from (sent, confirmed, alarms)
