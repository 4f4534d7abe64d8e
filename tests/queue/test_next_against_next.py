"""Several clerks press *next* at the same instant, on a running server and both registers."""

from collections import Counter as Tally

import pytest
import sqlalchemy as sa

from app.booking import services as booking
from app.booking.models import Status, Visit
from app.core.db import db
from tests import town
from tests.storm import Person, a_place, all_at_once

pytestmark = pytest.mark.storm

CLERKS = 6


def somebody_waits(place, number):
    wish = town.a_wish(place, town.the_procedure("padron"))
    visit = booking.hold_walk_in(
        wish,
        phone=f"+34733{number:06d}",
        name="Storm",
        reads="ca",
        needs=[],
        form_token=f"line-{place.slug}-{number}",
    )
    booking.book(visit)


def test_of_clerks_who_press_at_once_each_gets_somebody_and_nobody_is_called_twice(stormed):
    with stormed.errand():
        place, _, staff = a_place("next", CLERKS, padron=10)
    with stormed.errand(place):
        for number in range(2 * CLERKS - 2):
            somebody_waits(place, number)

    for round_ in range(2):
        clerks = [Person(stormed.counter, place.slug).ready_for_next(one) for one in staff]
        all_at_once(clerks)

        statuses = Tally(clerk.status for clerk in clerks)
        expected = {303: CLERKS} if round_ == 0 else {303: CLERKS - 2, 409: 2}
        assert statuses == expected
        with stormed.errand(place):
            called = db.session.scalars(sa.select(Visit).where(Visit.status == Status.CALLED)).all()
            assert len(called) == statuses[303]
            assert {visit.calls for visit in called} == {1}
            assert len({visit.clerk_id for visit in called}) == len(called)
            for visit in called:
                booking.move_on(visit, Status.SERVED)
        assert stormed.is_sound()


def test_next_against_somebody_who_leaves_the_line_calls_only_who_is_still_there(stormed):
    with stormed.errand():
        place, _, staff = a_place("leave", CLERKS, padron=10)
    with stormed.errand(place):
        for number in range(CLERKS):
            somebody_waits(place, 100 + number)
        codes = db.session.scalars(sa.select(Visit.code)).all()

    clerks = [Person(stormed.counter, place.slug).ready_for_next(one) for one in staff]
    leavers = [
        Person(stormed.counter, place.slug).ready_to(f"/ca/visits/{code}/cancel") for code in codes
    ]
    all_at_once([*clerks, *leavers])

    called = sum(clerk.status == 303 for clerk in clerks)
    left = sum(leaver.status == 303 for leaver in leavers)
    assert {person.status for person in (*clerks, *leavers)} <= {303, 409}
    assert called + left == len(codes)
    ends = Tally(stormed.visit(code).status for code in codes)
    assert ends == Tally({Status.CALLED: called, Status.CANCELLED: left})
    assert stormed.is_sound()
