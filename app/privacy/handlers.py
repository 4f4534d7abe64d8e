"""What is kept for a judge is kept with its files, also those that come later."""

from app.archive import queries as files
from app.archive import services as archive
from app.archive.events import FileKept
from app.archive.models import HoldReason
from app.core.events import on
from app.privacy import queries
from app.privacy.events import HoldLifted, HoldPlaced

SOURCE = "person"  # held because of the person: lifted with them, never by hand


@on(HoldPlaced)
def hold_their_files(event: HoldPlaced) -> None:
    if event.account_id is None:
        return
    for owner in queries.owners_of(event.account_id):
        archive.hold(
            owner, reason=HoldReason(event.reason), reference=event.reference, source=SOURCE
        )


@on(HoldLifted)
def release_their_files(event: HoldLifted) -> None:
    """Once nobody needs the person any more."""
    if event.account_id is None or queries.is_on_hold(event.account_id):
        return
    for owner in queries.owners_of(event.account_id):
        archive.release(owner, source=SOURCE)


@on(FileKept)
def hold_what_comes_later(event: FileKept) -> None:
    """A file of a visit that was booked after somebody asked to keep everything."""
    if any(held.source == SOURCE for held in files.holds_of(event.owner)):
        return
    for held in queries.holds_on_owner(event.owner)[:1]:
        archive.hold(
            event.owner,
            reason=HoldReason(held.reason.value),
            reference=held.reference,
            source=SOURCE,
        )
