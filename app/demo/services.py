"""Filling an empty register with the invented province, and getting a visit ready to be called."""

import secrets
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from flask import current_app

from app.accounts import services as accounts
from app.accounts.models import Account, Role
from app.booking import queries as booking_queries
from app.booking import services as booking
from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.core.phones import mobile
from app.demo import queries
from app.queue import services as queue
from app.schedule import queries as schedule
from app.schedule.models import Resource, ResourceKind, Shift, Skill
from app.towns.models import Closure, Office, Procedure, Town
from app.towns.tenant import town_of

log = structlog.get_logger()

# Whoever tries the demonstration enters the waiting room of any visit at once.
ALWAYS_OPEN = 60 * 24 * 60

TEXTS = ("name", "summary", "purpose", "papers", "keywords")


def is_empty() -> bool:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Town)) == 0


def load() -> int:
    """Make the towns, their offices, procedures and staff. Returns how many towns."""
    found = queries.province()["towns"]
    for item in found:
        _make_town(item)
    return len(found)


def fill_the_agenda() -> int:
    """Book the invented citizens, where there is a time for them. Returns how many."""
    count = 0
    for item in queries.visits():
        town = db.session.scalars(sa.select(Town).where(Town.slug == item["town"])).one()
        with town_of(town.id):
            count += _book(town, item) is not None
    return count


def somebody_waits(town: Town, reads: str) -> Visit | None:
    """An invented citizen with the next free video time comes into the waiting room now."""
    item = {
        "name": "Pilar Demo",
        "phone": "+34 600 000 099",
        "language": reads,
        "procedure": "volante",
        "channel": "video",
        "in_minutes": 0,
    }
    visit = _book(town, item)
    if visit:
        queue.arrive(visit)
    return visit


def _make_town(item: dict[str, Any]) -> Town:
    domain = current_app.config["DOMAIN"]
    office = item["office"]
    town = Town(
        slug=item["slug"],
        host=f"{item['slug']}.{domain}",
        name=item["name"],
        council=item.get("council", {}),
        languages=item["languages"],
        accent=item["accent"],
        dir3=item["dir3"],
        time_zone=item["time_zone"],
        region=item["region"],
        phone=office["phone"],
        welcome=item["welcome"],
        early_minutes=ALWAYS_OPEN,
    )
    db.session.add(town)
    db.session.flush()
    with town_of(town.id):
        place = Office(
            name=office["name"],
            address=office["address"],
            phone=office["phone"],
            hours=office.get("hours", {}),
        )
        db.session.add(place)
        db.session.flush()
        offered = [_make_procedure(place, n, text) for n, text in enumerate(queries.procedures())]
        db.session.flush()
        for closure in item.get("closures", []):
            for day in closure["dates"]:
                reason = closure["name"].get(town.languages[0], "")
                db.session.add(Closure(day=day, reason=reason))
        people = queries.staff()
        for person in people["clerks"]:
            if person["town"] == town.slug:
                _make_clerk(person, offered)
        for role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
            for person in people[f"{role.value}s"]:
                if person["town"] == town.slug:
                    accounts.employ(person["name"], role, list(town.languages))
    return town


def _make_procedure(office: Office, position: int, item: dict[str, Any]) -> Procedure:
    procedure = Procedure(
        slug=item["slug"],
        icon=item["icon"],
        office_id=office.id,
        minutes=item["minutes"],
        identification=item["identification"],
        afterwards=item["after"],
        position=position,
        **{key: item[key] for key in TEXTS},
    )
    db.session.add(procedure)
    return procedure


def _make_clerk(item: dict[str, Any], offered: list[Procedure]) -> Account:
    account = accounts.employ(item["name"], Role.CLERK, item["languages"])
    resource = Resource(kind=ResourceKind.CLERK, name=account.name, account_id=account.id)
    db.session.add(resource)
    db.session.flush()
    everything = item["skills"] == ["all"]
    for procedure in offered:
        if everything or procedure.slug in item["skills"]:
            db.session.add(Skill(resource_id=resource.id, procedure_id=procedure.id))
    for hours in item["hours"]:
        for day in hours["days"]:
            db.session.add(
                Shift(
                    resource_id=resource.id,
                    weekday=day - 1,
                    starts=_wall(hours["from"]),
                    ends=_wall(hours["to"]),
                    channels=item["channels"],
                    on_closed_days=bool(item.get("guard")),
                )
            )
    return account


def _wall(text: str) -> time:
    return time() if text == "24:00" else time.fromisoformat(text)


def _book(town: Town, item: dict[str, Any]) -> Visit | None:
    """A confirmed visit at the free time nearest to the one written, the SMS code apart."""
    procedure = db.session.scalars(
        sa.select(Procedure).where(Procedure.slug == item["procedure"])
    ).one()
    wish = booking_queries.wish_for(town, procedure, item["channel"], item["language"])
    if wish is None:
        return None
    near = schedule.nearest(wish, _when(item, town), 1)
    if not near:
        return None
    visit = booking.hold(
        wish,
        near[0].starts_at,
        phone=mobile(item["phone"]),
        name=item["name"],
        reads=item["language"],
        needs=[],
        form_token=secrets.token_urlsafe(24),
        host=town.host,
    )
    return booking.book(visit)


def _when(item: dict[str, Any], town: Town) -> datetime:
    if "in_minutes" in item:
        return clock.now() + timedelta(minutes=item["in_minutes"])
    day_name, _, hour = item["at"].partition(" ")
    day: date = clock.today(town.time_zone)
    day += timedelta(days=1 if day_name == "tomorrow" else 0)
    return datetime.combine(day, time.fromisoformat(hour), town.zone).astimezone(UTC)
