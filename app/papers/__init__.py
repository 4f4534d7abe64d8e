"""Papers: what both sides of a visit hand each other, checked, kept, and looked at together."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.papers import backoffice, handlers, jobs, models, views, words  # noqa: F401

    words.init_app(app)
    app.register_blueprint(views.bp)
    app.register_blueprint(backoffice.bp)
