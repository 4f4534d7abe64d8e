"""From an empty register to a town that attends people: what the first-run guide does."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from flask import current_app

from app.accounts import services as accounts
from app.accounts.models import Account, Role
from app.booking import queries as booking_queries
from app.booking import services as booking
from app.booking.models import Visit
from app.core import clock
from app.core.db import db, first_or_none
from app.core.i18n import LANGUAGES
from app.insight.models import SetupLink
from app.office.errors import LinkOver, NoTimeYet, TownTaken
from app.schedule import queries as schedule
from app.schedule import services as time
from app.schedule.models import ResourceKind
from app.schedule.services import Hours
from app.towns import services as towns
from app.towns.models import Channel, Office, Procedure, Town
from app.towns.queries.catalogue import catalogued, columns_of
from app.towns.tenant import town_of

ATLANTIC = "Atlantic/Canary"
PENINSULA = "Europe/Madrid"


def make_link() -> str:
    """A one-time token to set up a town. Links given before are over."""
    db.session.execute(
        sa.update(SetupLink).where(SetupLink.used_at.is_(None)).values(used_at=clock.now())
    )
    token = secrets.token_urlsafe(24)
    life = timedelta(hours=float(current_app.config["INVITATION_HOURS"]))
    db.session.add(SetupLink(digest=_digest(token), expires_at=clock.now() + life))
    db.session.flush()
    return token


def open_link(token: str) -> SetupLink:
    """A guessed one looks like a used one."""
    found: SetupLink | None = first_or_none(
        sa.select(SetupLink).where(SetupLink.digest == _digest(token))
    )
    if found is None or found.used_at is not None or clock.now() >= found.expires_at:
        raise LinkOver
    return found


def begin(
    link: SetupLink,
    *,
    name: str,
    slug: str,
    languages: Sequence[str],
    region: str,
    phone: str,
    person: str,
) -> tuple[Town, str]:
    """A town, and whoever administers it. Returns the token with which they get in."""
    if first_or_none(sa.select(Town).where(Town.slug == slug)):
        raise TownTaken
    town = Town(
        slug=slug,
        host=f"{slug}.{current_app.config['DOMAIN']}",
        name=name,
        languages=list(languages),
        dir3="",
        region=region or None,
        time_zone=ATLANTIC if region == "CN" else PENINSULA,
        phone=phone,
        welcome={},
    )
    db.session.add(town)
    db.session.flush()
    link.used_at = clock.now()
    with town_of(town.id):
        somebody = accounts.employ(person, Role.ADMINISTRATOR, list(languages))
        token = accounts.invite(somebody)
    return town, token


def offer_from_catalogue(office: Office, slugs: Sequence[str]) -> list[Procedure]:
    """Those of the common procedures; what the town has already is left as it is."""
    made = []
    for slug in slugs:
        item = catalogued(slug)
        if item is None or first_or_none(sa.select(Procedure).where(Procedure.slug == slug)):
            continue
        made.append(towns.add_procedure(office, **columns_of(item)))
    return made


def work_hours_for_all(weekdays: Sequence[int], hours: Hours) -> int:
    """The same hours for every clerk who has none yet. Returns for how many."""
    count = 0
    for clerk in schedule.resources([ResourceKind.CLERK]):
        if clerk.is_active and not schedule.shifts_of(clerk.id):
            time.add_shifts(clerk, weekdays, hours)
            count += 1
    return count


def book_test_visit(
    town: Town, staff: Account, procedures: Sequence[Procedure], *, phone: str, reads: str
) -> Visit:
    """The first free time of whatever is offered first, for whoever sets the town up."""
    for procedure in procedures:
        for channel in (Channel.VIDEO, *procedure.channels):
            wish = booking_queries.wish_for(town, procedure, channel.value, reads)
            free = schedule.first_free(wish) if wish else None
            if wish and free:
                return booking.book_for(
                    staff,
                    wish,
                    free.starts_at,
                    phone=phone,
                    name=staff.name,
                    reads=reads if reads in LANGUAGES else town.languages[0],
                    needs=[],
                    form_token=secrets.token_urlsafe(24),
                )
    raise NoTimeYet


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
