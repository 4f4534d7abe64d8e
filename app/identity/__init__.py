"""Identity: who somebody is and how we know — SMS codes, passkeys, sessions, `requires(...)`."""

from flask import Flask

from app.core.security import everyone
from app.identity.session import current_account, requires

__all__ = ["current_account", "everyone", "init_app", "requires"]


def init_app(app: Flask) -> None:
    from app.core import metrics
    from app.identity import figures, jobs, models, queries, session, views  # noqa: F401

    session.init_app(app)
    app.register_blueprint(views.bp)
    app.add_template_global(queries.live_alarms, "code_alarms")
    metrics.measured_by(app, figures.of_codes)
