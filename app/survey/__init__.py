"""Survey: two questions after a visit, and what the town learns from the answers."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.survey import backoffice, handlers, models, views  # noqa: F401

    app.register_blueprint(views.bp)
    app.register_blueprint(backoffice.bp)
