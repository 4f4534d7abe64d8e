"""Archive: files kept encrypted, for how long, under which hold, and who looked at them."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.archive import backoffice, cli, figures, jobs, models, words  # noqa: F401
    from app.core.metrics import measured_by

    words.init_app(app)
    app.register_blueprint(backoffice.bp)
    app.cli.add_command(cli.commands)
    measured_by(app, figures.of_files)
