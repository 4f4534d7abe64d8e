"""`flask desk …`: the private address of a clerk's calendar."""

import click
from flask.cli import AppGroup

from app.accounts import queries as accounts
from app.core.db import transaction
from app.desk import services
from app.towns import queries as towns
from app.towns.tenant import town_of

commands = AppGroup("desk", help="The clerks' agenda.")


@commands.command("feed")
@click.argument("town")
@click.argument("name")
@click.option("--close", is_flag=True, help="Take the address away instead.")
def feed(town: str, name: str, close: bool) -> None:
    """Print a new private address of the calendar of NAME, clerk of TOWN. An older one closes."""
    found = next((row for row in towns.all_towns() if row.slug == town), None)
    if found is None:
        raise click.BadParameter(f"there is no town {town!r}", param_hint="TOWN")
    with town_of(found.id), transaction():
        person = next((row for row in accounts.staff() if row.name == name), None)
        if person is None:
            raise click.BadParameter(f"nobody is called {name!r}", param_hint="NAME")
        if close:
            was_open = services.close_feed(person)
            click.echo("The address is closed." if was_open else "There was no address.")
            return
        token = services.open_feed(person)
    click.echo(towns.address_of(found, f"/agenda/{token}.ics"))
