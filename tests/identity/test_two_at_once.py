"""Two of the staff answer for one citizen at once, on PostgreSQL: on SQLite they take turns."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from app import create_app
from app.accounts import services as people
from app.accounts.models import Account
from app.core.db import db, transaction
from app.core.errors import Refusal
from app.identity import queries, services
from app.identity.models import Passkey
from app.messaging.models import Message
from app.towns import services as towns
from app.towns.tenant import speak_for, town_of
from tests import postgres, town


@pytest.fixture
def at_once(tmp_path) -> Iterator[Callable]:
    """What came of errands, each in its own transaction, that all waited for the town's turn."""
    if postgres.programs() is None:
        pytest.skip("POSTGRESQL IS NOT INSTALLED: two at once were NOT tried (apt-packages.txt)")
    is_chosen = postgres.is_chosen()
    place = nullcontext(postgres.register_in(tmp_path)) if is_chosen else postgres.a_server()
    with place as address:
        app = create_app(
            TESTING=True, INSTANCE=str(tmp_path), DATABASE_URL=address, SMS_PROVIDER="memory"
        )
        with app.app_context():
            if not is_chosen:
                upgrade()
            number = _the_people()
            db.session.commit()
            speak_for(None)

        def alone(errand):
            try:
                with app.app_context(), town_of(number), transaction():
                    return errand() or "done"
            except Refusal as refusal:
                return type(refusal).__name__

        def run(*errands):
            with app.app_context(), db.engine.connect() as first, ThreadPoolExecutor() as pool:
                first.execute(sa.text("SELECT id FROM town FOR UPDATE"))
                told = [pool.submit(alone, errand) for errand in errands]
                _wait_for(first, len(errands))
                first.rollback()
                return sorted(one.result() for one in told)

        yield run
        with app.app_context():
            db.engine.dispose()


def _the_people() -> int:
    made = town.a_town()
    citizen = people.confirm_citizen(town.PHONE, "ca", "Pere Roca")
    for person in (citizen, town.a_clerk(name="Ana Pi"), town.a_clerk(name="Neus Serra")):
        key = person.code.encode()
        db.session.add(
            Passkey(account_id=person.id, credential_id=key, user_handle=key, public_key=key)
        )
    return made.id


def _wait_for(connection: sa.Connection, number: int) -> None:
    waiting = sa.text("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
    for _ in range(1_000):
        if (connection.scalar(waiting) or 0) >= number:
            return
        time.sleep(0.005)
    raise AssertionError("not all of them came as far as the town's turn")


def by(name: str) -> Account:
    return db.session.scalars(sa.select(Account).where(Account.name == name)).one()


def ask() -> None:
    services.ask_recovery(town.PHONE, seen="video", by=by("Ana Pi"))


def confirm() -> None:
    services.grant_recovery(queries.recoveries()[0].code, by("Neus Serra"))


def look() -> str:
    """How many wait, and how many links are on their way."""
    towns.take_turns()
    links = sa.select(Message).where(Message.key.startswith("recovery:"))
    return f"{len(queries.recoveries())} {len(db.session.scalars(links).all())}"


def test_two_who_ask_and_two_who_answer_at_once_leave_one_check_and_one_link(at_once):
    assert at_once(ask, ask) == ["done", "done"]
    assert at_once(look) == ["1 0"]

    assert at_once(confirm, confirm) == ["RecoveryGone", "done"]
    assert at_once(look) == ["0 1"]
