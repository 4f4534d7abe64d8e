"""How long people wait: for a first free time, in the line, and with how many clerks."""

from datetime import timedelta

from flask import Response, request

from app.booking import queries as booking
from app.core import clock
from app.identity.session import requires
from app.office.forms import PlannerForm
from app.office.views.door import MANAGERS, bp, page
from app.queue import queries as queue
from app.schedule import queries as schedule

CALIBRATED_DAYS = 30


@bp.get("/waits")
@requires(*MANAGERS)
def waits() -> Response:
    measured = sorted(
        booking.latest_delays(),
        key=lambda one: (not one.is_alarm, -(one.days if one.days is not None else 10**6)),
    )
    return page(
        "waits",
        measured=measured,
        calibration=queue.calibration(clock.now() - timedelta(days=CALIBRATED_DAYS)),
        calibrated_days=CALIBRATED_DAYS,
    )


@bp.get("/waits/staffing")
@requires(*MANAGERS)
def staffing() -> Response:
    """What people live through with 1, 2, 3… clerks. It only asks: the answer is in the address."""
    form = PlannerForm(request.args if request.args else None)
    asked = bool(request.args)
    if asked and not form.validate():
        return page("staffing", 422, form=form, plan=None)
    plan = schedule.staffing(
        form.arrivals.data or 1,
        form.minutes.data or 1,
        within=form.within.data or 0,
        share=(form.share.data or 1) / 100,
        patience=form.patience.data,
    )
    return page("staffing", form=form, plan=plan)
