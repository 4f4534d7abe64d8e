"""UI: the layouts and components every screen is made of."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.ui import refusals, views, words

    refusals.init_app(app)
    words.init_app(app)
    app.register_blueprint(views.bp)
