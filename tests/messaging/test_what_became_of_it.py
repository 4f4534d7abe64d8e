"""Twilio tells what became of a message or a call, and only Twilio is believed."""

import pytest
import sqlalchemy as sa

from app.audit.models import AuditEntry
from app.core import clock
from app.core.db import db
from app.core.settings import Unsafe
from app.messaging import providers, services
from app.messaging.models import Delivery, Message, MessageState, Spoken, Way
from app.messaging.providers import Parcel, Refused
from app.towns.tenant import town_of
from tests import town
from tests.messaging.post import deliver_due, settings
from tests.messaging.twilio_stand_in import StandIn

WORDS = str(Spoken("Bon dia. Premeu 1.", "1, 2\n3, 4", "Adeu."))
KEY_TO = "http://vilaclara.localhost:8000/hooks/twilio/key/x"
SHARED_KEY = "a shared key that only the tests know"


@pytest.fixture
def place():
    made = town.a_town()
    db.session.commit()
    return made


@pytest.fixture
def post(app, place, twilio, monkeypatch) -> StandIn:
    """A town whose messages and calls leave through a Twilio that tells what became of them."""
    use(app, twilio, monkeypatch)
    return twilio


def use(app, twilio, monkeypatch, **changes):
    changes = {"TWILIO_VOICE_NUMBER": "+34900000001", **changes}
    monkeypatch.setitem(app.extensions, "sms", providers.chosen(settings(twilio, **changes)))


def a_message(way=Way.SMS, key="visit:abc:0:booked", body=WORDS) -> Message:
    message = services.send_later(town.PHONE, body, key=key, locale="ca", way=way)
    db.session.commit()
    deliver_due()
    return message


def lines(name):
    question = sa.select(AuditEntry).where(AuditEntry.name == name)
    return db.session.scalars(question.order_by(AuditEntry.number)).all()


def state_of(message):
    db.session.refresh(message)
    return message.state, message.delivery, message.problem, message.provider_id


# What is believed


def test_the_address_to_tell_is_the_towns_own_and_names_the_message(post):
    message = a_message()

    assert post.received[0]["StatusCallback"] == (
        f"http://vilaclara.localhost:8000/hooks/twilio/sms/{message.code}"
    )


def test_a_message_that_arrived_is_known_to_have_arrived(client, post):
    message = a_message()

    answers = [client.post(**post.tells(word)).status_code for word in ("sent", "delivered")]

    assert answers == [204, 204]
    assert state_of(message)[:3] == (MessageState.SENT, Delivery.DELIVERED, None)


def test_a_message_that_did_not_arrive_says_why_once(client, post):
    message = a_message()

    for _ in range(3):
        answer = client.post(**post.tells("undelivered", ErrorCode="30005"))
        assert answer.status_code == 204

    assert state_of(message)[:2] == (MessageState.FAILED, Delivery.UNDELIVERED)
    assert message.problem == "Twilio 30005: nobody has this number"
    assert [line.facts["about"] for line in lines("MessageNotDelivered")] == [message.key]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (("delivered", "sent", "queued"), Delivery.DELIVERED),
        (("delivered", "undelivered"), Delivery.DELIVERED),
        (("undelivered", "delivered"), Delivery.UNDELIVERED),
        (("sent", "sending", "queued"), Delivery.HANDED_OVER),
        (("queued", "a word of tomorrow"), Delivery.ACCEPTED),
        (("read", "delivered"), Delivery.DELIVERED),
    ],
)
def test_news_that_comes_late_changes_nothing(client, post, told, kept):
    message = a_message()

    for word in told:
        assert client.post(**post.tells(word)).status_code == 204

    assert state_of(message)[1] is kept


def test_news_may_come_before_the_answer_with_the_id(client, post):
    message = a_message()
    sid, message.provider_id = message.provider_id, None
    db.session.commit()

    assert client.post(**post.tells("delivered")).status_code == 204

    assert state_of(message)[1::2] == (Delivery.DELIVERED, sid)


