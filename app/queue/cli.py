"""`flask queue …`: how true the waits were that people were told."""

from datetime import timedelta

import click
from flask.cli import AppGroup

from app.core import clock
from app.queue import queries
from app.towns import queries as towns
from app.towns.tenant import town_of

commands = AppGroup("queue", help="The waiting rooms.")


@commands.command("calibration")
@click.option("--days", type=click.IntRange(1, 730), default=30, show_default=True)
def calibration(days: int) -> None:
    """Print, town by town, how the waits that people were told compare with those they had."""
    since = clock.now() - timedelta(days=days)
    headings = ("town", "people", "not longer", "in range", "earlier", "off by", "width")
    click.echo("{:<20} {:>7} {:>11} {:>9} {:>8} {:>9} {:>9}".format(*headings))
    for town in towns.all_towns():
        with town_of(town.id):
            found = queries.calibration(since)
        if not found.count:
            click.echo(f"{town.name:<20} {0:>7}")
            continue
        click.echo(
            f"{town.name:<20} {found.count:>7} {found.covered:>10.0%}  {found.within:>8.0%} "
            f"{found.earlier:>8.0%} {found.median_error:>5.1f} min {found.mean_width:>5.1f} min"
        )
    click.echo("Not longer: how many waited no longer than the most they were told.")
