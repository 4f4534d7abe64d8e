"""`flask accounts …`: staff of a town."""

import click
from flask.cli import AppGroup

from app.accounts import queries, services
from app.accounts.models import Role
from app.core.db import transaction
from app.core.i18n import LANGUAGES
from app.towns import queries as towns
from app.towns.tenant import town_of

commands = AppGroup("accounts", help="People who work at the counter.")


@commands.command("invite")
@click.argument("town")
@click.argument("name")
@click.option("--role", type=click.Choice([r.value for r in Role if r.is_staff]), default="clerk")
@click.option("--languages", default="es", help="Slugs in order, with commas: ca,es")
@click.option("--locale", type=click.Choice(list(LANGUAGES)), help="Language of their screens.")
def invite(town: str, name: str, role: str, languages: str, locale: str | None) -> None:
    """Print a one-time link for NAME, clerk of TOWN, to enrol a passkey."""
    found = next((row for row in towns.all_towns() if row.slug == town), None)
    if found is None:
        raise click.BadParameter(f"there is no town {town!r}", param_hint="TOWN")
    spoken = [slug.strip() for slug in languages.split(",") if slug.strip()]
    if unknown := [slug for slug in spoken if slug not in LANGUAGES]:
        raise click.BadParameter(f"unknown languages: {unknown}", param_hint="--languages")
    with town_of(found.id), transaction():
        person = next((row for row in queries.staff() if row.name == name), None)
        person = person or services.employ(name, Role(role), spoken)
        person.locale = locale or person.locale
        token = services.invite(person)
    click.echo(f"{towns.address_of(found, '/desk/enrol/')}{token}")
