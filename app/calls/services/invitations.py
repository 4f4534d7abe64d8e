"""Invitations to a call: one person, one browser, for a few hours, until they are withdrawn."""

import secrets
from datetime import timedelta

from flask_babel import gettext as _

from app.accounts.models import Account
from app.booking.models import Visit
from app.calls import queries
from app.calls.errors import InvitationOver, InvitationTaken, NotYours, TooManyInvitations
from app.calls.events import RoomInvitationMade, RoomInvitationRevoked
from app.calls.models import Part, RoomInvitation
from app.calls.services.seats import send_away
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.core.i18n import speaking
from app.messaging import services as messaging
from app.towns import queries as towns

LIFE = timedelta(hours=4)  # after the visit was due to begin, or from now if that is later
MOST_OPEN = 8


def invite(
    visit: Visit, part: Part, name: str, phone: str | None, by: Account
) -> tuple[RoomInvitation, str]:
    """A link for one person. It is shown once, or sent by SMS, and cannot be read back."""
    if not part.is_invited:
        raise NotYours  # there is one citizen and one clerk, and neither needs an invitation
    if not visit.is_live:
        raise InvitationOver
    if len(queries.invitations(visit)) >= MOST_OPEN:
        raise TooManyInvitations
    token = secrets.token_urlsafe(16)
    invitation = RoomInvitation(
        visit_id=visit.id,
        part=part,
        name=name,
        phone=phone,
        digest=queries.digest_of(token),
        made_by_id=by.id,
        expires_at=max(visit.starts_at, clock.now()) + LIFE,
    )
    db.session.add(invitation)
    db.session.flush()
    link = towns.address_of(visit.town, f"/join/{token}")
    if phone:
        _send(invitation, visit, link)
    publish(
        RoomInvitationMade(town_id=visit.town_id, visit_id=visit.id, part=part.value, by_id=by.id)
    )
    return invitation, link


def take(invitation: RoomInvitation, *, is_mine: bool) -> None:
    """Somebody opens it, and from now on it is theirs alone."""
    if invitation.taken_at is None:
        invitation.taken_at = clock.now()
    elif not is_mine:
        raise InvitationTaken


def revoke(invitation: RoomInvitation) -> None:
    """The link opens nothing any more, and whoever came by it leaves."""
    seat = queries.participant_as(invitation.visit, invitation.part, invitation)
    if seat is not None and seat.is_present:
        send_away(seat)
    invitation.revoked_at = clock.now()
    messaging.withdraw(_key(invitation))
    publish(
        RoomInvitationRevoked(
            town_id=invitation.town_id,
            visit_id=invitation.visit_id,
            part=invitation.part.value,
        )
    )


def _send(invitation: RoomInvitation, visit: Visit, link: str) -> None:
    with speaking(visit.language):
        text = _(
            "%(town)s: you are invited to a video call. This link is only for you: %(link)s",
            town=visit.town.name,
            link=link,
        )
    messaging.send_later(
        invitation.phone or "",
        text,
        key=_key(invitation),
        locale=visit.language,
        not_after=invitation.expires_at,
    )


def _key(invitation: RoomInvitation) -> str:
    return f"visit:{invitation.visit.code}:invitation:{invitation.code}"