def test_a_message_of_which_news_came_is_not_sent_again_although_we_died_before_writing_it_down(
    client, post, time_machine
):
    time_machine.move_to(clock.now())
    message = a_message()
    message.provider_id, message.state = None, MessageState.SENDING
    db.session.commit()
    client.post(**post.tells("sent"))

    time_machine.shift(7200)
    deliver_due()

    assert len(post.received) == 1
    assert state_of(message)[0] is MessageState.SENT


def test_a_message_at_which_the_worker_dies_each_time_is_told_to_have_failed(
    client, post, time_machine
):
    time_machine.move_to(clock.now())
    message = services.send_later(town.PHONE, "x", key="visit:abc:0:booked", locale="ca")
    db.session.commit()
    for _ in range(services.MOST_TRIES):
        assert services.claim_due() == [message.id]  # and then nothing: the process died
        db.session.commit()
        time_machine.shift(services.STUCK_AFTER.total_seconds() + 1)

    deliver_due()
    deliver_due()

    assert post.received == []
    assert state_of(message)[0] is MessageState.FAILED
    assert [line.facts["about"] for line in lines("MessageNotDelivered")] == [message.key]


def test_a_failed_message_is_not_sent_again(client, post, time_machine):
    time_machine.move_to(clock.now())
    a_message()
    client.post(**post.tells("failed", ErrorCode="30006"))

    time_machine.shift(7200)
    deliver_due()

    assert len(post.received) == 1


def test_a_shared_key_is_believed_with_its_own_algorithm_only(
    app,
    client,
    place,
    twilio,
    monkeypatch,
):
    use(
        app,
        twilio,
        monkeypatch,
        TWILIO_WEBHOOK_ALGORITHM="HMAC_SHA256",
        TWILIO_WEBHOOK_KEY=SHARED_KEY,
    )
    message = a_message()
    good = twilio.tells("delivered", key=SHARED_KEY, algorithm="HMAC_SHA256")
    weak = twilio.tells("delivered", key=SHARED_KEY)
    weak["headers"]["X-Twilio-Webhooks-Signature-Settings"] = "key=x,algorithm=HMAC_SHA1"

    assert client.post(**weak).status_code == 403
    assert client.post(**twilio.tells("delivered")).status_code == 403
    assert state_of(message)[1] is None
    assert client.post(**good).status_code == 204


# What is not believed


def forged(report, change):
    report["headers"] = dict(report["headers"])
    change(report)
    return report


@pytest.mark.parametrize(
    "change",
    [
        lambda report: report.update(headers={}),
        lambda report: report.update(headers={"X-Twilio-Signature": ""}),
        lambda report: report.update(headers={"X-Twilio-Signature": "á" * 28}),
        lambda report: report["data"].setlist("MessageStatus", ["undelivered"]),
        lambda report: report["data"].add("More", "x"),
        lambda report: report["data"].pop("MessageStatus"),
        lambda report: report.update(data={}),
        lambda report: report.update(data=b"\xff\x00", content_type="application/json"),
        lambda report: report.update(query_string={"a": "b"}) or report["data"].add("a", "b"),
    ],
    ids=["none", "empty", "odd", "changed", "more", "less", "nothing", "json", "query"],
)
def test_what_twilio_did_not_sign_is_refused_and_written_down(client, post, change):
    message = a_message()
    before = state_of(message)

    answer = client.post(**forged(post.tells("delivered"), change))

    assert answer.status_code == 403
    assert state_of(message) == before
    assert len(lines("ReportRefused")) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "yesterday's token"},
        {"AccountSid": "AC" + "0f" * 16},
        {"AccountSid": None},
        {"MessageSid": None},
        {"MessageSid": "SM1"},
        {"MessageStatus": None},
        {"MessageStatus": ["sent", "undelivered"]},
    ],
    ids=["token", "account", "no account", "no id", "short id", "no status", "two"],
)
def test_what_is_signed_and_not_ours_is_refused_alike(client, post, changes):
    message = a_message()
    before = state_of(message)

    answer = client.post(**post.tells("delivered", **changes))

    assert answer.status_code == 403
    assert state_of(message) == before
    assert len(lines("ReportRefused")) == 1


