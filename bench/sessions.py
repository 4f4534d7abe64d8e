"""Sessions and passkeys: a whole ceremony, the cost of a signed request, the size of the table."""

import argparse
import re
import secrets
import time
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from figures import Figure, alone, progress, quantile
from flask import Flask
from flask.testing import FlaskClient
from schedule_house import house

from app.accounts import services as accounts
from app.accounts.models import Account
from app.core import clock
from app.core.db import db
from app.identity import queries, services
from app.identity.models import OpenSession, SessionKind
from app.towns.models import Town
from app.towns.tenant import town_of
from tests.identity.authenticator import Authenticator

HOST = "vilaclara.localhost"
HOME = f"http://{HOST}"
ME = f"{HOME}/ca/me"
PAGE = f"{HOME}/ca/help"
PHONE = "+34600000001"
CEREMONIES = 60
REQUESTS = 200
LOOKUPS = 400
ROWS = 100_000
BYTES_MUST, BYTES_AIM = 600, 400  # of one session, indexes included


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with house() as app:
        town_id = _a_town(app)
        found = [*_ceremonies(app), *_requests(app)]
        found += _table(app, town_id)
    return found


def _a_town(app: Flask) -> int:
    with app.app_context():
        place = Town(
            slug="vilaclara",
            host=HOST,
            name="Vilaclara",
            languages=["ca"],
            dir3="L01990011",
            phone="+34 900 000 011",
        )
        db.session.add(place)
        db.session.flush()
        with town_of(place.id):
            accounts.confirm_citizen(PHONE, "ca", "Pere")
        db.session.commit()
        return place.id


def _ceremonies(app: Flask) -> list[Figure]:
    """Enrol once by a code, then come in again and again: options, answer, session."""
    progress("sessions: ceremonies")
    client, device = app.test_client(), Authenticator(HOST, HOME)
    _come_in(app, client)
    token = _token(client)
    begun = time.perf_counter()
    options = _post(client, f"{ME}/passkeys/new/options", token=token)
    _post(client, f"{ME}/passkeys/new/finish", device.create(options), token=token)
    enrolment = (time.perf_counter() - begun) * 1000
    times = [_sign_in(client, device) for _ in range(CEREMONIES)]
    note = "options and answer, its session and its audit included; the device's own work too"
    return [
        Figure("passkey ceremony, enrol", enrolment, "ms", note=note),
        Figure("passkey ceremony, come in, p50", quantile(times, 0.5), "ms", samples=len(times)),
        Figure("passkey ceremony, come in, p95", quantile(times, 0.95), "ms", samples=len(times)),
    ]


def _sign_in(client: FlaskClient, device: Authenticator) -> float:
    token = _token(client)
    begun = time.perf_counter()
    options = _post(client, f"{ME}/sign-in/options", token=token)
    _post(client, f"{ME}/sign-in/finish", device.get(options), token=token)
    return (time.perf_counter() - begun) * 1000


def _requests(app: Flask) -> list[Figure]:
    """The same page for a visitor and for somebody who is in, one after the other."""
    progress("sessions: requests")
    visitor, citizen = app.test_client(), app.test_client()
    _come_in(app, citizen)
    plain, signed = [], []
    for _ in range(REQUESTS):
        plain.append(_seconds(lambda: visitor.get(PAGE)) * 1000)
        signed.append(_seconds(lambda: citizen.get(PAGE)) * 1000)
    more = quantile(signed, 0.5) - quantile(plain, 0.5)
    note = f"p50 {quantile(plain, 0.5):.1f} ms without, {quantile(signed, 0.5):.1f} ms with"
    return [
        Figure("a session, more for each request", more, "ms", 2, 1, samples=REQUESTS, note=note)
    ]


def _table(app: Flask, town_id: int) -> list[Figure]:
    """A hundred thousand sessions: how large, how long one is looked for, how long to forget."""
    progress(f"sessions: {ROWS:,} rows")
    with app.app_context(), town_of(town_id):
        person = accounts.confirm_citizen(PHONE, "ca")
        db.session.commit()
        before = _pages()
        names = _fill(person)
        size = (_pages() - before) / ROWS
        wanted = [secrets.choice(names) for _ in range(LOOKUPS)]
        times = [_seconds(lambda name=name: _look(name)) * 1000 for name in wanted]
        forgetting = _seconds(_forget_all)
    return [
        Figure(
            f"size of {ROWS:,} sessions", size * ROWS / 1e6, "MB", note=f"{size:.0f} bytes each"
        ),
        Figure("one session, with its indexes", size, "bytes", BYTES_MUST, BYTES_AIM, samples=ROWS),
        Figure("a session looked for, p50", quantile(times, 0.5), "ms", samples=LOOKUPS),
        Figure("a session looked for, p95", quantile(times, 0.95), "ms", samples=LOOKUPS),
        Figure(f"{ROWS:,} sessions forgotten", forgetting, "s"),
    ]


def _fill(person: Account) -> list[str]:
    now, names = clock.now(), [secrets.token_urlsafe(32) for _ in range(ROWS)]
    rows = [
        {
            "digest": queries.digest_of(name),
            "kind": SessionKind.CITIZEN,
            "account_id": person.id,
            "method": "phone",
            "device": "Chrome · Android",
            "started_at": now,
            "seen_at": now,
            "confirmed_at": now,
            "ends_at": now + timedelta(hours=4),
            "previous_at": now,
            "previous_device": "Chrome · Android",
            "was_refused": False,
            "town_id": person.town_id,
        }
        for name in names
    ]
    for begin in range(0, ROWS, 5000):
        db.session.execute(sa.insert(OpenSession), rows[begin : begin + 5000])
    db.session.commit()
    return names


def _look(name: str) -> None:
    db.session.expunge_all()
    assert queries.session_of(name, SessionKind.CITIZEN)
    db.session.rollback()


def _forget_all() -> None:
    db.session.execute(sa.update(OpenSession).values(ends_at=clock.now() - timedelta(days=30)))
    db.session.commit()
    services.forget_sessions()
    db.session.commit()


def _pages() -> int:
    """Bytes in use in the file of the register."""
    pages, free, size = (
        db.session.execute(sa.text(f"PRAGMA {name}")).scalar_one()
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _come_in(app: Flask, client: FlaskClient) -> None:
    """Somebody who has just shown their telephone."""
    with app.app_context():
        place = db.session.scalars(sa.select(Town)).one()
        with town_of(place.id):
            person = accounts.confirm_citizen(PHONE, "ca")
            _, name = services.open_session(person, "phone")
            db.session.commit()
    client.set_cookie("ventanilla-citizen", name, domain=HOST)


def _post(client: FlaskClient, url: str, body: object = None, token: str = "") -> dict[str, object]:
    answer = client.post(url, json=body, headers={"X-CSRFToken": token or _token(client)})
    assert answer.status_code == 200, f"{url}: {answer.status_code}"
    return dict(answer.json or {})


def _token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(PAGE).text)
    assert found
    return found[1]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    alone(measure, __doc__)
