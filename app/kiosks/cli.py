"""`flask kiosks …`: what they read aloud, and which there are."""

import click
from flask.cli import AppGroup

from app.core.i18n import LANGUAGES
from app.kiosks import prompts, queries
from app.kiosks.words import since
from app.towns import queries as towns
from app.towns.tenant import town_of

commands = AppGroup("kiosks", help="Kiosks and what they read aloud.")


@commands.command("speak")
@click.option("--language", "slugs", multiple=True, help="Only these languages.")
def speak(slugs: tuple[str, ...]) -> None:
    """Render every sentence that is missing, where there is a voice or a recording."""
    made = prompts.render(slugs)
    for slug in slugs or LANGUAGES:
        click.echo(f"{slug}: {made[slug]} clips" if slug in made else f"{slug}: no voice")


@commands.command("sentences")
@click.argument("slug", type=click.Choice(tuple(LANGUAGES)))
def sentences(slug: str) -> None:
    """What to record in a language without a voice: the name of each file, and what to say."""
    for part in prompts.all_parts(slug):
        is_there = "recorded" if prompts.recording(slug, part.key) else "to record"
        click.echo(f"{part.key}.opus\t{is_there}\t{part.text}")


@commands.command("list")
def everybody() -> None:
    """Each kiosk of each town, and how long ago it was heard."""
    for town in towns.all_towns():
        with town_of(town.id):
            for kiosk in queries.kiosks():
                heard = since(kiosk)
                ago = "never" if heard is None else f"{heard:.0f} s ago"
                click.echo(f"{town.slug} {kiosk.code} {kiosk.name}: heard {ago}")
