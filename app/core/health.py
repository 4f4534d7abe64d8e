"""Is the house open: for a load balancer, a monitor, a person with curl."""

from collections.abc import Iterator

import sqlalchemy as sa
from flask import Blueprint, Flask
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from app.core import bell
from app.core.db import db
from app.core.metrics import measured_by
from app.core.security import everyone

bp = Blueprint("health", __name__, url_prefix="/health")


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    measured_by(app, lambda: _measured(app))


@bp.get("/live")
@everyone
def live() -> tuple[dict[str, str], int]:
    """The process answers."""
    return {"status": "live"}, 200


@bp.get("/ready")
@everyone
def ready() -> tuple[dict[str, str], int]:
    """The register answers too, so people may be sent here. Without Redis it is only slower."""
    db.session.execute(sa.text("SELECT 1 FROM town LIMIT 1"))
    told = {"status": "ready"}
    if bell.the_bell().url:
        told["redis"] = "here" if bell.the_bell().is_there() else "away"
    return told, 200


def _measured(app: Flask) -> Iterator[Metric]:
    used: bell.Bell = app.extensions["bell"]
    is_away = bool(used.url) and not used.is_there()
    yield GaugeMetricFamily("ventanilla_redis_away", "Redis is set and does not answer", is_away)
