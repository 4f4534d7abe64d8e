"""Audit: every event, written once, each line sealed to the one before it, the last one stamped."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.audit import backoffice, cli, figures, handlers, jobs, models  # noqa: F401
    from app.core.metrics import measured_by

    handlers.init_app(app)
    measured_by(app, figures.of_events)
    app.register_blueprint(backoffice.bp)
    app.cli.add_command(cli.commands)
