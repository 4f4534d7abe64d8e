"""Clerks, interpreters, desks and booths: what each can do, its name, and whether it is in use."""

from typing import Any

from flask import Response, g, request, url_for
from flask_babel import gettext as _

from app.accounts import queries as accounts_queries
from app.accounts import services as accounts
from app.accounts.errors import NotYourself
from app.core.errors import Missing
from app.core.i18n import LANGUAGES
from app.identity.session import current_account, requires
from app.office import services as errands
from app.office.forms import ResourceForm, RuleForm, SkillsForm
from app.office.forms.versions import mark_of
from app.office.views.door import MANAGERS, bp, carry_out, offices, page
from app.schedule import queries as schedule
from app.schedule import services
from app.schedule.models import Resource, ResourceKind
from app.towns import queries as towns


@bp.get("/people")
@requires(*MANAGERS)
def people() -> Response:
    everybody = schedule.resources()
    return page(
        "people",
        people=everybody,
        kinds=list(ResourceKind),
        offices={one.id: one for one in offices()},
        lent=schedule.lent_clerks(g.town),
    )


@bp.route("/people/new", methods=["GET", "POST"])
@requires(*MANAGERS)
def new_resource() -> Response:
    """A desk, a booth or an interpreter. Clerks come with their invitation."""
    form = ResourceForm(offices=offices())

    def again(status: int) -> Response:
        return page("resource", status, form=form, person=None)

    if request.method == "GET":
        return again(200)

    def add() -> None:
        fields = {key: value for key, value in form.fields.items() if key != "is_active"}
        services.add_resource(ResourceKind(form.kind.data), fields.pop("name"), **fields)

    return carry_out(
        form,
        add,
        title=_("Something new"),
        back=url_for(".people"),
        done=_("It is on the list. Now write its hours, if it has any."),
        again=again,
    )


@bp.route("/people/<code>", methods=["GET", "POST"])
@requires(*MANAGERS)
def resource(code: str) -> Response:
    """Its name, its office, its pause, and whether it is in use."""
    person = schedule.resource_or_404(code)
    form = ResourceForm(offices=offices(), data=_values(person))
    if request.method == "POST":
        form.kind.data = person.kind.value
        form.kind.validate_choice = False

    def again(status: int) -> Response:
        return page("resource", status, form=form, person=person)

    def change() -> None:
        services.change_resource(person, **form.fields)
        if person.account:
            accounts.rename(person.account, person.name)

    if request.method == "GET":
        form.row.data = mark_of(_values(person))
        return again(200)
    return carry_out(
        form,
        change,
        title=_("Changes to %(name)s", name=person.name),
        back=url_for(".people"),
        done=_("The changes are saved."),
        again=again,
        values=lambda: _values(person),
    )


@bp.route("/people/<code>/skills", methods=["GET", "POST"])
@requires(*MANAGERS)
def skills(code: str) -> Response:
    """Which procedures of this town somebody attends; their languages too, if they are ours."""
    person = _clerk_or_404(code)
    is_ours = person.town_id == g.town.id
    offered = towns.procedures()
    form = SkillsForm(procedures=offered, data=_skill_values(person))

    def again(status: int) -> Response:
        return page("skills", status, form=form, person=person, is_ours=is_ours)

    def change() -> None:
        services.set_skills(person, form.procedures.data)
        if is_ours and person.account:
            accounts.speak(person.account, _in_order(person, form.languages.data))

    if request.method == "GET":
        form.row.data = mark_of(_skill_values(person))
        return again(200)
    return carry_out(
        form,
        change,
        title=_("What %(name)s attends", name=person.name),
        back=url_for(".people"),
        done=_("The changes are saved."),
        again=again,
        values=lambda: _skill_values(person),
    )


@bp.route("/staff/<code>/let-go", methods=["GET", "POST"])
@requires(*MANAGERS)
def let_go(code: str) -> Response:
    """Somebody no longer works here: what they have ahead is handed over first."""
    person = accounts_queries.staff_or_404(code)
    if person.id == current_account.id:
        raise NotYourself

    def again(status: int) -> Response:
        return page("let_go", status, person=person, form=RuleForm())

    if request.method == "GET":
        return again(200)
    return carry_out(
        RuleForm(),
        lambda: errands.let_go(person),
        title=_("%(name)s no longer works here", name=person.name),
        back=url_for("access.everybody"),
        done=_("%(name)s no longer gets in. Every session of theirs is closed.", name=person.name),
        again=again,
    )


def _clerk_or_404(code: str) -> Resource:
    """A clerk of this town, or one that another town of the pool lends."""
    lent = next((one for one in schedule.lent_clerks(g.town) if one.code == code), None)
    person = lent or schedule.resource_or_404(code)
    if person.kind is not ResourceKind.CLERK:
        raise Missing
    return person


def _values(person: Resource) -> dict[str, Any]:
    return {
        "name": person.name,
        "where": person.office_id or 0,
        "buffer_minutes": person.buffer_minutes,
        "signs": list(person.signs),
        "is_active": person.is_active,
    }


def _skill_values(person: Resource) -> dict[str, Any]:
    own = {one.id for one in towns.procedures()}
    spoken = person.account.languages if person.account else []
    return {
        "procedures": sorted(schedule.skills_of(person.id) & own),
        "languages": [slug for slug in LANGUAGES if slug in spoken],
    }


def _in_order(person: Resource, chosen: list[str]) -> list[str]:
    """Their languages in the order that they had; new ones last."""
    before = list(person.account.languages) if person.account else []
    kept = [slug for slug in before if slug in chosen]
    return kept + [slug for slug in chosen if slug not in kept]
