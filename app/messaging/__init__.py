"""Messaging: what the house tells people by SMS, written with the fact and sent afterwards."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.messaging import cli, jobs, models, providers  # noqa: F401

    app.extensions["sms"] = providers.chosen(app.config)
    app.cli.add_command(cli.commands)
