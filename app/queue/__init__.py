"""Queue: who is in the waiting room, how long it may take, and who is called next."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.queue import cli, handlers, jobs, models  # noqa: F401

    app.cli.add_command(cli.commands)