def test_another_host_or_scheme_in_the_request_does_not_change_the_address(client, post):
    message = a_message()
    report = post.tells(
        "delivered", url=f"https://elsewhere.example/hooks/twilio/sms/{message.code}"
    )

    answer = client.post(**{**report, "base_url": "http://vilaclara.localhost"})

    assert answer.status_code == 403


def test_a_message_we_do_not_know_is_a_page_that_does_not_exist(client, post):
    message = a_message()
    other = a_message(key="visit:abd:0:booked")
    here = post.received[0]["StatusCallback"]

    unknown = client.post(**post.tells("delivered", url=here.replace(message.code, "x" * 12)))
    swapped = client.post(**post.tells("delivered", url=here))  # the other one's id

    assert (unknown.status_code, swapped.status_code) == (404, 404)
    assert state_of(message)[1] is None
    assert state_of(other)[1] is None
    assert unknown.text == swapped.text


def test_a_message_of_another_town_is_a_message_we_do_not_know(client, post):
    message = a_message()
    other = town.a_town("etxalde", ("eu", "es"))
    db.session.commit()
    here = post.received[0]["StatusCallback"].replace("vilaclara", other.slug)

    answer = client.post(**post.tells("undelivered", url=here))

    assert answer.status_code == 404
    with town_of(message.town_id):
        assert state_of(message)[1] is None


def test_a_replay_from_a_message_to_its_call_does_not_exist(client, post):
    message = a_message()
    url = post.received[0]["StatusCallback"].replace("/sms/", "/call/")

    answer = client.post(**post.tells("delivered", url=url))

    assert answer.status_code == 403
    assert state_of(message)[1] is None


def test_forgeries_without_end_are_told_to_wait(app, client, post, monkeypatch):
    monkeypatch.setitem(app.config, "FORGERIES_PER_MINUTE", 3)
    a_message()
    report = forged(post.tells("delivered"), lambda one: one.update(headers={}))

    answers = [client.post(**report) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) in range(1, 62)
    assert len(lines("ReportRefused")) == 3


def test_without_twilio_nobody_tells_anything(client, place):
    assert client.post("/hooks/twilio/sms/x", base_url=town.base(place)).status_code == 404


def test_reports_are_asked_for_only_where_twilio_can_come(app, place, twilio):
    far = {"TWILIO_API_BASE": "https://api.twilio.com", "PUBLIC_SCHEME": "http"}

    assert providers.chosen(settings(twilio, **far)).reports_to == ""
    far["PUBLIC_SCHEME"] = "https"
    assert providers.chosen(settings(twilio, **far)).reports_to


# Calls


def test_a_call_reads_the_lines_aloud_with_time_to_write(post):
    a_message(Way.CALL, body=str(Spoken("Hola & bon dia:\nPremeu 1.", "1, 2", "Adeu.")))

    call = post.received[0]
    assert (call["To"], call["From"]) == (town.PHONE, "+34900000001")
    say = '<Say language="ca-ES" voice="Polly.Arlet-Neural">'
    assert (
        f'{say}Hola &amp; bon dia:</Say><Pause length="1" />{say}Premeu 1.</Say>' in call["Twiml"]
    )
    assert call["StatusCallbackEvent"] == ["answered", "completed"]
    assert call["StatusCallback"].endswith(f"/hooks/twilio/call/{codes()[0]}")


def codes():
    return list(db.session.scalars(sa.select(Message.code)))


@pytest.mark.parametrize("slug", ["es", "ca", "va", "gl", "eu", "en"])
def test_there_is_a_voice_for_each_language_that_is_spoken(post, slug):
    services.send_later(town.PHONE, WORDS, key="code:1", locale=slug, way=Way.CALL)
    db.session.commit()

    deliver_due()

    assert len(post.received) == 1


