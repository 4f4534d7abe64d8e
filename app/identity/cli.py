"""`flask identity …`: kiosks, and people who lost their passkeys."""

import click
from flask.cli import AppGroup

from app.accounts import queries as accounts
from app.accounts import services as people
from app.core.db import transaction
from app.identity import queries, services
from app.towns import queries as towns
from app.towns.models import Town
from app.towns.tenant import town_of

commands = AppGroup("identity", help="Who gets in.")


@commands.command("recover")
@click.argument("town")
@click.argument("name")
def recover(town: str, name: str) -> None:
    """Print a new one-time link for NAME of the staff of TOWN. It replaces their passkeys."""
    found = _town(town)
    with town_of(found.id), transaction():
        person = next((row for row in accounts.staff() if row.name == name), None)
        if person is None:
            raise click.BadParameter(f"nobody called {name!r} works here", param_hint="NAME")
        token = people.offer_recovery(person, reason="command line")
    click.echo(towns.address_of(found, f"/desk/enrol/{token}"))


@commands.command("kiosk")
@click.argument("town")
@click.argument("name")
def kiosk(town: str, name: str) -> None:
    """Print a one-time link that makes the browser which opens it the kiosk NAME of TOWN."""
    found = _town(town)
    with town_of(found.id), transaction():
        token = services.invite_kiosk(name[:60])
    click.echo(towns.address_of(found, f"/kiosk/enrol/{token}"))


@commands.command("kiosks")
@click.argument("town")
@click.option("--close", metavar="CODE", help="Close that one: it is a kiosk no more.")
def kiosks(town: str, close: str | None) -> None:
    """List the kiosks of TOWN, or close one of them."""
    found = _town(town)
    with town_of(found.id), transaction():
        for one in queries.kiosks():
            if one.code == close:
                services.close_session(one, "closed by the house")
            else:
                seen = f"{one.seen_at:%Y-%m-%d %H:%M} UTC" if one.method == "device" else "invited"
                click.echo(f"{one.code}  {seen}  {one.label}")


def _town(slug: str) -> Town:
    found = next((row for row in towns.all_towns() if row.slug == slug), None)
    if found is None:
        raise click.BadParameter(f"there is no town {slug!r}", param_hint="TOWN")
    return found
