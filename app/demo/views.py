"""The demonstration's own pages. They are registered in demonstration mode and nowhere else."""

from flask import Blueprint, Response, flash, g, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts import queries as accounts
from app.accounts.models import Role
from app.core.db import transaction
from app.core.errors import Missing
from app.core.htmx import page_or_fragment, see_other
from app.core.security import everyone
from app.demo import services
from app.identity import session
from app.messaging import queries as messages
from app.schedule import queries as schedule
from app.towns import queries as towns
from app.towns.tenant import every_town

bp = Blueprint("demo", __name__, url_prefix="/demo", template_folder="templates")


@bp.get("/")
@everyone
def start() -> str:
    """On a town's host: its telephone and its doors. On the province's: the towns."""
    if g.town is None:
        return render_template("demo/province.html", towns=towns.all_towns())
    staff = sorted(accounts.staff(), key=lambda person: list(Role).index(person.role))
    people = [(person, schedule.resource_of(person.id)) for person in staff]
    return render_template("demo/town.html", people=people, messages=messages.latest())


@bp.get("/phone")
@everyone
def phone() -> Response:
    """The telephone where every message of the demonstration arrives."""
    if g.town is None:
        with every_town():
            arrived = messages.latest()
    else:
        arrived = messages.latest()
    return page_or_fragment("demo/phone.html", "demo/_messages.html", messages=arrived)


@bp.post("/enter/<code>")
@everyone
def enter(code: str) -> Response:
    """Be this person of the staff, without their passkey."""
    towns.current_town_or_404()
    person = next((row for row in accounts.staff() if row.code == code), None)
    if person is None:
        raise Missing
    session.begin(person)
    return see_other(url_for("desk.today"))


@bp.post("/somebody-waits")
@everyone
def somebody_waits() -> Response:
    """An invented citizen comes into the waiting room, to be called."""
    town = towns.current_town_or_404()
    with transaction():
        visit = services.somebody_waits(town, town.languages[0])
    if visit is None:
        flash(_("There is no free video time in the next minutes. Try again later."))
        return see_other(url_for(".start"))
    if request.form.get("then") == "wait":
        return see_other(url_for("portal.wait", lang=visit.reads, code=visit.code))
    return see_other(url_for(".start"))
