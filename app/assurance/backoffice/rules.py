"""What the town decides: who may identify people, what is kept, and what each procedure asks."""

from typing import Any

from flask import Blueprint, Response, current_app, flash, request, url_for
from flask_babel import gettext as _

from app.accounts.models import Account, Power, who_may
from app.assurance import queries, services
from app.assurance.errors import AlreadyAuthorised
from app.assurance.forms import ChangeForm, EntryForm, NeedsForm, RuleForm
from app.core import clock
from app.core.db import transaction
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import LANGUAGES
from app.identity import eid
from app.identity.session import current_account, requires
from app.towns import queries as towns
from app.towns import services as town_rules
from app.towns.models import DocumentRule, Level, Moment, Procedure, Town
from app.ui.forms import NO_CONTROLS

office_bp = Blueprint(
    "identification", __name__, url_prefix="/office/identification", template_folder="../templates"
)
OFFICE = who_may(Power.AUTHORISE)
LONGEST = 300  # of a town's own sentence


@office_bp.get("/")
@requires(*OFFICE)
def start() -> Response:
    return _start(RuleForm(formdata=None, data=_present(towns.current_town_or_404())))


@office_bp.post("/")
@requires(*OFFICE)
def set_rule() -> Response:
    """What is kept of numbers, and which national identities are taken."""
    town = towns.current_town_or_404()
    form = RuleForm()
    if not form.validate_on_submit():
        return _start(form, status=422)
    known = [one.name for one in eid.offered(sorted(_all_providers()))]
    chosen = [name for name in known if name in request.form.getlist("providers")]
    with transaction():
        services.set_document_rule(town, DocumentRule(form.rule.data), form.days.data or 1)
        town_rules.change_town(town, eid_providers=chosen)
    flash(_("The rules are saved."))
    return see_other(url_for(".start"))


@office_bp.route("/clerks", methods=["GET", "POST"])
@requires(*OFFICE)
def clerks() -> Response:
    """The register of clerks who may identify people, and a new entry."""
    town = towns.current_town_or_404()
    people = {account.code: account for account in queries.candidates(town)}
    form = EntryForm()
    form.account.choices = [("", "—"), *((code, one.name) for code, one in people.items())]
    if request.method == "GET":
        form.first_day.data = clock.today(town.time_zone)
    if form.validate_on_submit():
        try:
            with transaction():
                services.authorise(
                    people[form.account.data],
                    form.first_day.data or clock.today(town.time_zone),
                    form.last_day.data,
                    reference=form.reference.data or "",
                    by=current_account,
                )
            flash(_("The register is changed."))
            return see_other(url_for(".clerks"))
        except AlreadyAuthorised as refusal:
            form.account.errors = [str(refusal)]
            return _clerks(form, status=409)
    return _clerks(form, status=422 if form.errors else 200)


@office_bp.route("/clerks/<code>", methods=["GET", "POST"])
@requires(*OFFICE)
def entry(code: str) -> Response:
    """One entry: a longer or shorter time, another resolution."""
    found = queries.entry_or_404(code)
    form = ChangeForm(obj=found)
    if form.validate_on_submit():
        if form.last_day.data and form.last_day.data < found.first_day:
            form.last_day.errors = [_("The last day is before the first. Look at both again.")]
        else:
            with transaction():
                services.change_entry(found, form.last_day.data, form.reference.data or "")
            flash(_("The register is changed."))
            return see_other(url_for(".clerks"))
    return page_or_fragment(
        "assurance/entry.html",
        "assurance/_entry_form.html",
        status=422 if form.errors else 200,
        entry=found,
        form=form,
    )


@office_bp.post("/clerks/<code>/end")
@requires(*OFFICE)
def end(code: str) -> Response:
    found = queries.entry_or_404(code)
    with transaction():
        services.end_entry(found)
    flash(_("The register is changed."))
    return see_other(url_for(".clerks"))


@office_bp.route("/procedures/<slug>", methods=["GET", "POST"])
@requires(*OFFICE)
def needs(slug: str) -> Response:
    """How surely this procedure must know who it is, when, and why, in the town's languages."""
    procedure = towns.procedure_or_404(slug, stages=towns.TO_BE_WRITTEN)
    form = NeedsForm(
        data={moment.value: procedure.assurance.get(moment.value, "none") for moment in Moment}
    )
    if not form.validate_on_submit():
        return page_or_fragment(
            "assurance/needs.html",
            "assurance/_needs_form.html",
            status=422 if form.errors else 200,
            procedure=procedure,
            form=form,
            slugs=_slugs(towns.current_town_or_404()),
        )
    with transaction():
        town_rules.change_procedure(procedure, **_decided(procedure, form))
    flash(_("The rules are saved."))
    return see_other(url_for(".start"))


@office_bp.app_template_global("decides_on_identification")
def decides(account: Account) -> bool:
    return account.role in OFFICE


def _start(form: RuleForm, status: int = 200) -> Response:
    town = towns.current_town_or_404()
    return page_or_fragment(
        "assurance/office.html",
        "assurance/_rule_form.html",
        status=status,
        form=form,
        providers=eid.offered(sorted(_all_providers())),
        chosen=town.eid_providers,
        procedures=towns.procedures(stages=towns.TO_BE_WRITTEN),
        moments=list(Moment),
    )


def _clerks(form: EntryForm, status: int) -> Response:
    town = towns.current_town_or_404()
    return page_or_fragment(
        "assurance/clerks.html",
        "assurance/_clerk_form.html",
        status=status,
        form=form,
        register=queries.register(),
        today=clock.today(town.time_zone),
    )


def _present(town: Town) -> dict[str, Any]:
    return {"rule": town.document_rule.value, "days": town.document_days}


def _all_providers() -> list[str]:
    return list(current_app.extensions["eid"])


def _slugs(town: Town) -> list[str]:
    return [slug for slug in town.languages if slug in LANGUAGES]


def _decided(procedure: Procedure, form: NeedsForm) -> dict[str, Any]:
    asked = {
        moment.value: form[moment.value].data
        for moment in Moment
        if form[moment.value].data != Level.NONE.value
    }
    return {
        "assurance": asked,
        "assurance_reason": _texts(procedure.assurance_reason, "reason"),
        "act": _texts(procedure.act, "act"),
    }


def _texts(before: dict[str, str], name: str) -> dict[str, str]:
    """A text in every language that was on the page; the others stay as they were."""
    typed = {
        slug: " ".join(NO_CONTROLS.sub(" ", request.form[f"{name}-{slug}"]).split())[:LONGEST]
        for slug in LANGUAGES
        if f"{name}-{slug}" in request.form
    }
    return {slug: text for slug, text in {**before, **typed}.items() if text}
