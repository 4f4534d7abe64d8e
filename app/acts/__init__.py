"""Acts: what happened in a visit, sealed so that anybody can check it without us."""

import logging

from flask import Flask


def init_app(app: Flask) -> None:
    from app.acts import (  # noqa: F401
        backoffice,
        cli,
        figures,
        handlers,
        jobs,
        models,
        views,
        words,
    )
    from app.core.metrics import measured_by

    logging.getLogger("pyhanko").setLevel(logging.ERROR)  # it warns of what was decided here
    words.init_app(app)
    measured_by(app, figures.of_acts)
    app.cli.add_command(cli.commands)
    for bp in (views.bp, backoffice.bp, backoffice.office_bp):
        app.register_blueprint(bp)
