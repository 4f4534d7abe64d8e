"""A message reaches Twilio as its own document asks, and every answer is understood."""

import logging
from datetime import timedelta

import pytest
from pytest_socket import SocketConnectBlockedError
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from app.core import clock
from app.core.db import db
from app.core.settings import Unsafe
from app.messaging import providers, services
from app.messaging.models import Message, MessageState
from app.messaging.providers import NotNow, Parcel, Refused
from app.messaging.providers.twilio import OUR_ENVIRONMENT, Line, TwilioSender
from tests import town
from tests.messaging.post import deliver_due, settings
from tests.messaging.twilio_stand_in import StandIn

PARCEL = Parcel(phone=town.PHONE, body="El vostre codi és 123456", valid_seconds=600)


def a_sender(twilio: StandIn, **changes):
    return providers.chosen(settings(twilio, **changes))


def an_ordinary_client(twilio: StandIn, **changes) -> Client:
    """Twilio's client without our own care for what it sends."""
    line = Line(timeout=5, base=twilio.base)
    account = {"username": twilio.account.sid, "password": twilio.account.token, **changes}
    return Client(**account, http_client=line, environment=OUR_ENVIRONMENT)


# What is sent


def test_an_accepted_message_has_the_id_that_twilio_gave_it(twilio):
    sid = a_sender(twilio).send(PARCEL)

    assert sid.startswith("SM")
    assert len(sid) == 34


def test_exactly_what_is_needed_is_sent(twilio):
    a_sender(twilio).send(PARCEL)

    assert twilio.received == [
        {
            "To": town.PHONE,
            "From": "VilaClara",
            "Body": "El vostre codi és 123456",
            "ValidityPeriod": 600,
        }
    ]


def test_the_sender_may_be_a_number(twilio):
    a_sender(twilio, SMS_SENDER="+34600000001").send(PARCEL)

    assert twilio.received[0]["From"] == "+34600000001"


def test_every_letter_and_line_arrives(twilio):
    body = "L·l à ç ñ € 🙂 & = + %\n\n@vilaclara.example #123456"

    a_sender(twilio).send(Parcel(town.PHONE, body))

    assert twilio.received[0]["Body"] == body


@pytest.mark.parametrize(
    ("life", "sent"), [(-3, 1), (0, 1), (1, 1), (600, 600), (36_000, 36_000), (90_000, 36_000)]
)
def test_a_message_lives_as_long_as_twilio_can_keep_it(twilio, life, sent):
    a_sender(twilio).send(Parcel(town.PHONE, "Hello", valid_seconds=life))

    assert twilio.received[0]["ValidityPeriod"] == sent


def test_a_message_without_end_says_nothing_about_its_life(twilio):
    a_sender(twilio).send(Parcel(town.PHONE, "Hello"))

    assert "ValidityPeriod" not in twilio.received[0]


class Discreet(TwilioSender):
    CONTENT_RETENTION = "discard"
    ADDRESS_RETENTION = "obfuscate"


def test_an_account_with_redaction_can_be_asked_to_forget(twilio):
    twilio.account.redacts = True

    Discreet.from_settings(settings(twilio)).send(PARCEL)

    assert twilio.received[0]["ContentRetention"] == "discard"
    assert twilio.received[0]["AddressRetention"] == "obfuscate"


def test_an_account_without_redaction_refuses_to_forget(twilio):
    with pytest.raises(Refused, match="30029"):
        Discreet.from_settings(settings(twilio)).send(PARCEL)


# What is refused


def opted_out(twilio):
    twilio.account.opted_out.add(town.PHONE)


def a_landline(twilio):
    twilio.account.landlines.add(town.PHONE)


def a_trial(twilio):
    twilio.account.verified = {"+34600999999"}


@pytest.mark.parametrize(
    ("code", "changes", "parcel", "arrange"),
    [
        (21211, {}, Parcel("600123456", "Hello"), None),
        (21212, {"SMS_SENDER": "Vila-Clara"}, PARCEL, None),
        (21408, {}, Parcel("+33612345678", "Hello"), None),
        (21602, {}, Parcel(town.PHONE, ""), None),
        (21603, {"SMS_SENDER": ""}, PARCEL, None),
        (21606, {"SMS_SENDER": "OtherTown"}, PARCEL, None),
        (21608, {}, PARCEL, a_trial),
        (21610, {}, PARCEL, opted_out),
        (21614, {}, PARCEL, a_landline),
        (21617, {}, Parcel(town.PHONE, "x" * 1601), None),
    ],
)
def test_what_will_never_work_is_refused_without_saying_whose_number(
    twilio, code, changes, parcel, arrange
):
    if arrange:
        arrange(twilio)

    with pytest.raises(Refused) as refusal:
        a_sender(twilio, **changes).send(parcel)

    assert str(refusal.value).startswith(f"Twilio {code}: ")
    assert not parcel.phone or parcel.phone not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert twilio.received == []


# What works later


