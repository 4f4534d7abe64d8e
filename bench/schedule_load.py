"""A town with a past and a future: rules of three years, most of them over, and a full agenda."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from schedule_province import AT_A_DISTANCE, EVERYWHERE, SEED, TRADES, Trade, minutes_between
from schedule_settle import an_office, offered_by
from storm import PROCEDURE as STORM_PROCEDURE
from storm import TOWN as STORM_TOWN

from app.accounts import services as accounts
from app.accounts.models import Role
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db, new_code
from app.schedule.demand import Demand
from app.schedule.models import (
    Allocation,
    AllocationState,
    Resource,
    ResourceKind,
    Shift,
    Skill,
)
from app.towns.models import Channel, Procedure, Town
from app.towns.tenant import town_of

TOWN, USUAL, SCARCE = STORM_TOWN, "padron", "licencia"
LANGUAGES = ("eu", "es")
CLERKS, RULES, VISITS = 20, 200, 5000
GRID_MINUTES = 10
HORIZON = 60  # days
OPENS, CLOSES = time(9), time(14)
LIVE_RULES = 4  # days of the week that a clerk works now
PAST_RULES = 6  # and those of earlier years
SPECIALISTS = 2  # who alone attend what is scarce
SCARCE_UNTIL = 45  # days ahead until which they have nothing left
# Days ahead, and how much of a clerk's day is taken until then.
FULL = ((14, 0.97), (30, 0.8), (HORIZON, 0.5))


@dataclass(frozen=True)
class Worker:
    """A clerk of that town: their row, what they attend and on which days of the week."""

    resource: Resource
    trades: tuple[Trade, ...]
    weekdays: tuple[int, ...]
    is_specialist: bool


def fill() -> None:
    """All of it in the register, visits and the times taken for them as bulk rows."""
    chance = random.Random(SEED)
    town = Town(
        slug=TOWN,
        host=f"{TOWN}.localhost",
        name="Etxalde",
        languages=list(LANGUAGES),
        dir3="L01990011",
        phone="+34 900 000 011",
        grid_minutes=GRID_MINUTES,
        horizon_days=HORIZON,
    )
    db.session.add(town)
    db.session.flush()
    with town_of(town.id):
        offered = offered_by(an_office())
        workers = [_worker(number, offered) for number in range(CLERKS - 1)]
        _night_worker(offered[STORM_PROCEDURE])
        rules = db.session.scalar(sa.select(sa.func.count()).select_from(Shift))
        assert rules == RULES, f"{rules} rules"
        visits = list(_visits(town, workers, offered, chance))
        db.session.execute(sa.insert(Visit), [visit for visit, _ in visits])
        db.session.execute(sa.insert(Allocation), [taken for _, taken in visits])


def _worker(number: int, offered: dict[str, Procedure]) -> Worker:
    """One of nineteen who work by day. The first two alone attend what is scarce."""
    is_specialist = number < SPECIALISTS
    scarce = [trade for trade in TRADES if trade.slug == SCARCE]
    usual = [trade for trade in TRADES if trade.slug != SCARCE]
    some = usual[number % 3 :: 2] + [trade for trade in usual if trade.slug == USUAL]
    trades = tuple(dict.fromkeys(scarce if is_specialist else some))
    resource = _employed(f"Langilea {number + 1}", [offered[trade.slug] for trade in trades])
    weekdays = tuple(day for day in range(5) if day != number % 5)
    today = clock.now().date()
    for weekday in weekdays:
        _rule(resource, weekday, OPENS, CLOSES, today - timedelta(days=200), None)
    for past in range(PAST_RULES):
        begun = today - timedelta(days=1095 - 365 * (past % 2))
        _rule(resource, past % 5, time(8), time(15), begun, begun + timedelta(days=364))
    return Worker(resource, trades, weekdays, is_specialist)


def _night_worker(procedure: Procedure) -> None:
    """Alone in the small hours, when the storm books; their nights are never full."""
    resource = _employed("Gaueko langilea", [procedure])
    today = clock.now().date()
    for weekday in range(7):
        _rule(resource, weekday, time(), time(7), today - timedelta(days=30), None)
    for past in range(LIVE_RULES + PAST_RULES - 7):
        begun = today - timedelta(days=700)
        _rule(resource, past, time(), time(7), begun, begun + timedelta(days=300))


def _employed(name: str, procedures: list[Procedure]) -> Resource:
    account = accounts.employ(name, Role.CLERK, list(LANGUAGES))
    resource = Resource(kind=ResourceKind.CLERK, name=name, account_id=account.id)
    db.session.add(resource)
    db.session.flush()
    for procedure in procedures:
        db.session.add(Skill(resource_id=resource.id, procedure_id=procedure.id))
    return resource


def _rule(
    resource: Resource, weekday: int, starts: time, ends: time, begun: date, over: date | None
) -> None:
    db.session.add(
        Shift(
            resource_id=resource.id,
            weekday=weekday,
            starts=starts,
            ends=ends,
            channels=list(EVERYWHERE),
            valid_from=begun,
            valid_to=over,
        )
    )


Rows = tuple[dict[str, Any], dict[str, Any]]  # a visit, and the time taken for it


def _visits(
    town: Town, workers: list[Worker], offered: dict[str, Procedure], chance: random.Random
) -> Iterator[Rows]:
    """One after the other in each clerk's day, with gaps where it is not full, until it is enough.

    The agenda is filled day by day, so that the first weeks are the fullest.
    """
    today = clock.now().astimezone(town.zone).date()
    count = 0
    for ahead in range(1, HORIZON + 1):
        day = today + timedelta(days=ahead)
        for worker in workers:
            if day.weekday() not in worker.weekdays:
                continue
            share = next(share for until, share in FULL if ahead <= until)
            if worker.is_specialist:
                share = 1.0 if ahead <= SCARCE_UNTIL else 0.0
            begin = datetime.combine(day, OPENS, town.zone).astimezone(UTC)
            end = datetime.combine(day, CLOSES, town.zone).astimezone(UTC)
            while begin < end and count < VISITS:
                trade = chance.choice(worker.trades)
                length = min(trade.minutes, minutes_between(begin, end))
                until = begin + timedelta(minutes=length)
                if chance.random() < share:
                    yield _rows(count, worker, offered[trade.slug], begin, until, chance)
                    count += 1
                begin = until
    assert count == VISITS, f"only {count} visits fit"


def _rows(
    number: int,
    worker: Worker,
    procedure: Procedure,
    begin: datetime,
    end: datetime,
    chance: random.Random,
) -> Rows:
    code, channel = new_code(), chance.choice(AT_A_DISTANCE)
    if not procedure.allows(channel):
        channel = Channel.VIDEO.value
    language = chance.choice(LANGUAGES)
    demand = Demand(ResourceKind.CLERK, channel, language, frozenset({procedure.id}))
    visit = {
        "code": code,
        "procedure_id": procedure.id,
        "clerk_id": worker.resource.id,
        "channel": Channel(channel),
        "status": Status.BOOKED,
        "language": language,
        "reads": language,
        "phone": f"+346{number:08}",
        "name": "Miren Agirre",
        "starts_at": begin,
        "ends_at": end,
        "form_token": f"filled-{number}",
        "booked_at": clock.now(),
        "version": 1,
    }
    taken = {
        "resource_id": worker.resource.id,
        "starts_at": begin,
        "ends_at": end,
        "state": AllocationState.BOOKED,
        "claim": code,
        "demand": demand.text,
    }
    return visit, taken
