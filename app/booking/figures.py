"""Figures about bookings for a monitor."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from app.booking import queries
from app.towns import queries as towns
from app.towns.tenant import town_of

LABELS = ("town", "procedure", "channel")


def of_delays() -> Iterator[Metric]:
    """Days to the first free time as last measured, and whether that is more than the limit.

    A procedure without any time up to its horizon has no days, and its alarm rings.
    """
    days = GaugeMetricFamily(
        "ventanilla_days_to_first_free", "Days until the first free time.", labels=LABELS
    )
    alarm = GaugeMetricFamily(
        "ventanilla_delay_alarm", "1 when people wait longer than the limit.", labels=LABELS
    )
    for town in towns.all_towns():
        with town_of(town.id):
            for measure in queries.latest_delays():
                labels = (town.slug, measure.procedure.slug, measure.channel)
                if measure.days is not None:
                    days.add_metric(labels, measure.days)
                alarm.add_metric(labels, float(measure.is_alarm))
    yield days
    yield alarm
