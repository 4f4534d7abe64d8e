"""The doors of the desk, and what every view of it does first: whose visit it is, and as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, current_app, g, request, session
from markupsafe import Markup

from app.accounts.models import Power, who_may
from app.booking.errors import VisitChanged
from app.booking.models import Visit
from app.booking.words import outcomes_of
from app.calls import queries as calls
from app.core import stream
from app.core.db import transaction
from app.core.htmx import page_or_fragment, wants_fragment
from app.core.i18n import current_slug, speaking
from app.desk import queries
from app.desk.forms import OutcomeForm
from app.desk.queries import Filters, Row
from app.devices import queries as devices
from app.identity.session import current_account
from app.queue import queries as line
from app.queue import services as queue
from app.schedule import queries as schedule
from app.schedule.models import Resource
from app.towns import queries as towns
from app.towns.models import Channel
from app.towns.services import look_again

bp = Blueprint("desk", "app.desk", url_prefix="/desk", template_folder="templates")
feed_bp = Blueprint("feed", "app.desk")
hall_bp = Blueprint("hall", "app.desk", url_prefix="/office")

bp.add_app_template_global(queries.waited_minutes)

STAFF = who_may(Power.ATTEND)

# Milliseconds over which a town's clerks ask again after the same news, each at a moment of their
# own, so that twenty lists are not drawn at one instant.
SPREAD = 1500


def my_counter() -> Resource | None:
    """The clerk who is signed in; None for who does not attend people."""
    found: Resource | None = schedule.resource_of(current_account.id)
    return found


def visit_or_404(code: str) -> Visit:
    return queue.look_into(current_account, code)


def on_my_counter(code: str) -> Visit:
    return queue.take_in_hand(current_account, code)


def is_mine(found: Visit) -> bool:
    clerk = my_counter()
    return clerk is not None and found.clerk_id == clerk.id


@bp.app_template_global()
def seen_of(found: Visit) -> str:
    """How the visit stands: what a form was filled in on."""
    return f"{found.status.value}.{found.version}.{found.calls}.{found.clerk_id or 0}"


@contextmanager
def changing(found: Visit) -> Iterator[None]:
    """A transaction about a visit as this clerk saw it. Of two clerks, the second is told."""
    with transaction():
        look_again(found)
        seen = request.form.get("seen")
        if seen and seen != seen_of(found):
            raise VisitChanged
        yield


def filters_asked() -> Filters:
    """What the address asks for; a language or a channel that we do not know is left out."""
    asked = request.args
    languages = tuple(current_account.languages) + tuple(g.town.languages)
    channel = asked.get("channel", "")
    return Filters(
        mine=asked.get("mine") == "1",
        procedure=asked.get("procedure", "")[:60],
        language=asked.get("language", "") if asked.get("language") in languages else "",
        channel=channel if channel in list(Channel) else "",
    )


def today_page(status: int = 200, **context: Any) -> Response:
    clerk = my_counter()
    filters = filters_asked()
    return page_or_fragment(
        "desk/today.html",
        "desk/_agenda.html",
        status=status,
        cursor=stream.cursor(),  # before the day is read: what happens meanwhile is heard again
        day=queries.today(g.town, clerk, filters),
        clerk=clerk,
        filters=filters,
        own_delay=current_account.id * 137 % SPREAD,
        closed=None if wants_fragment() else session.pop("closed", None),
        **context,
    )


def visit_page(found: Visit, form: OutcomeForm | None = None, **context: Any) -> Response:
    mine = is_mine(found)
    form = form or OutcomeForm(obj=found)
    form.offer(outcomes_of(found.procedure))
    return page_or_fragment(
        "desk/visit.html",
        "desk/_outcome_form.html",
        visit=found,
        form=form,
        is_mine=mine,
        cursor=stream.cursor(),
        ticket=line.ticket_of(found),
        desk=line.desk_of(found) if found.is_being_attended else "",
        earlier=queries.earlier_visits(found),
        follow_ups=queries.follow_ups(found),
        device=devices.check_of(found),
        calls=calls.how_it_went(found),
        **context,
    )


@bp.app_context_processor
def keys_of_the_desk() -> dict[str, Any]:
    """Whether single keys do something for whoever is signed in."""
    return {"keys_are_on": session.get("keys") != "off"}


@bp.app_template_global()
def drawn(row: Row) -> Markup:
    """A row of the agenda. Equal rows are drawn once: a town's day has hundreds."""
    return _drawn(row, current_slug())


@bp.app_template_global()
def drawn_list(rows: tuple[Row, ...], name: str) -> Markup:
    """Rows as items of a list, each with a name of its own."""
    return _drawn_list(rows, name, current_slug())


@lru_cache(maxsize=64)
def _drawn_list(rows: tuple[Row, ...], name: str, slug: str) -> Markup:
    item = Markup('<li id="{}-{}">{}</li>')
    return Markup("").join(item.format(name, row.code, _drawn(row, slug)) for row in rows)


@lru_cache(maxsize=8192)
def _drawn(row: Row, slug: str) -> Markup:
    with speaking(slug):
        macro = current_app.jinja_env.get_template("desk/row.html").module.row  # type: ignore[attr-defined]
        # With single spaces: a day is sent again and again.
        html = " ".join(str(macro(row)).split())
        return Markup(html)  # noqa: S704 - the macro escapes what people wrote


@bp.app_template_global()
def procedures_of_the_town() -> list[Any]:
    return towns.procedures()
