"""Schedule: who works when, what is taken, what is free and who could take it."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.schedule import cli, edition, models  # noqa: F401

    app.extensions["rosters"] = {}  # by town, each with the edition of the rules it was made from
    app.cli.add_command(cli.commands)
