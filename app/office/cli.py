"""`flask towns …`: a whole town as one file. `flask office …`: the link that opens the guide."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.core.db import db, transaction
from app.office import services
from app.office.services import NotApplied
from app.office.town_file import Change, Draft, Fault, document, read, written
from app.towns import queries as towns
from app.towns.tenant import town_of

town_commands = AppGroup("towns", help="A whole town as one file.")
commands = AppGroup("office", help="Setting a town up.")
SIGNS = {"added": "+", "changed": "~", "removed": "-"}


@town_commands.command("export")
@click.argument("slug")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def export(slug: str, file: Path | None) -> None:
    """Write the town SLUG to FILE, or to the terminal."""
    town = next((one for one in towns.all_towns() if one.slug == slug), None)
    if town is None:
        raise click.BadParameter(f"there is no town {slug!r}", param_hint="SLUG")
    with town_of(town.id):
        text = written(document(town))
    if file is None:
        click.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8")
        click.echo(f"{town.name} is in {file}.")


@town_commands.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--apply", is_flag=True, help="Do it. Without this, only what would change is said.")
@click.option("--keep-visits", is_flag=True, help="Do it although visits could not be kept.")
def load(file: Path, apply: bool, keep_visits: bool) -> None:
    """Compare the town in FILE with the one that is here, and make it so."""
    draft = _read(file)
    with transaction():
        look = services.look_at_file(draft)
        if look.faults:
            _refuse(file, look.faults)
        for change in look.changes:
            click.echo(_line(change))
        if not look.changes:
            click.echo("Nothing would change.")
            return
        if not apply:
            click.echo(f"{len(look.changes)} changes. Add --apply to make them.")
            return
        broken = _broken(draft)
        if broken and not keep_visits:
            raise click.ClickException(
                f"{broken} visits could not be kept. Load the file at /office/town/file, where each"
                " of them can be moved, or add --keep-visits."
            )
        try:
            town = services.load(draft)
        except NotApplied as refusal:
            _refuse(file, refusal.faults)
    click.echo(f"{town.name} is as the file says: {len(look.changes)} changes.")


def _broken(draft: Draft) -> int:
    town = services.town_named(draft)
    if town is None:
        return 0
    with town_of(town.id):
        return len(services.look(town, lambda: services.load(draft)).promises)


def _read(file: Path) -> Draft:
    try:
        return read(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is not text in UTF-8.") from error


def _refuse(file: Path, faults: list[Fault]) -> None:
    for fault in faults:
        click.echo(f"{file}:{fault.line}: {fault.text}", err=True)
    raise click.ClickException(f"{len(faults)} mistakes; nothing was changed.")


def _line(change: Change) -> str:
    where = f"{SIGNS[change.kind]} {change.section} {change.what}".rstrip()
    if change.kind != "changed":
        return where
    return f"{where}: {change.word}: {change.before} → {change.after}"


@commands.command("first-run")
@click.option("--if-empty", is_flag=True, help="Only when there is no town yet.")
def first_run(if_empty: bool) -> None:
    """Print a one-time link that opens the guide to set up a town."""
    if if_empty and towns.all_towns():
        return
    with transaction():
        token = services.make_link()
    config = current_app.config
    scheme, port = config["PUBLIC_SCHEME"], config["PORT"]
    usual = scheme == "https" or config["TRUSTED_PROXIES"] or port in (80, 443)
    host = config["DOMAIN"] if usual else f"{config['DOMAIN']}:{port}"
    click.echo(f"  Set up a town           {scheme}://{host}/setup/{token}")
    db.session.remove()
