"""Whose signature counts; and for a court, everything about one act in one file."""

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _

from app.accounts.models import Power, who_may
from app.acts import csv, queries, services
from app.acts.errors import AlreadyEntered, NoSuchAct, WrongSignature
from app.acts.events import ActTaken
from app.acts.forms import CodeOfActForm, SignerForm
from app.acts.models import Grade, SealedAct
from app.acts.sealing import keys
from app.assurance import queries as assurance
from app.core import clock
from app.core.db import transaction
from app.core.events import publish
from app.core.htmx import page_or_fragment, see_other
from app.identity.session import current_account, requires
from app.towns import queries as towns

office_bp = Blueprint(
    "office_acts", __name__, url_prefix="/office/acts", template_folder="../templates"
)
AUTHORISE = who_may(Power.AUTHORISE)
KEEP = who_may(Power.KEEP_DATA)
ASIC = "application/vnd.etsi.asic-e+zip"


@office_bp.route("/", methods=["GET", "POST"])
@requires(*KEEP)
def start() -> Response:
    """Find an act by its code."""
    form = CodeOfActForm()
    if form.validate_on_submit():
        try:
            found = queries.by_csv(form.csv.data or "")
            return see_other(url_for(".act", csv=csv.shown(found.csv)))
        except NoSuchAct as refusal:
            form.csv.errors = [str(refusal)]
    return page_or_fragment(
        "acts/office.html",
        "acts/_find_form.html",
        status=422 if form.errors else 200,
        form=form,
        is_for_development=keys.is_for_development(),
        waiting=queries.waiting(),
    )


@office_bp.post("/waiting/<act>/again")
@requires(*KEEP)
def again(act: str) -> Response:
    """What waits for its seal or its stamp is tried now."""
    found = queries.act_or_404(act)
    with transaction():
        services.try_again(found, current_account)
    flash(_("It is being tried now."))
    return see_other(url_for(".start"))


@office_bp.get("/of/<csv>")
@requires(*KEEP)
def act(csv: str) -> Response:
    return page_or_fragment("acts/kept.html", "acts/_kept.html", act=queries.by_csv(csv))


@office_bp.post("/of/<csv>/court.asice")
@requires(*KEEP)
def court(csv: str) -> Response:
    """The recording too: who takes it stands in the record, with the act."""
    found = queries.by_csv(csv)
    with transaction():
        _tell(found, "court")
    return _download(services.court_package(found), ASIC, f"{found.identifier}.asice")


@office_bp.post("/of/<csv>/index.xml")
@requires(*KEEP)
def index(csv: str) -> Response:
    found = queries.by_csv(csv)
    with transaction():
        _tell(found, "index")
    return _download(services.index_of(found), "application/xml", f"{found.identifier}.xml")


@office_bp.route("/signers", methods=["GET", "POST"])
@requires(*AUTHORISE)
def signers() -> Response:
    """The register of certificates, and a new entry."""
    town = towns.current_town_or_404()
    people = {account.code: account for account in assurance.candidates(town)}
    form = SignerForm()
    form.account.choices = [("", "—"), *((code, one.name) for code, one in people.items())]
    if request.method == "GET":
        form.first_day.data = clock.today(town.time_zone)
    if not form.validate_on_submit():
        return _signers(form, status=422 if form.errors else 200)
    try:
        with transaction():
            services.enter_signer(
                people[form.account.data],
                form.certificate.data.read(64 * 1024),
                Grade(form.grade.data),
                form.first_day.data or clock.today(town.time_zone),
                form.last_day.data,
                post=form.post.data or "",
                reference=form.reference.data or "",
                by=current_account,
            )
    except WrongSignature:
        form.certificate.errors = [_("This is not a certificate. Choose a .cer or .pem file.")]
        return _signers(form, status=422)
    except AlreadyEntered as refusal:
        form.certificate.errors = [str(refusal)]
        return _signers(form, status=409)
    flash(_("The register is changed."))
    return see_other(url_for(".signers"))


@office_bp.post("/signers/<code>/end")
@requires(*AUTHORISE)
def end(code: str) -> Response:
    found = queries.signer_or_404(code)
    with transaction():
        services.end_signer(found)
    flash(_("The register is changed."))
    return see_other(url_for(".signers"))


def _signers(form: SignerForm, status: int) -> Response:
    town = towns.current_town_or_404()
    return page_or_fragment(
        "acts/signers.html",
        "acts/_signer_form.html",
        status=status,
        form=form,
        register=queries.signers(),
        today=clock.today(town.time_zone),
    )


def _tell(act: SealedAct, what: str) -> None:
    publish(ActTaken(town_id=act.town_id, visit_id=act.visit_id, act_id=act.id, what=what))


def _download(content: object, media_type: str, name: str) -> Response:
    response = Response(content, mimetype=media_type)  # type: ignore[arg-type]
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
