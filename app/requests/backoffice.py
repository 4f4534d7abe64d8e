"""The clerk's side: what was asked, what became of it, what may be asked, and the script."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.accounts.models import Power, who_may
from app.assurance import queries as checks
from app.assurance import services as assurance
from app.assurance import words as assurance_words
from app.booking.models import Visit
from app.core import stream
from app.core.db import new_code, transaction
from app.core.errors import Refusal
from app.core.htmx import page_or_fragment, see_other, tried, wants_fragment
from app.identity import eid
from app.identity.session import current_account, requires
from app.queue import services as line
from app.requests import queries, services
from app.requests.errors import NotAskedNow, WordsChanged
from app.requests.forms import AskForm
from app.requests.models import Kind, Request, Way
from app.requests.queries import FREE, Words
from app.requests.services import Said

bp = Blueprint(
    "desk_requests", __name__, url_prefix="/desk/visits/<code>", template_folder="templates"
)
STAFF = who_may(Power.ATTEND)


@bp.get("/requests")
@requires(*STAFF)
def requests(code: str) -> Response:
    visit = _visit(code)
    if wants_fragment() and request.args.get("seen") == pulse(visit):
        return make_response("", 204)
    return _list(visit)


@bp.get("/requests/stream")
@requires(*STAFF)
def news(code: str) -> Response:
    """For visits without a call."""
    return stream.listen(f"visit:{_visit(code).id}")


@bp.post("/requests")
@requires(*STAFF)
def ask(code: str) -> Response:
    """What the procedure defines, as the clerk has just read it."""
    visit = _own_visit(code)
    offer = queries.offer_or_404(visit, request.form.get("key", ""))
    if offer.needs_the_clerk:
        return see_other(url_for(".new", code=code, key=offer.key))

    def errand() -> None:
        if request.form.get("mark") != offer.words.digest:
            raise WordsChanged
        _ask(visit, offer.words, request.form.get("token", "")[:64] or new_code())

    return _try(visit, errand)


@bp.route("/requests/new", methods=["GET", "POST"])
@requires(*STAFF)
def new(code: str) -> Response:
    """In the clerk's own words, or with what is missing in what the procedure defines."""
    visit = _own_visit(code)
    key = request.values.get("key", "")
    offer = queries.offer_or_404(visit, key) if key else None
    kinds, ways = _kinds(visit), _ways(visit)
    form = AskForm(data=_data(offer.words) if offer else None, kinds=kinds, ways=ways)
    if not form.validate_on_submit():
        return _form(visit, form, key, status=422 if form.errors else 200)
    words = form.words(visit.reads, version=offer.words.version if offer else FREE)
    try:
        with transaction():
            made = _ask(visit, words, form.token.data or new_code())
    except Refusal as refusal:
        return _form(visit, form, key, status=refusal.status, refusal=refusal)
    if wants_fragment():  # never away from the page on which they talk
        return make_response(render_template("requests/_ask_done.html", made=made))
    return see_other(url_for("desk.visit", code=code, _anchor="requests"))


@bp.post("/requests/<request_code>/withdraw")
@requires(*STAFF)
def withdraw(code: str, request_code: str) -> Response:
    visit = _own_visit(code)
    found = queries.request_or_404(visit, request_code)

    def errand() -> None:
        services.withdraw(found)
        if found.way is Way.CLERK and (check := checks.open_check(visit)):
            assurance.stop_check(check, current_account)

    return _try(visit, errand)


@bp.post("/requests/<request_code>/repeat")
@requires(*STAFF)
def repeat(code: str, request_code: str) -> Response:
    visit = _own_visit(code)
    found = queries.request_or_404(visit, request_code)
    token = request.form.get("token", "")[:64] or new_code()

    def errand() -> None:
        services.repeat(found, current_account, token=token)
        _begin_check(visit, found.way)

    return _try(visit, errand)


