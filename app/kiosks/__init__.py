"""Kiosks: a screen in a library where somebody touches once and is attended, and nothing stays."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.acts import services as acts
    from app.core import metrics
    from app.kiosks import (  # noqa: F401
        backoffice,
        cli,
        figures,
        handlers,
        jobs,
        models,
        queries,
        services,
        views,
        words,
    )

    words.init_app(app)
    acts.printed_by(app, services.printer_near)
    metrics.measured_by(app, figures.of_kiosks)
    app.add_template_global(queries.number_of, "kiosk_number")
    app.add_template_global(queries.place_of, "kiosk_place")
    app.add_template_global(queries.stay_of_visit, "kiosk_stay_of")
    app.cli.add_command(cli.commands)
    for door in (views.bp, views.door_bp, views.device_bp, views.phone_bp):
        app.register_blueprint(door)
    app.register_blueprint(backoffice.office_bp)
    app.register_blueprint(backoffice.desk_bp)
