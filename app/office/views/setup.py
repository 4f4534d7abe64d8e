"""The first-run guide: on the province's own host until there is a town, then on the town's."""

from dataclasses import dataclass

from flask import Blueprint, Response, flash, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts import services as accounts
from app.accounts.models import Role
from app.booking import queries as booking
from app.core.db import new_code, transaction
from app.core.errors import Missing
from app.core.htmx import see_other
from app.core.i18n import LANGUAGES, current_slug, in_language
from app.core.security import everyone
from app.identity.session import current_account, requires
from app.office import services
from app.office.errors import NoTimeYet, TownTaken
from app.office.forms.setup import (
    InviteForm,
    OfferForm,
    OfficeForm,
    TownStartForm,
    TryForm,
    WeekForm,
)
from app.office.views.door import MANAGERS, bp, page
from app.schedule import queries as schedule
from app.schedule.models import ResourceKind
from app.schedule.services import Hours
from app.towns import queries as towns
from app.towns import services as town_rules
from app.towns.errors import RuleRefused
from app.towns.queries.catalogue import catalogue

setup_bp = Blueprint("setup", "app.office", url_prefix="/setup", template_folder="templates")

# What most town halls begin with.
USUAL = ("padron", "volante", "registro", "domiciliacion", "certificado-digital", "ayuda-social")


@setup_bp.route("/<token>", methods=["GET", "POST"])
@everyone
def begin(token: str) -> Response:
    """The town, and who looks after it. The link is the key, and it opens once."""
    if g.town is not None:
        raise Missing
    link = services.open_link(token)
    form = TownStartForm()
    if request.method == "GET":
        form.main.data = current_slug()
    if form.validate_on_submit():
        try:
            with transaction():
                link = services.open_link(token)
                town, invitation = services.begin(
                    link,
                    name=form.name.data or "",
                    slug=form.slug,
                    languages=form.languages,
                    region=form.region.data or "",
                    phone=form.phone.data or "",
                    person=form.person.data or "",
                )
        except TownTaken as refusal:
            form.name.errors = [str(refusal)]
            return _street("begin", 409, form=form, token=token)
        address = towns.address_of(town, f"/desk/enrol/{invitation}")
        return _street("begun", 200, town_name=town.name, address=address)
    return _street("begin", 422 if form.errors else 200, form=form, token=token)


@dataclass(frozen=True)
class Step:
    """One step of the guide, and whether it is done."""

    endpoint: str
    name: str
    text: str
    is_done: bool


@bp.get("/setup")
@requires(*MANAGERS)
def setup() -> Response:
    """Where the town stands, and what comes next."""
    steps = _steps()
    return page("setup", steps=steps, coming=next((one for one in steps if not one.is_done), None))


@bp.route("/setup/office", methods=["GET", "POST"])
@requires(*MANAGERS)
def setup_office() -> Response:
    form = OfficeForm(town=g.town)
    if request.method == "GET":
        form.phone.data = g.town.phone
    if form.validate_on_submit():
        with transaction():
            town_rules.add_office(
                slug=new_code(),
                name=form.texts("name"),
                hours=form.texts("hours"),
                address=form.address.data,
                phone=form.phone.data,
            )
        flash(_("The office is saved."))
        return see_other(url_for(".setup"))
    status = 422 if form.is_submitted() else 200
    languages = [LANGUAGES[slug] for slug in form.slugs]
    return page("setup_office", status, form=form, languages=languages, typed=request.form)


