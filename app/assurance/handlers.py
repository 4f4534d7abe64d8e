"""What is known of somebody when something happens below: a code came back, a passkey answered."""

from app.accounts import queries as accounts
from app.accounts.models import Role
from app.assurance import services
from app.booking import queries as booking
from app.booking.events import CitizenRecognised, VisitBooked, WalkedIn
from app.core.events import on
from app.identity.events import PhoneConfirmed, SignedIn


@on(PhoneConfirmed)
def note_the_code(event: PhoneConfirmed) -> None:
    """Also of a visit that is only held: it may need more before it is booked."""
    kind, _, code = event.purpose.partition(":")
    visit = booking.by_claim(code) if kind == "visit" else None
    if visit:
        services.note_code(visit)


@on(VisitBooked)
def note_the_telephone(event: VisitBooked) -> None:
    """A citizen books only once their telephone is confirmed; staff book for anybody."""
    _note_the_telephone(event.visit_id, event.shown_by)


@on(WalkedIn)
def note_the_telephone_of_the_line(event: WalkedIn) -> None:
    _note_the_telephone(event.visit_id, event.shown_by)


@on(CitizenRecognised)
def note_the_passkey_that_books(event: CitizenRecognised) -> None:
    account = accounts.account(event.account_id)
    if account:
        services.note_passkey(account, booking.visit(event.visit_id))


@on(SignedIn)
def note_the_passkey(event: SignedIn) -> None:
    account = accounts.account(event.account_id)
    if account and account.role is Role.CITIZEN and event.method == "passkey":
        services.note_passkey(account)


def _note_the_telephone(visit_id: int, shown_by: str) -> None:
    """A passkey, or staff who book, show no telephone."""
    visit = booking.visit(visit_id)
    if shown_by == "code" and visit.phone and visit.made_by_id is None:
        services.note_code(visit)
