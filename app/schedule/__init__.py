"""Schedule: who works when, what is taken, what is free and who could take it."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.schedule import cli, models  # noqa: F401

    app.cli.add_command(cli.commands)
