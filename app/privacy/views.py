"""What we hold about me: who I am, a code; then to see it, download it, correct it, erase it."""

from typing import Any

from flask import (
    Response,
    current_app,
    flash,
    g,
    json,
    make_response,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _

from app.accounts import queries as accounts
from app.accounts.models import Account
from app.booking import queries as booking
from app.booking.errors import VisitMissing
from app.core import clock
from app.core.db import new_code, transaction
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import asked_slug, localized
from app.core.security import everyone
from app.identity import telephone
from app.identity.session import citizen
from app.privacy import queries, services, words
from app.privacy.errors import AccessOver
from app.privacy.forms import CodeForm, ConfirmForm, CorrectionForm, EraseForm, PhoneForm
from app.privacy.holdings import Person
from app.privacy.models import DataRequest, Kept
from app.towns import queries as towns

bp = localized("privacy", "app.privacy")


@bp.before_request
def only_in_a_town() -> None:
    """The province holds nobody's data."""
    towns.current_town_or_404()


@bp.route("/data", methods=["GET", "POST"])
@everyone
def start() -> Response:
    """Whose data. With the code of a visit the telephone is known, and only its end is shown.

    Whoever is signed in has shown who they are, and sees their own; nobody else's by a link.

    The answer is the same for a number that we know and for one that we do not.
    """
    town = towns.current_town_or_404()
    visit_code = request.values.get("visit", "")
    visit = booking.booked_visit_or_404(visit_code) if visit_code else None
    person = citizen()
    is_theirs = person is not None and (visit is None or visit.citizen_id == person.id)
    if is_theirs and request.method == "GET":
        return _open(person)
    form = ConfirmForm() if visit else PhoneForm(countries=town.phone_countries)
    if not form.validate_on_submit():
        return page_or_fragment(
            "privacy/start.html",
            "privacy/_start_form.html",
            status=422 if form.errors else 200,
            form=form,
            visit=visit,
        )
    session["data_for"] = {"visit": visit.code} if visit else {"phone": form.number}
    session["data_token"] = new_code()
    _send_code()
    return see_other(url_for(".code"))


@bp.route("/data/code", methods=["GET", "POST"])
@everyone
def code() -> Response:
    """The six digits, good for this browser and for this errand alone."""
    phone, purpose = _asked_for()
    form = CodeForm()
    if form.validate_on_submit():
        with transaction():
            problem = telephone.problem_with(phone, purpose, form.code.data or "")
        if problem is None:
            session.pop("data_token", None)
            session.pop("data_for", None)
            return _open(accounts.citizen_of(phone))
        form.code.errors = [problem]
    return page_or_fragment(
        "privacy/code.html",
        "booking/_code_form.html",
        status=422 if form.errors else 200,
        form=form,
        phone=phone,
        here=url_for(".code"),
        again=url_for(".send_again"),
        go=_("See my data"),
        ways=telephone.ways(phone, purpose),
    )


@bp.post("/data/code/again")
@everyone
def send_again() -> Response:
    """Another message, or a call; the code of the first one stays good."""
    aloud = request.form.get("way") == "call"
    if not _send_code(aloud=aloud):
        return see_other(url_for(".code", again="soon"))
    return see_other(url_for(".code", again="call" if aloud else 1))


@bp.get("/data/mine")
@everyone
def mine() -> Response:
    """All of it, in words; and what can be done with it."""
    opened = _opened()
    page = render_template("privacy/mine.html", **_everything(opened))
    return make_response(page)


@bp.get("/data/mine/download")
@everyone
def download() -> Response:
    """A file to keep: `json` for a program, anything else a page that opens anywhere."""
    opened = _opened()
    is_json = request.args.get("as") == "json"
    with transaction():
        services.tell_download(opened, "json" if is_json else "html")
    facts = _everything(opened)
    if is_json:
        answer = make_response(_as_json(facts))
        answer.mimetype = "application/json"
    else:
        answer = make_response(render_template("privacy/file.html", **facts))
    name = f"ventanilla-{clock.today(g.town.time_zone).isoformat()}"
    suffix = "json" if is_json else "html"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    return answer


@bp.route("/data/mine/correct", methods=["GET", "POST"])
@everyone
def correct() -> Response:
    """Name and language. The telephone is who they are: another one is another person."""
    account = _own_account()
    form = CorrectionForm(obj=account)
    if not form.validate_on_submit():
        return page_or_fragment(
            "privacy/correct.html",
            "privacy/_correct_form.html",
            status=422 if form.errors else 200,
            form=form,
        )
    with transaction():
        services.correct(
            account, g.town, name=form.name.data or "", locale=form.locale.data or asked_slug()
        )
    flash(_("We have written it down."))
    return see_other(url_for(".mine"))


@bp.route("/data/mine/erase", methods=["GET", "POST"])
@everyone
def erase() -> Response:
    """What will happen, to the day, and a box: then nobody sees it any more."""
    account = _own_account()
    form = EraseForm()
    if not form.validate_on_submit():
        return page_or_fragment(
            "privacy/erase.html",
            "privacy/_erase_form.html",
            status=422 if form.errors else 200,
            form=form,
            ahead=booking.ahead_of(account.id),
            days=queries.terms()[Kept.BLOCKED],
        )
    with transaction():
        blocked = services.erase(account, g.town)
    session.pop("my_data", None)
    return see_other(url_for(".erased", code=blocked.code))


@bp.get("/data/erased/<code>")
@everyone
def erased(code: str) -> str:
    """What happens now, and until when. The reference says nothing of whose it is."""
    return render_template("privacy/erased.html", blocked=queries.blocking_or_404(code))


@bp.post("/data/mine/close")
@everyone
def close() -> Response:
    """The page is shut for whoever uses this device next."""
    session.pop("my_data", None)
    return see_other(url_for("portal.home"))


def _open(account: Account | None) -> Response:
    with transaction():
        opened = services.open_access(account, g.town)
    session["my_data"] = opened.code
    return see_other(url_for(".mine"))


def _opened() -> DataRequest:
    return queries.opened_access(str(session.get("my_data", "")))


def _own_account() -> Account:
    opened = _opened()
    account = accounts.account(opened.account_id) if opened.account_id else None
    if account is None:
        raise AccessOver
    return account


def _asked_for() -> tuple[str, str]:
    """The telephone that this browser asked about, and what its code is good for.

    A visit's telephone never leaves the house: only its code stands in the cookie.
    """
    asked, token = session.get("data_for"), session.get("data_token")
    if not isinstance(asked, dict) or not isinstance(token, str):
        raise AccessOver
    if "visit" in asked:
        visit = booking.by_claim(str(asked["visit"]))
        if visit is None:
            raise VisitMissing
        return visit.phone, f"data:{token}"
    return str(asked.get("phone", "")), f"data:{token}"


def _send_code(*, aloud: bool = False) -> bool:
    phone, purpose = _asked_for()
    with transaction():
        return telephone.send(phone, purpose, aloud=aloud)


def _everything(opened: DataRequest) -> dict[str, Any]:
    account = accounts.account(opened.account_id) if opened.account_id else None
    held = queries.held_about(Person(account.id, account.phone or "")) if account else {}
    return {
        "account": account,
        "held": {name: rows for name, rows in held.items() if rows},
        "provider": current_app.config["SMS_PROVIDER"],
        "made_at": clock.now(),
    }


def _as_json(facts: dict[str, Any]) -> str:
    told = {
        "town": g.town.name,
        "made_at": facts["made_at"].isoformat(),
        "held": {
            name: [{key: words.plain(value) for key, value in row.items()} for row in rows]
            for name, rows in facts["held"].items()
        },
    }
    return json.dumps(told, ensure_ascii=False, indent=2)
