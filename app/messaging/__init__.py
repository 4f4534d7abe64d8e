"""Messaging: what the house tells people by SMS, written with the fact and sent afterwards."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.core import metrics
    from app.messaging import cli, figures, jobs, models, providers, views  # noqa: F401

    app.extensions["sms"] = providers.chosen(app.config)
    app.cli.add_command(cli.commands)
    app.register_blueprint(views.bp)
    metrics.measured_by(app, figures.of_messages)
