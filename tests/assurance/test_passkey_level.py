"""A passkey says who somebody is only if it was made after somebody had looked."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.assurance import queries, services
from app.assurance.models import Method
from app.booking.forms import written_start
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.identity.events import SignedIn
from app.identity.models import Passkey
from app.towns.models import Level
from tests import town


@pytest.fixture
def first(visit):
    """An earlier visit in which this citizen was identified by a clerk."""
    row = services.identify(visit, Method.CLERK, Level.CHECKED, evidence={})
    row.made_at = clock.now() - timedelta(days=9)
    db.session.commit()
    return row


def sign_in(visit, enrolled_at):
    db.session.add(
        Passkey(
            account_id=visit.citizen_id,
            credential_id=b"one",
            user_handle=b"h",
            public_key=b"k",
            created_at=enrolled_at,
            last_used_at=clock.now(),
        )
    )
    db.session.flush()
    publish(SignedIn(town_id=visit.town_id, account_id=visit.citizen_id, method="passkey"))
    db.session.commit()


def test_a_passkey_made_after_a_check_is_worth_a_passkey(first, visit, place, padron):
    later = town.a_visit(town.a_wish(place, padron))

    sign_in(later, clock.now() - timedelta(days=2))

    best = queries.standing(later).best
    assert (best.method, best.level) == (Method.PASSKEY, Level.PASSKEY)
    assert best.evidence["after"] == first.code


def test_a_passkey_made_before_is_worth_no_more_than_a_telephone(first, visit, place, padron):
    later = town.a_visit(town.a_wish(place, padron))

    sign_in(later, clock.now() - timedelta(days=20))

    assert queries.level_of(later) is Level.PHONE


def test_a_check_that_was_undone_makes_no_passkey_surer(first, visit, place, padron, clerk):
    services.undo(first, clerk, "it was another person")
    later = town.a_visit(town.a_wish(place, padron))

    sign_in(later, clock.now() - timedelta(days=2))

    assert queries.level_of(later) is Level.PHONE


def test_signing_in_twice_writes_one_row(first, visit, place, padron):
    later = town.a_visit(town.a_wish(place, padron))
    sign_in(later, clock.now())
    publish(SignedIn(town_id=visit.town_id, account_id=visit.citizen_id, method="passkey"))

    methods = [row.method for row in queries.rows_of(later)]

    assert methods.count(Method.PASSKEY) == 1


def test_a_clerk_who_signs_in_identifies_no_citizen(visit, clerk):
    publish(SignedIn(town_id=visit.town_id, account_id=clerk.id, method="passkey"))

    assert queries.level_of(visit) is Level.PHONE


def book_by_passkey(client, visit, enrolled_at):
    """Choose a time and send the number, in a browser that a passkey let in."""
    sign_in(visit, enrolled_at)
    town.enter(client, visit.citizen)
    starts = written_start(town.tomorrow_at(10))
    url = f"{town.base(visit.town)}/en/visits/new?procedure=padron&channel=video&starts={starts}"
    page = client.get(url).text
    fields = {"phone": "600 12 34 56", "name": "", "token": town.field_in(page, "token")}
    answer = client.post(url, data={"csrf_token": town.token_in(page), **fields})
    return db.session.scalars(sa.select(Visit).order_by(Visit.id.desc())).first(), answer


def test_who_is_known_by_a_passkey_books_what_needs_one(client, first, visit, padron):
    padron.assurance = {"book": "passkey"}
    made, answer = book_by_passkey(client, visit, clock.now() - timedelta(days=2))
    page = f"{town.base(visit.town)}/en/visits/{made.code}/identify"
    assert answer.location.endswith("/identify")
    assert 'id="identify-on"' in client.get(page).text

    town.send(client, f"{page}/on", page)

    assert made.status is Status.BOOKED
    assert [row.method for row in queries.rows_of(made)] == [Method.PASSKEY]
    assert queries.level_of(made) is Level.PASSKEY


def test_a_passkey_is_not_enough_for_what_needs_more(client, first, visit, padron):
    padron.assurance = {"book": "eid"}
    made, _answer = book_by_passkey(client, visit, clock.now() - timedelta(days=2))
    page = f"{town.base(visit.town)}/en/visits/{made.code}/identify"

    assert town.send(client, f"{page}/on", page).status_code == 409
    assert made.status is Status.HELD


def test_a_visit_booked_by_passkey_claims_no_code(client, first, visit, padron):
    made, _answer = book_by_passkey(client, visit, clock.now() - timedelta(days=2))

    assert made.status is Status.BOOKED
    assert [row.method for row in queries.rows_of(made)] == [Method.PASSKEY]
