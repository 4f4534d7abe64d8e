"""The page of the test, and where it sends what it found."""

from flask import Response, request, url_for

from app.booking import queries as booking
from app.core import relays
from app.core.db import new_code, transaction
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import localized
from app.core.security import everyone, shows_the_camera
from app.devices import queries, services
from app.devices.errors import FiguresGarbled
from app.devices.forms import CheckForm
from app.devices.models import Heard, Sense, Way

bp = localized("devices", __name__)


@bp.route("/visits/<code>/check", methods=["GET", "POST"])
@everyone
@shows_the_camera
def check(code: str) -> Response:
    """Test the device with which one will come. Only visits by video have something to test."""
    visit = booking.booked_visit_or_404(code)
    if not visit.is_by_video or not visit.is_live:
        return see_other(url_for("portal.visit", code=code))
    form, family = CheckForm(), queries.family_of(request.user_agent.string)
    if request.method == "POST":
        if not form.validate():
            raise FiguresGarbled
        with transaction():
            services.keep(
                visit,
                camera=Sense(str(form.camera.data)),
                microphone=Sense(str(form.microphone.data)),
                loudspeaker=Heard(str(form.loudspeaker.data)),
                way=Way(str(form.way.data)),
                round_trip_ms=form.round_trip_ms.data,
                loss=form.loss.data,
                kbits=form.kbits.data,
                browser=family.value,
            )
    return page_or_fragment(
        "devices/check.html",
        "devices/_check_result.html",
        visit=visit,
        form=form,
        family=family.value,
        found=queries.check_of(visit),
        ways=booking.other_ways(visit),
        servers=relays.servers_for(new_code()) if relays.is_there_one() else [],
    )


@bp.post("/visits/<code>/check/sample")
@everyone
def sample(code: str) -> Response:
    """Bytes that only travel: how long they take is the rate of the line. Nothing is kept."""
    booking.booked_visit_or_404(code)
    request.get_data(cache=False)
    return Response(status=204)