@pytest.mark.parametrize("mood", ["busy", "unwell", "slow", "gone", "mumbling", "proxied"])
def test_what_may_work_later_is_not_now(twilio, mood):
    twilio.mood = mood
    patience = 0.3 if mood == "slow" else 5

    with pytest.raises(NotNow) as delay:
        a_sender(twilio, TWILIO_TIMEOUT_SECONDS=patience).send(PARCEL)

    assert town.PHONE not in str(delay.value)
    assert delay.value.__cause__ is None


def test_a_full_queue_is_not_now_although_twilio_calls_it_our_mistake(twilio):
    twilio.account.queue_is_full = True

    with pytest.raises(NotNow, match="21611"):
        a_sender(twilio).send(PARCEL)


@pytest.mark.parametrize(
    "changes",
    [{"TWILIO_AUTH_TOKEN": "yesterday's token"}, {"TWILIO_ACCOUNT_SID": "AC" + "0b" * 16}],
)
def test_a_token_to_put_right_loses_no_message(twilio, changes):
    with pytest.raises(NotNow, match="20003"):
        a_sender(twilio, **changes).send(PARCEL)

    assert twilio.received == []


def test_nobody_at_the_address_is_not_now(twilio):
    with StandIn() as closed:
        address = closed.base

    with pytest.raises(NotNow):
        a_sender(twilio, TWILIO_API_BASE=address).send(PARCEL)


# The outbox


@pytest.fixture
def outbox(app, twilio, monkeypatch) -> StandIn:
    """The post of a town that sends through this Twilio."""
    monkeypatch.setitem(app.extensions, "sms", a_sender(twilio, TWILIO_TIMEOUT_SECONDS=1))
    town.a_town()
    db.session.commit()
    return twilio


@pytest.fixture
def wait(time_machine):
    """Let so many seconds go by."""
    time_machine.move_to(clock.now())
    return time_machine.shift


def a_message(**fields) -> Message:
    message = services.send_later(
        town.PHONE, "El vostre codi és 123456", key="code:1", locale="ca", **fields
    )
    db.session.commit()
    return message


def test_a_sent_message_keeps_the_id_of_twilio_and_not_its_text(outbox):
    message = a_message(not_after=clock.now() + timedelta(minutes=10))

    deliver_due()

    assert message.state is MessageState.SENT
    assert message.provider_id
    assert message.body == ""
    assert 590 <= outbox.received[0]["ValidityPeriod"] <= 600


@pytest.mark.parametrize("mood", ["slow", "mumbling"])
def test_what_was_taken_in_silence_is_not_sent_again(outbox, mood, wait):
    """Twilio had it: only its answer was late, or could not be read."""
    message = a_message()
    outbox.mood = mood
    deliver_due()
    assert message.state is MessageState.QUEUED
    outbox.mood = "well"

    wait(services.PAUSES[0] + 1)
    deliver_due()

    assert len(outbox.received) == 1
    assert (message.state, message.provider_id) == (MessageState.SENT, outbox.sids[0])


def test_what_a_worker_handed_over_before_it_died_is_not_sent_again(outbox, wait):
    message = a_message()
    deliver_due()
    message.state, message.provider_id = MessageState.SENDING, None
    message.body = outbox.received[0]["Body"]
    db.session.commit()

    wait(services.STUCK_AFTER.total_seconds() + 1)
    deliver_due()

    assert len(outbox.received) == 1
    assert (message.state, message.provider_id) == (MessageState.SENT, outbox.sids[0])


def test_another_text_to_the_same_telephone_is_sent_however_often_the_first_was(outbox, wait):
    first = a_message()
    deliver_due()
    second = services.send_later(town.PHONE, "Una altra cosa", key="code:2", locale="ca")
    outbox.mood = "unwell"
    db.session.commit()
    deliver_due()
    outbox.mood = "well"

    wait(services.PAUSES[0] + 1)
    deliver_due()

    assert [form["Body"] for form in outbox.received][1:] == ["Una altra cosa"]
    assert first.provider_id != second.provider_id


@pytest.mark.parametrize("mood", ["busy", "unwell", "gone"])
def test_the_outbox_tries_again_after_a_pause(outbox, mood, wait):
    message = a_message()
    outbox.mood = mood

    deliver_due()

    assert message.state is MessageState.QUEUED
    assert message.problem
    assert town.PHONE not in message.problem

    outbox.mood = "well"
    outbox.received.clear()
    deliver_due()

    assert outbox.received == [], "it waits first"

    wait(services.PAUSES[0] + 1)
    deliver_due()

    assert message.state is MessageState.SENT
    assert message.attempts == 2
    assert message.problem is None
    assert len(outbox.received) == 1


def test_the_outbox_does_not_insist_after_a_refusal(outbox, wait):
    message = a_message()
    outbox.account.opted_out.add(town.PHONE)

    deliver_due()
    outbox.account.opted_out.clear()
    wait(3600)
    deliver_due()

    assert message.state is MessageState.FAILED
    assert message.problem == "Twilio 21610: the person asked for no more messages"
    assert outbox.received == []


# What stays inside


