"""What a code costs, from the request to the answer, and what it costs to hear of a message."""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from figures import Figure, alone, progress, quantile
from flask import Flask
from schedule_house import house
from twilio.request_validator import RequestValidator

from app.core import clock
from app.core.db import db, transaction
from app.identity import services as identity
from app.identity.models import PhoneCode
from app.identity.services import Asker, CodeOutcome
from app.messaging import providers, services
from app.messaging.models import Delivery, Message
from app.towns.models import Town
from app.towns.tenant import speak_for

TIMES = 200
SENT_BEFORE = 50_000  # codes that the register holds already, half of them of the last hour
TOKEN, ACCOUNT = "a token of the measurements", "AC" + "0a" * 16
NO_LIMITS = ("SMS_CODES_PER_ADDRESS_HOUR", "SMS_CODES_PER_PREFIX_HOUR", "SMS_DAILY_LIMIT")


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with house() as app, app.app_context():
        app.config.update(dict.fromkeys(NO_LIMITS, 10**7))
        town = a_busy_town()
        with app.test_request_context("/"):
            found = of_codes()
        return found + of_reports(app, town)


def a_busy_town() -> Town:
    progress(f"codes: {SENT_BEFORE} sent before")
    now = clock.now()
    with transaction():
        town = Town(
            slug="a", host="a.localhost", name="A", languages=["ca"], dir3="L01990011", phone=""
        )
        db.session.add(town)
        db.session.flush()
        speak_for(town.id)
        rows = [
            {
                "town_id": town.id,
                "phone": f"+3461{number:07d}",
                "purpose": f"visit:{number}",
                "digest": f"{number:064d}",
                "address_digest": f"{number % 997:064d}",
                "sent_at": now - timedelta(seconds=number % 7200),
                "expires_at": now,
                "tries": 0,
            }
            for number in range(SENT_BEFORE)
        ]
        db.session.execute(PhoneCode.__table__.insert(), rows)
    return town


def of_codes() -> list[Figure]:
    sent, right, wrong, nobody = [], [], [], []
    for number in range(TIMES):
        phone, purpose = f"+34600{number:06d}", f"visit:x{number}"
        asker = Asker(f"192.0.2.{number}", "a.localhost")
        sent.append(timed(identity.send_code, phone, purpose, asker))
        digits = db.session.scalars(db.select(Message.body).order_by(Message.id.desc())).first()[:6]
        nobody.append(timed(tried, "+34699999999", purpose, digits, CodeOutcome.EXPIRED))
        other = f"{(int(digits) + 1) % 1_000_000:06d}"
        wrong.append(timed(tried, phone, purpose, other, CodeOutcome.WRONG))
        right.append(timed(tried, phone, purpose, digits, CodeOutcome.RIGHT))
    return [
        *figures("code sent", sent, "all bounds looked at, the message written, committed"),
        *figures("code verified, right", right, "used and written into the audit, committed"),
        *figures("code verified, wrong", wrong, "the try counted, committed"),
        *figures("code verified, none was sent", nobody, "nothing written"),
    ]


def of_reports(app: Flask, town: Town) -> list[Figure]:
    app.extensions["sms"] = providers.chosen(
        {
            "SMS_PROVIDER": "twilio",
            "SMS_SENDER": "AjVilaclara",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_BASE": "http://127.0.0.1:1",
            "TWILIO_TIMEOUT_SECONDS": 1,
        }
    )
    client, new, again, forged = app.test_client(), [], [], []
    for number in range(TIMES):
        with transaction():
            speak_for(town.id)
            message = services.send_later(
                "+34600123456", "x", key=f"visit:{number}:0:booked", locale="ca"
            )
        code, message_id = message.code, message.id  # they come with its row
        url = f"http://{town.host}:{app.config['PORT']}/hooks/twilio/sms/{code}"
        said = {
            "AccountSid": ACCOUNT,
            "MessageSid": f"SM{number:032x}",
            "MessageStatus": "delivered",
        }
        good = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(url, said)}
        for times, headers, status in ((forged, {}, 403), (new, good, 204), (again, good, 204)):
            with answering(times):
                answer = client.post(url, data=said, headers=headers)
            assert answer.status_code == status, answer.text
        speak_for(town.id)
        db.session.expire_all()
        assert db.session.get_one(Message, message_id).delivery is Delivery.DELIVERED
    return [
        *figures("report of a message, new", new, "the whole request, signature looked at"),
        *figures("report of a message, known", again, "the same again: nothing written"),
        *figures("report that is forged", forged, "refused, and written into the audit"),
    ]


def tried(phone: str, purpose: str, digits: str, wanted: CodeOutcome) -> None:
    assert identity.try_code(phone, purpose, digits) is wanted


def timed(act: Callable[..., Any], *things: Any) -> float:
    times: list[float] = []
    with answering(times), transaction():
        act(*things)
    return times[0]


@contextmanager
def answering(times: list[float]) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    times.append((time.perf_counter() - begun) * 1000)


def figures(name: str, times: list[float], note: str) -> list[Figure]:
    return [
        Figure(f"{name}, p50", quantile(times, 0.5), "ms", samples=len(times), note=note),
        Figure(f"{name}, p95", quantile(times, 0.95), "ms", samples=len(times)),
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
