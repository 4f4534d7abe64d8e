"""What whoever looks after the house does with all of it: copies, returns, moves to PostgreSQL."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.core.metrics import measured_by
    from app.core.upkeep import cli, figures, jobs  # noqa: F401 - errands register themselves

    for command in (cli.backup, cli.restore, cli.db_copy):
        app.cli.add_command(command)
    measured_by(app, figures.of_upkeep)
