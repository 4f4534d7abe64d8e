"""`flask audit …`: check the record, and have its last line stamped."""

import click
from flask.cli import AppGroup

from app.audit import queries, services
from app.core import timestamps
from app.core.db import transaction
from app.towns import queries as towns
from app.towns.tenant import town_of

commands = AppGroup("audit", help="The written record of what happened.")

NOT_QUALIFIED = "These stamps are made here, for development: NOT QUALIFIED, they prove nothing."


@commands.command("verify")
def verify() -> None:
    """Read every line of every town; name those that are not as they were written."""
    is_broken = False
    for town in towns.all_towns():
        with town_of(town.id):
            report = services.verify()
        state = "whole" if report.is_whole else "CHANGED"
        click.echo(f"{town.slug}: {state}, {report.lines} lines, {report.stamps} time stamps")
        for fault in report.faults:
            click.echo(f"  {fault}")
        is_broken = is_broken or not report.is_whole
    if timestamps.is_for_development():
        click.echo(NOT_QUALIFIED)
    if is_broken:
        raise SystemExit(1)


@commands.command("stamp")
def stamp() -> None:
    """Have the last line of every town stamped now."""
    for town in towns.all_towns():
        with town_of(town.id), transaction():
            services.ask_for_stamp()
    services.stamp_due()
    is_waiting = False
    for town in towns.all_towns():
        with town_of(town.id):
            newest, waiting = queries.newest_stamp(), queries.unstamped()
        at = f"line {newest.number} at {newest.stamped_at:%F %T} UTC" if newest else "nothing yet"
        click.echo(f"{town.slug}: {at}")
        if waiting:
            is_waiting = True
            click.echo(f"  line {waiting.number} still has none: {waiting.problem}")
    if timestamps.is_for_development():
        click.echo(NOT_QUALIFIED)
    if is_waiting:
        raise SystemExit(1)
