"""`flask audit …`: check the chain."""

import click
from flask.cli import AppGroup

from app.audit import services
from app.towns import queries as towns
from app.towns.tenant import town_of

commands = AppGroup("audit", help="The written record of what happened.")


@commands.command("verify")
def verify() -> None:
    """Say whether every line of every town still fits the one before it."""
    broken = False
    for town in towns.all_towns():
        with town_of(town.id):
            line = services.first_broken()
        click.echo(f"{town.slug}: {'whole' if line is None else f'broken at line {line}'}")
        broken = broken or line is not None
    if broken:
        raise SystemExit(1)
