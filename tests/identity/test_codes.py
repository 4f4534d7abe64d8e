"""Codes by SMS: how many may be asked for, from where, and for whom."""

import pytest

from app.core.db import db
from app.identity import services
from app.identity.errors import NoMoreMessages, TooManyCodes
from app.identity.services import CodeOutcome
from tests import town


def send(phone=town.PHONE, purpose="x", address="192.0.2.1"):
    return services.send_code(phone, purpose, address=address, host="vilaclara.localhost")


@pytest.fixture(autouse=True)
def _in_a_request(app):
    town.a_town()
    with app.test_request_context("/"):
        yield


def test_three_to_one_telephone_from_one_asker():
    for _ in range(3):
        send()

    with pytest.raises(TooManyCodes):
        send()
    send(address="192.0.2.2")


def test_six_to_one_telephone_from_everywhere():
    for number in range(6):
        send(address=f"192.0.2.{number}")

    with pytest.raises(TooManyCodes):
        send(address="192.0.2.9")


def test_a_telephone_is_one_in_every_town():
    for slug in ("one", "two", "three"):
        town.a_town(slug)
        send()
    town.a_town("four")

    with pytest.raises(TooManyCodes):
        send()


def test_a_whole_ipv6_network_is_one_asker(app):
    for number in range(30):
        send(phone=f"+346001234{number:02d}", address=f"2001:db8::{number:x}")

    with pytest.raises(TooManyCodes):
        send(phone="+34600999999", address="2001:db8::ffff")
    send(phone="+34600999999", address="2001:db8:0:1::1")


def test_a_towns_day_has_a_limit(app, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_DAILY_LIMIT", 2)
    send()
    send()

    with pytest.raises(NoMoreMessages):
        send()


def test_the_older_code_stays_good_when_another_is_sent():
    from app.messaging.models import Message

    send()
    send()
    db.session.flush()
    first = db.session.scalars(db.select(Message).order_by(Message.id)).first()

    typed = town.digits_sent(first.body)

    assert services.try_code(town.PHONE, "x", typed) is CodeOutcome.RIGHT
    assert services.try_code(town.PHONE, "x", typed) is CodeOutcome.USED


def test_a_code_is_good_for_its_purpose_and_its_telephone_only():
    from app.messaging.models import Message

    send()
    send(purpose="y")
    db.session.flush()
    typed = town.digits_sent(
        db.session.scalars(db.select(Message).order_by(Message.id)).first().body
    )

    assert services.try_code(town.PHONE, "y", typed) is not CodeOutcome.RIGHT
    assert services.try_code("+34600999999", "x", typed) is CodeOutcome.EXPIRED
    assert services.try_code(town.PHONE, "x", typed) is CodeOutcome.RIGHT
