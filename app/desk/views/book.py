"""For somebody else: a number in the line now, a time on another day, a visit that follows."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, flash, g, request, url_for
from flask_babel import gettext as _

from app.accounts.models import Account
from app.booking import queries as booking
from app.booking import services as visits
from app.booking.errors import PhoneNeeded, TimePast, TimeTaken, WayNotPossible
from app.booking.models import Need, Visit
from app.core import clock
from app.core.db import transaction
from app.core.errors import Missing, Refusal
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import LANGUAGES, language_name
from app.desk.forms import PersonForm, WalkInForm
from app.desk.views.door import STAFF, bp, visit_or_404
from app.identity.session import current_account, requires
from app.queue import services as queue
from app.queue.errors import LineClosed
from app.schedule import queries as schedule
from app.schedule.queries import Wish
from app.towns import queries as towns
from app.towns.models import Channel, Procedure

STARTS = "%Y%m%dT%H%MZ"
DAYS_SHOWN = 14


@bp.route("/walk-in", methods=["GET", "POST"])
@requires(*STAFF)
def walk_in() -> Response:
    """Somebody is here, or on the telephone, without an appointment: a number, at once."""
    follows = _followed()
    form = WalkInForm(countries=g.town.phone_countries, needs_phone=False, obj=follows)
    form.offer([(one.slug, one.name_in()) for one in towns.procedures()], _languages())
    _prepare(form, follows)
    if not form.validate_on_submit():
        return _walk_in_page(form, status=422 if form.errors else 200)
    procedure = towns.procedure_or_404(form.procedure.data)
    wish = booking.wish_for(
        g.town, procedure, form.channel.data, form.language.data, form.needs.data or []
    )
    if wish is None:
        return _walk_in_page(form, status=409, refusal=WayNotPossible())
    try:
        with transaction():
            visit = queue.receive_walk_in(
                _staff(),
                wish,
                phone=form.number,
                name=form.name.data or "",
                reads=form.language.data,
                needs=form.needs.data or [],
                form_token=str(form.token.data),
                anyway="anyway" in request.form,
                follows=follows,
            )
    except (LineClosed, PhoneNeeded) as refusal:
        can_go_on = isinstance(refusal, LineClosed)
        return _walk_in_page(form, status=409, refusal=refusal, can_go_on=can_go_on)
    return see_other(url_for(".ticket", code=visit.code))


@bp.get("/book")
@requires(*STAFF)
def book() -> Response:
    """A time for somebody on the telephone or at the counter."""
    asked = _asked()
    return page_or_fragment(
        "desk/book.html",
        "desk/_times.html",
        asked=asked,
        procedures=towns.procedures(),
        languages=_languages(),
        needs_on_offer=booking.needs_on_offer(g.town),
        to=url_for(".book_who", **asked.link, starts=""),
        same=url_for(".book", **asked.link, day=""),
        **times_of(asked.wish),
    )


@bp.route("/book/who", methods=["GET", "POST"])
@requires(*STAFF)
def book_who() -> Response:
    """For whom that time is; no code is sent, who books it is written down."""
    asked = _asked()
    starts_at = start_of(request.values.get("starts"))
    if asked.wish is None or starts_at is None:
        raise Missing
    needs_phone = asked.channel != Channel.IN_PERSON
    form = PersonForm(countries=g.town.phone_countries, needs_phone=needs_phone)
    _prepare(form, asked.follows)
    if not form.validate_on_submit():
        return _who_page(asked, starts_at, form, status=422 if form.errors else 200)
    try:
        with transaction():
            visit = visits.book_for(
                _staff(),
                asked.wish,
                starts_at,
                phone=form.number,
                name=form.name.data or "",
                reads=asked.language,
                needs=asked.needs,
                form_token=str(form.token.data),
                follows=asked.follows,
            )
    except (TimeTaken, TimePast) as refusal:
        return _who_page(asked, starts_at, form, status=409, refusal=refusal)
    flash(_("The visit is booked."))
    return see_other(url_for(".ticket", code=visit.code))


@dataclass(frozen=True)
class Asked:
    """What an address asks for on behalf of somebody."""

    procedure: Procedure | None
    channel: str
    language: str
    needs: list[str]
    wish: Wish | None
    follows: Visit | None

    @property
    def link(self) -> dict[str, Any]:
        """The same, as it stands in an address."""
        return {
            "procedure": self.procedure.slug if self.procedure else None,
            "channel": self.channel,
            "language": self.language,
            "needs": self.needs,
            "follows": self.follows.code if self.follows else None,
        }


def times_of(wish: Wish | None) -> dict[str, Any]:
    """The days that have times, and the times of the one looked at."""
    if wish is None:
        return {"wish": None, "days": {}, "day": None, "times": []}
    today = clock.today(wish.town.time_zone)
    asked = _day_asked(today, wish)
    first = asked if asked and asked > today + timedelta(days=DAYS_SHOWN - 1) else today
    found = schedule.free_times(wish, first, first + timedelta(days=DAYS_SHOWN - 1))
    if not found and (later := schedule.first_free(wish)):
        found = schedule.free_times(wish, later.day, later.day + timedelta(days=6))
    days: dict[date, list[Any]] = {}
    for free in found:
        days.setdefault(free.day, []).append(free)
    day = asked if asked in days else next(iter(days), None)
    return {"wish": wish, "days": days, "day": day, "times": days.get(day, []) if day else []}


def start_of(text: str | None) -> datetime | None:
    """The instant of a link; None for anything else."""
    try:
        return datetime.strptime(f"{text or ''}+0000", f"{STARTS}%z")
    except ValueError:
        return None


def _day_asked(today: date, wish: Wish) -> date | None:
    try:
        day = date.fromisoformat(request.values.get("day", ""))
    except ValueError:
        return None
    return day if today <= day <= wish.last_day else None


def _asked() -> Asked:
    values = request.values
    follows = _followed()
    slug = values.get("procedure", "") or (follows.procedure.slug if follows else "")
    procedure = towns.procedure_or_404(slug) if slug else None
    allowed = [one.value for one in procedure.channels] if procedure else list(Channel)
    wanted = values.get("channel", "") or (follows.channel.value if follows else "")
    channel = wanted if wanted in allowed else str(allowed[0])
    spoken = dict(_languages())
    usual = follows.language if follows else g.town.languages[0]
    language = values.get("language", "")
    language = language if language in spoken else usual
    needs: list[str] = [need.value for need in Need if need.value in values.getlist("needs")]
    wish = None
    if procedure:
        wish = booking.wish_for(g.town, procedure, channel, language, needs, is_staff=True)
    return Asked(procedure, channel, language, needs, wish, follows)


def _followed() -> Visit | None:
    code = request.values.get("follows", "")
    return visit_or_404(code) if code else None


def _prepare(form: PersonForm, follows: Visit | None) -> None:
    """The page's own token, and what is known already of whoever comes back."""
    form.token.data = form.token.data or secrets.token_urlsafe(24)
    if request.method == "GET" and follows:
        form.phone.data, form.name.data = follows.phone, follows.name


