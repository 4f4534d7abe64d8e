"""The share of a month's requests that find a time, and how near that is to what could be."""

import argparse
import sqlite3
import time
from collections import Counter as Count
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import time_machine
from figures import Figure, alone, progress, quantile
from flask import Flask
from schedule_bound import Bound, bound
from schedule_house import house, register_in
from schedule_province import (
    FIRST_DAY,
    Clerk,
    Request,
    Window,
    clerks,
    minutes_between,
    requests,
    windows,
)
from schedule_settle import can_pool, settle
from storm import TWICE_AT_ONCE

from app.booking import queries as booking_queries
from app.booking import services as booking
from app.core.db import db, transaction
from app.core.errors import Refusal
from app.schedule import queries as schedule
from app.towns.models import Procedure, Town
from app.towns.tenant import every_town, town_of

OPENED = datetime(FIRST_DAY.year - 1, 12, 1, 8, tzinfo=UTC)  # long before anybody asks
TELL_EVERY = 1000

AS_KEPT = """
    SELECT visit.form_token, visit.starts_at, visit.ends_at,
           resource.name, allocation.starts_at, allocation.ends_at
    FROM visit
    LEFT JOIN allocation ON allocation.claim = visit.code AND allocation.state = 'booked'
    LEFT JOIN resource ON resource.id = allocation.resource_id AND resource.kind = 'clerk'
    WHERE visit.status = 'booked'
"""
HANDED_OVER = "SELECT count(*) FROM audit_entry WHERE name = 'AllocationMoved'"


@dataclass(frozen=True)
class Kept:
    """What the register says of one request: when, with whom, and whose time is taken for it."""

    number: int
    starts_at: datetime
    ends_at: datetime
    taken: tuple[tuple[str, datetime, datetime], ...]


@dataclass
class Month:
    """What became of the requests, and what the register looks like at the end."""

    asked: int
    asked_minutes: int
    duty_minutes: int
    bound: Bound
    accepted: int = 0
    accepted_minutes: int = 0
    not_kept: Count[str] = field(default_factory=Count)
    times: list[float] = field(default_factory=list)  # milliseconds: looking and booking
    overlaps: int = 0
    handed_over: int = 0
    lost: int = 0
    unfit: Count[str] = field(default_factory=Count)
    wasted_minutes: int = 0


def measure(wanted: argparse.Namespace) -> list[Figure]:
    """Both provinces at the same time, each in a process of its own."""
    names = {"own clerks": False, "pooled": True}
    if not can_pool():
        del names["pooled"]
    with ProcessPoolExecutor(len(names), get_context("spawn")) as pool:
        waiting = {name: pool.submit(month, name, pooled) for name, pooled in names.items()}
        found = [figure for name, run in waiting.items() for figure in _figures(name, run.result())]
    if not can_pool():
        found.append(Figure("month, pooled", None, samples=0, note="towns share no clerks yet"))
    return found


def month(name: str, is_pooled: bool) -> Month:
    """Everybody asks in their turn and takes the earliest time that suits them, if there is one."""
    staff = clerks()
    duty, wanted = windows(staff), requests(staff)
    result = Month(
        asked=len(wanted),
        asked_minutes=sum(request.minutes for request in wanted),
        duty_minutes=sum(window.minutes for window in duty),
        bound=bound(wanted, staff, duty, is_pooled),
    )
    with TemporaryDirectory(prefix="ventanilla-bench-") as place:
        folder = Path(place)
        with time_machine.travel(OPENED, tick=False) as clock, house(folder) as app:
            with app.app_context(), transaction():
                settle(staff, is_pooled)
            ids = _ids(app)
            for request in wanted:
                clock.move_to(request.asked_at)
                _serve(app, ids, request, result)
                if not (request.number + 1) % TELL_EVERY:
                    progress(f"month, {name}: {request.number + 1} of {len(wanted)} have asked")
        kept = _as_kept(folder)
        result.overlaps = _number(folder, TWICE_AT_ONCE)
        result.handed_over = _number(folder, HANDED_OVER)
    _check(result, kept, wanted, staff, duty, is_pooled)
    return result


Ids = dict[tuple[str, str], tuple[int, int]]  # of a town's and a procedure's slug


def _ids(app: Flask) -> Ids:
    with app.app_context(), every_town():
        towns = {town.id: town.slug for town in db.session.scalars(db.select(Town))}
        return {
            (towns[procedure.town_id], procedure.slug): (procedure.town_id, procedure.id)
            for procedure in db.session.scalars(db.select(Procedure))
        }


def _serve(app: Flask, ids: Ids, request: Request, result: Month) -> None:
    """One person looks at what is free and books the earliest that suits them, in one breath."""
    town_id, procedure_id = ids[request.place.slug, request.trade.slug]
    begun = time.perf_counter()
    try:
        with app.app_context(), town_of(town_id), transaction():
            is_served = _book(town_id, procedure_id, request)
    except Refusal as refusal:
        result.not_kept[type(refusal).__name__] += 1
        is_served = False
    result.times.append((time.perf_counter() - begun) * 1000)
    if is_served:
        result.accepted += 1
        result.accepted_minutes += request.minutes


def _book(town_id: int, procedure_id: int, request: Request) -> bool:
    town = db.session.get_one(Town, town_id)
    procedure = db.session.get_one(Procedure, procedure_id)
    wish = booking_queries.wish_for(town, procedure, request.channel, request.language)
    if wish is None:
        return False
    offered = schedule.free_times(wish, request.first, request.last)
    suiting = [free for free in offered if request.suits(free.starts_at, free.ends_at)]
    if not suiting:
        return False
    visit = booking.hold(
        wish,
        min(free.starts_at for free in suiting),
        phone=f"+346{request.number:08}",
        name="Miren Agirre",
        reads=request.language,
        needs=[],
        form_token=str(request.number),
    )
    booking.book(visit)
    return True


