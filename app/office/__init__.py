"""Office: the back office of time — hours, closed days, rules, and the promises they touch."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.office import models, views, words  # noqa: F401

    app.register_blueprint(views.bp)
    words.init_app(app)
