"""A code is read aloud to who presses a key, and to no machine that picks up."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.audit.models import AuditEntry
from app.core import clock
from app.core.db import db
from app.core.i18n import speaking
from app.identity import services as identity
from app.identity.services import Asker, CodeOutcome
from app.messaging import jobs, providers, services
from app.messaging.models import Message, MessageState, Spoken, Way
from app.messaging.providers import Refused
from tests import town
from tests.messaging.post import deliver_due, settings
from tests.messaging.telephone import SORRY, action_of, pick_up, pressed
from tests.messaging.twilio_stand_in import StandIn, objections_to_words

PAIR = re.compile(r"^\d, \d$", re.M)
OVER = "no longer valid"


@pytest.fixture
def place():
    made = town.a_town()
    db.session.commit()
    return made


@pytest.fixture
def post(app, place, twilio, monkeypatch) -> StandIn:
    chosen = settings(twilio, TWILIO_VOICE_NUMBER="+34900000001")
    monkeypatch.setitem(app.extensions, "sms", providers.chosen(chosen))
    return twilio


@pytest.fixture
def wait(time_machine):
    time_machine.move_to(clock.now())
    return lambda **much: time_machine.shift(timedelta(**much))


def ask_for_a_call(slug="en") -> None:
    asker = Asker("198.51.100.7", "vilaclara.localhost")
    with speaking(slug):
        identity.send_code(town.PHONE, "x", asker, way=Way.CALL)
    db.session.commit()
    deliver_due()


def digits_in(text: str) -> str:
    return "".join(re.findall(r"\d", "".join(PAIR.findall(text)[:3])))


def try_code(digits: str) -> CodeOutcome:
    outcome = identity.try_code(town.PHONE, "x", digits)
    db.session.commit()
    return outcome


def kept() -> str:
    db.session.expire_all()
    return db.session.scalars(sa.select(Message)).one().body


def forgeries() -> list[str]:
    question = sa.select(AuditEntry).where(AuditEntry.name == "ReportRefused")
    return [line.facts["kind"] for line in db.session.scalars(question)]


# Who hears what


@pytest.mark.parametrize("keys", [(), ("", "", "")], ids=["a machine", "somebody who waits"])
def test_without_a_key_the_code_is_never_said(client, post, keys):
    ask_for_a_call()

    heard = pick_up(post, client, *keys)

    assert heard.status is None, "nobody asked us for it"
    assert PAIR.findall(heard.text) == []
    assert "Your code is" not in heard.text
    assert heard.times_asked == 3
    asked = [line for line in heard.words if "Press 1" in line]
    assert len(asked) == 3
    assert heard.words[0] == "Hello. This is the counter of the town hall of Vilaclara."
    assert heard.words[-3] == "Nobody pressed a key, so we do not say the code."
    assert "9 0 0, 0 0 0, 0 1 1" in heard.words[-2], "where to ask for help, as one dictates it"
    assert heard.is_hung_up
    assert kept() == "", "nobody can ask for it afterwards"


def test_what_leaves_with_the_call_has_no_code_in_it(post):
    ask_for_a_call()

    digits = digits_in(kept())
    left = str(post.received[-1])
    assert len(digits) == 6
    assert PAIR.search(left) is None
    assert digits not in left
    assert ", ".join(digits[:2]) not in left


@pytest.mark.parametrize("slug", ["es", "ca", "va", "gl", "eu", "oc", "en"])
def test_who_presses_a_key_hears_the_code_twice_in_their_language(client, post, slug):
    ask_for_a_call(slug)

    heard = pick_up(post, client, "1")

    pairs = PAIR.findall(heard.text)
    assert len(pairs) == 6
    assert pairs[:3] == pairs[3:]
    spoken = {"es": "es-ES", "gl": "gl-ES", "eu": "eu-ES", "en": "en-GB"}.get(slug, "ca-ES")
    assert heard.languages == {spoken}
    assert heard.silences >= len(heard.words), "time to write after each line"
    assert heard.times_asked == 1
    assert heard.is_hung_up
    assert try_code(digits_in(heard.text)) is CodeOutcome.RIGHT


@pytest.mark.parametrize("key", [*"0123456789*#"])
def test_any_key_will_do(client, post, key):
    ask_for_a_call()

    assert len(PAIR.findall(pick_up(post, client, key).text)) == 6


def test_who_presses_late_is_in_time(client, post):
    ask_for_a_call()

    heard = pick_up(post, client, "", "", "5")

    assert heard.times_asked == 3
    assert len(PAIR.findall(heard.text)) == 6


def test_an_answer_that_was_lost_is_given_again_while_the_call_lasts(client, post):
    ask_for_a_call()

    first, second = (client.post(**pressed(post)) for _ in range(2))

    assert (first.status_code, first.mimetype) == (200, "text/xml")
    assert first.data == second.data
    assert len(PAIR.findall(re.sub(r"<[^>]*>", "\n", first.text))) == 6
    assert first.headers["Cache-Control"] == "no-store"


# Until when


def says_that_it_is_over(answer) -> bool:
    assert answer.status_code == 200
    assert list(objections_to_words(answer.text)) == []
    return OVER in answer.text and not re.search(r"\d, \d", answer.text)


def test_a_code_that_expired_during_the_call_is_not_said(client, post, wait):
    ask_for_a_call()

    heard = pick_up(post, client, "1", meanwhile=lambda: wait(minutes=10, seconds=1))

    assert heard.words[-2:] == [
        "This code is no longer valid.",
        "Ask for a new one on the page. Goodbye.",
    ]
    assert PAIR.findall(heard.text) == []
    assert heard.is_hung_up


def test_a_code_that_was_used_is_not_said_again(client, post):
    ask_for_a_call()
    heard = pick_up(post, client, "1", stays=True)
    assert try_code(digits_in(heard.text)) is CodeOutcome.RIGHT

    assert says_that_it_is_over(client.post(**pressed(post)))
    assert kept() == ""


def test_a_code_at_which_somebody_guessed_too_often_is_not_said(client, post):
    ask_for_a_call()
    digits = digits_in(kept())
    for _ in range(5):
        try_code(f"{(int(digits) + 1) % 1_000_000:06d}")

    assert says_that_it_is_over(client.post(**pressed(post)))


@pytest.mark.parametrize("end", ["completed", "busy", "no-answer", "failed"])
def test_once_the_call_is_over_nothing_of_it_is_kept(client, post, end):
    ask_for_a_call()
    digits = digits_in(kept())
    client.post(**post.tells(end))

    assert kept() == ""
    assert says_that_it_is_over(client.post(**pressed(post)))
    assert try_code(digits) is CodeOutcome.RIGHT, "who wrote it down may still use it"


def test_a_call_of_which_no_end_was_told_is_emptied_with_its_code(post, wait):
    ask_for_a_call()
    assert jobs.forget_what_is_over() == 0
    assert kept()

    wait(minutes=10, seconds=1)

    assert [jobs.forget_what_is_over(), jobs.forget_what_is_over()] == [1, 0]
    assert kept() == ""


def test_a_code_that_was_used_is_not_called_for_again(post, wait):
    post.mood = "unwell"
    ask_for_a_call()
    post.mood = "well"
    assert try_code(digits_in(kept())) is CodeOutcome.RIGHT

    wait(seconds=services.PAUSES[0] + 1)
    deliver_due()

    assert post.received == []
    assert db.session.scalars(sa.select(Message.state)).all() == [MessageState.DROPPED]


# Who may ask


@pytest.mark.parametrize(
    "change",
    [
        lambda asked: asked.update(headers={}),
        lambda asked: asked["data"].setlist("Digits", ["2"]),
        lambda asked: asked["data"].setlist("CallSid", ["CA" + "0f" * 16]),
        lambda asked: asked["data"].add("More", "x"),
        lambda asked: asked.update(data={}),
    ],
    ids=["no signature", "another key", "another call", "more", "nothing"],
)
def test_what_twilio_did_not_sign_hears_nothing_and_is_written_down(client, post, change):
    ask_for_a_call()
    asked = pressed(post)
    change(asked)

    answer = client.post(**asked)

    assert answer.status_code == 403
    assert not re.search(r"\d, \d", answer.text)
    assert forgeries() == ["key"]


def test_what_another_account_signed_hears_nothing(client, post):
    ask_for_a_call()

    other = client.post(**pressed(post, key="yesterday's token"))
    account = client.post(**pressed(post, AccountSid="AC" + "0f" * 16))

    assert (other.status_code, account.status_code) == (403, 403)


def test_forgeries_without_end_are_told_to_wait(app, client, post, monkeypatch):
    monkeypatch.setitem(app.config, "FORGERIES_PER_MINUTE", 2)
    ask_for_a_call()
    asked = {**pressed(post), "headers": {}}

    assert [client.post(**asked).status_code for _ in range(3)] == [403, 403, 429]


@pytest.mark.parametrize("digits", [None, "", "12", "x", ["1", "2"]])
def test_who_pressed_no_key_is_told_so(client, post, digits):
    ask_for_a_call()

    answer = client.post(**pressed(post, Digits=digits))

    assert answer.status_code == 400
    assert "premut cap tecla" in answer.text
    assert not re.search(r"\d, \d", answer.text)


def test_the_name_in_the_address_opens_this_and_nothing_else(client, post):
    ask_for_a_call()
    url, code = action_of(post), post.received[-1]["StatusCallback"].rsplit("/", 1)[1]
    name = url.rsplit("/", 1)[1]

    wrong = [code, f"{code}.", f"{code}.{'0' * 32}", f"x{name}", name[:-1], f"{code}.ñ"]
    answers = [client.post(**pressed(post, url=url.replace(name, one))) for one in wrong]
    report = client.post(**post.tells("completed", url=url.replace("/key/", "/call/")))

    assert [answer.status_code for answer in answers] == [404] * 6
    assert report.status_code == 404
    assert client.get(url).status_code == 405


def test_a_key_in_another_call_does_not_open_this_one(client, post):
    ask_for_a_call()
    first = action_of(post)
    ask_for_a_call()

    answer = client.post(**pressed(post, url=first))

    assert answer.status_code == 404


def test_a_call_of_another_town_is_none(client, post):
    ask_for_a_call()
    other = town.a_town("etxalde", ("eu", "es"))
    db.session.commit()

    answer = client.post(**pressed(post, url=action_of(post).replace("vilaclara", other.slug)))

    assert answer.status_code == 404


def test_a_name_made_with_the_last_key_of_the_house_is_still_good(app, client, post, monkeypatch):
    ask_for_a_call()
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [app.config["SECRET_KEY"]])
    monkeypatch.setitem(app.config, "SECRET_KEY", "the next one")

    assert len(PAIR.findall(pick_up(post, client, "1").text)) == 6


def test_a_message_is_not_read_aloud(client, post):
    message = services.send_later(town.PHONE, "1, 2", key="code:1", locale="en")
    db.session.commit()
    deliver_due()
    url = post.received[-1]["StatusCallback"].replace("/sms/", "/key/")
    url = url.replace(message.code, services.name_for_keys(message.code))

    asked = post.tells("sent", url=url, Digits="1", CallSid="CA" + "0f" * 16, CallStatus="ringing")

    assert client.post(**asked).status_code == 404


# Where no key can be asked for


def test_where_twilio_cannot_come_to_us_no_code_is_read_aloud(twilio):
    far = {"TWILIO_API_BASE": "https://api.twilio.com", "TWILIO_VOICE_NUMBER": "+34900000001"}

    near_home = providers.chosen(settings(twilio, **far, PUBLIC_SCHEME="http"))
    in_public = providers.chosen(settings(twilio, **far, PUBLIC_SCHEME="https"))

    assert (near_home.can_call, near_home.can_join) == (False, True)
    assert in_public.can_call


def test_words_that_do_not_say_which_part_is_for_everybody_are_read_to_nobody(post):
    services.send_later(town.PHONE, "Codi:\n1, 2", key="code:1", locale="ca", way=Way.CALL)
    db.session.commit()
    deliver_due()

    assert post.received == []
    assert db.session.scalars(sa.select(Message.state)).all() == [MessageState.FAILED]


# The stand-in is as strict as Twilio


def twiml(attributes: str, inside: str = "") -> str:
    return f"<Response><Gather {attributes}>{inside}</Gather></Response>"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (twiml('action="/hooks/twilio/key/x"'), 11100),
        (twiml(""), 11100),
        (twiml('action="http://x.localhost/" finishOnKey="12"'), 13310),
        (twiml('action="http://x.localhost/" numDigits="0"'), 12200),
        (twiml('action="http://x.localhost/" timeout="-1"'), 12200),
        (twiml('action="http://x.localhost/" keys="1"'), 12200),
        (twiml('action="http://x.localhost/"', "<Dial>+34</Dial>"), 12200),
        (twiml('action="http://x.localhost/"', "<Say>Hello</Say>"), 13520),
        ('<Response><Hangup reason="x"/></Response>', 12200),
    ],
)
def test_the_stand_in_knows_what_may_stand_in_such_a_document(document, code):
    assert code in [found for found, _ in objections_to_words(document)]


def test_the_stand_in_lets_the_key_that_ends_the_waiting_go_by(client, post):
    ask_for_a_call()
    call = post.received[-1]
    call["Twiml"] = call["Twiml"].replace('finishOnKey=""', 'finishOnKey="#"')

    assert pick_up(post, client, "#", stays=True).status is None
    assert len(PAIR.findall(pick_up(post, client, "#", "2").text)) == 6


def test_the_stand_in_says_sorry_for_what_is_no_document(client, post):
    ask_for_a_call()
    call = post.received[-1]
    call["Twiml"] = call["Twiml"].replace(".", "x", 1).replace("/key/", "/keys/")

    heard = pick_up(post, client, "1")

    assert heard.status == 404
    assert heard.words[-1] == SORRY


def test_what_a_call_says_is_kept_together_and_read_apart():
    said = Spoken("Press 1.\nNow.", "1, 2", "Goodbye.")

    assert Spoken.read(str(said)) == said
    assert Spoken.read("1, 2") is None
    assert Spoken.read("") is None


def test_the_demonstration_shows_what_is_heard_after_the_key():
    call = Message(way=Way.CALL, body=str(Spoken("Press 1.", "1, 2", "Nobody pressed a key.")))
    letter = Message(way=Way.SMS, body="One.\n\nTwo.\n\n@town #123456")

    assert call.as_received == "Press 1.\n\n1, 2"
    assert letter.as_received == letter.body


def test_a_sender_that_was_given_no_address_for_the_key_refuses(twilio):
    sender = providers.chosen(settings(twilio, TWILIO_VOICE_NUMBER="+34900000001"))

    with pytest.raises(Refused, match="without asking"):
        sender.send(providers.Parcel(town.PHONE, "1, 2", way=Way.CALL))
