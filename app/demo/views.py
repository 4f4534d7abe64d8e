"""The demonstration's own pages. They are registered in demonstration mode and nowhere else."""

import re
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.accounts import queries as accounts
from app.accounts.models import Power, Role
from app.core.db import transaction
from app.core.errors import Missing
from app.core.htmx import page_or_fragment, see_other
from app.core.security import by_provider, everyone
from app.demo import identities, services
from app.identity import session
from app.kiosks import queries as kiosks
from app.kiosks import services as screens
from app.messaging import queries as messages
from app.towns import queries as towns
from app.towns.tenant import every_town

bp = Blueprint("demo", __name__, url_prefix="/demo", template_folder="templates")
ADDRESS = re.compile(r"(https?://\S+)")


@bp.app_template_filter()
def linked(text: str, name: str) -> Markup:
    """The addresses of a message as links; each is called after the message, so that the focus
    finds it again when the messages are read anew."""
    pieces = ADDRESS.split(text)
    return Markup("").join(
        Markup('<a id="{}-{}" href="{}">{}</a>').format(name, place, piece, piece)
        if place % 2
        else escape(piece)
        for place, piece in enumerate(pieces)
    )


@bp.get("/")
@everyone
def start() -> str:
    """On a town's host: its telephone and its doors. On the province's: the towns."""
    if g.town is None:
        return render_template("demo/province.html", towns=towns.all_towns())
    people = sorted(accounts.staff(), key=lambda person: list(Role).index(person.role))
    return render_template(
        "demo/town.html",
        people=people,
        messages=messages.latest(),
        offices=towns.offices(),
        has_kiosk=kiosks.has_kiosks(),
        role_name=_role_name,
    )


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
    with transaction():
        session.begin(person, "door")
    return see_other(url_for("desk.today" if person.may(Power.ATTEND) else "office.start"))


def _role_name(role: str) -> str:
    return {
        "clerk": _("Clerk"),
        "supervisor": _("Supervisor"),
        "administrator": _("Administrator"),
    }.get(role, role)


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


@bp.post("/kiosk")
@everyone
def kiosk() -> Response:
    """This browser is the screen of the library, until whoever plays with it finishes."""
    towns.current_town_or_404()
    found = next(iter(kiosks.kiosks()), None)
    if found is None:
        raise Missing
    with transaction():
        ticket = screens.open_stay(found)[1]
    return see_other(url_for("kiosk.begin", ticket=ticket))


@bp.get("/identity/auth")
@everyone
def identity() -> str:
    """The invented provider's page: choose a person, confirm, and go back where you came from."""
    asked = {key: request.args.get(key, "") for key in ASKED}
    identities.refuse_other_addresses(asked["redirect_uri"])
    chosen = request.args.get("who")
    person = identities.person_or_404(chosen) if chosen else None
    return render_template(
        "demo/identity.html",
        asked=asked,
        people=identities.PEOPLE,
        person=person,
        back=identities.answer_of(person, asked) if person else "",
        cancel=identities.cancelled(asked),
    )


ASKED = ("redirect_uri", "state", "code_challenge")


@bp.post("/identity/token")
@by_provider
def token() -> Response:
    """Asked by our own server, as by any that has registered with a provider."""
    answer = identities.token_for(request.form.to_dict())
    if answer is None:
        return make_response({"error": "invalid_grant"}, 400)
    return make_response(answer, 200)


@bp.get("/identity/getUserInfo")
@everyone
def user_info() -> dict[str, Any]:
    return identities.user_info(request.args.get("AccessToken", ""))


@bp.get("/identity/getAuthenticationEvidence")
@everyone
def evidence() -> dict[str, Any]:
    return identities.evidence(request.args.get("AccessToken", ""))