@pytest.mark.parametrize(
    ("word", "state", "delivery"),
    [
        ("ringing", MessageState.SENT, Delivery.ON_ITS_WAY),
        ("in-progress", MessageState.SENT, Delivery.HANDED_OVER),
        ("completed", MessageState.SENT, Delivery.DELIVERED),
        ("busy", MessageState.FAILED, Delivery.UNDELIVERED),
        ("no-answer", MessageState.FAILED, Delivery.UNDELIVERED),
        ("failed", MessageState.FAILED, Delivery.UNDELIVERED),
    ],
)
def test_what_became_of_a_call_is_known(client, post, word, state, delivery):
    message = a_message(Way.CALL)

    assert client.post(**post.tells(word)).status_code == 204

    assert state_of(message)[:2] == (state, delivery)


def test_without_a_number_to_call_from_there_are_no_calls(twilio):
    sender = providers.chosen(settings(twilio))

    assert not sender.can_call
    with pytest.raises(Refused, match="call from"):
        sender.send(Parcel(town.PHONE, "1, 2", way=Way.CALL, key_to=KEY_TO))


@pytest.mark.parametrize(
    ("code", "changes", "phone"),
    [
        (21210, {"TWILIO_VOICE_NUMBER": "+34900000009"}, town.PHONE),
        (21212, {"TWILIO_VOICE_NUMBER": "VilaClara"}, town.PHONE),
        (21215, {}, "+33612345678"),
        (21211, {}, "600"),
    ],
)
def test_a_call_that_will_never_work_is_refused(twilio, code, changes, phone):
    sender = providers.chosen(
        settings(twilio, **{"TWILIO_VOICE_NUMBER": "+34900000001", **changes})
    )

    with pytest.raises(Refused, match=f"Twilio {code}: "):
        sender.send(Parcel(phone, "1, 2", way=Way.CALL, key_to=KEY_TO))


# What is shown


def test_the_clerk_is_told_whom_to_call(client, post):
    padron = town.a_procedure()
    clerk = town.a_clerk(padron)
    visit = town.a_visit(town.a_wish(town.account_town(clerk), padron))
    deliver_due()
    client.post(**post.tells("undelivered", ErrorCode="30003"))
    clerk.locale = "en"
    town.enter(client, clerk)
    page = f"http://vilaclara.localhost/desk/visits/{visit.code}"

    assert "Our last message was not delivered" in client.get(page).text

    services.send_later(town.PHONE, "x", key=f"visit:{visit.code}:1:moved", locale="ca")
    db.session.commit()
    deliver_due()

    assert "not delivered" not in client.get(page).text


def test_a_monitor_sees_what_failed(client, post):
    a_message()
    client.post(**post.tells("failed"))

    figures = client.get("http://localhost/metrics").text

    assert 'ventanilla_messages{state="failed",way="sms"} 1.0' in figures


# The sender's name


@pytest.mark.parametrize(
    "sender", ["Ajuntament", "CITA PREVIA", "Info 1", "SMS", "Aviso24", "Udala"]
)
def test_a_name_that_could_be_anybodys_does_not_start(sender):
    from app.core.settings import Defaults, refuse_unsafe

    config = {name: value for name, value in vars(Defaults).items() if name.isupper()}
    config |= {"SMS_PROVIDER": "twilio", "TWILIO_ACCOUNT_SID": "AC", "TWILIO_AUTH_TOKEN": "t"}

    with pytest.raises(Unsafe, match="anybody's"):
        refuse_unsafe({**config, "SMS_SENDER": sender})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"TWILIO_VOICE_NUMBER": "AjVilaclara"}, "an alias cannot call"),
        ({"TWILIO_WEBHOOK_ALGORITHM": "none"}, "HMAC_SHA1"),
        ({"TWILIO_WEBHOOK_ALGORITHM": "HMAC_SHA256"}, "shared key"),
    ],
)
def test_half_a_provider_does_not_start(changes, why):
    from app.core.settings import Defaults, refuse_unsafe

    config = {name: value for name, value in vars(Defaults).items() if name.isupper()}
    config |= {"SMS_PROVIDER": "twilio", "TWILIO_ACCOUNT_SID": "AC", "TWILIO_AUTH_TOKEN": "t"}

    with pytest.raises(Unsafe, match=why):
        refuse_unsafe({**config, "SMS_SENDER": "AjVilaclara", **changes})
