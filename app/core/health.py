"""Is the house open: for a load balancer, a monitor, a person with curl."""

import sqlalchemy as sa
from flask import Blueprint, Flask

from app.core.db import db
from app.core.security import everyone

bp = Blueprint("health", __name__, url_prefix="/health")


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


@bp.get("/live")
@everyone
def live() -> tuple[dict[str, str], int]:
    """The process answers."""
    return {"status": "live"}, 200


@bp.get("/ready")
@everyone
def ready() -> tuple[dict[str, str], int]:
    """The register answers too, so people may be sent here."""
    db.session.execute(sa.text("SELECT 1 FROM town LIMIT 1"))
    return {"status": "ready"}, 200
