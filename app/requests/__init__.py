"""Requests: what a clerk asks of a citizen during a visit, one at a time, and what they answer."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.requests import backoffice, handlers, jobs, models, views, words  # noqa: F401

    words.init_app(app)
    app.register_blueprint(views.bp)
    app.register_blueprint(backoffice.bp)