@bp.route("/setup/procedures", methods=["GET", "POST"])
@requires(*MANAGERS)
def setup_procedures() -> Response:
    """Common procedures with their texts in seven languages; they are changed afterwards."""
    offices = towns.offices()
    if not offices:
        return see_other(url_for(".setup_office"))
    known = {one.slug for one in towns.procedures()}
    offered = [item for item in catalogue() if item["slug"] not in known]
    form = OfferForm()
    form.chosen.choices = [(item["slug"], str(in_language(item["name"]))) for item in offered]
    if request.method == "GET":
        form.chosen.data = [slug for slug in USUAL if slug not in known]
    if form.validate_on_submit():
        with transaction():
            made = services.offer_from_catalogue(offices[0], form.chosen.data)
        flash(
            ngettext("%(num)s procedure is offered.", "%(num)s procedures are offered.", len(made))
        )
        return see_other(url_for(".setup"))
    return page("setup_procedures", 422 if form.errors else 200, form=form)


@bp.route("/people/invite", methods=["GET", "POST"])
@requires(*MANAGERS)
def invite() -> Response:
    """Somebody more, and the one-time link with which they get in."""
    form = InviteForm(town=g.town, procedures=list(towns.procedures()))
    if form.validate_on_submit():
        chosen = set(form.procedures.data)
        with transaction():
            person = services.employ_clerk(
                form.name.data or "",
                Role(form.role.data),
                form.languages.data,
                [one for one in towns.procedures() if one.id in chosen],
            )
            token = accounts.invite(person, current_account)
        address = towns.address_of(g.town, f"/desk/enrol/{token}")
        return page("invited", person=person, address=address)
    return page("invite", 422 if form.errors else 200, form=form)


@bp.route("/setup/hours", methods=["GET", "POST"])
@requires(*MANAGERS)
def setup_hours() -> Response:
    form = WeekForm()
    if request.method == "GET":
        form.starts.process_formdata(["09:00"])
        form.ends.process_formdata(["14:00"])
    if form.validate_on_submit():
        hours = Hours(form.starts.data, form.ends.data, tuple(form.channels.data))
        try:
            with transaction():
                count = services.work_hours_for_all(form.weekdays.data, hours)
        except RuleRefused as refusal:
            form.refuse(refusal.field, str(refusal))
            return page("setup_hours", 422, form=form)
        flash(ngettext("%(num)s person has hours now.", "%(num)s people have hours now.", count))
        return see_other(url_for(".setup"))
    return page("setup_hours", 422 if form.errors else 200, form=form)


@bp.route("/setup/visit", methods=["GET", "POST"])
@requires(*MANAGERS)
def setup_visit() -> Response:
    """The first visit of the town: whoever sets it up sees what a citizen sees."""
    form = TryForm()
    if form.validate_on_submit():
        try:
            with transaction():
                visit = services.book_test_visit(
                    g.town,
                    current_account,
                    towns.procedures(),
                    phone=form.number,
                    reads=current_slug(),
                )
            return page("setup_done", visit=visit, link=booking.link_of(visit))
        except NoTimeYet as refusal:
            form.phone.errors = [str(refusal)]
            return page("setup_visit", 409, form=form)
    return page("setup_visit", 422 if form.errors else 200, form=form)


def _steps() -> list[Step]:
    clerks = [one for one in schedule.resources([ResourceKind.CLERK]) if one.is_active]
    with_hours = [one for one in clerks if schedule.shifts_of(one.id)]
    return [
        Step(
            "office.setup_office",
            _("The office"),
            _("Its name, its address and its telephone."),
            bool(towns.offices()),
        ),
        Step(
            "office.setup_procedures",
            _("What is attended"),
            _("Choose among common procedures, written in seven languages."),
            bool(towns.procedures()),
        ),
        Step(
            "office.invite",
            _("Who attends"),
            _("Each person gets a link to create their passkey."),
            bool(clerks),
        ),
        Step(
            "office.setup_hours",
            _("When"),
            _("The same hours for everybody, to begin with."),
            bool(with_hours),
        ),
        Step(
            "office.setup_visit",
            _("A test visit"),
            _("Book one for yourself, and see what people see."),
            booking.has_any(),
        ),
    ]


def is_set_up() -> bool:
    return all(one.is_done for one in _steps())


def _street(name: str, status: int, **words: object) -> Response:
    return make_response(render_template(f"office/{name}.html", **words), status)
