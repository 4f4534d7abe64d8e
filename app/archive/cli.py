"""`flask archive …`: check what is kept, change the key that closes it, and what nobody knows."""

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from app.archive import queries
from app.archive.models import Envelope, StoredFile
from app.archive.services import check, checking, owner_of, rewrap, strangers, take_in
from app.core import keys
from app.core.blocking import sees_blocked
from app.core.db import db, transaction
from app.towns import queries as towns
from app.towns.tenant import every_town, town_of

commands = AppGroup("archive", help="The files that are kept.")


@commands.command("check")
@click.option("--thoroughly", is_flag=True, help="Read and open each file, not only its size.")
def check_all(thoroughly: bool) -> None:
    """Whether every file is there, is as it was and opens; name those that are not."""
    is_broken = False
    for town in towns.all_towns():
        count, problems = 0, {}
        with town_of(town.id):
            for found in check(thoroughly=thoroughly):
                count += 1
                if found.problem:
                    problems[found.file] = found.problem
            with transaction():
                _remember(problems, clears=thoroughly)
        state = "whole" if not problems else "DAMAGED"
        click.echo(f"{town.slug}: {state}, {count} files")
        for code, problem in problems.items():
            click.echo(f"  {code}: {problem}")
        is_broken = is_broken or bool(problems)
    if is_broken:
        raise SystemExit(1)


@commands.command("strangers")
@click.option("--take-in", "takes_in", is_flag=True, help="Write down again those that open.")
def what_nobody_knows(takes_in: bool) -> None:
    """What is in the store and not in the register: whose it is, and when it will be destroyed."""
    found, taken = queries.strangers(), 0
    for one in found:
        if takes_in:
            file = take_in(one)
            whose, taken = (file.owner if file else ""), taken + bool(file)
        else:
            whose = owner_of(one)
        day = one.noted_at + strangers.term()
        click.echo(f"{one.place}: {whose or 'no key here opens it'}, until {day:%F}")
    click.echo(f"{len(found)} files that the register does not know, {taken} taken in.")


def _remember(problems: dict[str, str], *, clears: bool) -> None:
    wanted: sa.ColumnElement[bool] = StoredFile.id.in_(problems)
    if clears:  # what was damaged and is whole again after a restore
        wanted = sa.or_(wanted, StoredFile.problem != "")
    with sees_blocked():
        for file in db.session.scalars(sa.select(StoredFile).where(wanted)).all():
            checking.remember(file, problems.get(file.id, ""))


@commands.command("rotate")
@click.option("--add/--no-add", default=True, help="Make a new key first.")
@click.option("--forget", is_flag=True, help="Forget older keys that close nothing any more.")
def rotate(add: bool, forget: bool) -> None:
    """Close every envelope with a new key. No file is read or written again."""
    try:
        if add:
            keys.add_wrapping_key()
        count = _rewrap_all()
        click.echo(f"{count} envelopes were closed with the key {keys.wrapping_keys()[0].id}.")
        if forget:
            click.echo(f"{_forget_unused()} older keys were forgotten.")
    except keys.KeyLost as error:
        raise click.ClickException(str(error)) from error


def _rewrap_all() -> int:
    count = 0
    for town in towns.all_towns():
        with town_of(town.id):
            while True:
                with transaction():
                    some = rewrap()
                count += some
                if not some:
                    break
    return count


def _forget_unused() -> int:
    known = keys.wrapping_keys()
    with every_town():
        used = set(
            db.session.scalars(
                sa.select(Envelope.key_id).where(Envelope.shredded_at.is_(None)).distinct()
            )
        )
    left = [key for place, key in enumerate(known) if place == 0 or key.id in used]
    if len(left) < len(known):
        keys.keep_wrapping_keys(left)
    return len(known) - len(left)
