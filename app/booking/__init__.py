"""Booking: citizens reserve a visit, confirm it with a code, and cancel it."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.booking import handlers, jobs, models, views, words  # noqa: F401

    words.init_app(app)
    app.register_blueprint(views.bp)
