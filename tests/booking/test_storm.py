"""Many people at the same instant, on a running server with two workers.

On both registers that the product knows: SQLite and PostgreSQL. Whatever happens, nobody is in two
places, nobody is told a server error, and who is refused is shown what else there is.
"""

import threading
import time
from collections import Counter as Tally
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.booking import services as booking
from app.booking.errors import TimeTaken
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.messaging.models import Message
from app.schedule import queries as schedule
from app.schedule.models import Allocation
from app.schedule.services import rules
from app.towns import services as towns
from tests import town
from tests.storm import Person, a_place, all_at_once, kill, workers_of

pytestmark = pytest.mark.storm

PEOPLE = 50
MINUTE = timedelta(minutes=1)


def tally(people):
    return Tally(person.status for person in people)


def visits_at(stormed, place, starts, number=1):
    """Booked visits of somebody else for each, at those times."""
    with stormed.errand(place):
        wish = town.a_wish(place, town.the_procedure("padron"))
        return [
            town.a_visit(wish, at, f"+347{number:02d}{count:06d}")
            for count, at in enumerate(starts)
        ]


def test_one_wins_and_forty_nine_are_refused_politely(stormed):
    with stormed.errand():
        place, _, _ = a_place("same", 1, padron=20)
    at = town.tomorrow_at(10)

    people = [
        Person(stormed.counter, place.slug, number).ready_to_book("padron", at)
        for number in range(PEOPLE)
    ]
    all_at_once(people)

    assert tally(people) == {303: 1, 409: PEOPLE - 1}
    loser = next(person for person in people if person.status == 409)
    assert f'value="{loser.phone}"' in loser.text
    assert 'name="starts"' in loser.text
    assert stormed.is_sound()


def test_times_that_overlap_in_part_never_overlap_in_the_register(stormed):
    """Three lengths on one grid, two clerks: what one books decides what is left for the others."""
    with stormed.errand():
        place, _, _ = a_place("partial", 2, padron=20, certificat=10, llicencia=45)
    slugs = ("padron", "certificat", "llicencia")

    people = [
        Person(stormed.counter, place.slug, number).ready_to_book(
            slugs[number % 3], town.tomorrow_at(10) + 10 * (number * 7 % 12) * MINUTE
        )
        for number in range(PEOPLE)
    ]
    all_at_once(people)

    statuses = tally(people)
    assert set(statuses) == {303, 409}
    assert statuses[303] >= 6
    assert all(person.has_alternatives() for person in people if person.status == 409)
    assert stormed.is_sound()


def test_two_who_want_each_others_time_have_the_old_one_or_the_new_one(stormed):
    """Where a second clerk is free both move; where nobody is free both stay."""
    with stormed.errand():
        place, _, _ = a_place("swap", 2, padron=20)
    starts = [town.tomorrow_at(9) + 20 * number * MINUTE for number in range(12)]
    visits = visits_at(stormed, place, starts)
    visits_at(stormed, place, starts[6:], number=2)
    wanted = [starts[number ^ 1] for number in range(12)]

    people = [
        Person(stormed.counter, place.slug).ready_to(
            f"/ca/visits/{visit.code}/move", starts=at.strftime("%Y%m%dT%H%MZ")
        )
        for visit, at in zip(visits, wanted, strict=True)
    ]
    all_at_once(people)

    assert tally(people[:6]) == {303: 6}
    assert tally(people[6:]) == {409: 6}
    assert all(person.has_alternatives() for person in people[6:])
    now = [stormed.visit(visit.code).starts_at for visit in visits]
    assert now == [*wanted[:6], *starts[6:]]
    assert stormed.is_sound()


def test_a_time_given_back_while_others_ask_for_it_goes_to_one_of_them_at_most(stormed):
    with stormed.errand():
        place, _, _ = a_place("cancel", 1, padron=20)
    starts = [town.tomorrow_at(9) + 20 * number * MINUTE for number in range(8)]
    visits = visits_at(stormed, place, starts)

    givers, takers = [], []
    for number, (visit, at) in enumerate(zip(visits, starts, strict=True)):
        for _ in range(2):  # they press twice
            giver = Person(stormed.counter, place.slug)
            givers.append(giver.ready_to(f"/ca/visits/{visit.code}/cancel"))
        for more in range(3):
            taker = Person(stormed.counter, place.slug, 100 + 10 * number + more)
            takers.append((at, taker.ready_to_book("padron", at)))
    all_at_once([*givers, *(taker for _, taker in takers)])

    assert tally(givers) == {303: 16}
    assert set(tally(taker for _, taker in takers)) <= {303, 409}
    for at in starts:
        assert sum(taker.status == 303 for when, taker in takers if when == at) <= 1
    assert {stormed.visit(visit.code).status for visit in visits} == {Status.CANCELLED}
    with stormed.errand(place):
        told = (
            sa.select(sa.func.count()).select_from(Message).where(Message.key.like("%:cancelled"))
        )
        assert db.session.scalar(told) == len(visits)
    assert stormed.is_sound()


