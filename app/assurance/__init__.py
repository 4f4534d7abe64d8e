"""Assurance: how surely each visit's person is known, by which means, and what a procedure asks."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.assurance import backoffice, handlers, jobs, models, views, words  # noqa: F401

    words.init_app(app)
    app.register_blueprint(views.bp)
    app.register_blueprint(views.back_bp)
    app.register_blueprint(backoffice.bp)
    app.register_blueprint(backoffice.office_bp)
