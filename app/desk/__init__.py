"""Desk: the clerk's side — the day, the next person, the call, its outcome."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.desk import views

    app.register_blueprint(views.bp)
