"""The fleet in the back office, and what a clerk does at the kiosk of whoever they attend."""

from typing import Any

from flask import Blueprint, Response, flash, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts.models import Power, who_may
from app.booking.models import Visit
from app.core import clock
from app.core.db import transaction
from app.core.errors import Missing, Refusal
from app.core.htmx import page_or_fragment, see_other
from app.identity.session import current_account, requires
from app.kiosks import queries, services
from app.kiosks.errors import KioskUnheard, NotAtAKiosk
from app.kiosks.forms import NOBODYS, ApproveForm, ConfirmForm, KioskForm, ServiceForm
from app.kiosks.models import Kiosk, OrderKind, Stay
from app.kiosks.words import order_name, troubles_of
from app.queue import queries as line
from app.queue import services as queue
from app.towns import queries as towns
from app.towns.models import Channel
from app.towns.tenant import speak_for

MANAGERS = who_may(Power.PLAN)
STAFF = who_may(Power.ATTEND)
# What somebody may ask of a device from afar.
FROM_AFAR = (OrderKind.TEST, OrderKind.RESTART, OrderKind.REBOOT)

office_bp = Blueprint(
    "office_kiosks", "app.kiosks", url_prefix="/office/kiosks", template_folder="templates"
)
desk_bp = Blueprint("desk_kiosks", "app.kiosks", url_prefix="/desk")


@office_bp.get("/")
@requires(*MANAGERS)
def fleet() -> Response:
    """Every kiosk: how it is, when it was last heard, what it needs."""
    found = queries.kiosks()
    return page_or_fragment(
        "kiosks/fleet.html",
        "kiosks/_fleet.html",
        kiosks=found,
        troubles={one.id: troubles_of(one) for one in found},
        stays={one.id: queries.open_stay_of(one) for one in found},
        wipes={one.id: queries.last_wiped(one) for one in found},
        now=clock.now(),
    )


@office_bp.route("/approve", methods=["GET", "POST"])
@requires(*MANAGERS)
def approve() -> Response:
    """Whoever knows the device types the code that it shows."""
    form = ApproveForm(booths=queries.free_booths())
    if form.validate_on_submit():
        try:
            with transaction():
                kiosk = services.approve(
                    form.code.data or "",
                    current_account,
                    name=(form.name.data or "").strip(),
                    booth=form.chosen_booth,
                )
            flash(_("%(name)s is a kiosk now. It starts by itself in a moment.", name=kiosk.name))
            return see_other(url_for(".fleet"))
        except Refusal as refusal:
            form.code.errors = [str(refusal.message)]
    return page_or_fragment(
        "kiosks/approve.html",
        "kiosks/_approve_form.html",
        status=422 if form.errors else 200,
        form=form,
    )


@office_bp.route("/<code>", methods=["GET", "POST"])
@requires(*MANAGERS)
def kiosk(code: str) -> Response:
    found = queries.kiosk_or_404(code)
    form = KioskForm(
        booths=queries.free_booths(found),
        procedures=[one for one in towns.procedures() if one.allows(Channel.VIDEO.value)],
        countries=g.town.phone_countries,
        data=_values(found) if request.method == "GET" else None,
    )
    if form.validate_on_submit():
        with transaction():
            services.change(
                found,
                current_account,
                name=(form.name.data or "").strip(),
                booth=form.chosen_booth,
                procedure=form.chosen_procedure,
                librarian_phone=form.librarian_phone,
                volume=int(form.volume.data or 0),
            )
        flash(_("The changes are saved."))
        return see_other(url_for(".kiosk", code=code))
    return _page(found, form, ServiceForm(formdata=None), 422 if form.errors else 200)


@office_bp.post("/<code>/orders")
@requires(*MANAGERS)
def orders(code: str) -> Response:
    """Restart the screen or the device, or test it now."""
    found = queries.kiosk_or_404(code)
    wanted = request.form.get("order", "")
    if not ConfirmForm().validate_on_submit() or wanted not in list(FROM_AFAR):
        raise Missing
    if not found.is_heard(queries.every()):
        raise KioskUnheard
    with transaction():
        services.order(found, OrderKind(wanted), by=current_account)
    flash(_("%(what)s: asked for. The page shows it when it is done.", what=order_name(wanted)))
    return see_other(url_for(".kiosk", code=code))


