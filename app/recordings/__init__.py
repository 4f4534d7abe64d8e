"""Recordings: parts of a meeting, kept once everybody has agreed, and the ledger of all of it."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.recordings import backoffice, cli, handlers, jobs, models, views, words  # noqa: F401

    words.init_app(app)
    app.cli.add_command(cli.commands)
    app.register_blueprint(views.bp)
    app.register_blueprint(views.copies_bp)
    app.register_blueprint(views.invited_bp)
    app.register_blueprint(backoffice.bp)
