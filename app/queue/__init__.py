"""Queue: who is in the waiting room, how long it may take, and who is called next."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.core.metrics import measured_by
    from app.queue import cli, figures, handlers, jobs, models  # noqa: F401

    measured_by(app, figures.of_waiting)
    app.cli.add_command(cli.commands)
