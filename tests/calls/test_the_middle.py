"""A media server in the middle: who goes through it, who sees whom, and what happens without it."""

import queue

import pytest
import sqlalchemy as sa

from app.booking.models import Status
from app.calls import services
from app.calls.errors import Garbled, LineGone, NotInTheRoom, NotSentYet
from app.calls.models import Part
from app.calls.services import middle
from app.core import janus
from app.core.db import db
from app.core.stream import StreamMessage
from app.towns.models import Media
from tests import janus as real
from tests import town
from tests.calls.test_room import presence

if not real.is_installed():
    pytest.skip(
        "JANUS IS NOT INSTALLED: larger calls were NOT tried (apt-packages.txt)",
        allow_module_level=True,
    )

ICE = "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 "
OFFER = {
    "type": "offer",
    "sdp": "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=mid:0\r\n"
    f"{ICE}{':'.join(['AB'] * 32)}\r\na=setup:actpass\r\na=sendonly\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=ssrc:1 cname:x\r\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with real.a_media_server(tmp_path_factory.mktemp("janus")) as opened:
        yield opened


@pytest.fixture
def behind(app, server, visit):
    """The town has chosen the server, which answers."""
    names = ("JANUS_URL", "JANUS_SECRET", "JANUS_ROOM_KEY")
    before = {name: app.config[name] for name in names}
    app.config.update(server.settings)
    app.extensions.pop("janus", None)
    visit.town.media = Media.JANUS
    db.session.commit()
    yield app.config
    app.config.update(before)
    app.extensions.pop("janus", None)


def seated(visit, part, name, **more):
    media = Media.JANUS if middle.is_wanted(visit) else Media.MESH
    return services.join(visit, part, name, camera=True, microphone=True, media=media, **more)


def sends(seat):
    """What the browser of that seat does first."""
    seat.media_session = middle.open_session(seat)
    db.session.flush()
    answer = middle.run(seat, {"do": "publish", "description": OFFER})
    middle.publish(seat)
    return answer


def told(seat, name):
    db.session.flush()
    question = sa.select(StreamMessage.payload).where(
        StreamMessage.channel == services.channel_of(seat), StreamMessage.name == name
    )
    return list(db.session.scalars(question.order_by(StreamMessage.id)))


def test_each_sends_to_the_server_and_the_others_hear_when_it_has_arrived(behind, visit):
    clerk, citizen = seated(visit, Part.CLERK, "Ana"), seated(visit, Part.CITIZEN, "Pere")
    assert {clerk.media, citizen.media} == {Media.JANUS}

    sent = sends(clerk)

    assert sent["description"]["type"] == "answer"
    assert "opus" in sent["description"]["sdp"]
    assert told(citizen, "signal")[-1]["published"] == clerk.media_session
    for errand in ({"do": "keep"}, {"do": "ways", "handle": sent["handle"], "candidates": []}):
        assert middle.run(clerk, errand) == {}


def test_a_town_that_chose_nothing_goes_directly(behind, visit):
    visit.town.media = Media.MESH

    assert seated(visit, Part.CLERK, "Ana").media is Media.MESH


def test_who_does_not_send_yet_cannot_be_fetched(behind, visit):
    clerk, citizen = seated(visit, Part.CLERK, "Ana"), seated(visit, Part.CITIZEN, "Pere")
    sends(citizen)

    with pytest.raises(NotSentYet):
        middle.run(citizen, {"do": "subscribe", "to": clerk.code})


def test_what_a_seat_had_there_ends_once_that_is_committed_and_not_before(
    behind, visit, monkeypatch
):
    seat, ended = seated(visit, Part.CLERK, "Ana"), queue.SimpleQueue()
    monkeypatch.setattr(middle, "_end", lambda _app, sessions: ended.put(sessions))
    seat.media_session = 77
    db.session.commit()

    middle.let_go(seat)
    with db.session.begin_nested():
        pass
    db.session.rollback()
    seat.media_session = 78
    middle.let_go(seat)
    db.session.flush()
    with pytest.raises(ZeroDivisionError), db.session.begin_nested():
        raise ZeroDivisionError
    db.session.commit()

    assert ended.get(timeout=20) == [78]


def test_at_whom_it_rings_sees_nobody_yet(behind, visit):
    clerk, citizen = seated(visit, Part.CLERK, "Ana"), seated(visit, Part.CITIZEN, "P", rings=True)
    sends(clerk)
    assert middle.may_send(citizen)
    sends(citizen)

    for one, other in ((citizen, clerk), (clerk, citizen)):
        with pytest.raises(NotInTheRoom):
            middle.run(one, {"do": "subscribe", "to": other.code})


def test_a_guest_at_the_door_neither_sends_nor_fetches(behind, visit, clerk):
    inside = seated(visit, Part.CLERK, "Ana")
    made, _ = services.invite(visit, Part.COMPANION, "Joan", None, clerk)
    guest = seated(visit, Part.COMPANION, "Joan", invitation=made)

    assert not middle.may_send(guest)
    sends(inside)
    with pytest.raises(NotInTheRoom):
        middle.run(guest, {"do": "subscribe", "to": inside.code})


@pytest.mark.parametrize(
    "errand",
    [
        {},
        {"do": "destroy"},
        {"do": "publish"},
        {"do": "publish", "description": {"type": "answer", "sdp": ""}},
        {"do": "renew", "handle": "1", "description": OFFER},
        {"do": "drop", "handle": True},
        {"do": "drop", "handle": -1},
        {"do": "ways", "handle": 1, "candidates": [3]},
    ],
)
def test_an_errand_that_makes_no_sense_is_refused(behind, visit, errand):
    seat = seated(visit, Part.CLERK, "Ana")
    seat.media_session = middle.open_session(seat)

    with pytest.raises(Garbled):
        middle.run(seat, errand)


def test_nobody_reaches_what_is_of_another_session(behind, visit):
    clerk, citizen = seated(visit, Part.CLERK, "Ana"), seated(visit, Part.CITIZEN, "Pere")
    handle = sends(clerk)["handle"]
    sends(citizen)

    with pytest.raises(LineGone):
        middle.run(citizen, {"do": "drop", "handle": handle})


def test_who_leaves_has_nothing_left_at_the_server(behind, visit):
    seat = seated(visit, Part.CITIZEN, "Pere")
    sends(seat)
    session = seat.media_session

    services.leave(seat)

    assert db.session().info["let go"] == [session]
    assert seat.media_session is None
    middle._end(db_app(), [session])
    with pytest.raises(janus.Gone):
        janus.keep(session)


def db_app():
    from flask import current_app

    return current_app._get_current_object()


def test_without_the_server_everybody_enters_again_and_goes_directly(behind, app, visit):
    clerk = seated(visit, Part.CLERK, "Ana")
    assert clerk.media is Media.JANUS
    behind["JANUS_URL"] = "http://127.0.0.1:1/janus"
    app.extensions.pop("janus", None)

    citizen = seated(visit, Part.CITIZEN, "Pere")

    assert citizen.media is Media.MESH
    assert told(clerk, "again") == [{}]
    app.extensions.pop("janus", None)
    assert seated(visit, Part.CLERK, "Ana").media is Media.MESH
    assert told(citizen, "again") == []


def test_a_server_that_lost_its_sessions_asks_to_begin_anew(behind, visit):
    seat = seated(visit, Part.CLERK, "Ana")
    sends(seat)
    seat.media_session += 1

    with pytest.raises(LineGone):
        middle.run(seat, {"do": "keep"})


def test_a_server_that_is_away_is_said_with_410_and_nothing_changes(behind, app, client, visit):
    home = f"{town.base(visit.town)}/ca/visits/{visit.code}"
    token = town.token_in(client.get(f"{home}/wait").text)
    joined = presence(client, f"{home}/room", token, event="join").json
    assert joined["media"] == {"kind": "janus"}
    seat = {"participant": joined["participant"], "incarnation": joined["incarnation"]}

    def does(**errand):
        head = {"X-CSRFToken": token, "Accept": "application/json"}
        return client.post(f"{home}/room/media", json={**seat, **errand}, headers=head)

    assert does(do="publish", description=OFFER).status_code == 200
    assert does(do="nonsense").status_code == 400
    behind["JANUS_URL"] = "http://127.0.0.1:1/janus"
    gone = does(do="keep")

    assert gone.status_code == 410
    assert "torna sola" in gone.json["error"]
    db.session.refresh(visit)
    assert visit.status is Status.IN_SERVICE


def test_only_who_has_the_words_of_the_server_may_open_rooms(behind, server):
    behind["JANUS_SECRET"] = "somebody else's"
    with pytest.raises(janus.Refused):
        janus.begin()

    behind.update(server.settings)
    behind["JANUS_ROOM_KEY"] = "guessed"
    session = janus.begin()
    handle = janus.attach(session)
    with pytest.raises(janus.Refused):
        janus.ask(session, handle, "create", room="x", admin_key="guessed")
    janus.end(session)


def test_no_word_that_opens_the_server_reaches_a_browser(behind, app, client, visit, clerk):
    """Browsers never speak to the server, and hear nothing with which they could."""
    at_the_desk = app.test_client()
    town.enter(at_the_desk, clerk)
    base = town.base(visit.town)
    heard = []

    def enters(browser, page):
        token = town.token_in(browser.get(page).text)
        room = f"{page.removesuffix('/wait')}/room"
        joined = presence(browser, room, token, event="join")
        seat = {name: joined.json[name] for name in ("participant", "incarnation")}

        def does(**errand):
            head = {"X-CSRFToken": token, "Accept": "application/json"}
            answer = browser.post(f"{room}/media", json={**seat, **errand}, headers=head)
            heard.append(answer.text)
            return answer

        heard.append(joined.text)
        assert does(do="publish", description=OFFER).status_code == 200
        assert does(do="shown").status_code == 200
        return joined.json["participant"], does

    clerks, _ = enters(at_the_desk, f"{base}/desk/visits/{visit.code}")
    _, does = enters(client, f"{base}/ca/visits/{visit.code}/wait")
    answer = does(do="subscribe", to=clerks)
    heard += [str(payload) for payload in db.session.scalars(sa.select(StreamMessage.payload))]

    assert answer.status_code in (200, 425), answer.text
    words = {middle._word(visit.code, use) for use in ("pin", "secret")}
    words |= {behind["JANUS_SECRET"], behind["JANUS_ROOM_KEY"], behind["JANUS_URL"]}
    assert len(heard) > 6
    assert [word for word in words if any(word in text for text in heard)] == []


def test_nothing_of_ours_is_held_while_the_server_is_asked(
    behind, app, client, visit, clerk, monkeypatch
):
    """Whoever asks may wait for seconds, and on SQLite everybody else who writes with them."""
    at_the_desk = app.test_client()
    town.enter(at_the_desk, clerk)
    base, read, held = town.base(visit.town), janus._read, []

    def asked(*words, **more):
        held.append(db.session().in_transaction())
        return read(*words, **more)

    def enters(browser, page):
        token = town.token_in(browser.get(page).text)
        room = f"{page.removesuffix('/wait')}/room"
        app.extensions.pop("janus", None)
        joined = presence(browser, room, token, event="join")
        seat = {name: joined.json[name] for name in ("participant", "incarnation")}

        def does(**errand):
            head = {"X-CSRFToken": token, "Accept": "application/json"}
            return browser.post(f"{room}/media", json={**seat, **errand}, headers=head)

        handle = does(do="publish", description=OFFER).json["handle"]
        assert does(do="ways", handle=handle, candidates=[]).status_code == 200
        assert does(do="shown").status_code == 200
        return joined.json["participant"], does

    monkeypatch.setattr(janus, "_read", asked)
    clerks, _ = enters(at_the_desk, f"{base}/desk/visits/{visit.code}")
    _, does = enters(client, f"{base}/ca/visits/{visit.code}/wait")
    does(do="subscribe", to=clerks)

    assert len(held) > 12
    assert not any(held)


def test_it_writes_down_a_call_for_us_alone(behind, visit, tmp_path):
    behind["JANUS_RECORDINGS"] = str(tmp_path)
    clerk = seated(visit, Part.CLERK, "Ana")
    assert middle.may_record(visit)
    sends(clerk)
    try:
        for is_on in (True, True, False):
            middle.record(visit.code, is_on)
        stranger = janus.begin()
        handle = janus.attach(stranger)
        for words in ({}, {"secret": "guessed"}, {"secret": middle._word(visit.code, "pin")}):
            with pytest.raises(janus.Refused):
                janus.ask(
                    stranger, handle, "enable_recording", room=visit.code, record=True, **words
                )
        janus.end(stranger)
        with pytest.raises(LineGone):
            middle.record("nowhere", True)
    finally:
        behind["JANUS_RECORDINGS"] = ""


def test_where_it_has_no_folder_or_somebody_goes_directly_it_writes_nothing(behind, visit):
    clerk = seated(visit, Part.CLERK, "Ana")
    assert not middle.may_record(visit)
    behind["JANUS_RECORDINGS"] = "/run/recordings"
    try:
        assert middle.may_record(visit)
        clerk.media = Media.MESH
        assert not middle.may_record(visit)
    finally:
        behind["JANUS_RECORDINGS"] = ""


def test_a_room_opens_to_its_own_word_alone(behind, visit):
    sends(seated(visit, Part.CLERK, "Ana"))
    stranger = janus.begin()

    def tries(request, **words):
        handle = janus.attach(stranger)
        with pytest.raises(janus.Refused):
            janus.ask(stranger, handle, request, room=visit.code, **words)

    other = town.a_visit(town.a_wish(visit.town, visit.procedure))
    for pin in ({}, {"pin": ""}, {"pin": "guessed"}, {"pin": middle._word(other.code, "pin")}):
        tries("join", ptype="publisher", display="citizen", **pin)
    tries("destroy", secret=middle._word(other.code, "secret"))
    tries("destroy", secret=middle._word(visit.code, "pin"))
    janus.end(stranger)


@pytest.fixture
def pool(behind, app, server, tmp_path):
    """A second server, with the words of the first one."""
    other = real.MediaServer(tmp_path, secret=server.secret, room_key=server.room_key)
    real.write_settings(other)
    other.open()
    behind["JANUS_URL"] = f"{server.url} {other.url}"
    app.extensions.pop("janus", None)
    yield [server, other]
    other.close()
    if not server.is_up():
        server.open()


def test_a_room_stays_at_one_server_and_others_go_to_another(pool, visit):
    clerk, citizen = seated(visit, Part.CLERK, "Ana"), seated(visit, Part.CITIZEN, "Pere")
    sends(clerk)
    sends(citizen)
    rooms = [f"room-{number}" for number in range(12)]

    places = {room: janus._by_turns(room)[0] for room in rooms}

    assert janus._place(clerk.media_session) == janus._place(citizen.media_session)
    assert middle.run(citizen, {"do": "keep"}) == {}
    assert set(places.values()) == {0, 1}
    for room, place in places.items():
        session = janus.begin(room)
        assert janus._place(session) == place
        assert 0 < session < 2**53
        assert janus._place(janus.begin(room, [janus.MOST_SERVERS + 1 - place])) == 1 - place
        janus.end(session)


def test_a_room_whose_server_dies_goes_on_at_the_other_and_stays_there(pool, visit, app):
    clerk, citizen = seated(visit, Part.CLERK, "Ana"), seated(visit, Part.CITIZEN, "Pere")
    sends(clerk)
    sends(citizen)
    first = janus._place(clerk.media_session)
    pool[first].close()

    with pytest.raises(LineGone):
        middle.run(clerk, {"do": "keep"})
    assert middle.is_wanted(visit)
    sends(clerk)
    pool[first].open()
    app.extensions.pop("janus", None)
    sends(citizen)

    assert janus._place(clerk.media_session) == janus._place(citizen.media_session) == 1 - first
    assert middle.run(citizen, {"do": "keep"}) == {}
    with pytest.raises(LineGone):
        middle.record(visit.code, True)  # where the room would begin now it is not
    middle.record(visit.code, True, middle.sessions_in(visit))


def test_a_server_that_was_taken_out_of_the_setting_asks_to_begin_anew(pool, behind, app, visit):
    seat = seated(visit, Part.CLERK, "Ana")
    sends(seat)
    seat.media_session = seat.media_session // janus.MOST_SERVERS * janus.MOST_SERVERS + 7

    with pytest.raises(LineGone):
        middle.run(seat, {"do": "keep"})
