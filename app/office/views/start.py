"""What needs somebody's attention today, and the way to everything else."""

from flask import Response, g

from app.booking import queries as booking
from app.identity.session import requires
from app.office import queries
from app.office.views.door import MANAGERS, bp, page
from app.office.views.setup import is_set_up


@bp.get("/")
@requires(*MANAGERS)
def start() -> Response:
    delays = booking.latest_delays()
    return page(
        "start",
        is_set_up=is_set_up(),
        promises=queries.broken_now(g.town),
        unattended=list(queries.unattended(g.town).values()),
        alarms=[one for one in delays if one.is_alarm],
    )
