"""Every figure is what somebody would count by hand, visit by visit."""

import math
import random
from datetime import date, time, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.accounts import services as accounts
from app.booking.models import Status, Visit
from app.calls.models import CallFigures, Participant
from app.core import clock
from app.core.db import db
from app.insight import queries, services
from app.insight.models import ChannelChange, DutyDay
from app.insight.queries import By, Of, Span
from app.queue.models import WaitEstimate
from app.schedule.models import Allocation, AllocationState, DelayMeasure
from app.survey.models import Answer
from app.towns.models import Channel
from tests import town
from tests.insight.simulated import some_visits


@pytest.fixture
def place():
    return town.a_town()


def by_hand(place, visits: list[Visit], period: date, by: By, of: Of, key: str) -> dict:
    """The same figures with nothing but loops over whole rows."""

    def day_of(visit):
        return visit.starts_at.astimezone(place.zone).date()

    def is_in(visit):
        day = day_of(visit)
        if by is By.DAY and day != period:
            return False
        if by is By.WEEK and day.isocalendar()[:2] != period.isocalendar()[:2]:
            return False
        if by is By.MONTH and (day.year, day.month) != (period.year, period.month):
            return False
        return {
            Of.TOWN: True,
            Of.OFFICE: visit.procedure.office.slug == key,
            Of.PROCEDURE: visit.procedure.slug == key,
            Of.CHANNEL: visit.channel.value == key,
            Of.LANGUAGE: visit.language == key,
        }[of]

    mine = [one for one in visits if one.booked_at and is_in(one)]
    served = [one for one in mine if one.status is Status.SERVED]
    waits, told, lengths, pictures, good, calls = [], [], [], [], 0, 0
    answers, changes, first = [], 0, 0
    for visit in mine:
        if visit.waiting_at and visit.called_at:
            since = visit.waiting_at
            if not visit.is_walk_in and visit.starts_at > since:
                since = visit.starts_at
            minutes = (visit.called_at - since).total_seconds() / 60
            waits.append(max(0.0, minutes))
        estimates = [one for one in db.session.query(WaitEstimate) if one.visit_id == visit.id]
        if estimates:
            told.append(min(estimates, key=lambda one: one.id).longest)
        changes += sum(one.visit_id == visit.id for one in db.session.query(ChannelChange))
        answer = db.session.get(Answer, visit.id)
        if answer:
            answers.append(answer)
        windows = [
            one
            for one in db.session.query(CallFigures).order_by(CallFigures.id)
            for who in [db.session.get(Participant, one.participant_id)]
            if who.visit_id == visit.id and who.part == "citizen"
        ]
        if windows:
            calls += 1
            seen = [one.picture_ms for one in windows if one.picture_ms is not None]
            pictures += [min(seen) / 1000] if seen else []
            good += bool(seen) and windows[-1].ending != "lost"
        if visit.status is Status.SERVED:
            minutes = (visit.ended_at - visit.in_service_at).total_seconds() / 60
            if minutes <= 12 * 60:
                lengths.append(minutes)
            came_back = any(
                other.follows_id == visit.id
                and other.booked_at
                and other.status is not Status.CANCELLED
                and other.starts_at - visit.starts_at <= timedelta(days=30)
                for other in visits
            )
            first += not came_back and not (answer and answer.solved == "no")

    def middle(values, share):
        return sorted(values)[math.ceil(share * len(values)) - 1] if values else None

    return {
        "demand": len(mine),
        "walk_ins": len([one for one in mine if one.is_walk_in]),
        "served": len(served),
        "no_shows": len([one for one in mine if one.status is Status.NO_SHOW]),
        "cancelled": len([one for one in mine if one.status is Status.CANCELLED]),
        "cancelled_by_office": len(
            [
                one
                for one in mine
                if one.status is Status.CANCELLED and one.ended_by in ("office", "closing")
            ]
        ),
        "left": len([one for one in mine if one.status is Status.LEFT]),
        "taken": sum(
            one.minutes for one in mine if one.status not in (Status.CANCELLED, Status.LEFT)
        ),
        "wait_p50": middle(waits, 0.5),
        "wait_p90": middle(waits, 0.9),
        "told_p50": middle(told, 0.5),
        "told_p90": middle(told, 0.9),
        "length_p50": middle(lengths, 0.5),
        "length_p90": middle(lengths, 0.9),
        "channel_changes": changes,
        "answers": len(answers),
        "understood": (
            len([one for one in answers if one.understood == "yes"]) / len(answers)
            if answers
            else None
        ),
        "solved": (
            len([one for one in answers if one.solved == "yes"]) / len(answers) if answers else None
        ),
        "first_contact": first / len(served) if served else None,
        "calls": calls,
        "good_calls": good / calls if calls else None,
        "picture_p50": middle(pictures, 0.5),
        "journeys_saved": len([one for one in served if one.channel is not Channel.IN_PERSON]),
    }


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(0, 25),
    by=st.sampled_from(list(By)),
    of=st.sampled_from(list(Of)),
)
@settings(
    max_examples=20,
    phases=[Phase.generate],  # making it smaller takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_figure_is_what_one_counts_by_hand(place, seed, count, by, of):
    outer = db.session.begin_nested()
    try:
        chance = random.Random(seed)
        offered = [town.a_procedure(f"p{number}") for number in range(2)]
        visits = some_visits(chance, offered, count)
        today = clock.today(place.time_zone)

        rows = queries.figures(place, Span(today - timedelta(days=45), today, by, of))

        assert sum(row.demand for row in rows) == sum(one.booked_at is not None for one in visits)
        for row in rows:
            wanted = by_hand(place, visits, row.period, by, of, row.key)
            got = {name: getattr(row, name) for name in wanted}
            assert got == pytest.approx(wanted)
    finally:
        outer.rollback()


def test_nothing_of_another_town_is_counted(place):
    some_visits(random.Random(1), [town.a_procedure()], 5)
    db.session.commit()
    other = town.a_town("etxalde")
    today = clock.today(other.time_zone)

    rows = queries.figures(other, Span(today - timedelta(days=60), today, By.MONTH))

    assert rows
    assert all(row.demand == 0 for row in rows)


def test_a_period_without_anything_is_there_with_its_zeros(place):
    today = clock.today(place.time_zone)

    rows = queries.figures(place, Span(today - timedelta(days=13), today, By.DAY))

    assert [row.period for row in rows] == [today - timedelta(days=n) for n in range(13, -1, -1)]
    assert all(row.demand == 0 and row.wait_p50 is None for row in rows)


def test_capacity_of_days_to_come_follows_shifts_and_absences(place):
    hours = (time(8), time(14))
    clerk = town.counter_of(town.a_clerk(town.a_procedure(), channels=("video",), hours=hours))
    db.session.add(
        Allocation(
            resource_id=clerk.id,
            starts_at=town.tomorrow_at(7),
            ends_at=town.tomorrow_at(10),
            state=AllocationState.BLOCKED,
            claim="block:1:2:3",
        )
    )
    db.session.flush()
    day = clock.today(place.time_zone) + timedelta(days=1)

    (whole,) = queries.figures(place, Span(day, day, By.DAY))
    by_way = queries.figures(place, Span(day, day, By.DAY, Of.CHANNEL))

    assert whole.capacity == 4 * 60
    assert [(row.key, row.capacity) for row in by_way] == [("video", 240)]


def test_what_there_was_to_give_is_written_down_before_anybody_forgets_it(place):
    padron = town.a_procedure()
    clerk = town.counter_of(town.a_clerk(padron))
    services.keep_duty(place)
    assert services.keep_duty(place) == 0, "twice is once"
    before = db.session.query(DutyDay).one()

    clerk.is_active = False
    db.session.commit()
    day = clock.today(place.time_zone) - timedelta(days=1)
    (row,) = queries.figures(place, Span(day, day, By.DAY, Of.PROCEDURE))

    assert before.day == day
    assert row.key == "padron"
    assert row.capacity == before.minutes > 0


def test_days_to_the_first_time_are_the_middle_of_what_was_measured(place):
    padron = town.a_procedure()
    today = clock.today(place.time_zone)
    for number, days in enumerate((2, 9, None)):
        db.session.add(
            DelayMeasure(
                day=today - timedelta(days=number),
                procedure_id=padron.id,
                channel="video",
                days=days,
                limit_days=7,
            )
        )
    db.session.flush()

    rows = queries.figures(place, Span(today - timedelta(days=2), today, By.MONTH))
    of_language = queries.figures(
        place, Span(today - timedelta(days=2), today, By.MONTH, Of.LANGUAGE)
    )

    told = [row.days_to_first for row in rows if row.days_to_first is not None]
    assert told
    assert len(rows) > 1 or told == [9]
    assert of_language == []


def test_who_comes_again_about_the_same_was_not_done_at_the_first_visit(place):
    padron = town.a_procedure()
    town.a_clerk(padron)
    visits = some_visits(random.Random(3), [padron], 2, days=10)
    first, again = sorted(visits, key=lambda one: one.starts_at)
    person = accounts.know_citizen(town.PHONE, "ca")
    for one in (first, again):
        one.citizen_id, one.status, one.follows_id = person.id, Status.SERVED, None
        one.booked_at = one.waiting_at = one.called_at = one.in_service_at = one.starts_at
        one.ended_at = one.ends_at
        db.session.query(Answer).filter_by(visit_id=one.id).delete()
    db.session.flush()
    today = clock.today(place.time_zone)

    rows = queries.figures(place, Span(today - timedelta(days=40), today, By.MONTH))

    done = [(row.served, row.first_contact) for row in rows if row.served]
    assert sum(served * share for served, share in done) == 1
