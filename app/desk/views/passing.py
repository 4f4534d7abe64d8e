"""What becomes of a visit in the line: to somebody else, before others, by another way."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from app.booking import queries as booking
from app.booking import services as visits
from app.booking.errors import VisitChanged, WayNotPossible
from app.booking.models import Visit
from app.core.db import db
from app.core.htmx import page_or_fragment, see_other
from app.desk import queries
from app.desk.forms import ChoiceForm, PriorityForm
from app.desk.views.door import STAFF, bp, changing, my_counter, on_my_counter, visit_or_404
from app.identity.session import requires
from app.queue import services as queue
from app.schedule.models import Resource
from app.towns import queries as towns
from app.towns.models import Channel, Procedure
from app.towns.tenant import every_town
from app.towns.words import channel_name

ANYBODY = "anybody"


@bp.route("/visits/<code>/transfer", methods=["GET", "POST"])
@requires(*STAFF)
def transfer(code: str) -> Response:
    """To a colleague, or to another procedure: the visit stays, with its papers and its record."""
    found, clerk = on_my_counter(code), my_counter()
    if not found.is_being_attended or clerk is None:
        raise VisitChanged
    procedure = _procedure_asked(found)
    colleagues = queries.colleagues_for(found, procedure, clerk)
    form = ChoiceForm().offer(
        _("Who attends them now?"),
        [(ANYBODY, _("Whoever is free first")), *((str(one.id), one.name) for one in colleagues)],
    )
    if not form.validate_on_submit():
        if form.choice.data is None:
            form.choice.data = ANYBODY
        return _page(
            "desk/transfer.html",
            "desk/_transfer_form.html",
            found,
            form,
            procedure=procedure,
            procedures=[one for one in towns.procedures() if one.allows(found.channel.value)],
            colleagues={str(one.id): one for one in colleagues},
        )
    with changing(found):
        queue.transfer(found, procedure=procedure, to=_colleague(form.choice.data))
    flash(_("They are in the line again, before others. Nothing they told you is lost."))
    return see_other(url_for(".today"))


@bp.route("/visits/<code>/priority", methods=["GET", "POST"])
@requires(*STAFF)
def priority(code: str) -> Response:
    """Before others who came without a time, for a reason that is written down."""
    found = visit_or_404(code)
    if not found.is_waiting:
        raise VisitChanged
    form = PriorityForm()
    if not form.validate_on_submit():
        if request.method == "GET":
            form.reason.data = found.priority_reason or None
        return _page("desk/priority.html", "desk/_priority_form.html", found, form)
    reason = str(form.reason.data)
    with changing(found):
        queue.give_priority(found, 0 if reason == "none" else 1, reason)
    flash(_("The order of the line has changed. Those who wait are told why."))
    return see_other(url_for(".today", _anchor=f"open-{code}"))


@bp.route("/visits/<code>/channel", methods=["GET", "POST"])
@requires(*STAFF)
def channel(code: str) -> Response:
    """The same visit by another way; in the call it goes on at once."""
    found = visit_or_404(code)
    if found.is_being_attended:
        on_my_counter(code)
    ways = [one for one in _ways(found) if one != found.channel.value]
    form = ChoiceForm().offer(_("How does it go on?"), [(one, channel_name(one)) for one in ways])
    if not form.validate_on_submit():
        return _page("desk/channel.html", "desk/_channel_choice_form.html", found, form, ways=ways)
    with changing(found):
        if form.choice.data not in ways:
            raise WayNotPossible
        visits.change_channel(found, Channel(form.choice.data), by="office")
        if found.is_waiting and found.is_in_person:
            queue.give_ticket(found)
    flash(_("The visit goes on another way. Its place and its papers are the same."))
    return see_other(url_for(".visit", code=code))


def _ways(found: Visit) -> list[str]:
    """At the counter any way will do, so that a call that fails goes on by telephone."""
    if found.is_being_attended:
        return [one.value for one in Channel]
    return booking.ways_of(found) if found.is_live else []


def _procedure_asked(found: Visit) -> Procedure:
    slug = request.values.get("procedure", "")
    return towns.procedure_or_404(slug) if slug else found.procedure


def _colleague(choice: str) -> Resource | None:
    if choice == ANYBODY:
        return None
    with every_town():
        return db.session.get(Resource, int(choice))


def _page(page: str, fragment: str, found: Visit, form: FlaskForm, **context: Any) -> Response:
    status = 422 if form.errors else 200
    return page_or_fragment(page, fragment, status=status, visit=found, form=form, **context)