@bp.post("/requests/<request_code>/note")
@requires(*STAFF)
def note(code: str, request_code: str) -> Response:
    """What they answered aloud, or put on the counter."""
    visit = _own_visit(code)
    found = queries.request_or_404(visit, request_code)
    said = request.form.get("said")

    def errand() -> None:
        if said not in ("yes", "no"):
            raise NotAskedNow
        answer = Said(said == "yes", request.form.get("seen", ""))
        services.note(found, current_account, answer)

    return _try(visit, errand)


@bp.get("/script")
@requires(*STAFF)
def script(code: str) -> Response:
    return _script(_visit(code))


@bp.post("/script")
@requires(*STAFF)
def tick(code: str) -> Response:
    """One step, done or not done after all."""
    visit = _own_visit(code)
    with transaction():
        services.tick(
            visit, current_account, request.form.get("key", ""), request.form.get("done") == "yes"
        )
    return _script(visit) if wants_fragment() else see_other(url_for(".script", code=code))


@bp.app_template_global("pulse_of_asked")
def pulse(visit: Visit) -> str:
    """A few letters that change when the list does."""
    rows = queries.asked_in(visit)
    states = "".join(f"{one.state.value[0]}{'l' if one.is_late else ''}" for one in rows)
    return f"{visit.status.value}.{states}"


@bp.app_template_global("new_token")
def token() -> str:
    """So that pressing twice asks once."""
    return new_code()


def _ask(visit: Visit, words: Words, token: str) -> Request:
    made = services.ask(visit, current_account, words, token=token)
    _begin_check(visit, words.way)
    return made


def _begin_check(visit: Visit, way: Way | None) -> None:
    """Who shows themselves to the clerk is asked by the check itself, with its own words."""
    if way is Way.CLERK:
        text = assurance_words.consent_digest(visit.town, visit.reads)
        assurance.ask_to_check(
            visit, current_account, text=text, version=assurance_words.TEXT_VERSION
        )


def _kinds(visit: Visit) -> list[Kind]:
    """What can be asked of this person: signing and codes need a telephone that takes messages."""
    found = [kind for kind in Kind if kind is not Kind.PAY or queries.gateway(visit.town)]
    has_signature = visit.phone or queries.signing_page(visit.town)
    return [kind for kind in found if kind is not Kind.SIGN or has_signature]


def _ways(visit: Visit) -> list[Way]:
    found = [Way.SMS] if visit.phone else []
    if visit.citizen_id:
        found.append(Way.PASSKEY)
    if eid.offered(visit.town.eid_providers):
        found.append(Way.EID)
    if checks.is_authorised(current_account, visit.town):
        found.append(Way.CLERK)
    if queries.signing_page(visit.town):
        found.append(Way.LINK)
    return found


def _data(words: Words) -> dict[str, Any]:
    return {
        "kind": words.kind.value,
        "way": words.way.value if words.way else "",
        "title": words.title,
        "body": words.body,
        "lines": "\n".join(f"{label}: {value}" for label, value in words.fields),
        "amount": f"{words.cents / 100:.2f}".replace(".", ",") if words.cents else "",
    }


def _try(visit: Visit, errand: Callable[[], object]) -> Response:
    page = url_for("desk.visit", code=visit.code, _anchor="requests")
    return tried(errand, partial(_list, visit), page)


def _list(visit: Visit, status: int = 200, **words: Any) -> Response:
    return page_or_fragment(
        "requests/list.html", "requests/_requests.html", status=status, visit=visit, **words
    )


def _form(visit: Visit, form: AskForm, key: str, status: int, **words: Any) -> Response:
    return page_or_fragment(
        "requests/ask.html",
        "requests/_ask_form.html",
        status=status,
        visit=visit,
        form=form,
        key=key,
        **words,
    )


def _script(visit: Visit) -> Response:
    return page_or_fragment("requests/script.html", "requests/_script.html", visit=visit)


def _visit(code: str) -> Visit:
    return line.look_into(current_account, code)


def _own_visit(code: str) -> Visit:
    return line.take_in_hand(current_account, code)
