"""The doors of these views, and whose visit it is."""

import secrets
from typing import Any

from flask import Blueprint, session, url_for

from app.booking import queries as booking
from app.booking import services as visits
from app.booking.errors import VisitMissing
from app.booking.models import Visit
from app.core.i18n import localized
from app.identity import queries as identity
from app.identity import session as signed

bp = localized("assurance", "app.assurance")
# Providers know one address of ours, whatever language is spoken.
back_bp = Blueprint("eid", __name__)


def own_visit(code: str) -> Visit:
    """A visit with its one link, or what this very browser holds and is about to book."""
    visit = booking.visit_or_404(code)
    if visit.booked_at is None and (session.get("hold") != code or visit.is_over):
        raise VisitMissing
    return visit


def browser() -> str:
    """What only this browser brings back: the answer of a provider is for nobody else."""
    mark = session.get("eid")
    if not isinstance(mark, str):
        mark = session["eid"] = secrets.token_urlsafe(24)
    return mark


def go_on(visit: Visit, **words: Any) -> str:
    """Where somebody goes who has been identified, or has left it to the clerk."""
    if visit.is_by_video and (visit.is_waiting or visit.is_being_attended):
        return url_for("portal.wait", code=visit.code)
    return url_for("portal.visit", code=visit.code, **words)


def book_if_held(visit: Visit) -> dict[str, Any]:
    """What waited for it is booked now. Within a transaction."""
    has_typed_a_code = identity.was_confirmed(visit.phone, visit.purpose)
    shown_by = "code" if has_typed_a_code else "passkey"
    visits.book(visit, signed.owner_of(visit.phone), shown_by=shown_by)
    signed.let_in(visit.citizen)
    session.pop("hold", None)
    return {"done": 1}
