"""The desk on a busy day: twenty clerks look at 300 visits, and something happens in them."""

import argparse
import re
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from counter import Counter, opened
from figures import Figure, alone, progress, quantile
from schedule_house import house
from schedule_settle import an_office, offered_by
from visitor import Visitor

from app.accounts import services as accounts
from app.accounts.models import Role
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db, new_code, transaction
from app.schedule.models import Resource, ResourceKind, Shift, Skill
from app.towns.models import Channel, Town
from app.towns.tenant import town_of

TOWN = "etxalde"
CLERKS, VISITS, WAITING = 20, 300, 12
ROUNDS = 25
LAST_MINUTE = 23 * 60 + 50
MUST = 100  # milliseconds
FRAGMENT = {"HX-Request": "true", "Accept-Encoding": "gzip, deflate, br"}
CHANNELS = tuple(Channel)
LANGUAGES = ("eu", "es")


@dataclass
class Filled:
    """Who works there, and who will come to the counter during the measurement."""

    clerks: list[str]
    coming: list[str]


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with TemporaryDirectory(prefix="ventanilla-bench-") as place:
        folder = Path(place)
        progress(f"desk: {CLERKS} clerks and {VISITS} visits today")
        with house(folder) as app, app.app_context(), transaction():
            filled = fill()
        with opened(folder) as counter:
            return of_lists(counter, filled)


def of_lists(counter: Counter, filled: Filled) -> list[Figure]:
    clerks = [_enter(counter, code) for code in filled.clerks]
    size = len(clerks[0].get("/desk/", **FRAGMENT).body)
    own_delays = {id(clerk): _delay_of(clerk) for clerk in clerks}
    one_by_one = [_ask(clerk) for _ in range(4) for clerk in clerks]
    together: list[float] = []
    work = counter.processor_seconds()
    for number in range(ROUNDS):
        somebody_comes(clerks[number % CLERKS], filled.coming[number])
        together += _at_once(clerks)
    work = (counter.processor_seconds() - work) * 1000 / (ROUNDS * (CLERKS + 1))
    note = f"p50 {quantile(one_by_one, 0.5):.0f} ms · {size / 1000:.0f} kB sent"
    found = [
        Figure(
            "desk, one list of 300 again, p95",
            quantile(one_by_one, 0.95),
            "ms",
            MUST,
            samples=len(one_by_one),
            note=note,
        )
    ]
    note = f"p50 {quantile(together, 0.5):.0f} ms · {work:.1f} ms of processor each"
    found.append(
        Figure(
            "desk, twenty lists of 300 at one instant, p95",
            quantile(together, 0.95),
            "ms",
            samples=len(together),
            note=note,
        )
    )
    spread: list[float] = []
    for number in range(ROUNDS, 2 * ROUNDS):
        somebody_comes(clerks[number % CLERKS], filled.coming[number])
        spread += _at_once(clerks, own_delays)
    found.insert(
        1,
        Figure(
            "desk, twenty lists of 300 after the same news, p95",
            quantile(spread, 0.95),
            "ms",
            MUST,
            samples=len(spread),
            note=f"p50 {quantile(spread, 0.5):.0f} ms · each after its own delay, as browsers ask",
        ),
    )
    return found


def somebody_comes(clerk: Visitor, code: str) -> None:
    answer = clerk.post(f"/desk/visits/{code}/arrived")
    assert answer.status == 303, f"arrived answered {answer.status}"


def _at_once(clerks: list[Visitor], delays: dict[int, float] | None = None) -> list[float]:
    """Everybody's list again: at the same instant, or each after the delay that its page says."""
    start = threading.Barrier(len(clerks))
    times: list[float] = []

    def again(clerk: Visitor) -> None:
        start.wait()
        time.sleep(delays[id(clerk)] if delays else 0.0)
        times.append(_ask(clerk))

    threads = [threading.Thread(target=again, args=(clerk,)) for clerk in clerks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def _ask(clerk: Visitor) -> float:
    begun = time.perf_counter()
    answer = clerk.get("/desk/", **FRAGMENT)
    lasted = (time.perf_counter() - begun) * 1000
    assert answer.status == 200, f"/desk/ answered {answer.status}"
    return lasted


def _delay_of(clerk: Visitor) -> float:
    found = re.search(rb"from:#live delay:(\d+)ms", clerk.get("/desk/").body)
    assert found, "the page does not say when it asks again"
    return int(found[1]) / 1000


def _enter(counter: Counter, code: str) -> Visitor:
    clerk = Visitor(counter, TOWN)
    clerk.get("/demo/")
    answer = clerk.post(f"/demo/enter/{code}")
    assert answer.location.endswith("/desk/"), f"the door answered {answer}"
    clerk.get("/desk/")
    return clerk


def fill() -> Filled:
    """A town whose day has 300 visits: some over, some waiting, the rest to come."""
    town = Town(
        slug=TOWN,
        host=f"{TOWN}.localhost",
        name="Etxalde",
        languages=list(LANGUAGES),
        dir3="L01990011",
        phone="+34 900 000 011",
    )
    db.session.add(town)
    db.session.flush()
    now = clock.now()
    day = now.astimezone(town.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    with town_of(town.id):
        procedures = list(offered_by(an_office()).values())
        staff = [accounts.employ(f"Clerk {n}", Role.CLERK, list(LANGUAGES)) for n in range(CLERKS)]
        counters = []
        for person in staff:
            counter = Resource(kind=ResourceKind.CLERK, name=person.name, account_id=person.id)
            db.session.add(counter)
            db.session.flush()
            counters.append(counter)
            for procedure in procedures:
                db.session.add(Skill(resource_id=counter.id, procedure_id=procedure.id))
            for weekday in range(7):
                db.session.add(
                    Shift(
                        resource_id=counter.id,
                        weekday=weekday,
                        starts=datetime.min.time(),
                        ends=datetime.min.time(),
                        channels=[channel.value for channel in CHANNELS],
                    )
                )
        # From three hours ago to the end of the day: what is older closes by itself.
        first = max(0, int((now - day).total_seconds() // 60) - 180)
        coming = []
        for number in range(VISITS):
            minutes = first + (LAST_MINUTE - first) * number // VISITS
            starts_at = (day + timedelta(minutes=minutes)).astimezone(UTC)
            visit = Visit(
                code=new_code(),
                procedure_id=procedures[number % len(procedures)].id,
                clerk_id=counters[number % CLERKS].id,
                channel=CHANNELS[number % 3],
                status=Status.BOOKED,
                language=LANGUAGES[number % 2],
                reads=LANGUAGES[number % 2],
                phone=f"+34600{number:06d}",
                name=f"Somebody {number}",
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=15),
                form_token=new_code(),
                booked_at=now - timedelta(days=1),
            )
            if number < WAITING:
                visit.status, visit.waiting_at = Status.WAITING, now
            elif number % 4 == 0:
                visit.status, visit.ended_at = Status.SERVED, now
            elif visit.channel is Channel.IN_PERSON:
                coming.append(visit.code)
            db.session.add(visit)
        codes = [person.code for person in staff]
        db.session.flush()
    return Filled(codes, coming[::-1])


if __name__ == "__main__":
    alone(measure, __doc__)
