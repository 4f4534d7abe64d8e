"""The archive for whoever looks after the data: what is kept, until when, for whom, who looked."""

from datetime import datetime, timedelta
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    make_response,
    render_template,
    request,
)
from flask import url_for as url
from flask_babel import gettext as _

from app.accounts import queries as accounts
from app.accounts.models import Power, who_may
from app.archive import queries, services, serving, words
from app.archive.errors import FileGone
from app.archive.forms import ConfirmForm, HoldForm, LookForm, SearchForm, terms_sent
from app.archive.models import HoldReason, StoredFile
from app.archive.queries import State
from app.archive.terms import TERMS, known
from app.core.blocking import sees_blocked
from app.core.db import transaction
from app.core.htmx import see_other
from app.identity.session import current_account, requires

bp = Blueprint("archive", __name__, url_prefix="/office/archive", template_folder="templates")

KEEPERS = who_may(Power.KEEP_DATA)
PER_PAGE = 50


@bp.get("")
@requires(*KEEPERS)
def kept() -> Response:
    """What is kept, newest first, fifty a page."""
    form = SearchForm.of(request.args)
    files: Any = ()
    count, size, pages = 0, 0, 1
    if not form.errors:
        search = form.search(g.town)
        count, size = queries.count_and_bytes(search)
        pages = max(1, -(-count // PER_PAGE))
        form.page = min(form.page, pages)
        files = queries.found(search, limit=PER_PAGE, offset=PER_PAGE * (form.page - 1))
    page = render_template(
        "archive/kept.html",
        form=form,
        files=files,
        count=count,
        size=size,
        pages=pages,
        states=[(state.value, words.state_name(state)) for state in State],
        purposes=[(purpose, words.purpose_name(purpose)) for purpose in TERMS],
        looks=queries.looks_at([file.id for file in files]),
        held=queries.owners_on_hold({file.owner for file in files}),
        ends=_ends_of(files),
        damaged=queries.count_and_bytes(queries.Search(state=State.DAMAGED))[0],
        older_keys=queries.closed_by_older_keys(),
        store=_store(),
    )
    return make_response(page, 422 if form.errors else 200)


@bp.get("/files/<code>")
@requires(*KEEPERS)
def file(code: str) -> Response:
    found = queries.any_file_or_404(code)
    return _file_page(found, _look_form(found), HoldForm(prefix="hold"))


@bp.post("/files/<code>/look")
@requires(*KEEPERS)
def look(code: str) -> Response:
    """The file itself, once somebody has said who needs it. What is blocked: only for the law."""
    found = queries.any_file_or_404(code)
    if found.is_destroyed:
        raise FileGone
    form = _look_form(found)
    if not form.validate_on_submit():
        return _file_page(found, form, HoldForm(prefix="hold"), 422)
    with sees_blocked():
        return serving.answer(found, reader=f"account:{current_account.id}", why=form.why)


@bp.post("/files/<code>/hold")
@requires(*KEEPERS)
def hold(code: str) -> Response:
    """Everything of the same owner stays, whatever its day."""
    found = queries.any_file_or_404(code)
    if found.is_destroyed:
        raise FileGone
    form = HoldForm(prefix="hold")
    if not form.validate_on_submit():
        return _file_page(found, _look_form(found, is_sent=False), form, 422)
    with transaction():
        services.hold(
            found.owner,
            reason=HoldReason(form.reason.data),
            reference=form.reference.data or "",
            by=current_account,
        )
    flash(_("From now on it is not destroyed."))
    return see_other(url(".file", code=code))


@bp.post("/files/<code>/release/<hold>")
@requires(*KEEPERS)
def release(code: str, hold: str) -> Response:
    found = queries.any_file_or_404(code)
    held = queries.hold_or_404(hold)
    if held.owner == found.owner and not held.source:
        with transaction():
            services.lift(held)
        flash(_("It may be destroyed again when its time is over."))
    return see_other(url(".file", code=code))


@bp.route("/terms", methods=["GET", "POST"])
@requires(*KEEPERS)
def terms() -> Response:
    """For how long files of each purpose are in use, and then blocked."""
    form = ConfirmForm()
    days: dict[str, Any] = {}
    for purpose, (used, blocked) in queries.terms().items():
        days |= {purpose: used, f"{purpose}-blocked": blocked}
    errors: dict[str, str] = {}
    if form.validate_on_submit():
        sent, errors = terms_sent(request.form)
        if not errors:
            with transaction():
                for purpose, (used, blocked) in sent.items():
                    services.change_term(purpose, used, blocked)
            flash(_("The terms are saved."))
            return see_other(url(".terms"))
        days = {name: request.form.get(name, "")[:10] for name in days}
    page = render_template(
        "archive/terms.html",
        form=form,
        terms=TERMS,
        days=days,
        errors=errors,
        locked=current_app.config["ARCHIVE_LOCKED"],
    )
    return make_response(page, 422 if errors else 200)


def _look_form(found: StoredFile, *, is_sent: bool = True) -> LookForm:
    told: dict[str, Any] = {} if is_sent else {"formdata": None}
    return LookForm(is_blocked=found.blocked_at is not None, **told)


def _file_page(found: StoredFile, look: LookForm, hold: HoldForm, status: int = 200) -> Response:
    page = render_template(
        "archive/file.html",
        file=found,
        look=look,
        hold=hold,
        holds=queries.holds_of(found.owner),
        readings=queries.readings_of(found),
        names={person.id: person.name for person in accounts.staff()},
        blocks_on=_ends_of([found])[found.id],
        siblings=queries.count_and_bytes(queries.Search(owner=found.owner))[0] - 1,
        visit=found.owner.removeprefix("visit:") if found.owner.startswith("visit:") else "",
    )
    return make_response(page, status)


def _ends_of(files: Any) -> dict[str, datetime]:
    """When each is blocked, or destroyed when it is blocked already."""
    days = queries.terms()
    ends = {}
    for one in files:
        used, blocked = days[known(one.purpose)]
        since, length = (one.blocked_at, blocked) if one.blocked_at else (one.kept_at, used)
        ends[one.id] = max(since + timedelta(days=length), one.locked_until or since)
    return ends


def _store() -> dict[str, Any]:
    """Where the bytes are, for whoever answers for them."""
    config = current_app.config
    return {
        "is_bucket": config["STORAGE"] == "s3",
        "lock": config["S3_OBJECT_LOCK"] if config["STORAGE"] == "s3" else "",
        "locked": [words.purpose_name(purpose) for purpose in config["ARCHIVE_LOCKED"]],
    }
