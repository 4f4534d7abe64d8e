"""Errands about towns."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

import sqlalchemy as sa

from app.core.db import Base, db, first_or_none, has_looked_first
from app.core.events import publish
from app.towns.errors import (
    DayMarked,
    DayOver,
    LengthsMissing,
    NameTaken,
    NumberUnfit,
    RegionUnknown,
    SeasonBackwards,
    SeasonClosed,
    SharesTooLarge,
    StepUnfit,
)
from app.towns.events import RuleChanged
from app.towns.models import Channel, Closure, Office, Procedure, Season, Town
from app.towns.queries.closed import regions
from app.towns.tenant import current_town_id

LENGTHS = (5, 480)  # minutes of one attention
MOST_BUFFER = 120
SHARES = ("same_day_percent", "staff_percent", "walk_in_percent")
MOST_SHARED = 95
STEPS = (5, 10, 15, 20, 30, 60)
WEEK = 7 * 24 * 60

# The least and the most of each number that a town hall may choose.
PROCEDURE_LIMITS = {
    "notice_minutes": (0, 4 * WEEK),
    "horizon_days": (0, 365),
    "same_day_percent": (0, MOST_SHARED),
    "staff_percent": (0, MOST_SHARED),
    "walk_in_percent": (0, MOST_SHARED),
    "more_time_percent": (0, 300),
    "interpreter_percent": (0, 300),
    "visits_per_phone": (1, 50),
    "alarm_days": (0, 365),
    "retention_days": (30, 1825),
}
TOWN_LIMITS = {
    "notice_minutes": (0, 4 * WEEK),
    "horizon_days": (0, 365),
    "early_minutes": (0, 24 * 60 * 60),
    "late_minutes": (0, 240),
    "visits_per_phone": (1, 50),
    "trade_minutes": (0, 24 * 60),
    "calls_before_no_show": (1, 10),
    "alarm_days": (0, 365),
}


def take_turns() -> bool:
    """Writers of one pool go one after the other from here to the end of their transaction.

    Returns whether somebody else may have written between our first question and our turn.

    PostgreSQL: a lock on the rows of the town and of those it shares clerks with, in one order and
    always the first lock taken, so that two writers can never hold what the other needs: what this
    session has changed and not yet written waits for the turn too. A new row of the town locks the
    town's key, and a turn does not ask for that. SQLite has one writer anyway, and needs no
    question.
    """
    if db.session.get_bind().dialect.name == "sqlite":
        return has_looked_first()
    pool = sa.select(Town.pool).where(Town.id == current_town_id()).scalar_subquery()
    with db.session.no_autoflush:
        db.session.execute(
            sa.select(Town.id)
            .where(sa.or_(Town.id == current_town_id(), Town.pool == pool))
            .order_by(Town.id)
            .with_for_update(key_share=True)
        )
    db.session.flush()  # whoever reads a row again now finds in it what was changed before
    return True


def look_again(*rows: Base) -> None:
    """Take a turn; if somebody may have changed these since they were read, read them again."""
    if take_turns():
        for row in rows:
            db.session.refresh(row)


def set_day(
    day: date, reason: str, *, office: Office | None, today: date, is_open: bool = False
) -> Closure:
    """The town, or one office of it, is closed that day; or open although it is a holiday."""
    if day < today:
        raise DayOver
    office_id = office.id if office else None
    if first_or_none(
        sa.select(Closure).where(
            Closure.day == day, Closure.office_id.is_not_distinct_from(office_id)
        )
    ):
        raise DayMarked
    closure = Closure(day=day, office_id=office_id, reason=reason, is_open=is_open)
    db.session.add(closure)
    db.session.flush()
    _tell("opened_on" if is_open else "closed_on", day.isoformat())
    return closure


def forget_day(closure: Closure) -> None:
    """Nothing special about that day any more."""
    day = closure.day.isoformat()
    db.session.delete(closure)
    db.session.flush()
    _tell("day_as_usual", day)


def add_season(
    first_day: date,
    last_day: date,
    opens: time,
    closes: time,
    *,
    reason: str,
    is_yearly: bool,
    office: Office | None,
) -> Season:
    """Shorter hours for some weeks."""
    if last_day < first_day:
        raise SeasonBackwards
    if closes <= opens:
        raise SeasonClosed
    season = Season(
        first_day=first_day,
        last_day=last_day,
        opens=opens,
        closes=closes,
        reason=reason,
        is_yearly=is_yearly,
        office_id=office.id if office else None,
    )
    db.session.add(season)
    db.session.flush()
    _tell("season_added", f"{first_day.isoformat()} {last_day.isoformat()}")
    return season


def forget_season(season: Season) -> None:
    about = f"{season.first_day.isoformat()} {season.last_day.isoformat()}"
    db.session.delete(season)
    db.session.flush()
    _tell("season_removed", about)


def change_town(town: Town, **fields: Any) -> None:
    """The rules of the whole town: its region, its grid, its limits."""
    _refuse_unfit(fields, TOWN_LIMITS)
    if fields.get("grid_minutes", 60) not in STEPS:
        raise StepUnfit
    if fields.get("region") and fields["region"] not in regions():
        raise RegionUnknown
    _change(town, fields, "town_changed", town.slug)


def add_procedure(office: Office, **columns: Any) -> Procedure:
    """One more, at the end of the list; for example what `columns_of` reads in the catalogue."""
    if first_or_none(sa.select(Procedure).where(Procedure.slug == columns["slug"])):
        raise NameTaken
    last = db.session.scalar(sa.select(sa.func.max(Procedure.position)))
    made = Procedure(office_id=office.id, position=0 if last is None else last + 1, **columns)
    db.session.add(made)
    db.session.flush()
    _tell("procedure_added", made.slug)
    return made


def add_office(**columns: Any) -> Office:
    """One more place of the town hall."""
    office = Office(**columns)
    db.session.add(office)
    db.session.flush()
    _tell("office_added", office.slug)
    return office


def change_office(office: Office, **fields: Any) -> None:
    """Its name, its address, its telephone, its hours in words."""
    _change(office, fields, "office_changed", office.slug)


def tell_removed(slug: str) -> None:
    """A procedure for which nobody had ever come is gone."""
    _tell("procedure_removed", slug)


def change_procedure(procedure: Procedure, **fields: Any) -> None:
    """How long it takes, how far ahead it is offered, and to whom."""
    _refuse_unfit(fields, PROCEDURE_LIMITS)
    if "minutes" in fields:
        if not fields["minutes"]:
            raise LengthsMissing
        _refuse_unfit(fields["minutes"], dict.fromkeys(Channel, LENGTHS))
    for channel, pair in fields.get("buffers", {}).items():
        if not all(0 <= length <= MOST_BUFFER for length in pair):
            raise NumberUnfit(f"{channel}_before", 0, MOST_BUFFER)
    shares = sum(fields.get(name, getattr(procedure, name)) for name in SHARES)
    if shares > MOST_SHARED:
        raise SharesTooLarge
    _change(procedure, fields, "procedure_changed", procedure.slug)


def _change(row: Any, fields: dict[str, Any], rule: str, about: str) -> None:
    changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        if isinstance(row, Procedure):
            row.edition += 1
        db.session.flush()
        _tell(rule, f"{about}: {', '.join(sorted(changed))}"[:200])


def _refuse_unfit(fields: Mapping[str, Any], limits: Mapping[str, tuple[int, int]]) -> None:
    for name, (least, most) in limits.items():
        value = fields.get(name)
        if value is not None and not least <= value <= most:
            raise NumberUnfit(name, least, most)


def _tell(rule: str, about: str) -> None:
    publish(RuleChanged(town_id=current_town_id(), rule=rule, about=about))
