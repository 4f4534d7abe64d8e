"""Continue on my phone, and bring my phone: one square, for one telephone, once."""

import segno
from flask import Response, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.db import transaction
from app.core.errors import Missing
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import asked_slug
from app.core.limits import sends_codes
from app.core.security import everyone
from app.identity import session as signed
from app.kiosks import queries, services
from app.kiosks.errors import HandOffOver
from app.kiosks.forms import BringForm, ConfirmForm
from app.kiosks.views.door import at_a_kiosk, bp, current_stay, phone_bp, screen
from app.towns import queries as towns


@bp.get("/kiosk/phone")
@at_a_kiosk
def hand_off() -> Response:
    """A new square each time; the one before opens nothing."""
    town = towns.current_town_or_404()
    with transaction():
        services.see(current_stay)
        token, number = services.offer(current_stay)
    lang = asked_slug()
    address = towns.address_of(town, f"/{lang}/bring/{token}")
    square = segno.make(address, error="m")
    return screen(
        "hand_off",
        ("hand_off", "type_it", f"digits:{number}"),
        square=square.svg_inline(scale=1, border=4, light="#fff", omitsize=True),
        modules=square.symbol_size(border=4)[0],
        number=queries.spaced(number),
        short=towns.address_of(town, f"/{lang}/bring").split("://")[1],
    )


@phone_bp.route("/bring", methods=["GET", "POST"])
@everyone
@sends_codes
def type_it() -> Response:
    """For a telephone that reads no squares: the digits."""
    towns.current_town_or_404()
    form = BringForm()
    if form.validate_on_submit():
        if queries.hand_off(form.number.data or "") is not None:
            return see_other(url_for(".bring", token=form.number.data))
        form.number.errors = [str(HandOffOver.message)]
    return page_or_fragment(
        "kiosks/type_it.html",
        "kiosks/_bring_form.html",
        status=422 if form.errors else 200,
        form=form,
    )


@phone_bp.route("/bring/<token>", methods=["GET", "POST"])
@everyone
@sends_codes
def bring(token: str) -> Response | AnyResponse:
    """Looking uses nothing up: the button does. Whoever pressed it is led on, however often."""
    towns.current_town_or_404()
    if visit_code := session.get("brought", {}).get(token):
        return see_other(url_for("portal.wait", code=visit_code))
    found = queries.hand_off(token)
    stay = queries.stay_named(found.stay_code) if found else None
    if found is None or stay is None or not stay.is_open:
        raise HandOffOver
    if signed.is_kiosk():
        raise Missing  # a kiosk is no telephone
    form = ConfirmForm()
    if form.validate_on_submit():
        if request.form.get("way") == "take":
            return _take(token)
        if request.form.get("way") == "show":
            return _show(token)
    person = signed.citizen()
    if request.args.get("show") and person is None:
        return redirect(url_for("me.sign_in", next=url_for(".bring", token=token, show=1)), 303)
    return make_response(
        render_template("kiosks/bring.html", stay=stay, person=person, token=token)
    )


@phone_bp.get("/bring/done")
@everyone
def shown() -> str:
    """The kiosk knows them: look up from the telephone."""
    towns.current_town_or_404()
    return render_template("kiosks/shown.html")


def _take(token: str) -> Response:
    with transaction():
        visit = services.take_away(queries.hand_off(token))
    if visit is not None:
        session["brought"] = {token: visit.code}
        return see_other(url_for("portal.wait", lang=visit.reads, code=visit.code))
    return see_other(url_for("portal.home"))


def _show(token: str) -> Response:
    person = signed.citizen()
    if person is None:
        back = url_for(".bring", token=token, show=1)
        return see_other(url_for("me.sign_in", next=back))
    with transaction():
        services.show_who_it_is(queries.hand_off(token), person)
    return see_other(url_for(".shown"))
