"""Whether a backup was made, and how much room is left, for a monitor."""

import shutil
from collections.abc import Iterator

from flask import current_app
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from app.core.upkeep.keeping import age_seconds


def of_upkeep() -> Iterator[Metric]:
    backup = GaugeMetricFamily("ventanilla_backup_age_seconds", "Since the last `flask backup`.")
    age = age_seconds()
    if age is not None:
        backup.add_metric((), age)
    yield backup
    yield GaugeMetricFamily(
        "ventanilla_disk_free_bytes",
        "Where the installation is.",
        value=shutil.disk_usage(current_app.instance_path).free,
    )
