"""Errands about the people of a town hall: one more, one fewer, and the hours of a week copied."""

from collections.abc import Sequence
from datetime import date, timedelta

from app.accounts import services as accounts
from app.accounts.models import Account, Role
from app.core import clock
from app.schedule import queries as schedule
from app.schedule import services as time
from app.schedule.models import Resource, ResourceKind
from app.schedule.services import Hours
from app.towns.models import Procedure, Town

DAY = timedelta(days=1)


def employ_clerk(
    name: str, role: Role, languages: Sequence[str], procedures: Sequence[Procedure]
) -> Account:
    """Somebody who attends: with a counter, and with what they attend."""
    account = accounts.employ(name, role, list(languages))
    if role in (Role.CLERK, Role.SUPERVISOR):
        counter = time.add_resource(ResourceKind.CLERK, name)
        time.change_resource(counter, account_id=account.id)
        time.set_skills(counter, [one.id for one in procedures])
    return account


def let_go(person: Account) -> None:
    """They no longer work here: no visit is given to them, and they no longer get in."""
    counter = schedule.resource_of(person.id)
    if counter is not None:
        time.change_resource(counter, is_active=False)
    accounts.deactivate(person)


def copy_week(town: Town, person: Resource, monday: date, to: date, weeks: int) -> int:
    """The days of that week as they are, in each of so many weeks. Returns how many days change.

    What is written are single days: the weekly hours stay as they were.
    """
    today, count = clock.today(town.time_zone), 0
    with schedule.one_look():
        roster = schedule.roster_of(town)
        who = roster.people.get(person.id)
        days = {
            monday + n * DAY: [] if who is None else _own(roster, who, monday + n * DAY)
            for n in range(7)
        }
    for week in range(weeks):
        for day, windows in days.items():
            there = to + week * 7 * DAY + (day - monday)
            if there < today or (who is not None and _own(roster, who, there) == windows):
                continue
            time.set_day(person, there, windows, "", today=today)
            count += 1
    return count


def _own(roster: schedule.Roster, who: schedule.Person, day: date) -> list[Hours]:
    """What that day says of its own: single days first, else the weekday; closed days apart."""
    rows = roster.exceptions.get((who.id, day))
    if rows is None:
        rows = [
            one for one in roster.patterns.get((who.id, day.weekday()), ()) if one.holds_on(day)
        ]
    return [
        Hours(one.starts, one.ends, tuple(one.channels), one.is_public, one.is_guard)
        for one in rows
    ]