def _as_kept(folder: Path) -> list[Kept]:
    rows: defaultdict[tuple[str, str, str], list[tuple[str, datetime, datetime]]]
    rows = defaultdict(list)
    with closing(sqlite3.connect(register_in(folder))) as register:
        for token, starts, ends, name, begin, end in register.execute(AS_KEPT):
            taken = rows[token, starts, ends]
            if name is not None:
                taken.append((name, _instant(begin), _instant(end)))
    return [
        Kept(int(token), _instant(starts), _instant(ends), tuple(taken))
        for (token, starts, ends), taken in rows.items()
    ]


def _number(folder: Path, question: str) -> int:
    with closing(sqlite3.connect(register_in(folder))) as register:
        return int(register.execute(question).fetchone()[0])


def _instant(kept: str) -> datetime:
    return datetime.fromisoformat(kept).replace(tzinfo=UTC)


def _check(
    result: Month,
    kept: Sequence[Kept],
    wanted: Sequence[Request],
    staff: Sequence[Clerk],
    duty: Sequence[Window],
    is_pooled: bool,
) -> None:
    """Is everybody who was accepted still there, with somebody able, in hours of duty?"""
    by_name = {clerk.name: clerk for clerk in staff}
    hours: defaultdict[str, list[Window]] = defaultdict(list)
    for window in duty:
        hours[window.clerk.name].append(window)
    visits: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    standing = 0
    for visit in kept:
        if len(visit.taken) != 1 or visit.taken[0][1:] != (visit.starts_at, visit.ends_at):
            continue
        standing += 1
        name, request = visit.taken[0][0], wanted[visit.number]
        visits[name].append((visit.starts_at, visit.ends_at))
        if why := _unfit(visit, by_name[name], request, hours[name], is_pooled):
            result.unfit[why] += 1
    result.lost = result.accepted - standing
    result.wasted_minutes = sum(_wasted(window, visits[window.clerk.name]) for window in duty)


def _unfit(
    visit: Kept, clerk: Clerk, request: Request, hours: Sequence[Window], is_pooled: bool
) -> str:
    """What is wrong with this clerk for this visit; nothing, as a rule."""
    if clerk.place != request.place and not is_pooled:
        return "of another town"
    if clerk.place != request.place and request.channel == "in_person":
        return "in person, of another town"
    if not clerk.may_attend(request, is_pooled):
        return "cannot attend it"
    if minutes_between(visit.starts_at, visit.ends_at) != request.minutes:
        return "of another length"
    if not request.suits(visit.starts_at, visit.ends_at):
        return "when it does not suit"
    on_duty = (
        request.channel in window.channels
        and window.starts_at <= visit.starts_at
        and visit.ends_at <= window.ends_at
        for window in hours
    )
    return "" if any(on_duty) else "out of hours"


def _wasted(window: Window, visits: list[tuple[datetime, datetime]]) -> int:
    """Minutes of the gaps into which nothing fits that this clerk attends."""
    wasted, free_from = 0, window.starts_at
    after = (window.ends_at, window.ends_at + timedelta(minutes=1))
    for begin, end in [*sorted(visits), after]:
        if window.starts_at <= begin <= window.ends_at:
            gap = minutes_between(free_from, begin)
            wasted += gap if gap < window.clerk.shortest else 0
            free_from = end
    return wasted


def _figures(name: str, month: Month) -> list[Figure]:
    found = []
    for of, asked, accepted, most in (
        ("requests", month.asked, month.accepted, month.bound.number),
        ("minutes", month.asked_minutes, month.accepted_minutes, month.bound.minutes),
    ):
        found += [
            Figure(f"month, {name}, {of} accepted", 100 * accepted / asked, "%", samples=asked),
            Figure(f"month, {name}, {of}, bound", 100 * most / asked, "%", samples=asked),
            Figure(f"month, {name}, {of}, of the bound", 100 * accepted / most, "%", samples=asked),
        ]
    duty, used = month.duty_minutes, month.accepted_minutes
    found[
        0
    ].note = (
        f"p50 {quantile(month.times, 0.5):.0f} ms, p95 {quantile(month.times, 0.95):.0f} ms each"
    )
    found[3].note = f"{100 * month.asked_minutes / duty:.0f} % of the hours of duty are asked for"
    not_kept = sum(month.not_kept.values())
    why = _listed(month.not_kept)
    tries = month.accepted + not_kept
    return [
        *found,
        Figure(f"month, {name}, offers not kept", not_kept, "", 0, 0, "=", tries, why),
        Figure(f"month, {name}, overlaps in the register", month.overlaps, "", 0, 0, "="),
        Figure(
            f"month, {name}, accepted and lost",
            month.lost,
            "",
            0,
            0,
            "=",
            month.accepted,
            f"{month.handed_over} times a visit changed hands to make room",
        ),
        Figure(
            f"month, {name}, with somebody unfit",
            sum(month.unfit.values()),
            "",
            0,
            0,
            "=",
            month.accepted,
            _listed(month.unfit),
        ),
        Figure(
            f"month, {name}, wasted hours of duty",
            100 * month.wasted_minutes / duty,
            "%",
            note=f"gaps too short for anything · {100 * used / duty:.1f} % in use",
        ),
    ]


def _listed(counts: Count[str]) -> str:
    return " · ".join(f"{count} × {name}" for name, count in counts.most_common())


if __name__ == "__main__":
    alone(measure, __doc__)
