"""Desk: the clerk's side — the day, the next person, the call, its outcome."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.desk import cli, models, views  # noqa: F401

    app.register_blueprint(views.bp)
    app.register_blueprint(views.feed_bp)
    app.register_blueprint(views.hall_bp)
    app.cli.add_command(cli.commands)
