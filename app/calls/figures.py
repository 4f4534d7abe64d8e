"""Figures about calls for a monitor: how many, how fast, how good. Of one day, without names."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from app.calls import queries
from app.calls.models import CallFigures
from app.core import clock
from app.towns import queries as towns
from app.towns.tenant import town_of

DAY = timedelta(days=1)
QUANTILES = (0.5, 0.95)
# name, what it says, the column, and how many of the column's unit make one of the metric's
MEASURES = (
    ("ventanilla_call_picture_seconds", "Button pressed to first picture.", "picture_ms", 1_000),
    ("ventanilla_call_round_trip_seconds", "There and back.", "round_trip_ms", 1_000),
    ("ventanilla_call_loss_ratio", "Packets that never arrived.", "loss", 100),
    ("ventanilla_call_frames", "Frames seen per second.", "frames", 1),
    ("ventanilla_call_mends", "Times a line had to be looked for again.", "mends", 1),
)


def of_calls() -> Iterator[Metric]:
    """Everything by town. Quantiles are of the windows that entered a room in the last day."""
    now = GaugeMetricFamily("ventanilla_calls_now", "Rooms with somebody in.", labels=("town",))
    ends = GaugeMetricFamily(
        "ventanilla_call_endings", "How calls ended in the last day.", labels=("town", "ending")
    )
    relayed = GaugeMetricFamily(
        "ventanilla_call_relayed_ratio", "Share of calls through a relay.", labels=("town",)
    )
    joins = GaugeMetricFamily("ventanilla_call_joins", "Seats taken. Last day.", labels=("town",))
    returns = GaugeMetricFamily(
        "ventanilla_call_reconnections", "Seats taken again. Last day.", labels=("town",)
    )
    measures = {
        column: GaugeMetricFamily(name, f"{text} Last day.", labels=("town", "quantile"))
        for name, text, column, _ in MEASURES
    }
    since = clock.now() - DAY
    for town in towns.all_towns():
        with town_of(town.id):
            now.add_metric((town.slug,), queries.calls_in_progress())
            calls = queries.calls_since(since)
            taken, again = queries.seats_since(since)
        joins.add_metric((town.slug,), taken)
        returns.add_metric((town.slug,), again)
        for ending, count in Counter(call.ending.value for call in calls).items():
            ends.add_metric((town.slug, ending), count)
        known = [call.is_relayed for call in calls if call.is_relayed is not None]
        if known:
            relayed.add_metric((town.slug,), sum(known) / len(known))
        for _, _, column, scale in MEASURES:
            for quantile, value in _quantiles(calls, column):
                measures[column].add_metric((town.slug, str(quantile)), value / scale)
    yield from (now, joins, returns, ends, relayed, *measures.values())


def _quantiles(calls: Sequence[CallFigures], column: str) -> Iterator[tuple[float, float]]:
    values = sorted(value for call in calls if (value := getattr(call, column)) is not None)
    if values:
        for quantile in QUANTILES:
            yield quantile, values[min(len(values) - 1, int(quantile * len(values)))]
