"""The citizen's doors: whoever has the link of the visit is the citizen."""

from app.booking import queries as booking
from app.core.i18n import localized
from app.core.security import everyone
from app.papers.models import Side
from app.papers.protocol import Door
from app.papers.routes import open_doors

bp = localized("papers", "app.papers")


def _door(code: str) -> Door:
    return Door(booking.booked_visit_or_404(code), Side.CITIZEN, "papers")


open_doors(bp, _door, everyone)