def test_the_environment_of_the_process_changes_nothing(twilio, monkeypatch):
    for name, value in {
        "TWILIO_ACCOUNT_SID": "AC" + "ff" * 16,
        "TWILIO_AUTH_TOKEN": "somebody else's token",
        "TWILIO_EDGE": "dublin",
        "TWILIO_REGION": "ie1",
        "HTTP_PROXY": "http://192.0.2.1:3128",
        "ALL_PROXY": "http://192.0.2.1:3128",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    line = Listening(timeout=5, base=twilio.base)

    TwilioSender(twilio.account.sid, twilio.account.token, "VilaClara", line).send(PARCEL)

    home = f"/2010-04-01/Accounts/{twilio.account.sid}/Messages.json"
    assert line.asked == [f"https://api.twilio.com{home}"]
    assert len(twilio.received) == 1


def test_an_empty_token_is_not_looked_for_elsewhere(twilio, monkeypatch):
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", twilio.account.token)

    with pytest.raises(NotNow, match="20003"):
        a_sender(twilio, TWILIO_AUTH_TOKEN="").send(PARCEL)


class Listening(Line):
    """A line that remembers which addresses the client asked for."""

    def __init__(self, timeout: float, base: str) -> None:
        super().__init__(timeout, base)
        self.asked: list[str] = []

    def address(self, url: str) -> str:
        self.asked.append(url)
        return super().address(url)


def test_without_another_address_twilio_itself_is_asked():
    url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json?a=b"

    assert Line(timeout=1).address(url) == url
    assert Line(timeout=1, base="https://api.dublin.ie1.twilio.com").address(url) == (
        "https://api.dublin.ie1.twilio.com/2010-04-01/Accounts/AC1/Messages.json?a=b"
    )


def test_what_is_not_this_machine_is_never_reached_from_a_test(twilio, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    stranger = a_sender(twilio, TWILIO_API_BASE="https://192.0.2.1")

    with pytest.warns(match="192.0.2.1"), pytest.raises(SocketConnectBlockedError):
        stranger.send(PARCEL)


@pytest.mark.parametrize(
    "base", ["http://192.0.2.1", "http://api.twilio.com", "ftp://127.0.0.1", "127.0.0.1:8080"]
)
def test_the_token_never_travels_in_the_clear(twilio, base):
    with pytest.raises(Unsafe):
        a_sender(twilio, TWILIO_API_BASE=base)


@pytest.mark.parametrize("mood", ["well", "unwell", "gone"])
def test_neither_the_number_nor_the_text_is_logged_or_kept(twilio, mood, caplog):
    caplog.set_level(logging.DEBUG)
    twilio.mood = mood
    line = Line(timeout=5, base=twilio.base)
    sender = TwilioSender(twilio.account.sid, twilio.account.token, "VilaClara", line)

    try:
        sender.send(PARCEL)
    except NotNow as error:
        logging.getLogger().exception("not now", exc_info=error)

    assert caplog.records
    assert town.PHONE.removeprefix("+") not in caplog.text
    assert "123456" not in caplog.text.replace(town.PHONE, "")
    assert twilio.account.token not in caplog.text
    assert line._test_only_last_request is None


# The stand-in is as strict as the document


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (20001, {"content_retention": "burn"}),
        (20001, {"risk_check": "perhaps"}),
        (20001, {"validity_period": "soon"}),
        (20001, {"messaging_service_sid": "MGxx"}),
        (20001, {"status_callback": "nowhere"}),
        (21624, {"validity_period": 36_001}),
        (21624, {"validity_period": 0}),
    ],
)
def test_the_stand_in_takes_only_what_the_document_declares(twilio, code, fields):
    client = an_ordinary_client(twilio)

    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(to=town.PHONE, from_="VilaClara", body="Hello", **fields)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("status", "code", "method", "path", "form"),
    [
        (400, 20001, "POST", "Messages.json", {"To": town.PHONE, "Form": "VilaClara"}),
        (400, 20001, "POST", "Messages.json", {"To": [town.PHONE, town.PHONE]}),
        (400, 21604, "POST", "Messages.json", {"From": "VilaClara", "Body": "Hello"}),
        (404, 20404, "POST", "Message.json", {}),
        (405, 20004, "PUT", "Messages.json", {}),
        (405, 20004, "DELETE", "Messages.json", {}),
    ],
)
def test_the_stand_in_knows_its_own_doors(twilio, status, code, method, path, form):
    client = an_ordinary_client(twilio)
    home = f"https://api.twilio.com/2010-04-01/Accounts/{twilio.account.sid}"

    answer = client.request(method, f"{home}/{path}", data=form)

    assert (answer.status_code, f'"code": {code}' in answer.text) == (status, True)


def test_the_stand_in_serves_no_other_account(twilio):
    with pytest.raises(TwilioRestException) as refusal:
        an_ordinary_client(twilio, account_sid="AC" + "0c" * 16).messages.create(
            to=town.PHONE, from_="VilaClara", body="Hello"
        )

    assert (refusal.value.status, refusal.value.code) == (404, 20404)
