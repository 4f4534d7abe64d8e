"""The citizen's own copy of what was recorded, once they have shown their telephone."""

from typing import Any

from flask import Response, render_template, session, url_for
from flask_babel import gettext as _

from app.archive import queries as archived
from app.archive import serving
from app.booking import queries as booking
from app.booking.models import Visit
from app.core import clock
from app.core.db import transaction
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import localized
from app.core.security import everyone, reads_codes
from app.identity import telephone
from app.recordings import queries, services
from app.recordings.errors import SegmentMissing
from app.ui.forms import CodeForm

bp = localized("copies", "app.recordings")
SHOWN_FOR = 30 * 60  # seconds after the code


@bp.get("/visits/<code>/recordings")
@everyone
def show(code: str) -> str:
    """What there is; to have it, a code goes to the telephone of the visit."""
    visit = _visit(code)
    if not _may(visit):
        return render_template("recordings/ask.html", visit=visit)
    return render_template(
        "recordings/copies.html",
        visit=visit,
        segments=[one for one in queries.segments(visit) if one.has_started],
    )


@bp.route("/visits/<code>/recordings/code", methods=["GET", "POST"])
@everyone
@reads_codes
def prove(code: str) -> Response:
    """The link may have been passed on: what was filmed is only for whoever has the telephone."""
    visit = _visit(code)
    purpose = f"recordings:{visit.code}"
    form = CodeForm()
    if form.validate_on_submit():
        with transaction():
            problem = telephone.problem_with(visit.phone, purpose, form.code.data or "")
        if problem is None:
            session["recordings"] = {"visit": visit.code, "at": int(clock.now().timestamp())}
            return see_other(url_for(".show", code=code))
        form.code.errors = [problem]
    return page_or_fragment(
        "recordings/prove.html",
        "booking/_code_form.html",
        status=422 if form.errors else 200,
        visit=visit,
        form=form,
        phone=visit.phone,
        here=url_for(".prove", code=code),
        again=url_for(".send", code=code),
        go=_("See my recordings"),
        ways=telephone.ways(visit.phone, purpose),
    )


@bp.post("/visits/<code>/recordings/send")
@everyone
def send(code: str) -> Response:
    """The code leaves when it is asked for, and once more if it does not come."""
    visit = _visit(code)
    with transaction():
        again = telephone.send_again(visit.phone, f"recordings:{visit.code}")
    return see_other(url_for(".prove", code=code, again=again))


@bp.get("/visits/<code>/recordings/<segment>")
@everyone
def copy(code: str, segment: str) -> Response:
    """The file itself, to keep."""
    visit = _visit(code)
    found = queries.segment_or_404(visit, segment)
    if not _may(visit):
        return see_other(url_for(".show", code=code))
    with transaction():
        services.note_copy(found)
    return serving.answer(archived.file_or_404(found.file or ""), reader="", why="own copy")


def _visit(code: str) -> Visit:
    visit = booking.booked_visit_or_404(code)
    if not any(segment.has_started for segment in queries.segments(visit)):
        raise SegmentMissing
    return visit


def _may(visit: Visit) -> bool:
    shown: Any = session.get("recordings")
    if not isinstance(shown, dict) or shown.get("visit") != visit.code:
        return False
    return clock.now().timestamp() - int(shown.get("at", 0)) < SHOWN_FOR
