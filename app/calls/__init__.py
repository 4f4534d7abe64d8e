"""Calls: the room of a visit, who is in it, and the messages by which browsers find each other."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.calls import handlers, models, views  # noqa: F401

    app.register_blueprint(views.citizen_bp)
    app.register_blueprint(views.desk_bp)
