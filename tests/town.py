"""The people and places that tests are about. A test names what matters; the rest is filled in."""

import re
import secrets
from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import TestResponse

from app.accounts import services as accounts
from app.accounts.models import Account, Role
from app.booking import queries as booking_queries
from app.booking import services as booking
from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.core.i18n import LANGUAGES
from app.identity import services as identity
from app.messaging.models import Message
from app.schedule import queries as schedule
from app.schedule.models import Resource, ResourceKind, Shift, Skill
from app.schedule.queries import Wish
from app.towns import queries as towns
from app.towns.models import Office, Procedure, Town
from app.towns.tenant import speak_for, town_of

ALL_DAY = (time(0), time(0))
PHONE = "+34600123456"


def a_town(slug: str = "vilaclara", languages=("ca", "es"), **settings) -> Town:
    """A town at `<slug>.localhost`; from here on the test speaks for it."""
    town = Town(
        slug=slug,
        host=f"{slug}.localhost",
        name=slug.title(),
        languages=list(languages),
        dir3="L01990011",
        phone="+34 900 000 011",
        **{"grid_minutes": 10, **settings},
    )
    db.session.add(town)
    db.session.flush()
    speak_for(town.id)
    return town


def a_procedure(slug: str = "padron", minutes: int = 20, **fields) -> Procedure:
    """A procedure by video, telephone and in person, of the town spoken for."""
    office = Office(
        name=texts("Office"), address="Plaça, 1", phone="+34 900 000 011", hours=texts("Mornings")
    )
    db.session.add(office)
    db.session.flush()
    fields = {"name": texts("Register"), "summary": texts("Join it."), **fields}
    lengths = {"video": minutes, "phone": minutes, "in_person": minutes}
    procedure = Procedure(slug=slug, minutes=lengths, office_id=office.id, **fields)
    db.session.add(procedure)
    db.session.flush()
    return procedure


def the_procedure(slug: str) -> Procedure:
    """The procedure with that name in the town spoken for."""
    return towns.procedure_or_404(slug)


def texts(word: str) -> dict[str, str]:
    return {slug: f"{word} {slug}" for slug in LANGUAGES}


def a_clerk(
    *procedures: Procedure,
    name: str = "Ana Pi",
    languages=("ca", "es"),
    hours: tuple[time, time] = ALL_DAY,
    channels=("video", "phone", "in_person"),
) -> Account:
    """A clerk who attends those procedures, on duty at those hours every day."""
    account = accounts.employ(name, Role.CLERK, list(languages))
    resource = Resource(kind=ResourceKind.CLERK, name=name, account_id=account.id)
    db.session.add(resource)
    db.session.flush()
    for procedure in procedures:
        db.session.add(Skill(resource_id=resource.id, procedure_id=procedure.id))
    for weekday in range(7):
        db.session.add(
            Shift(
                resource_id=resource.id,
                weekday=weekday,
                starts=hours[0],
                ends=hours[1],
                channels=list(channels),
            )
        )
    db.session.flush()
    return account


def a_supervisor(name: str = "Rosa Vila", role: Role = Role.SUPERVISOR) -> Account:
    """Somebody who changes what the town offers."""
    return accounts.employ(name, role, ["ca"], locale="en")


def counter_of(clerk: Account) -> Resource:
    resource = schedule.resource_of(clerk.id)
    assert resource
    return resource


def a_wish(town: Town, procedure: Procedure, channel: str = "video", reads: str = "ca") -> Wish:
    wish = booking_queries.wish_for(town, procedure, channel, reads)
    assert wish, "nobody can attend this"
    return wish


def a_hold(wish: Wish, starts_at: datetime | None = None, phone: str = PHONE, **fields) -> Visit:
    """A held visit at that time, or at the first free one."""
    if starts_at is None:
        free = schedule.first_free(wish)
        assert free
        starts_at = free.starts_at
    fields = {"name": "Pere", "reads": wish.language, "needs": [], **fields}
    token = fields.pop("form_token", secrets.token_urlsafe(24))
    visit = booking.hold(wish, starts_at, phone=phone, form_token=token, **fields)
    db.session.commit()  # as the request that made it would have done
    return visit


def a_visit(wish: Wish, starts_at: datetime | None = None, phone: str = PHONE, **fields) -> Visit:
    """A booked visit."""
    visit = booking.book(a_hold(wish, starts_at, phone, **fields))
    db.session.commit()
    return visit


def tomorrow_at(hour: int, minute: int = 0, town: Town | None = None) -> datetime:
    """That hour of tomorrow on the wall of the town, as an instant."""
    zone = (town or Town(time_zone="Europe/Madrid")).zone
    day = clock.now().astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def enter(client: FlaskClient, account: Account) -> None:
    """Sign that person in, as a passkey would."""
    with town_of(account.town_id):
        made, name = identity.open_session(account, "passkey")
    db.session.commit()
    client.set_cookie(f"ventanilla-{made.kind.value}", name, domain=account_town(account).host)


def account_town(account: Account) -> Town:
    return db.session.get_one(Town, account.town_id)


def base(town: Town) -> str:
    return f"http://{town.host}"


def send(client: FlaskClient, url: str, page: str | None = None, **fields: str) -> TestResponse:
    """Press a button of that page (of the address itself, if none is named)."""
    token = token_in(client.get(page or url).text)
    return client.post(url, data={"csrf_token": token, **fields})


def sent_to(phone: str, *, state: str | None = None) -> list[str]:
    """What was written to that telephone, in order."""
    question = sa.select(Message.body).where(Message.phone == phone).order_by(Message.id)
    if state:
        question = question.where(Message.state == state)
    return list(db.session.scalars(question))


def token_in(page: str) -> str:
    """The anti-forgery token of a page."""
    found = re.search(r'name="csrf[-_]token"[^>]*(?:value|content)="([^"]+)"', page)
    assert found, "the page has no form"
    return found[1]


def field_in(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found, f"the page has no field {name}"
    return found[1]


def figures_in(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """What a monitor understands of `/metrics`: each figure by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def digits_sent(body: str) -> str:
    """The code in the text of a message."""
    found = re.search(r"\b(\d{6})\b", body)
    assert found, f"no code in {body!r}"
    return found[1]