@office_bp.post("/<code>/service")
@requires(*MANAGERS)
def service(code: str) -> Response:
    """Out of service with its reason, or back in service."""
    found = queries.kiosk_or_404(code)
    if found.out_of_service:
        with transaction():
            services.serve_again(found, current_account)
        flash(_("It serves again."))
        return see_other(url_for(".kiosk", code=code))
    form = ServiceForm()
    if not form.validate_on_submit():
        own = KioskForm(
            booths=queries.free_booths(found),
            procedures=towns.procedures(),
            countries=g.town.phone_countries,
            formdata=None,
            data=_values(found),
        )
        return _page(found, own, form, 422)
    with transaction():
        services.stop_serving(found, current_account, (form.reason.data or "").strip())
    flash(_("It is out of service, and its place cannot be booked."))
    return see_other(url_for(".kiosk", code=code))


@office_bp.route("/<code>/remove", methods=["GET", "POST"])
@requires(*MANAGERS)
def remove(code: str) -> Response:
    found = queries.kiosk_or_404(code)
    if not ConfirmForm().validate_on_submit():
        return make_response(render_template("kiosks/remove.html", kiosk=found))
    with transaction():
        services.remove(found, current_account)
    flash(_("%(name)s is no longer a kiosk: its key opens nothing.", name=found.name))
    return see_other(url_for(".fleet"))


def _values(found: Kiosk) -> dict[str, Any]:
    return {
        "name": found.name,
        "booth": found.booth_id or NOBODYS,
        "procedure": found.procedure_id or NOBODYS,
        "librarian": found.librarian_phone,
        "volume": found.volume,
    }


def _page(found: Kiosk, form: KioskForm, service: ServiceForm, status: int) -> Response:
    return make_response(
        render_template(
            "kiosks/kiosk_office.html",
            kiosk=found,
            form=form,
            service=service,
            troubles=troubles_of(found),
            stay=queries.open_stay_of(found),
            wiped=queries.last_wiped(found),
            orders=queries.last_orders(found),
            from_afar=FROM_AFAR,
            now=clock.now(),
        ),
        status,
    )


# --- the clerk --------------------------------------------------------------------------------

SHOWN = ("procedure", "papers", "after", "office")


@desk_bp.get("/visits/<code>/kiosk")
@requires(*STAFF)
def remote(code: str) -> Response:
    """What the device of whoever is attended can do, and how the last errands went."""
    visit = _own_visit(code)
    return _remote(visit, queries.stay_of_visit(visit))


@desk_bp.post("/visits/<code>/kiosk")
@requires(*STAFF)
def act(code: str) -> Response:
    """Open the camera over the table, scan, print, louder, show something, call the librarian."""
    visit = _own_visit(code)
    stay = queries.stay_of_visit(visit)
    if not ConfirmForm().validate_on_submit():
        raise Missing
    if stay is None:
        raise NotAtAKiosk
    with transaction():
        _do(stay, request.form.get("act", ""), request.form.get("page", ""))
    return _remote(visit, stay)


def _do(stay: Stay, act: str, page: str) -> None:
    errands = {
        "table": lambda: services.tell(stay, "camera", which="table"),
        "face": lambda: services.tell(stay, "camera", which="face"),
        "louder": lambda: services.set_volume(stay, stay.volume + 10),
        "softer": lambda: services.set_volume(stay, stay.volume - 10),
        "private": lambda: services.set_private(stay, not stay.is_private),
        "librarian": lambda: services.call_the_librarian(stay),
        "hide": lambda: services.tell(stay, "hide"),
        "scan": lambda: services.scan(stay, current_account),
        "print": lambda: services.print_receipt(stay, by=current_account),
    }
    if act == "show" and page in SHOWN:
        services.tell(stay, "show", page=page)
    elif act in errands:
        errands[act]()
    else:
        raise Missing


def _remote(visit: Visit, stay: Stay | None) -> Response:
    return page_or_fragment(
        "kiosks/remote.html",
        "kiosks/_remote.html",
        visit=visit,
        stay=stay,
        orders=queries.orders_during(stay) if stay else (),
    )


def _own_visit(code: str) -> Visit:
    """Only what this very clerk has on the counter."""
    clerk = queue.counter_of(current_account)
    visit = line.visit_for(clerk, code)
    if visit is None or visit.clerk_id != clerk.id:
        raise Missing
    speak_for(visit.town_id)
    return visit
