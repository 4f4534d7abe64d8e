"""The register of clerks who may identify people: entered, changed, ended, never deleted."""

from datetime import date

from app.accounts.models import Account
from app.assurance import queries
from app.assurance.errors import AlreadyAuthorised
from app.assurance.events import AuthorisationEnded, ClerkAuthorised
from app.assurance.models import AuthorisedClerk
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.towns.tenant import current_town_id


def authorise(
    account: Account,
    first_day: date,
    last_day: date | None,
    *,
    reference: str,
    by: Account | None,
) -> AuthorisedClerk:
    """From that day on this clerk may identify people. Two entries for one day are refused."""
    if any(_overlap(entry, first_day, last_day) for entry in queries.entries_of(account)):
        raise AlreadyAuthorised
    entry = AuthorisedClerk(
        account_id=account.id,
        first_day=first_day,
        last_day=last_day,
        reference=reference.strip(),
        by_id=by.id if by else None,
        made_at=clock.now(),
    )
    db.session.add(entry)
    db.session.flush()
    _tell(entry)
    return entry


def change_entry(entry: AuthorisedClerk, last_day: date | None, reference: str) -> None:
    """A longer or shorter time, another resolution. The first day stays as it was."""
    others = [other for other in queries.entries_of(entry.account) if other.id != entry.id]
    if any(_overlap(other, entry.first_day, last_day) for other in others):
        raise AlreadyAuthorised
    entry.last_day, entry.reference = last_day, reference.strip()
    db.session.flush()
    _tell(entry)


def end_entry(entry: AuthorisedClerk) -> None:
    """From now on they may not. What they did until now stays good."""
    if entry.ended_at is not None:
        return
    entry.ended_at = clock.now()
    db.session.flush()
    publish(AuthorisationEnded(town_id=current_town_id(), account_id=entry.account_id))


def _overlap(entry: AuthorisedClerk, first_day: date, last_day: date | None) -> bool:
    if entry.ended_at is not None:
        return False
    begins_before_end = last_day is None or entry.first_day <= last_day
    ends_after_begin = entry.last_day is None or entry.last_day >= first_day
    return begins_before_end and ends_after_begin


def _tell(entry: AuthorisedClerk) -> None:
    publish(
        ClerkAuthorised(
            town_id=current_town_id(),
            account_id=entry.account_id,
            first_day=entry.first_day.isoformat(),
            last_day=entry.last_day.isoformat() if entry.last_day else "",
        )
    )
