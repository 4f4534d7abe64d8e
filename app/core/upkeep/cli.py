"""`flask backup`, `flask restore`, `flask db-copy`."""

import time
from pathlib import Path

import click
from flask.cli import with_appcontext
from flask_migrate import upgrade

from app.core.storage import NoRoom
from app.core.upkeep import copying, keeping
from app.core.upkeep.pack import Unfit, digest_of

password_option = click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file whose first line closes the backup; keep it elsewhere.",
)


@click.command("backup")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@password_option
@click.option("--without-files", is_flag=True, help="The object store has copies of its own.")
@with_appcontext
def backup(path: Path, password_file: Path | None, without_files: bool) -> None:
    """Keep all of this installation in one file: register, keys, settings and files."""
    begun = time.monotonic()
    try:
        password = _password(password_file)
        keeping.keep(path, password=password, with_files=not without_files, tell=click.echo)
    except (Unfit, NoRoom, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{path}: {path.stat().st_size // 1000} kB in {time.monotonic() - begun:.1f} s")
    click.echo(f"SHA-256 {digest_of(path)}")
    if not password:
        click.echo("It is NOT encrypted and holds every key: whoever reads it reads everything.")


@click.command("restore")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@password_option
@with_appcontext
def restore(path: Path, password_file: Path | None) -> None:
    """Bring a backup back into a clean installation. What is changed, cut or newer is refused."""
    begun = time.monotonic()
    try:
        made_at = keeping.bring_back(path, password=_password(password_file), tell=click.echo)
    except (Unfit, NoRoom, OSError) as error:
        raise click.ClickException(str(error)) from error
    upgrade()
    click.echo(f"As it was on {made_at:%F %T} UTC, in {time.monotonic() - begun:.1f} s.")
    click.echo("What was destroyed since then is here again: run `flask jobs work --once`, and")
    click.echo("repeat the erasures that the record of the lost days speaks of (docs/runbook.md).")


@click.command("db-copy")
@click.argument("address", envvar="VENTANILLA_COPY_TO")
@with_appcontext
def db_copy(address: str) -> None:
    """Copy the register from SQLite to an empty PostgreSQL, and compare every row.

    Close the counter first: while it lasts nobody can write. ADDRESS may stand in
    VENTANILLA_COPY_TO, so that its password is in no list of tasks.
    """
    begun = time.monotonic()
    try:
        count = copying.copy_to(address, click.echo)
    except Unfit as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{count} rows are the same in both, in {time.monotonic() - begun:.1f} s.")
    click.echo("Put the address into DATABASE_URL and open the counter again.")


def _password(file: Path | None) -> str:
    if file is None:
        return ""
    lines = file.read_text().splitlines()
    if not lines or len(lines[0].strip()) < 12:
        raise Unfit("The first line of the password file has fewer than twelve signs.")
    return lines[0].strip()
