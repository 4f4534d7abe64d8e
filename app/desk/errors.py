"""Refusals at the desk."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from app.booking.models import Visit
from app.core.errors import Refusal


class VisitsInTheWay(Refusal):
    """Somebody wants to be away while people have a time with them."""

    message = _l("You have visits in that time. Decide first what becomes of them.")

    def __init__(self, visits: Sequence[Visit]) -> None:
        super().__init__()
        self.visits = visits


class PeopleLeftBehind(Refusal):
    message = _l("People wait whom nobody else will attend today. Decide what becomes of them.")
