"""`flask recordings …`: what procedures say of being recorded, and whether ledgers are whole."""

import click
from flask.cli import AppGroup

from app.core import timestamps
from app.core.db import transaction
from app.recordings import queries
from app.towns import queries as towns
from app.towns import services as rules
from app.towns.models import Recording
from app.towns.tenant import town_of

commands = AppGroup("recordings", help="What is recorded of meetings.")

NOT_QUALIFIED = "These stamps are made here, for development: NOT QUALIFIED, they prove nothing."


@commands.command("rule")
@click.argument("town")
@click.argument("procedure")
@click.argument("rule", type=click.Choice([rule.value for rule in Recording]))
@click.option("--spoken", is_flag=True, help="Each person also says aloud that they agree.")
def rule(town: str, procedure: str, rule: str, spoken: bool) -> None:
    """Say whether the meetings of PROCEDURE in TOWN are recorded."""
    found = next((row for row in towns.all_towns() if row.slug == town), None)
    if found is None:
        raise click.BadParameter(f"there is no town {town!r}", param_hint="TOWN")
    with town_of(found.id), transaction():
        row = next((one for one in towns.procedures() if one.slug == procedure), None)
        if row is None:
            raise click.BadParameter(f"there is no {procedure!r}", param_hint="PROCEDURE")
        rules.change_procedure(row, recording=Recording(rule), recording_spoken=spoken)
    click.echo(f"{town}, {procedure}: {rule}{', said aloud' if spoken else ''}")


@commands.command("check")
def check() -> None:
    """Read every ledger of every town; name the lines that are not as they were written."""
    is_broken = False
    for town in towns.all_towns():
        with town_of(town.id):
            found = [(meeting.code, queries.check(meeting)) for meeting in queries.meetings()]
        lines, stamps = (
            sum(getattr(one, name) for _, one in found) for name in ("lines", "stamps")
        )
        click.echo(f"{town.slug}: {len(found)} ledgers, {lines} lines, {stamps} time stamps")
        for code, one in found:
            for fault in one.faults:
                click.echo(f"  {code}: {fault}")
            is_broken = is_broken or not one.is_whole
    if timestamps.is_for_development():
        click.echo(NOT_QUALIFIED)
    if is_broken:
        raise SystemExit(1)
