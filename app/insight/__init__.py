"""Insight: what was asked of the counter, what it gave, and what is going on there now."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.core import alarms as bell
    from app.insight import alarms, cli, handlers, jobs, models, views, words  # noqa: F401

    words.init_app(app)
    bell.rung_by(app, alarms.of_the_house)
    app.register_blueprint(views.office_bp)
    app.register_blueprint(views.api_bp)
    app.cli.add_command(cli.commands)
