"""Privacy: what we hold about somebody, for how long, and its end: blocked, then destroyed."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.privacy import backoffice, handlers, jobs, models, views, words  # noqa: F401

    words.init_app(app)
    app.register_blueprint(views.bp)
    app.register_blueprint(backoffice.bp)