def test_at_the_second_in_which_a_hold_ends_one_of_the_two_has_the_time(stormed):
    """Either who held it confirms, or who was waiting for it has it; never both, never neither."""
    with stormed.errand():
        place, _, _ = a_place("expiry", 1, padron=20)
    starts = [town.tomorrow_at(9) + 20 * number * MINUTE for number in range(10)]
    holders, strangers = [], []
    for number, at in enumerate(starts):
        holder = Person(stormed.counter, place.slug, 200 + number).ready_to_book("padron", at)
        stranger = Person(stormed.counter, place.slug, 300 + number).ready_to_book("padron", at)
        holder.press()
        assert holder.status == 303
        holders.append(holder.ready_to_confirm(stormed.code_sent_to(holder.phone)))
        strangers.append(stranger)
    with stormed.errand(place):
        ends = clock.now() + timedelta(seconds=0.5)
        db.session.execute(sa.update(Visit).values(hold_until=ends))
        db.session.execute(sa.update(Allocation).values(expires_at=ends))
    for number, person in enumerate((*holders, *strangers)):
        person.waits = max(0.0, (ends - clock.now()).total_seconds() + (number % 5 - 2) * 0.02)

    all_at_once([*holders, *strangers])

    for holder, stranger in zip(holders, strangers, strict=True):
        assert sorted((holder.status, stranger.status)) == [303, 409]
        kept = holder.status == 303 and "done=1" in holder.location
        assert kept != (stranger.status == 303)
    assert stormed.is_sound()


def test_the_staff_and_a_citizen_never_have_the_same_time(stormed):
    with stormed.errand():
        place, _, staff = a_place("staff", 1, padron=20)
    starts = [town.tomorrow_at(9) + 20 * number * MINUTE for number in range(8)]
    people = [
        Person(stormed.counter, place.slug, 400 + number).ready_to_book("padron", at)
        for number, at in enumerate(starts)
    ]
    booked = set()

    def book_from_the_desk():
        for number, at in enumerate(starts):
            try:
                with stormed.errand(place):
                    wish = town.a_wish(place, town.the_procedure("padron"))
                    booking.book_for(
                        staff[0],
                        wish,
                        at,
                        phone=f"+34711{number:06d}",
                        name="",
                        reads="ca",
                        needs=[],
                        form_token=f"desk-{place.slug}-{number}",
                    )
                booked.add(at)
            except TimeTaken:
                pass

    all_at_once(people, book_from_the_desk)

    assert set(tally(people)) <= {303, 409}
    for person, at in zip(people, starts, strict=True):
        assert (person.status == 303) != (at in booked)
    assert stormed.is_sound()


def test_a_rule_changed_in_the_middle_loses_no_visit_and_stops_the_next_one(stormed):
    """One clerk goes away and then the town closes that day, while people book on it."""
    with stormed.errand():
        place, _, staff = a_place("rules", 2, padron=20)
    day = town.tomorrow_at(0, town=place)
    starts = [town.tomorrow_at(9) + 20 * number * MINUTE for number in range(20)]
    people = [
        Person(stormed.counter, place.slug, 500 + number).ready_to_book(
            "padron", starts[number % len(starts)]
        )
        for number in range(40)
    ]
    closed_at = []

    def change_the_rules():
        with stormed.errand(place):
            away = town.counter_of(staff[0])
            rules.absent(away, day + timedelta(hours=6), day + timedelta(hours=20), "course")
        with stormed.errand(place):
            local = starts[0].astimezone(place.zone).date()
            today = clock.today(place.time_zone)
            towns.set_day(local, "storm", office=None, today=today)
        closed_at.append(clock.now())

    all_at_once(people, change_the_rules)
    late = Person(stormed.counter, place.slug, 599).ready_to_book("padron", starts[0])
    late.press()
    late.line.close()

    assert set(tally(people)) <= {303, 409}
    assert late.status == 409
    booked = sum(person.status == 303 for person in people)
    with stormed.errand(place):
        kept = db.session.scalars(sa.select(Visit)).all()
        assert len(kept) == booked
        assert all(visit.status is Status.HELD for visit in kept)
        assert all(visit.held_at <= closed_at[0] for visit in kept)
        broken = {one.claim for one in schedule.broken_promises(place, whole_pool=True)}
        assert {visit.code for visit in kept} <= broken
    assert stormed.is_sound()


def test_a_worker_that_dies_in_the_middle_loses_nothing_that_was_acknowledged(stormed):
    """Who heard nothing presses again: the same form is the same visit."""
    with stormed.errand():
        place, _, _ = a_place("restart", 2, padron=10)
    starts = [town.tomorrow_at(9) + 10 * number * MINUTE for number in range(30)]
    people = [
        Person(stormed.counter, place.slug, 600 + number).ready_to_book(
            "padron", starts[number // 2]
        )
        for number in range(60)
    ]
    heard, lock = [], threading.Lock()
    for person in people:
        person.press = _insisting(person, person.press, heard, lock)

    def kill_one():
        while len(heard) < 8:
            time.sleep(0.005)
        kill(workers_of(stormed.counter)[0])

    all_at_once(people, kill_one)

    assert tally(people) == {303: 60}
    codes = [code for code in heard if code]
    assert len(set(codes)) == 60
    with stormed.errand(place):
        visits = {visit.code: visit for visit in db.session.scalars(sa.select(Visit))}
    assert visits.keys() == set(codes)
    assert all(visit.status is Status.HELD for visit in visits.values())
    assert stormed.is_sound()


def _insisting(person, press, heard, lock):
    """Press until somebody answers, and again when told that it is busy, as the page says."""

    def again():
        for _ in range(40):
            try:
                press()
            except OSError:
                person.line.close()
                time.sleep(0.1)
                continue
            if person.status == 503:
                time.sleep(1)
            else:
                with lock:
                    heard.append(person.location.rpartition("hold=")[2])
                return

    return again
