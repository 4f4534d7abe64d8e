"""Booking: citizens reserve a visit, confirm it with a code, and cancel it."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.booking import figures, handlers, jobs, models, views, words  # noqa: F401
    from app.core import metrics

    words.init_app(app)
    metrics.measured_by(app, figures.of_delays)
    app.register_blueprint(views.bp)
