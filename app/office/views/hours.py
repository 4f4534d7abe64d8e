"""Who is there when: the week of everybody, and the shifts, days and absences of one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Response, g, request, url_for
from flask_babel import gettext as _

from app.core import clock
from app.core.i18n import date_in_words
from app.identity.session import requires
from app.office import queries
from app.office import services as errands
from app.office.forms import AbsenceForm, DayForm, RuleForm, ShiftForm
from app.office.forms.setup import CopyWeekForm
from app.office.forms.versions import mark_of
from app.office.views.door import MANAGERS, bp, carry_out, day_or_404, page
from app.schedule import queries as schedule
from app.schedule import services
from app.schedule.models import Resource, Shift, ShiftException
from app.towns.models import Channel

WEEK = timedelta(days=7)


@bp.get("/hours")
@requires(*MANAGERS)
def hours() -> Response:
    """Everybody's week, one below the other."""
    people = [one for one in schedule.resources() if one.is_active]
    monday = _monday()
    return page(
        "hours",
        people=people,
        weeks=queries.weeks_of_all(g.town, people, monday),
        closed=queries.closed_between(g.town, monday, monday + WEEK - queries.DAY, None),
        **_around(monday),
    )


@bp.get("/hours/<code>")
@requires(*MANAGERS)
def hours_of(code: str) -> Response:
    """The week of one, with everything that makes it so."""
    person, monday = schedule.resource_or_404(code), _monday()
    today = clock.today(g.town.time_zone)
    singles: dict[Any, list[ShiftException]] = {}
    for row in schedule.exceptions_of(person.id, today):
        singles.setdefault(row.day, []).append(row)
    return page(
        "hours_of",
        person=person,
        week=queries.week_of(g.town, person, monday),
        shifts=schedule.shifts_of(person.id),
        singles=singles,
        absences=schedule.absences_of(person.id),
        marks={shift.id: mark_of(_shift_values(shift)) for shift in schedule.shifts_of(person.id)},
        form=RuleForm(),
        **_around(monday),
    )


@bp.route("/hours/<code>/shifts/new", methods=["GET", "POST"])
@requires(*MANAGERS)
def new_shift(code: str) -> Response:
    person = schedule.resource_or_404(code)
    form = ShiftForm(
        is_new=True, weekdays=_asked_weekday(), channels=[one.value for one in Channel]
    )
    again = _shift_page(person, form, _("New hours"))
    if request.method == "GET":
        return again(200)
    return carry_out(
        form,
        lambda: services.add_shifts(person, form.weekdays.data, form.hours),
        title=_("New hours of %(name)s", name=person.name),
        back=_home(person),
        done=_("The new hours are saved."),
        again=again,
    )


@bp.route("/hours/<code>/shifts/<int:shift_id>", methods=["GET", "POST"])
@requires(*MANAGERS)
def shift(code: str, shift_id: int) -> Response:
    person = schedule.resource_or_404(code)
    found = schedule.shift_or_404(person.id, shift_id)
    form = ShiftForm(is_new=False, data=_shift_values(found))
    again = _shift_page(person, form, _("Change hours"), found)
    if request.method == "GET":
        form.row.data = mark_of(_shift_values(found))
        return again(200)
    return carry_out(
        form,
        lambda: services.change_shift(found, form.weekday.data, form.hours),
        title=_("Other hours of %(name)s", name=person.name),
        back=_home(person),
        done=_("The hours are changed."),
        again=again,
        values=lambda: _shift_values(found),
    )


@bp.post("/hours/<code>/shifts/<int:shift_id>/remove")
@requires(*MANAGERS)
def remove_shift(code: str, shift_id: int) -> Response:
    person = schedule.resource_or_404(code)
    found = schedule.shift_or_404(person.id, shift_id)
    return carry_out(
        RuleForm(),
        lambda: services.forget_shift(found),
        title=_("Fewer hours of %(name)s", name=person.name),
        back=_home(person),
        done=_("Those hours are removed."),
        values=lambda: _shift_values(found),
    )


@bp.route("/hours/<code>/days/new", methods=["GET", "POST"])
@requires(*MANAGERS)
def new_day(code: str) -> Response:
    person = schedule.resource_or_404(code)
    form = DayForm(day=clock.day_of(request.args.get("day")))
    return _one_day(person, form, _("One day different"), check=False)


@bp.route("/hours/<code>/days/<day>", methods=["GET", "POST"])
@requires(*MANAGERS)
def day(code: str, day: str) -> Response:
    """One day that is different already: change it."""
    person, which = schedule.resource_or_404(code), day_or_404(day)
    values = _day_values(person, which)
    form = DayForm(data=values)
    form.day.data = which
    if request.method == "GET":
        form.row.data = mark_of(values)
    return _one_day(person, form, date_in_words(which), check=True)


@bp.post("/hours/<code>/days/<day>/remove")
@requires(*MANAGERS)
def remove_day(code: str, day: str) -> Response:
    person, which = schedule.resource_or_404(code), day_or_404(day)
    return carry_out(
        RuleForm(),
        lambda: services.forget_day(person, which),
        title=_("%(name)s on %(day)s as usual", name=person.name, day=date_in_words(which)),
        back=_home(person),
        done=_("That day is as usual again."),
    )


