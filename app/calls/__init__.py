"""Calls: the room of a visit, who is in it, and the messages by which browsers find each other."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.calls import backoffice, figures, handlers, models, queries, views, words  # noqa: F401
    from app.core import metrics
    from app.messaging import services as messaging

    words.init_app(app)
    metrics.measured_by(app, figures.of_calls)
    app.add_template_global(queries.may, "may_in_call")
    app.add_template_global(messaging.can_join, "can_join_telephones")
    app.add_template_global(queries.bridges, "bridges_of")
    app.register_blueprint(views.citizen_bp)
    app.register_blueprint(views.invited_bp)
    app.register_blueprint(views.provider_bp)
    app.register_blueprint(backoffice.bp)
