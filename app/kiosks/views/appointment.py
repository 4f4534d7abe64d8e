"""Whoever has an appointment is found by a number on paper or by their telephone: digits alone."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, request, session, url_for

from app.booking import queries as booking
from app.booking.models import Visit
from app.core import clock
from app.core.db import transaction
from app.core.errors import Refusal
from app.core.htmx import see_other
from app.core.i18n import clock_time, date_in_words
from app.core.limits import sends_codes
from app.identity import telephone
from app.kiosks import queries, services
from app.kiosks.errors import NumberUnknown
from app.kiosks.forms import ConfirmForm, NumberForm, PhoneForm
from app.kiosks.prompts import Part, name_of
from app.kiosks.views.door import at_a_kiosk, bp, current_stay, screen
from app.towns import queries as towns
from app.ui.forms import CodeForm


@bp.get("/kiosk/appointment")
@at_a_kiosk
def appointment() -> Response:
    """By which number they want to be found."""
    return screen("appointment", ("appointment",))


@bp.route("/kiosk/appointment/number", methods=["GET", "POST"])
@at_a_kiosk
@sends_codes
def by_number() -> Response:
    form = NumberForm()
    refusal: Refusal | None = None
    if form.validate_on_submit():
        visit = queries.visit_with_number(form.number.data or "")
        try:
            if visit is None:
                raise NumberUnknown
            with transaction():
                services.attach(current_stay, visit)
            return see_other(url_for(".call"))
        except Refusal as problem:
            refusal = problem
    status = 409 if refusal else 422 if form.errors else 200
    return screen("by_number", ("number",), status, form=form, refusal=refusal)


@bp.route("/kiosk/appointment/phone", methods=["GET", "POST"])
@at_a_kiosk
@sends_codes
def by_phone() -> Response:
    """Known and unknown numbers get the same answer: a code."""
    town = towns.current_town_or_404()
    form = PhoneForm(countries=town.phone_countries)
    if not form.validate_on_submit():
        return screen("by_phone", ("phone",), 422 if form.errors else 200, form=form)
    with transaction():
        services.see(current_stay)
        telephone.send(form.number, _purpose())
    session["kiosk"] = (current_stay.code, form.number)
    return see_other(url_for(".code"))


@bp.route("/kiosk/appointment/code", methods=["GET", "POST"])
@at_a_kiosk
@sends_codes
def code() -> Response:
    number = _asked()
    if not number:
        return see_other(url_for(".by_phone"))
    form = CodeForm()
    if form.validate_on_submit():
        with transaction():
            problem = telephone.problem_with(number, _purpose(), form.code.data or "")
            services.see(current_stay)  # after the turn that a right code takes
        if problem is None:
            session["kiosk"] = (current_stay.code, number, True)
            return see_other(url_for(".mine"))
        form.code.errors = [problem]
    return screen(
        "code",
        ("code",),
        422 if form.errors else 200,
        form=form,
        ways=telephone.ways(number, _purpose()),
        digits=number[-3:],
    )


@bp.post("/kiosk/appointment/code/again")
@at_a_kiosk
@sends_codes
def code_again() -> Response:
    number = _asked()
    if number:
        with transaction():
            telephone.send_again(number, _purpose())
    return see_other(url_for(".code"))


@bp.route("/kiosk/mine", methods=["GET", "POST"])
@at_a_kiosk
def mine() -> Response:
    """What they have today; one touch on it and they are in the waiting room."""
    stay = current_stay
    found = queries.todays_visits_of(_confirmed())
    form = ConfirmForm()
    refusal: Refusal | None = None
    if form.validate_on_submit():
        wanted = next((one for one in found if one.code == _chosen()), None)
        try:
            if wanted is not None:
                with transaction():
                    services.attach(stay, booking.visit(wanted.id))
                return see_other(url_for(".call"))
        except Refusal as problem:
            refusal = problem
    is_known = bool(_confirmed())
    if not is_known:
        return see_other(url_for(".appointment"))
    today = clock.today(towns.current_town_or_404().time_zone)
    return screen(
        "mine",
        ("mine", "today", f"day:{today}", *_times(found)) if found else ("none_today",),
        409 if refusal else 200,
        visits=found,
        today=date_in_words(today, with_year=False),
        refusal=refusal,
    )


def _times(visits: Sequence[Visit]) -> Iterator[str | Part]:
    """When each of them is, and what for."""
    for one in visits:
        yield f"time:{clock_time(one.starts_at, one.town.time_zone)}"
        yield name_of(one.procedure)


def _chosen() -> str:
    return request.form.get("visit", "")


def _purpose() -> str:
    return f"kiosk:{current_stay.code}"


def _kept() -> tuple[str, bool]:
    """The number typed during this very stay, and whether its code was right."""
    kept: list[Any] = list(session.get("kiosk") or ())
    if len(kept) < 2 or kept[0] != current_stay.code:
        return "", False
    return str(kept[1]), len(kept) > 2


def _asked() -> str:
    return _kept()[0]


def _confirmed() -> str:
    """The telephone of whoever stands here: shown by a code, or by the telephone itself."""
    citizen = current_stay.citizen
    if citizen is not None and citizen.phone:
        return citizen.phone
    number, is_right = _kept()
    return number if is_right else ""
