"""Beside the visit: its act, a signature for it, and the guided act of article 12.2."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, make_response, request, url_for

from app.accounts.models import Power, who_may
from app.acts import queries, recorded, services
from app.acts.errors import NotOver, NotSealedYet, StatementChanged
from app.acts.events import ActTaken
from app.acts.forms import SignatureForm, StatementForm
from app.acts.models import SealedAct
from app.archive import queries as kept
from app.archive.serving import answer
from app.booking.models import Visit
from app.core.db import transaction
from app.core.errors import Refusal
from app.core.events import publish
from app.core.htmx import page_or_fragment, see_other, tried, wants_fragment
from app.identity.session import current_account, requires
from app.queue import services as line

bp = Blueprint(
    "desk_acts", __name__, url_prefix="/desk/visits/<code>/act", template_folder="../templates"
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
    return _try(visit, lambda: services.ask(visit, current_account))


@bp.post("/again")
@requires(*STAFF)
def again(code: str) -> Response:
    """It waits for its seal or its stamp: try now."""
    visit = _own_visit(code)
    return _try(visit, lambda: services.try_again(_newest(visit), current_account))


@bp.post("/correct")
@requires(*STAFF)
def put_right(code: str) -> Response:
    """What was written down is another by now: another act takes the place of this one."""
    visit = _own_visit(code)
    return _try(visit, lambda: services.correct(_newest(visit), current_account))


@bp.post("/print")
@requires(*STAFF)
def on_paper(code: str) -> Response:
    """One press, and it comes out where the citizen is."""
    visit = _own_visit(code)
    _act(visit)
    return _try(visit, lambda: services.print_near(visit, current_account), is_printing=True)


@bp.get("/act.pdf")
@requires(*STAFF)
def file(code: str) -> Response:
    act = _act(_visit(code))
    with transaction():
        _tell(act, "pdf")
    reader = f"account:{current_account.id}"
    return answer(kept.file_or_404(act.file), reader=reader, why="the act of the visit")


@bp.get("/manifest.json")
@requires(*STAFF)
def manifest(code: str) -> Response:
    """What somebody signs: the very bytes."""
    act = _act(_visit(code))
    with transaction():
        _tell(act, "manifest")
    response = Response(services.what_to_sign(act), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="manifest.json"'
    return response


@bp.route("/sign", methods=["GET", "POST"])
@requires(*STAFF)
def sign(code: str) -> Response:
    """The signature comes back. Another act is made with it, of the grade of who signed."""
    visit = _own_visit(code)
    act = _act(visit)
    form = SignatureForm()
    if form.validate_on_submit():
        try:
            with transaction():
                services.sign(act, form.file.data.read(128 * 1024), current_account)
            return see_other(url_for("desk.visit", code=code))
        except Refusal as refusal:
            form.file.errors = [str(refusal)]
            return _sign(visit, act, form, status=refusal.status)
    return _sign(visit, act, form, status=422 if form.errors else 200)


# --- the guided act --------------------------------------------------------------------------


@bp.post("/statement/begin")
@requires(*STAFF)
def begin(code: str) -> Response:
    visit = _own_visit(code)
    return _try(visit, lambda: services.begin(visit, current_account))


@bp.post("/statement/write")
@requires(*STAFF)
def write(code: str) -> Response:
    """Write it down, and read it back at once when the second button was pressed."""
    visit = _own_visit(code)
    statement = queries.statement_or_404(visit, request.form.get("statement", ""))
    form = StatementForm()
    if not form.validate_on_submit():
        return _panel(visit, status=422, statement_form=form)

    def errand() -> None:
        services.rewrite(statement, current_account, form.text.data or "")
        if request.form.get("then") == "read":
            services.read_back(statement, current_account)

    return _try(visit, errand)


@bp.post("/statement/correct")
@requires(*STAFF)
def correct(code: str) -> Response:
    """Something is wrong: the text is open again, with what it said before."""
    visit = _own_visit(code)
    queries.statement_or_404(visit, request.form.get("statement", ""))
    return _panel(visit, is_correcting=True)


@bp.post("/statement/said")
@requires(*STAFF)
def said(code: str) -> Response:
    """What the citizen answered aloud."""
    visit = _own_visit(code)
    statement = queries.statement_or_404(visit, request.form.get("statement", ""))
    said, digest = request.form.get("answer"), request.form.get("digest", "")
    if said not in ("yes", "no"):
        raise StatementChanged
    return _try(
        visit, lambda: services.note_answer(statement, current_account, said == "yes", digest)
    )


@bp.post("/statement/sign")
@requires(*STAFF)
def sign_statement(code: str) -> Response:
    visit = _own_visit(code)
    statement = queries.statement_or_404(visit, request.form.get("statement", ""))
    return _try(visit, lambda: services.sign_statement(statement, current_account))


@bp.post("/statement/stop")
@requires(*STAFF)
def stop(code: str) -> Response:
    visit = _own_visit(code)
    statement = queries.statement_or_404(visit, request.form.get("statement", ""))
    return _try(visit, lambda: services.stop(statement, current_account))


@bp.app_template_global("pulse_of_act")
def pulse(visit: Visit) -> str:
    """A few letters that change when the panel does."""
    acts = queries.acts_of(visit)
    statements = queries.statements_of(visit)
    one = _pulse_of_act(acts[0]) if acts else ""
    two = f"{statements[0].code}{statements[0].state.value}" if statements else ""
    return f"{visit.status.value}.{one}.{two}"


def _pulse_of_act(act: SealedAct) -> str:
    waits = "" if act.is_sealed else recorded.waits_for(act.visit)
    return f"{act.version}{act.step.value}{len(act.editions)}{bool(act.problem)}{act.tries}{waits}"


bp.add_app_template_global(lambda act: recorded.waits_for(act.visit), "act_waits_for")
bp.add_app_template_global(services.printer_near, "printer_near")


@bp.app_template_global("acts_of")
def acts_of(visit: Visit) -> list[SealedAct]:
    return list(queries.acts_of(visit))


@bp.app_template_global("form_of_statement")
def fresh_form(text: str) -> StatementForm:
    return StatementForm(formdata=None, data={"text": text})


def _try(visit: Visit, errand: Callable[[], object], **done: Any) -> Response:
    """`done`: what the panel says once it is; a refusal is said instead."""

    def show(**refused: Any) -> Response:
        return _panel(visit, **(refused or done))

    return tried(errand, show, url_for(".panel", code=visit.code))


def _panel(visit: Visit, status: int = 200, **more: Any) -> Response:
    return page_or_fragment(
        "acts/panel.html", "acts/_acts.html", status=status, visit=visit, **more
    )


def _sign(visit: Visit, act: SealedAct, form: SignatureForm, status: int) -> Response:
    return page_or_fragment(
        "acts/sign.html", "acts/_sign_form.html", status=status, visit=visit, act=act, form=form
    )


def _act(visit: Visit) -> SealedAct:
    found = queries.act_of(visit)
    if found is None:
        raise NotSealedYet
    return found


def _newest(visit: Visit) -> SealedAct:
    """The last that was asked for, sealed or not."""
    acts = queries.acts_of(visit)
    if not acts:
        raise NotOver
    return acts[0]


def _tell(act: SealedAct, what: str) -> None:
    publish(ActTaken(town_id=act.town_id, visit_id=act.visit_id, act_id=act.id, what=what))


def _visit(code: str) -> Visit:
    return line.look_into(current_account, code)


def _own_visit(code: str) -> Visit:
    return line.take_in_hand(current_account, code)
