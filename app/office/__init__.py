"""Office: the back office of time — hours, closed days, rules, and the promises they touch."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.office import cli, models, views, words  # noqa: F401

    app.register_blueprint(views.bp)
    app.register_blueprint(views.setup_bp)
    app.cli.add_command(cli.commands)
    app.cli.add_command(cli.town_commands)
    words.init_app(app)
