"""Acts from the terminal: seal what waits, look at a file with the strict rule."""

from pathlib import Path

import click
from flask.cli import AppGroup

from app.acts import sealing, services
from app.acts.manifest import digest_of
from app.acts.sealing import keys

commands = AppGroup("acts", help="Acts: sealed, stamped, checked.")


@commands.command("work")
def work() -> None:
    """Seal and stamp all that waits, now."""
    sealed, stamped = services.seal_all(), services.stamp_all()
    click.echo(f"looked at {sealed} to seal and {stamped} to stamp")


@commands.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--without-stamp", is_flag=True, help="It may still wait for its time stamp.")
def verify(file: Path, without_stamp: bool) -> None:
    """Look at a file with the strict rule. Ends with 1 when anything does not hold."""
    content = file.read_bytes()
    try:
        found = sealing.check(content, keys.roots(), needs_stamp=not without_stamp)
        says = digest_of(sealing.manifest_in(content))
    except sealing.Altered as error:
        raise click.ClickException(f"not as it was sealed: {error}") from error
    click.echo(f"as it was sealed, by {found.sealed_by}")
    click.echo(f"stamped: {found.stamped_at or 'not yet'}; SHA-256 of the manifest: {says}")
    if keys.is_for_development():
        click.echo("A TRIAL: the seal is NOT QUALIFIED and proves nothing.")


@commands.command("roots")
def roots() -> None:
    """Print whom this installation believes, for tools/verify.sh."""
    click.echo(keys.roots_in_pem().decode(), nl=False)
