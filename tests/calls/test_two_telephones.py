"""When no line comes, both telephones ring: the clerk's own first, and then the citizen's."""

from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from app.audit.models import AuditEntry
from app.calls import queries, services
from app.calls.errors import NoBridge
from app.calls.models import Bridge, Bridging
from app.core import clock
from app.core.db import db
from app.core.stream import StreamMessage
from app.messaging import providers
from app.towns.models import Channel
from tests import town
from tests.messaging.post import settings
from tests.messaging.twilio_stand_in import StandIn

OWN = "+34973123456"
FAR_SID = "CA" + "fa" * 16
RINGS = 'aria-disabled="true"'


@pytest.fixture
def twilio(app, monkeypatch):
    with StandIn() as twilio:
        chosen = settings(twilio, TWILIO_VOICE_NUMBER="+34900000001")
        monkeypatch.setitem(app.extensions, "sms", providers.chosen(chosen))
        yield twilio
    assert not twilio.faults


@pytest.fixture
def desk(app, clerk):
    clerk.locale = "en"
    signed_in = app.test_client()
    town.enter(signed_in, clerk)
    return signed_in


@pytest.fixture
def at(visit):
    """The address of the visit at the desk."""
    return f"{town.base(visit.town)}/desk/visits/{visit.code}"


def press(desk, at, path="/room/bridge", **fields):
    token = town.token_in(desk.get(at).text)
    return desk.post(at + path, data={"csrf_token": token, **fields})


def rung(desk, at):
    assert press(desk, at, phone="973 12 34 56").status_code == 303


def bridge():
    db.session.expire_all()
    return db.session.scalars(sa.select(Bridge).order_by(Bridge.id.desc())).first()


def document(twilio):
    return ElementTree.fromstring(twilio.received[-1]["Twiml"])  # noqa: S314 - our own words


def near(twilio, status, **changes):
    return twilio.tells(status, **changes)


def far(twilio, status, **changes):
    """The citizen's telephone is a call of its own, and child of the clerk's."""
    url = document(twilio).find("Dial/Number").get("statusCallback")
    return twilio.tells(
        status, **{"url": url, "CallSid": FAR_SID, "ParentCallSid": twilio.sids[-1], **changes}
    )


def hear(client, *told):
    for one in told:
        assert client.post(**one).status_code == 204


def remembered(name):
    question = sa.select(AuditEntry).where(AuditEntry.name == name)
    return db.session.scalars(question).all()


def test_the_clerks_telephone_rings_first_and_the_citizens_from_there(desk, at, twilio, visit):
    rung(desk, at)

    asked, said = twilio.received[-1], document(twilio)
    assert (asked["To"], asked["From"]) == (OWN, "+34900000001")
    assert [verb.tag for verb in said] == ["Say", "Dial"]
    assert said.find("Dial").get("callerId") == "+34900000001", "never the clerk's own number"
    assert said.find("Dial/Number").text == visit.phone
    assert bridge().near_id == twilio.sids[-1]
    db.session.refresh(visit)
    assert visit.channel is Channel.PHONE, "the same visit, by another way"


def test_what_becomes_of_both_is_seen_as_it_happens(client, desk, at, twilio, visit):
    rung(desk, at)
    seen = [bridge().state]
    for told in (
        near(twilio, "in-progress"),
        far(twilio, "ringing"),
        far(twilio, "in-progress"),
        far(twilio, "completed"),
        near(twilio, "completed"),
    ):
        hear(client, told)
        seen.append(bridge().state)

    assert seen == [
        Bridging.NEAR_RINGS,
        Bridging.FAR_RINGS,
        Bridging.FAR_RINGS,
        Bridging.TALKING,
        Bridging.OVER,
        Bridging.OVER,
    ]
    assert len(remembered("BridgeJoined")) == 1
    assert [line.facts["state"] for line in remembered("BridgeEnded")] == ["over"]
    assert remembered("BridgeAsked")[0].visit_id == visit.id
    told = db.session.scalars(sa.select(StreamMessage).where(StreamMessage.name == "bridge")).all()
    assert {message.channel for message in told} == {queries.room_of(visit)}
    page = desk.get(at).text
    assert "By telephone" in page
    assert "The conversation is over." in page


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([(near, "no-answer")], Bridging.NEAR_MISSED),
        ([(near, "busy")], Bridging.NEAR_MISSED),
        ([(near, "in-progress"), (far, "no-answer"), (near, "completed")], Bridging.FAR_MISSED),
        ([(near, "in-progress"), (near, "completed"), (far, "no-answer")], Bridging.FAR_MISSED),
        ([(near, "in-progress"), (near, "completed")], Bridging.GIVEN_UP),
        ([(far, "completed"), (near, "completed")], Bridging.OVER),
    ],
)
def test_whatever_ends_it_says_so_and_the_form_is_there_again(
    client, desk, at, twilio, told, state
):
    rung(desk, at)

    hear(client, *(who(twilio, status) for who, status in told))

    assert bridge().state is state
    page = desk.get(f"{at}/room/bridge").text
    assert 'id="bridge-ring"' in page
    assert RINGS not in page


