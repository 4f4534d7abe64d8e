"""Identity: who somebody is and how we know — SMS codes, passkeys, sessions, `requires(...)`."""

from flask import Flask

from app.core.security import everyone
from app.identity.session import current_account, requires

__all__ = ["current_account", "everyone", "init_app", "requires"]


def init_app(app: Flask) -> None:
    from app.core import metrics
    from app.identity import (  # noqa: F401
        backoffice,
        cli,
        eid,
        figures,
        handlers,
        jobs,
        models,
        queries,
        session,
        views,
    )

    session.init_app(app)
    eid.init_app(app)
    for door in (views.bp, views.me_bp, views.kiosk_bp, backoffice.bp):
        app.register_blueprint(door)
    app.cli.add_command(cli.commands)
    app.add_template_global(queries.live_alarms, "code_alarms")
    metrics.measured_by(app, figures.of_codes)
