"""The door of the back office, and the way of every change: look, decide, do."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.models import Power, who_may
from app.core import clock
from app.core.db import db, transaction
from app.core.errors import Missing
from app.core.htmx import see_other
from app.office import services
from app.office.errors import ChangedMeanwhile, OfferOver
from app.office.forms import RuleForm
from app.office.forms.versions import differences, mark_of
from app.office.queries import Action, Look
from app.office.services import Answer, MustDecide
from app.office.words import action_name, change_of, times_of
from app.towns import queries as towns_queries
from app.towns import services as towns
from app.towns.errors import RuleRefused
from app.towns.models import Office

bp = Blueprint("office", "app.office", url_prefix="/office", template_folder="templates")

MANAGERS = who_may(Power.PLAN)

Values = Callable[[], Mapping[str, Any]]


def page(template: str, status: int = 200, **context: Any) -> Response:
    return make_response(render_template(f"office/{template}.html", **context), status)


def offices() -> list[Office]:
    return list(towns_queries.offices())


def office_of(number: int | None) -> Office | None:
    """The office that was chosen, of those of this town; None for the whole town."""
    return next((one for one in towns_queries.offices() if one.id == number), None)


def day_or_404(text: str) -> date:
    day = clock.day_of(text)
    if day is None:
        raise Missing
    return day


def carry_out(
    form: RuleForm,
    change: Callable[[], Any],
    *,
    title: str,
    back: str,
    done: str,
    again: Callable[[int], Response] | None = None,
    values: Values | None = None,
) -> Response:
    """Make a change, unless somebody has to look at something first.

    `again` answers with the form itself; `values` is what the form was about, to notice that
    somebody else has changed it. `title` says what would be done, `done` that it was.
    """
    if not form.validate_on_submit():
        if again is None:
            raise ChangedMeanwhile
        return again(422)
    if "look" in request.form and again is not None:
        return _only_look(form, change, again)
    try:
        with transaction():
            _refuse_stale(form, values)
            answer = answer_sent()
            found = services.make(g.town, change, answer)
    except RuleRefused as refusal:
        if again is None:
            raise
        form.refuse(refusal)
        return again(422)
    except ChangedMeanwhile:
        if again is None or values is None:
            raise
        return _with_differences(form, values(), again)
    except MustDecide as decision:
        return decide(decision.look, title, back, is_news=decision.is_news)
    except OfferOver:
        with transaction():
            found = services.look(g.town, change)
        return decide(found, title, back, is_news=True)
    say_what_was_done(found, answer, done)
    return see_other(back)


def _only_look(
    form: RuleForm, change: Callable[[], Any], again: Callable[[int], Response]
) -> Response:
    """What the change would mean, beside the form as it was sent. Nothing is done."""
    try:
        with transaction():
            found = services.look(g.town, change)
    except RuleRefused as refusal:
        form.refuse(refusal)
        return again(422)
    form.effect = [times_of(found.times)]
    if found.promises:
        form.effect.append(
            ngettext(
                "%(num)s visit could not be kept.",
                "%(num)s visits could not be kept.",
                len(found.promises),
            )
        )
    return again(200)


def decide(found: Look, title: str, back: str, *, is_news: bool) -> Response:
    """Which visits a change breaks, what can be done about each, and the same form again."""
    ours = ("csrf_token", "mark", "all")
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in ours and not name.startswith("visit-")
    ]
    return page(
        "decide",
        409,
        look=found,
        title=title,
        back=back,
        is_news=is_news,
        kept=kept,
        chosen=chosen(),
        Action=Action,
    )


def chosen() -> dict[str, Action]:
    """What was marked for each visit, by code."""
    return {
        name.removeprefix("visit-"): Action(value)
        for name, value in request.form.items()
        if name.startswith("visit-") and value in list(Action)
    }


def answer_sent() -> Answer | None:
    """What somebody decided, if they did."""
    mark = request.form.get("mark")
    if mark is None:
        return None
    wanted = request.form.get("all", "")
    return Answer(mark, chosen(), Action(wanted) if wanted in list(Action) else None)


def say_what_was_done(found: Look, answer: Answer | None, done: str) -> None:
    """One sentence for the change, one for what it means, one for the visits."""
    flash(done)
    if sentence := change_of(found.minutes):
        flash(sentence)
    counted = services.outcome(found, answer)
    for action in Action:
        if counted[action]:
            flash(_("%(what)s: %(count)s.", what=action_name(action), count=counted[action]))


def _refuse_stale(form: RuleForm, values: Values | None) -> None:
    if values is None:
        return
    if towns.take_turns():
        db.session.expire_all()
    if form.row.data != mark_of(values()):
        raise ChangedMeanwhile


def _with_differences(
    form: RuleForm, now: Mapping[str, Any], again: Callable[[int], Response]
) -> Response:
    """The form as it was sent, what is in the register now, and its new mark."""
    form.news = differences(form, now)
    form.row.data = mark_of(now)
    return again(409)
