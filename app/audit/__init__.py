"""Audit: every event, written once, each line sealed to the one before it."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.audit import cli, handlers, models  # noqa: F401

    app.cli.add_command(cli.commands)
