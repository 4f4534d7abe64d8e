"""Codes by SMS or read aloud: how many may be asked for, from where, for whom, and how tried."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.audit.models import AuditEntry
from app.core import clock
from app.core.db import db
from app.core.i18n import speaking
from app.identity import services
from app.identity.errors import CodesStopped, NoMoreMessages, NotFromHere, TooManyCodes
from app.identity.jobs import watch
from app.identity.models import CodeAlarm, PhoneCode
from app.identity.services import Asker, CodeOutcome
from app.messaging.models import Message, MessageState, Way
from tests import town

LANDLINE = "+34972202020"


@pytest.fixture(autouse=True)
def place(app):
    made = town.a_town()
    with app.test_request_context("/"):
        yield made


@pytest.fixture
def wait(time_machine):
    """Let so many minutes go by."""
    time_machine.move_to(clock.now())
    return lambda minutes: time_machine.shift(timedelta(minutes=minutes))


def send(phone=town.PHONE, purpose="x", address="192.0.2.1", is_known=False, way=Way.SMS):
    asker = Asker(address, "vilaclara.localhost", is_known=is_known)
    return services.send_code(phone, purpose, asker, way=way)


def digits_of(number=-1, phone=town.PHONE):
    """The code in that message, written or spoken."""
    body = town.sent_to(phone)[number]
    spoken = re.findall(r"^(\d), (\d)$", body, re.M)
    return "".join("".join(pair) for pair in spoken[:3]) or town.digits_sent(body)


def wrong(digits):
    return f"{(int(digits) + 1) % 1_000_000:06d}"


def confirm(phone=town.PHONE, purpose="x"):
    assert services.try_code(phone, purpose, digits_of(phone=phone)) is CodeOutcome.RIGHT


def lines(name):
    return db.session.scalars(sa.select(AuditEntry).where(AuditEntry.name == name)).all()


# How many


def test_three_to_one_telephone_from_one_asker():
    for _ in range(3):
        send()

    with pytest.raises(TooManyCodes):
        send()
    send(address="192.0.2.2")


def test_six_to_one_telephone_and_one_more_for_each_who_has_not_asked_yet():
    for number in range(6):
        send(address=f"192.0.2.{number}")

    with pytest.raises(TooManyCodes):
        send(address="192.0.2.1")
    for number in range(6, 12):
        send(address=f"192.0.2.{number}")
    with pytest.raises(TooManyCodes):
        send(address="192.0.2.99")


def test_strangers_do_not_lock_the_owner_out_of_the_browser_that_confirmed_before():
    for number in range(12):
        send(address=f"192.0.2.{number}")

    send(address="192.0.2.99", is_known=True)
    confirm()


def test_a_telephone_is_one_in_every_town():
    for slug in ("one", "two", "three"):
        town.a_town(slug)
        send()
    town.a_town("four")

    with pytest.raises(TooManyCodes):
        send()


def test_a_whole_ipv6_network_is_one_asker(app, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_CODES_PER_PREFIX_HOUR", 1000)
    for number in range(30):
        send(phone=f"+346001234{number:02d}", address=f"2001:db8::{number:x}")

    with pytest.raises(TooManyCodes):
        send(phone="+34600999999", address="2001:db8::ffff")
    send(phone="+34600999999", address="2001:db8:0:1::1")


def test_thirty_an_hour_to_numbers_that_begin_alike_and_others_are_served(wait):
    for number in range(30):
        send(phone=f"+34600120{number:03d}", address=f"192.0.2.{number}")

    with pytest.raises(TooManyCodes):
        send(phone="+34600129999", address="192.0.2.200")
    send(phone="+34600130000", address="192.0.2.201")
    wait(61)
    send(phone="+34600129999", address="192.0.2.200")


def test_a_towns_day_has_a_limit(app, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_DAILY_LIMIT", 2)
    send()
    send()

    with pytest.raises(NoMoreMessages):
        send()

    town.a_town("two")
    send()


@pytest.mark.parametrize("phone", ["+33612345678", "+79161234567", "nonsense", ""])
def test_no_code_leaves_for_a_country_that_the_town_does_not_write_to(place, phone):
    with pytest.raises(NotFromHere):
        send(phone)

    assert town.sent_to(phone) == []
    if phone.startswith("+33"):
        place.phone_countries = ["ES", "FR"]
        send(phone)


# What is kept, and what it is good for


def test_only_a_digest_of_the_code_is_kept():
    code = send()

    kept = [str(getattr(code, column.key)) for column in sa.inspect(PhoneCode).columns]
    assert not any(digits_of() in text for text in kept)


def test_the_older_code_stays_good_when_another_is_sent():
    send()
    send()

    assert services.try_code(town.PHONE, "x", digits_of(0)) is CodeOutcome.RIGHT
    assert services.try_code(town.PHONE, "x", digits_of(0)) is CodeOutcome.USED


def test_a_code_is_good_for_its_purpose_and_its_telephone_only():
    send()
    send(purpose="y")
    typed = digits_of(0)

    assert services.try_code(town.PHONE, "y", typed) is not CodeOutcome.RIGHT
    assert services.try_code("+34600999999", "x", typed) is CodeOutcome.EXPIRED
    assert services.try_code(town.PHONE, "x", typed) is CodeOutcome.RIGHT


def test_a_code_is_good_for_ten_minutes(wait):
    send()
    wait(9.9)
    assert services.try_code(town.PHONE, "x", wrong(digits_of())) is CodeOutcome.WRONG
    wait(0.2)

    assert services.try_code(town.PHONE, "x", digits_of()) is CodeOutcome.EXPIRED


@pytest.mark.parametrize("typed", ["{} {}", "{}-{}", " {}\u00a0{} ", "{}.{}"])
def test_a_code_may_be_typed_with_spaces_and_dashes(typed):
    send()
    digits = digits_of()

    spaced = typed.format(digits[:3], digits[3:])
    assert services.try_code(town.PHONE, "x", spaced) is CodeOutcome.RIGHT


def test_a_code_may_be_typed_in_other_figures():
    send()

    arabic = digits_of().translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert services.try_code(town.PHONE, "x", arabic) is CodeOutcome.RIGHT


@pytest.mark.parametrize("typed", ["", "²³¹456", "1" * 5000, "12345", "\x00" * 6, "①②③④⑤⑥"])
def test_what_is_no_code_is_a_wrong_code(typed):
    send()

    assert services.try_code(town.PHONE, "x", typed) is CodeOutcome.WRONG


def test_five_wrong_tries_end_a_code_and_are_written_down():
    send()
    digits = digits_of()
    for _ in range(5):
        assert services.try_code(town.PHONE, "x", wrong(digits)) is CodeOutcome.WRONG

    assert services.try_code(town.PHONE, "x", digits) is CodeOutcome.SPENT
    (line,) = lines("CodeGuessed")
    assert line.facts["purpose"] == "x"
    assert digits not in str(line.facts)
    assert town.PHONE not in str(line.facts)


def test_a_stranger_who_guesses_does_not_close_the_door_to_the_owner():
    for purpose in ("a", "b"):
        send(purpose=purpose, address="203.0.113.9")
        for _ in range(5):
            services.try_code(town.PHONE, purpose, "000000")

    send(purpose="mine")

    assert services.try_code(town.PHONE, "mine", digits_of()) is CodeOutcome.RIGHT


def test_after_ten_wrong_tries_at_one_telephone_each_request_has_one():
    for purpose in ("a", "b"):
        send(purpose=purpose, address="203.0.113.9")
        for _ in range(5):
            services.try_code(town.PHONE, purpose, wrong(digits_of()))

    send(purpose="c", address="203.0.113.9")
    digits = digits_of()

    assert services.try_code(town.PHONE, "c", wrong(digits)) is CodeOutcome.WRONG
    assert services.try_code(town.PHONE, "c", digits) is CodeOutcome.SPENT


# The message


@pytest.mark.parametrize("slug", ["es", "ca", "va", "gl", "eu", "oc", "en"])
def test_the_code_comes_first_and_the_line_for_the_browser_last(slug):
    with speaking(slug):
        send()

    body = town.sent_to(town.PHONE)[-1]
    digits = town.digits_sent(body)
    assert body.startswith(digits)
    assert body.endswith(f"\n@vilaclara.localhost #{digits}")


@pytest.mark.parametrize("slug", ["es", "ca", "va", "gl", "eu", "en"])
def test_a_call_reads_the_digits_in_pairs_twice_in_the_persons_language(slug):
    with speaking(slug):
        send(way=Way.CALL)

    message = db.session.scalars(sa.select(Message)).one()
    pairs = re.findall(r"^\d, \d$", message.body, re.M)
    assert (message.way, message.locale) == (Way.CALL, slug)
    assert len(pairs) == 6
    assert pairs[:3] == pairs[3:]
    assert "Vilaclara" in message.body
    assert "@" not in message.body
    assert services.try_code(town.PHONE, "x", digits_of()) is CodeOutcome.RIGHT


def test_who_reads_aranese_hears_catalan_because_no_voice_speaks_aranese():
    with speaking("ca"):
        send(way=Way.CALL)
    with speaking("oc"):
        send(way=Way.CALL)

    catalan, aranese = town.sent_to(town.PHONE)
    assert db.session.scalars(sa.select(Message.locale)).all() == ["ca", "ca"]
    assert re.sub(r"\d", "", catalan) == re.sub(r"\d", "", aranese)


def test_a_landline_is_called_and_gets_nothing_written():
    from app.messaging import services as messaging

    send(phone=LANDLINE)
    messaging.send_later(LANDLINE, "Visit booked", key="visit:1:0:booked", locale="ca")

    call, text = db.session.scalars(sa.select(Message).order_by(Message.id)).all()
    assert (call.way, call.state) == (Way.CALL, MessageState.QUEUED)
    assert (text.state, text.body) == (MessageState.DROPPED, "")


# The alarm


def many(count, prefix="+3460012", confirmed=0):
    for number in range(count):
        phone = f"{prefix}{number:04d}"
        send(phone, purpose=phone, address=f"198.51.100.{number}")
        if number < confirmed:
            confirm(phone, purpose=phone)


def test_codes_that_nobody_types_stop_for_their_prefix_and_others_are_served(wait):
    many(8, confirmed=1)
    wait(4)

    assert watch() == 1

    with pytest.raises(CodesStopped):
        send("+34600129999")
    send("+34600139999")
    wait(61)
    send("+34600129999")


def test_an_alarm_is_written_down_once_and_holds_nobodys_number(wait):
    many(9)
    wait(4)

    assert [watch(), watch()] == [1, 0]

    (line,) = lines("CodesLookedFraudulent")
    assert line.facts["prefix"] == "+3460012"
    assert (line.facts["numbers"], line.facts["confirmed"]) == (9, 0)
    alarm = db.session.scalars(sa.select(CodeAlarm)).one()
    assert alarm.is_live


@pytest.mark.parametrize(
    ("count", "confirmed"), [(7, 0), (8, 2), (20, 10)], ids=["few", "a quarter", "many come back"]
)
def test_what_people_usually_do_rings_no_alarm(wait, count, confirmed):
    many(count, confirmed=confirmed)
    wait(4)

    assert watch() == 0


def test_one_person_who_asks_often_rings_no_alarm(app, monkeypatch, wait):
    monkeypatch.setitem(app.config, "SMS_CODES_PER_PHONE_HOUR", 100)
    for _ in range(20):
        send()
    wait(4)

    assert watch() == 0


def test_who_has_just_been_sent_a_code_has_time_to_type_it(wait):
    many(12)
    wait(2)

    assert watch() == 0


def test_an_alarm_of_one_town_stops_its_prefix_in_all(wait):
    many(8)
    wait(4)
    watch()
    town.a_town("two")

    with pytest.raises(CodesStopped):
        send("+34600129999")


def test_when_the_whole_town_is_alarmed_new_prefixes_are_tried_once_and_proven_ones_served(wait):
    for number in range(40):
        send(f"+34611{number:02d}0000", address=f"198.51.100.{number}")
    many(1, prefix="+3462200", confirmed=1)
    wait(4)

    assert watch() == 1
    assert db.session.scalars(sa.select(CodeAlarm.prefix)).all() == [""]

    with pytest.raises(CodesStopped):
        send("+34611009999", address="203.0.113.1")
    send("+34622009999", address="203.0.113.2")
    send("+34633009999", address="203.0.113.3")
    with pytest.raises(CodesStopped):
        send("+34633008888", address="203.0.113.4")


def test_who_confirmed_before_in_this_browser_is_served_under_any_alarm(wait):
    many(8)
    wait(4)
    watch()

    send("+34600129999", is_known=True)


def test_the_alarm_is_a_line_for_supervisors_and_a_figure_for_monitors(client, place, wait):
    from app.accounts import services as accounts
    from app.accounts.models import Role

    many(8)
    wait(4)
    watch()
    supervisor = accounts.employ("Berta", Role.SUPERVISOR, ["en"])
    supervisor.locale = "en"
    clerk = town.a_clerk(town.a_procedure())
    db.session.commit()

    town.enter(client, supervisor)
    seen = client.get(f"{town.base(place)}/desk/").text
    town.enter(client, clerk)
    hidden = client.get(f"{town.base(place)}/desk/").text

    assert "We send no codes to numbers like +3460012···· until" in seen
    assert "+3460012" not in hidden
    figures = client.get("http://localhost/metrics").text
    assert 'ventanilla_code_alarms{town="vilaclara"} 1.0' in figures
    assert 'ventanilla_code_numbers{town="vilaclara"} 8.0' in figures


# Keys


def test_a_code_sent_before_the_key_was_changed_is_still_right(app, monkeypatch):
    send()
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [app.config["SECRET_KEY"]])
    monkeypatch.setitem(app.config, "SECRET_KEY", "tomorrow's key")

    assert services.try_code(town.PHONE, "x", digits_of()) is CodeOutcome.RIGHT


def test_a_changed_key_lets_nobody_begin_to_count_again(app, monkeypatch):
    for _ in range(3):
        send()
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [app.config["SECRET_KEY"]])
    monkeypatch.setitem(app.config, "SECRET_KEY", "tomorrow's key")

    with pytest.raises(TooManyCodes):
        send()


def test_a_code_of_a_key_that_was_forgotten_is_wrong(app, monkeypatch):
    send()
    monkeypatch.setitem(app.config, "SECRET_KEY", "tomorrow's key")

    assert services.try_code(town.PHONE, "x", digits_of()) is CodeOutcome.WRONG
