"""A citizen's own visits: those to come, and the earlier ones."""

from flask import render_template

from app.accounts.models import Role
from app.booking import queries as booking
from app.core import clock
from app.identity import queries as identity
from app.identity.models import SessionKind
from app.identity.session import current_citizen, is_kiosk, requires, session_of
from app.portal.views.door import bp
from app.towns import queries as towns


@bp.get("/me")
@requires(Role.CITIZEN)
def me() -> str:
    """Only what was booked by this person: a number tells nothing of whoever had it before."""
    town = towns.current_town_or_404()
    coming, earlier = booking.visits_of(current_citizen.id)
    return render_template(
        "portal/me.html",
        coming=coming,
        earlier=earlier,
        today=clock.today(town.time_zone),
        session=session_of(SessionKind.CITIZEN),
        offers_passkey=not is_kiosk() and not identity.passkeys_of(current_citizen.id),
    )