def test_news_come_once_and_never_backwards(client, desk, at, twilio):
    rung(desk, at)

    hear(
        client,
        *[far(twilio, "in-progress"), far(twilio, "in-progress"), far(twilio, "ringing")],
        *[near(twilio, "completed"), near(twilio, "in-progress"), near(twilio, "completed")],
    )

    assert bridge().state is Bridging.OVER
    assert [len(remembered(name)) for name in ("BridgeJoined", "BridgeEnded")] == [1, 1]


def test_only_the_provider_is_believed_and_only_about_its_own_calls(client, desk, at, twilio):
    rung(desk, at)
    forged = near(twilio, "completed", key="somebody else")
    other = near(twilio, "completed", CallSid="CA" + "0b" * 16)
    lost = near(twilio, "completed", url=near(twilio, "x")["base_url"] + "/hooks/twilio/near/zzzz")

    assert client.post(**forged).status_code == 403
    assert client.post(**other).status_code == 404
    assert client.post(**lost).status_code == 404
    assert bridge().near is None
    assert [line.facts["kind"] for line in remembered("ReportRefused")] == ["bridge"]


def test_news_may_come_before_the_answer_with_the_id(client, desk, at, twilio):
    rung(desk, at)
    found = bridge()
    found.near_id = None
    db.session.commit()

    hear(client, near(twilio, "in-progress"))

    assert bridge().near_id == twilio.sids[-1]


def test_pressed_twice_they_ring_once_and_again_when_it_is_over(client, desk, at, twilio):
    rung(desk, at)
    rung(desk, at)
    assert len(twilio.received) == 1
    assert RINGS in desk.get(f"{at}/room/bridge").text

    hear(client, near(twilio, "no-answer"))
    rung(desk, at)

    assert len(twilio.received) == 2


def test_a_provider_that_forgets_to_tell_does_not_stop_the_next_try(desk, at, twilio, time_machine):
    time_machine.move_to(clock.now())
    rung(desk, at)
    time_machine.shift(180)

    rung(desk, at)

    assert len(twilio.received) == 2


def test_the_second_time_one_key_is_enough(desk, at, twilio, visit):
    assert press(desk, at, "/room/telephone", ring="yes").json["next"].endswith(visit.code)
    assert twilio.received == [], "nobody knows yet where the clerk is"
    rung(desk, at)
    assert RINGS in desk.get(f"{at}/room/bridge").text
    found = bridge()
    found.ended_at = found.asked_at
    found.trouble = Bridging.NOT_NOW
    db.session.commit()
    assert 'value="973 12 34 56"' in desk.get(f"{at}/room/bridge").text

    press(desk, at, "/room/telephone", ring="yes")

    assert [call["To"] for call in twilio.received] == [OWN, OWN]


def test_where_telephones_cannot_be_joined_the_page_says_so_and_gives_the_number(desk, at, visit):
    page = desk.get(f"{at}/room/bridge").text

    assert "Telephones cannot be joined here. Dial the number yourself." in page
    assert f'href="tel:{visit.phone}"' in page
    assert 'id="bridge-ring"' not in page
    assert press(desk, at, phone="973 12 34 56").status_code == 409


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        ("busy", "Calls do not work right now."),
        ("gone", "Calls do not work right now."),
        ("refusing", "Your number cannot be called."),
    ],
)
def test_when_nothing_rings_the_clerk_reads_why_and_the_number_stays(
    client, desk, at, twilio, visit, mood, said
):
    if mood == "refusing":
        twilio.account.countries = ("+33",)
    else:
        twilio.mood = mood

    rung(desk, at)

    page = desk.get(f"{at}/room/bridge").text
    assert said in page
    assert 'id="bridge-ring"' in page
    assert f'href="tel:{visit.phone}"' in desk.get(at).text
    assert len(remembered("BridgeEnded")) == 1


@pytest.mark.parametrize(
    ("phone", "said"),
    [
        ("", "Write your telephone with its nine digits"),
        ("12", "Write your telephone with its nine digits"),
        ("+34 806 123 456", "We cannot call this number."),
        ("+33 6 12 34 56 78", "We cannot call this number."),
        ("9" * 500, "Write your telephone with its nine digits"),
    ],
)
def test_a_number_that_cannot_be_rung_is_sent_back_and_nothing_rings(
    desk, at, twilio, visit, phone, said
):
    answer = press(desk, at, phone=phone)

    assert answer.status_code == 422
    assert said in answer.text
    assert (twilio.received, bridge()) == ([], None)
    db.session.refresh(visit)
    assert visit.channel is Channel.VIDEO


def test_where_nothing_can_ring_the_link_of_the_number_is_what_there_is(desk, at, visit, clerk):
    page = desk.get(at).text

    assert f'href="tel:{visit.phone}"' in page
    assert "data-ring" not in page
    with pytest.raises(NoBridge):
        services.bridges.ask(visit, clerk, OWN)
    assert press(desk, at, phone=OWN).status_code == 409


def test_where_it_can_the_call_offers_it_with_one_key(desk, at, twilio):
    page = desk.get(at).text

    assert 'data-ring="yes"' in page


def test_only_whoever_attends_lets_them_ring(app, at, twilio, place):
    colleague = app.test_client()
    town.enter(colleague, town.a_clerk(name="Eva Mas"))
    token = town.token_in(colleague.get(town.base(place) + "/desk/").text)

    answer = colleague.post(f"{at}/room/bridge", data={"csrf_token": token, "phone": OWN})

    assert answer.status_code == 404
    assert twilio.received == []