@bp.route("/hours/<code>/absences/new", methods=["GET", "POST"])
@requires(*MANAGERS)
def new_absence(code: str) -> Response:
    person = schedule.resource_or_404(code)
    asked = clock.day_of(request.args.get("day")) or clock.today(g.town.time_zone)
    form = AbsenceForm(day=asked, last_day=asked)

    def again(status: int) -> Response:
        return page("absence", status, person=person, form=form)

    if request.method == "GET":
        return again(200)
    return carry_out(
        form,
        lambda: services.absent(
            person, *form.span(g.town, clock.now()), reason=form.reason.data or ""
        ),
        title=_("%(name)s will be away", name=person.name),
        back=_home(person),
        done=_("The absence is saved."),
        again=again,
    )


@bp.post("/hours/<code>/absences/end")
@requires(*MANAGERS)
def end_absence(code: str) -> Response:
    """Back, or never away."""
    person = schedule.resource_or_404(code)
    absence = schedule.absence_or_404(person.id, request.form.get("claim", ""))
    return carry_out(
        RuleForm(),
        lambda: services.back_again(person, absence.claim),
        title=_("%(name)s is back", name=person.name),
        back=_home(person),
        done=_("The absence is over."),
    )


@bp.route("/hours/<code>/copy", methods=["GET", "POST"])
@requires(*MANAGERS)
def copy_week(code: str) -> Response:
    """One week as it is, in other weeks too."""
    person = schedule.resource_or_404(code)
    form = CopyWeekForm()
    again = _copy_page(person, form)
    if request.method == "GET":
        form.week.data = _monday()
        form.to.data = _monday() + WEEK
        return again(200)

    def copy() -> int:
        monday, to = (queries.monday_of(one.data) for one in (form.week, form.to))
        return errands.copy_week(g.town, person, monday, to, form.weeks.data or 1)

    return carry_out(
        form,
        copy,
        title=_("Other hours of %(name)s", name=person.name),
        back=_home(person),
        done=_("The week is copied."),
        again=again,
    )


def _copy_page(person: Resource, form: CopyWeekForm) -> Any:
    def again(status: int) -> Response:
        return page("copy_week", status, person=person, form=form)

    return again


def _one_day(person: Resource, form: DayForm, title: str, *, check: bool) -> Response:
    def again(status: int) -> Response:
        return page("day", status, person=person, form=form, title=title, is_known=check)

    def change() -> None:
        services.set_day(
            person,
            form.day.data,
            form.windows,
            form.reason.data or "",
            today=clock.today(g.town.time_zone),
        )

    if request.method == "GET":
        return again(200)
    # A day that is new to this form must be new to the register too, or somebody is overruled.
    known = _day_values(person, form.day.data) if form.day.data else {}
    if not check and not form.row.data:
        form.row.data = mark_of({})
    return carry_out(
        form,
        change,
        title=_("%(name)s on one day", name=person.name),
        back=_home(person),
        done=_("That day is saved."),
        again=again,
        values=lambda: _day_values(person, form.day.data) if known else {},
    )


def _shift_page(person: Resource, form: ShiftForm, title: str, found: Shift | None = None) -> Any:
    def again(status: int) -> Response:
        return page("shift", status, person=person, form=form, title=title, shift=found)

    return again


def _shift_values(found: Shift) -> dict[str, Any]:
    """What the form shows of a shift."""
    return {
        "weekday": found.weekday,
        "starts": found.starts,
        "ends": found.ends,
        "channels": list(found.channels),
        "is_public": found.is_public,
        "on_closed_days": found.on_closed_days,
        "valid_from": found.valid_from,
        "valid_to": found.valid_to,
    }


def _day_values(person: Resource, which: Any) -> Mapping[str, Any]:
    """What the form shows of a day that is different; nothing when it is as usual."""
    rows = schedule.exceptions_of(person.id, which, which)
    if not rows:
        return {}
    first = rows[0]
    values: dict[str, Any] = {
        "kind": "off" if first.starts is None else "hours",
        "starts": first.starts,
        "ends": first.ends,
        "starts_2": rows[1].starts if len(rows) > 1 else None,
        "ends_2": rows[1].ends if len(rows) > 1 else None,
        "is_public": first.is_public,
        "on_closed_days": first.on_closed_days,
        "reason": first.reason,
    }
    if first.channels:
        values["channels"] = list(first.channels)
    return values


def _asked_weekday() -> list[int]:
    asked = request.args.get("weekday", "")
    return [int(asked)] if asked in list("0123456") else []


def _monday() -> Any:
    asked = clock.day_of(request.args.get("week"))
    return queries.monday_of(asked or clock.today(g.town.time_zone))


def _around(monday: Any) -> dict[str, Any]:
    return {
        "monday": monday,
        "days": [monday + timedelta(days=number) for number in range(7)],
        "before": (monday - WEEK).isoformat(),
        "after": (monday + WEEK).isoformat(),
        "today": clock.today(g.town.time_zone),
    }


def _home(person: Resource) -> str:
    return url_for(".hours_of", code=person.code)
