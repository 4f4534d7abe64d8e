"""What was promised and, as the rules stand now, cannot be kept; and what the rules offer."""

import enum
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from app.core import clock
from app.core.db import db
from app.schedule.demand import clerk_demand, demand_of
from app.schedule.matching import ones
from app.schedule.models import ACTIVE, Allocation, AllocationState, ResourceKind
from app.schedule.queries.outlook import Outlook, outlook_for
from app.schedule.queries.roster import DAY, instant, roster_of
from app.towns.models import Channel, Town
from app.towns.tenant import every_town


class Why(enum.StrEnum):
    """Why somebody or something cannot keep what was promised."""

    INACTIVE = "inactive"  # it is no longer given to anybody
    SKILL = "skill"  # they no longer do this, or speak or sign this language
    AWAY = "away"  # an absence
    CLOSED = "closed"  # the office, that day
    DUTY = "duty"  # not their hours


@dataclass(frozen=True)
class Broken:
    """A time that is taken and that its resource would not be there to give."""

    allocation_id: int
    town_id: int
    claim: str
    resource_id: int
    starts_at: datetime
    ends_at: datetime
    why: Why


def broken_promises(town: Town, *, whole_pool: bool = False) -> list[Broken]:
    """Every taken time still to come that the rules of now would not give to whoever has it.

    Those of the town's own visits; with `whole_pool` also those of the towns it lends clerks to.
    """
    roster = roster_of(town)
    now = clock.now()
    towns = tuple(roster.places) if whole_pool else (town.id,)
    question = (
        sa.select(
            Allocation.id,
            Allocation.town_id,
            Allocation.claim,
            Allocation.resource_id,
            Allocation.starts_at,
            Allocation.ends_at,
            Allocation.demand,
        )
        .where(
            Allocation.town_id.in_(towns),
            Allocation.state.in_(ACTIVE),
            Allocation.demand != "",
            Allocation.starts_at > now,
            sa.or_(Allocation.state != AllocationState.HELD, Allocation.expires_at > now),
        )
        .order_by(Allocation.starts_at, Allocation.id)
    )
    with every_town():
        taken = db.session.execute(question).all()
    if not taken:
        return []
    zone = town.zone
    last = max(one.ends_at for one in taken).astimezone(zone).date()
    look = outlook_for(town, now.astimezone(zone).date(), last, roster, is_staff=True)
    found = []
    for one in taken:
        why = _why(look, one)
        if why:
            found.append(
                Broken(
                    one.id,
                    one.town_id,
                    one.claim,
                    one.resource_id,
                    one.starts_at,
                    one.ends_at,
                    why,
                )
            )
    return found


def open_minutes(town: Town, days: int = 14, first: date | None = None) -> int:
    """Minutes in which clerks attend the public of this town, absences left out.

    From `first` on, or from today.
    """
    first = first or clock.today(town.time_zone)
    last = first + timedelta(days=days - 1)
    roster = roster_of(town)
    look = outlook_for(town, first, last, roster)
    begin, end = instant(first, time(), town.time_zone), instant(last + DAY, time(), town.time_zone)
    asked = ones(look.at(begin), look.at(end))
    total = 0
    for clerk in roster.of_kind(ResourceKind.CLERK):
        there = 0
        for procedure_id in clerk.skills:
            if roster.offices[procedure_id][0] == town.id:
                for channel in Channel:
                    there |= look.duty(clerk.id, clerk_demand(channel.value, "", [procedure_id]))
        total += (there & asked).bit_count()
    return total


def _why(look: Outlook, taken: Any) -> Why | None:
    resource_id, text = taken.resource_id, taken.demand
    if resource_id not in look.roster.people:
        return Why.INACTIVE
    if resource_id not in look.roster.able(text):
        return Why.SKILL
    begin = max(look.at(taken.starts_at), 0)
    end = look.at(taken.ends_at + timedelta(seconds=59))
    wanted = ones(begin, end)
    missing = wanted & ~look.duty(resource_id, text)
    if not missing:
        return None
    if missing & look.away(resource_id):
        return Why.AWAY
    if missing & look.closed(resource_id, demand_of(text)):
        return Why.CLOSED
    return Why.DUTY
