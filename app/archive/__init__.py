"""Archive: files kept encrypted, for how long, under which hold, and who looked at them."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.archive import cli, jobs, models  # noqa: F401

    app.cli.add_command(cli.commands)
