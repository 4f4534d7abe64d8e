"""Filling an empty register with the invented province, and getting a visit ready to be called."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from flask import current_app

from app.accounts import queries as people
from app.accounts import services as accounts
from app.accounts.models import Account, Power, Role
from app.assurance import services as assurance
from app.booking import queries as booking_queries
from app.booking import services as booking
from app.booking.models import Status, Visit
from app.booking.words import outcomes_of
from app.core import clock
from app.core.db import db
from app.core.phones import mobile
from app.demo import identities, queries
from app.kiosks import services as kiosks
from app.messaging import services as messaging
from app.queue import services as queue
from app.schedule import queries as schedule
from app.schedule import services as time_of
from app.schedule.models import Resource, ResourceKind, Shift, Skill
from app.towns.models import Channel, Closure, Office, Procedure, Town
from app.towns.queries.catalogue import columns_of
from app.towns.tenant import town_of

log = structlog.get_logger()

# Whoever tries the demonstration enters the waiting room of any visit at once.
ALWAYS_OPEN = 60 * 24 * 60


def is_empty() -> bool:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Town)) == 0


def load() -> int:
    """Make the towns, their offices, procedures and staff. Returns how many towns."""
    found = queries.province()["towns"]
    towns = {item["slug"]: _make_town(item) for item in found}
    for person in queries.staff()["clerks"]:
        for other in person.get("lent_to", ()):
            _lend(person, towns[person["town"]], towns[other])
    return len(found)


def fill_the_agenda() -> int:
    """Book the invented citizens, where there is a time for them. Returns how many."""
    count = 0
    for item in queries.visits():
        town = db.session.scalars(sa.select(Town).where(Town.slug == item["town"])).one()
        with town_of(town.id):
            visit = _invent(town, item) if "ended" in item else _book(town, item)
            count += visit is not None
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
        eid_providers=[identities.NAME],
        pool=queries.province()["pool"],
    )
    db.session.add(town)
    db.session.flush()
    with town_of(town.id):
        place = Office(
            slug=office["slug"],
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
        desks = [
            time_of.add_resource(ResourceKind.DESK, name, office_id=place.id)
            for name in office["desks"]
        ]
        for number, person in enumerate(_of("clerks", town)):
            clerk = _make_clerk(person, offered)
            _may_identify(town, clerk)
            if "in_person" in person["channels"] and number < len(desks):
                clerk.desk_id = desks[number].id
        for role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
            for person in _of(f"{role.value}s", town):
                accounts.employ(person["name"], role, list(town.languages))
        for person in _of("interpreters", town):
            _make_interpreter(person)
        for booth in _of("booths", town):
            _let_in_a_kiosk(
                time_of.add_resource(
                    ResourceKind.BOOTH, booth["name"], buffer_minutes=booth["buffer_minutes"]
                )
            )
    return town


def _of(kind: str, town: Town) -> list[dict[str, Any]]:
    return [one for one in queries.staff().get(kind, ()) if one["town"] == town.slug]


def _make_procedure(office: Office, position: int, item: dict[str, Any]) -> Procedure:
    procedure = Procedure(office_id=office.id, position=position, **columns_of(item))
    db.session.add(procedure)
    return procedure


def _may_identify(town: Town, clerk: Resource) -> None:
    """Whoever attends is in the register of those who identify people."""
    if clerk.account:
        today = clock.today(town.time_zone)
        assurance.authorise(clerk.account, today, None, reference="Decreto 1/2026", by=None)


def _make_clerk(item: dict[str, Any], offered: list[Procedure]) -> Resource:
    account = accounts.employ(item["name"], Role.CLERK, item["languages"])
    resource = Resource(kind=ResourceKind.CLERK, name=account.name, account_id=account.id)
    db.session.add(resource)
    db.session.flush()
    everything = item["skills"] == ["all"]
    for procedure in offered:
        if everything or procedure.slug in item["skills"]:
            db.session.add(Skill(resource_id=resource.id, procedure_id=procedure.id))
    _write_hours(resource, item, item["channels"])
    return resource


def _let_in_a_kiosk(booth: Resource) -> None:
    """The screen of the library. There is no device behind it: any browser can be it."""
    by = next(one for one in people.staff() if one.may(Power.PLAN))
    kiosks.take(_approved(kiosks.ask({}), booth, by))


def _approved(asked: tuple[str, str], booth: Resource, by: Account) -> str:
    secret, shown = asked
    kiosks.approve(shown, by, name=booth.name, booth=booth)
    return secret


def _make_interpreter(item: dict[str, Any]) -> None:
    signer = time_of.add_resource(ResourceKind.INTERPRETER, item["name"], signs=item["signs"])
    _write_hours(signer, item, list(Channel))


def _write_hours(resource: Resource, item: dict[str, Any], channels: Sequence[str]) -> None:
    for hours in item["hours"]:
        for day in hours["days"]:
            db.session.add(
                Shift(
                    resource_id=resource.id,
                    weekday=day - 1,
                    starts=_wall(hours["from"]),
                    ends=_wall(hours["to"]),
                    channels=list(channels),
                    on_closed_days=bool(item.get("guard")),
                )
            )


def _lend(person: dict[str, Any], home: Town, other: Town) -> None:
    """The same procedures in another town of the pool, at a distance."""
    with town_of(home.id):
        resource = db.session.scalars(
            sa.select(Resource).where(Resource.name == person["name"])
        ).one()
    with town_of(other.id):
        question = sa.select(Procedure).where(Procedure.slug.in_(person["skills"]))
        for procedure in db.session.scalars(question):
            db.session.add(Skill(resource_id=resource.id, procedure_id=procedure.id))
        db.session.flush()


def _invent(town: Town, item: dict[str, Any]) -> Visit | None:
    """A visit that began before the demonstration was opened: the only past that is invented.

    It goes through the same steps as any other; then its times are set back, and no message leaves.
    """
    procedure = db.session.scalars(
        sa.select(Procedure).where(Procedure.slug == item["procedure"])
    ).one()
    wish = booking_queries.wish_for(town, procedure, item["channel"], item["language"])
    clerk = db.session.scalars(
        sa.select(Resource).where(Resource.kind == ResourceKind.CLERK).order_by(Resource.id)
    ).first()
    if wish is None or clerk is None or clerk.account is None:
        return None
    visit = queue.receive_walk_in(
        clerk.account,
        wish,
        phone=mobile(item["phone"]),
        name=item["name"],
        reads=item["language"],
        needs=[],
        form_token=secrets.token_urlsafe(24),
        anyway=True,
    )
    begun, length = clock.now() - timedelta(minutes=item["minutes_ago"]), wish.length
    steps = {
        "served": (Status.CALLED, Status.IN_SERVICE, Status.SERVED),
        "no_show": (Status.CALLED, Status.NO_SHOW),
        "waiting": (),
    }[item["ended"]]
    for step in steps:
        booking.move_on(visit, step)
    visit.made_by_id, visit.waiting_at = None, begun
    visit.starts_at, visit.ends_at = begun, begun + length
    visit.booked_at = begun - timedelta(days=2)
    if steps:
        visit.is_walk_in, visit.clerk_id = False, clerk.id
        visit.called_at, visit.ended_at = begun + timedelta(minutes=2), begun + length
        visit.in_service_at = visit.called_at if visit.status is Status.SERVED else None
    if visit.status is Status.SERVED:
        visit.outcome_code = next(iter(outcomes_of(procedure)))
    messaging.withdraw(f"visit:{visit.code}:")
    db.session.flush()
    return visit


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
    hour = time.fromisoformat(item["at"].removeprefix("tomorrow "))
    tomorrow = clock.today(town.time_zone) + timedelta(days=1)
    return datetime.combine(tomorrow, hour, town.zone).astimezone(UTC)
