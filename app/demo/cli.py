"""`flask demo …`: the invented province."""

import click
from flask import current_app
from flask.cli import AppGroup

from app.core.db import transaction
from app.demo import services

commands = AppGroup("demo", help="The demonstration province.")


@commands.command("load")
def load() -> None:
    """Fill an empty register with the invented province; one that has towns is left alone."""
    if current_app.config["PRODUCTION"]:
        raise click.ClickException("This installation is in production: no invented data here.")
    with transaction():
        if not services.is_empty():
            return
        towns = services.load()
    with transaction():
        visits = services.fill_the_agenda()
    click.echo(f"  The demonstration has {towns} towns and {visits} visits.")