def _languages() -> list[tuple[str, str]]:
    """The town's own languages first."""
    order = [*g.town.languages, *(one for one in LANGUAGES if one not in g.town.languages)]
    return [(one, language_name(one)) for one in order]


def _staff() -> Account:
    return current_account._get_current_object()  # type: ignore[attr-defined]


def _walk_in_page(
    form: WalkInForm, status: int = 200, refusal: Refusal | None = None, **context: Any
) -> Response:
    return page_or_fragment(
        "desk/walk_in.html",
        "desk/_walk_in_form.html",
        status=status,
        form=form,
        refusal=refusal,
        **context,
    )


def _who_page(
    asked: Asked, starts_at: datetime, form: PersonForm, status: int = 200, **context: Any
) -> Response:
    refused = context.get("refusal")
    assert asked.wish  # noqa: S101 - looked at by the caller
    return page_or_fragment(
        "desk/book_who.html",
        "desk/_person_form.html",
        status=status,
        asked=asked,
        wish=asked.wish,
        starts_at=starts_at,
        form=form,
        here=url_for(".book_who", **asked.link, starts=f"{starts_at:{STARTS}}"),
        all_times=url_for(".book", **asked.link),
        to=url_for(".book_who", **asked.link, starts=""),
        alternatives=schedule.nearest(asked.wish, starts_at) if refused else [],
        **context,
    )
