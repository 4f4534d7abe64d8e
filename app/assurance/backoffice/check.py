"""The clerk's panel beside the visit: what is known, the guided check, the act, and undoing."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Response, make_response, request, url_for

from app.accounts.models import Power, Role, who_may
from app.assurance import queries, services, words
from app.assurance.errors import CheckOver, NotAuthorised
from app.assurance.forms import CheckForm, UndoForm
from app.assurance.models import Assurance, DocumentKind
from app.assurance.services.checks import Seen
from app.booking.models import Visit
from app.core import clock
from app.core.db import transaction
from app.core.htmx import page_or_fragment, see_other, tried, wants_fragment
from app.identity.session import current_account, requires
from app.queue import services as line
from app.schedule import queries as schedule
from app.towns.models import DocumentRule

bp = Blueprint(
    "identify", __name__, url_prefix="/desk/visits/<code>/identity", template_folder="../templates"
)
STAFF = who_may(Power.ATTEND)


@bp.get("/")
@requires(*STAFF)
def panel(code: str) -> Response:
    visit = _visit(code)
    if wants_fragment() and request.args.get("seen") == pulse(visit):
        return make_response("", 204)
    return _panel(visit)


@bp.post("/ask")
@requires(*STAFF)
def ask(code: str) -> Response:
    visit = _own_visit(code)
    text = words.consent_digest(visit.town, visit.reads)
    return _try(
        visit,
        lambda: services.ask_to_check(
            visit, current_account, text=text, version=words.TEXT_VERSION
        ),
    )


@bp.post("/said")
@requires(*STAFF)
def said(code: str) -> Response:
    """What the citizen answered aloud."""
    visit = _own_visit(code)
    answer = request.form.get("answer")
    check = queries.check_or_404(visit, request.form.get("check", ""))
    if answer not in ("yes", "no"):
        raise CheckOver
    return _try(
        visit, lambda: services.note_what_they_said(check, current_account, answer == "yes")
    )


@bp.post("/stop")
@requires(*STAFF)
def stop(code: str) -> Response:
    visit = _own_visit(code)
    check = queries.check_or_404(visit, request.form.get("check", ""))
    return _try(visit, lambda: services.stop_check(check, current_account))


@bp.post("/finish")
@requires(*STAFF)
def finish(code: str) -> Response:
    """Everything matches: what was seen is written down."""
    visit = _own_visit(code)
    check = queries.check_or_404(visit, request.form.get("check", ""))
    form = _form(visit)
    if not form.validate_on_submit():
        return _panel(visit, form, status=422)
    text = words.consent_digest(visit.town, check.language)
    seen = Seen(
        kind=DocumentKind(form.kind.data),
        name=form.name.data or "",
        number=(form.number.data or "") if "number" in form else "",
        expires_on=None if form.is_permanent.data else form.expires.data,
    )
    return _try(visit, lambda: services.finish_check(check, current_account, seen, text=text))


@bp.post("/act")
@requires(*STAFF)
def act(code: str) -> Response:
    visit = _own_visit(code)
    return _try(visit, lambda: services.do_the_act(visit, current_account))


@bp.route("/<row>/undo", methods=["GET", "POST"])
@requires(*STAFF)
def undo(code: str, row: str) -> Response:
    """It was a mistake: by somebody who may identify people, or by a supervisor, with a reason."""
    visit = _visit(code)
    found = queries.row_or_404(visit, row)
    if not _may_undo(found):
        raise NotAuthorised
    form = UndoForm()
    if found.is_valid and not form.validate_on_submit():
        return page_or_fragment(
            "assurance/undo.html",
            "assurance/_undo_form.html",
            status=422 if form.errors else 200,
            visit=visit,
            row=found,
            form=form,
        )
    if request.method == "POST":
        with transaction():
            services.undo(found, current_account, form.reason.data or "")
    return see_other(url_for("desk.visit", code=code))


@bp.app_template_global("pulse_of_panel")
def pulse(visit: Visit) -> str:
    """A few letters that change when the panel does."""
    standing = queries.standing(visit)
    last = standing.last_check
    check = last.code + last.state.value if last else ""
    rows = sum(2 if row.is_valid else 1 for row in standing.rows)
    return f"{visit.status.value}.{check}.{rows}.{standing.left is None}.{standing.act is None}"


@bp.app_template_global("form_of_check")
def fresh_form(visit: Visit) -> CheckForm:
    """The empty form, with the name that the citizen gave."""
    return _form(visit, formdata=None, data={"name": visit.name})


def _form(visit: Visit, **what: Any) -> CheckForm:
    return CheckForm(
        **what,
        today=clock.today(visit.town.time_zone),
        keeps_number=visit.town.document_rule is not DocumentRule.NOTHING,
    )


@bp.app_template_global("is_on_my_counter")
def is_mine(visit: Visit) -> bool:
    clerk = schedule.resource_of(current_account.id)
    return clerk is not None and visit.clerk_id == clerk.id


def _try(visit: Visit, errand: Callable[[], object]) -> Response:
    return tried(errand, partial(_panel, visit), url_for(".panel", code=visit.code))


def _panel(visit: Visit, form: CheckForm | None = None, status: int = 200, **more: Any) -> Response:
    return page_or_fragment(
        "assurance/panel.html",
        "assurance/_identity.html",
        status=status,
        visit=visit,
        check_form=form or fresh_form(visit),
        **more,
    )


def _may_undo(row: Assurance) -> bool:
    is_supervisor = current_account.role is not Role.CLERK
    return is_supervisor or queries.is_authorised(current_account, row.visit.town)


def _visit(code: str) -> Visit:
    return line.look_into(current_account, code)


def _own_visit(code: str) -> Visit:
    return line.take_in_hand(current_account, code)
