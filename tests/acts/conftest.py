"""A visit that is over, its act, and the file of it."""

import pytest

from app.acts import queries, services
from app.acts.services import making
from app.assurance import services as assurance
from app.assurance.models import DocumentKind
from app.assurance.services.checks import Seen
from app.assurance.words import TEXT_VERSION, consent_digest
from app.booking import services as booking
from app.booking.models import Status
from app.core import clock
from app.core.db import db
from app.queue import services as queue
from tests import town


@pytest.fixture
def place():
    return town.a_town(early_minutes=60 * 24 * 30, council=town.texts("Ajuntament"))


@pytest.fixture
def padron(place):
    return town.a_procedure()


@pytest.fixture
def clerk(place, padron):
    person = town.a_clerk(padron)
    assurance.authorise(person, clock.today(place.time_zone), None, reference="7/2026", by=None)
    db.session.commit()
    return person


@pytest.fixture
def attended(place, padron, clerk):
    """On the counter of the clerk."""
    visit = town.a_visit(town.a_wish(place, padron))
    queue.arrive(visit)
    queue.call(clerk, visit)
    db.session.commit()
    return visit


@pytest.fixture
def identified(attended, clerk):
    """The clerk has looked at their face and at their document."""
    text = consent_digest(attended.town, attended.reads)
    check = assurance.ask_to_check(attended, clerk, text=text, version=TEXT_VERSION)
    assurance.agree(check, True)
    seen = Seen(DocumentKind.DNI, "Pere Puig Pla", "12345678Z")
    assurance.finish_check(check, clerk, seen, text=text)
    db.session.commit()
    return attended


@pytest.fixture
def served(identified):
    identified.outcome, identified.next_steps = "Ja és al padró.", "Res més."
    booking.move_on(identified, Status.SERVED)
    db.session.commit()
    return identified


@pytest.fixture
def act(served, clerk):
    """Sealed and stamped."""
    made = services.ask(served, clerk)
    db.session.commit()
    services.go_on(made)
    assert made.is_sealed, made.problem
    return made


@pytest.fixture
def content(act) -> bytes:
    """The file itself."""
    return making.read(act.edition)


@pytest.fixture
def desk(client, clerk):
    town.enter(client, clerk)
    return client


@pytest.fixture
def citizen(app):
    """Another browser."""
    return app.test_client()


@pytest.fixture
def act_in_mid_visit(identified, clerk):
    """Of a statement signed while they still talk; the document is made and closed."""
    statement = services.begin(identified, clerk)
    services.rewrite(statement, clerk, "Visc al carrer Major, 7.")
    services.read_back(statement, clerk)
    services.agree(statement, True, statement.text_digest)
    services.sign_statement(statement, clerk)
    db.session.commit()
    (act,) = queries.acts_of(identified)
    services.go_on(act)
    return act
