"""The citizen's doors: whoever has the link of the visit is the citizen."""

from app.booking import queries as booking
from app.calls import protocol
from app.calls.models import Part
from app.calls.protocol import Door
from app.core.i18n import localized
from app.core.security import everyone

bp = localized("calls", "app.calls")


def _door(code: str) -> Door:
    visit = booking.booked_visit_or_404(code)
    return Door(visit, Part.CITIZEN, visit.name)


protocol.open_doors(bp, "/visits/<code>/room", _door, everyone)
