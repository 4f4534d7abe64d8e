"""`flask messages …`: the outbox, by hand."""

import click
from flask.cli import AppGroup

from app.messaging import services

commands = AppGroup("messages", help="The outbox.")


@commands.command("deliver")
def deliver() -> None:
    """Send what is due now."""
    click.echo(f"{services.deliver_due()} messages handed over.")
