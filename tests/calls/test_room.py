"""The room of a visit: seats, messages between browsers, and who may do what."""

import json

import pytest
import sqlalchemy as sa
import structlog

from app.audit.models import AuditEntry
from app.booking.models import Status
from app.calls import queries, services
from app.calls.errors import Garbled, NotCalledYet, NotInTheRoom, NotYours, Replaced, TooFast
from app.calls.models import Part
from app.core import clock
from app.core.db import db
from app.core.stream import StreamMessage
from tests import town


def both(visit):
    one = services.join(visit, Part.CLERK, "Ana Pi", camera=True, microphone=True)
    two = services.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True)
    return one, two


def told(seat, name):
    db.session.flush()
    question = sa.select(StreamMessage.payload).where(
        StreamMessage.channel == services.channel_of(seat), StreamMessage.name == name
    )
    return list(db.session.scalars(question.order_by(StreamMessage.id)))


OFFER = {"type": "offer", "sdp": "v=0"}


def test_seats_are_given_in_order_of_arrival_and_everybody_is_told(visit):
    one, two = both(visit)

    assert (one.seat, two.seat) == (1, 2)
    last = told(one, "roster")[-1]["participants"]
    assert [(p["role"], p["name"], p["seat"]) for p in last] == [
        ("clerk", "Ana Pi", 1),
        ("citizen", "Pere", 2),
    ]


def test_the_visit_is_in_service_when_the_citizen_enters(visit):
    services.join(visit, Part.CLERK, "Ana", camera=True, microphone=True)
    assert visit.status is Status.CALLED

    services.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True)

    assert visit.status is Status.IN_SERVICE


def test_nobody_enters_before_being_called(place, clerk):
    from app.towns.models import Procedure

    padron = db.session.scalars(sa.select(Procedure)).one()
    early = town.a_visit(town.a_wish(place, padron))

    with pytest.raises(NotCalledYet):
        services.join(early, Part.CITIZEN, "Pere", camera=True, microphone=True)


def test_a_reload_takes_the_seat_and_tells_the_older_window(visit):
    _, two = both(visit)
    older = services.channel_of(two)

    again = services.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True)

    assert (again.id, again.seat, again.incarnation) == (two.id, 2, 2)
    said = sa.select(StreamMessage.payload).where(
        StreamMessage.channel == older, StreamMessage.name == "bye"
    )
    assert db.session.scalars(said).all() == [{"reason": "replaced"}]


def test_a_message_reaches_its_addressee_once_however_often_it_is_sent(visit):
    one, two = both(visit)
    batch = [{"to": one.code, "seq": 1, "description": OFFER}]

    assert services.pass_on(two, batch) == 1
    assert services.pass_on(two, batch) == 1

    signals = told(one, "signal")
    assert [signal["seq"] for signal in signals] == [1]
    assert signals[0]["from"] == two.code
    assert signals[0]["description"] == OFFER


def test_messages_only_reach_people_of_the_same_room(visit):
    _, two = both(visit)

    for target in ("somebody-else", two.code):
        with pytest.raises(NotInTheRoom):
            services.pass_on(two, [{"to": target, "seq": 1, "description": OFFER}])


@pytest.mark.parametrize(
    "signal",
    [
        None,
        {},
        {"to": "x"},
        {"to": "x", "seq": 0, "description": OFFER},
        {"to": "x", "seq": True, "description": OFFER},
        {"to": "x", "seq": 1},
        {"to": "x", "seq": 1, "description": OFFER, "candidates": []},
        {"to": "x", "seq": 1, "description": {"type": "shout"}},
        {"to": "x", "seq": 1, "candidates": "many"},
        {"to": "x", "seq": 1, "candidates": [3]},
    ],
)
def test_what_is_no_signal_is_refused(visit, signal):
    _, two = both(visit)

    with pytest.raises(Garbled):
        services.pass_on(two, [signal])


def test_a_message_to_a_window_that_is_gone_goes_nowhere(visit):
    one, two = both(visit)

    services.pass_on(two, [{"to": one.code, "to_incarnation": 7, "seq": 1, "description": OFFER}])

    assert told(one, "signal") == []


def test_the_clerk_ends_it_for_everybody(visit):
    one, two = both(visit)

    services.end(visit)

    assert told(two, "bye") == told(one, "bye") == [{"reason": "ended"}]
    assert visit.status is Status.SERVED
    assert queries.roster(visit)["participants"] == []


def test_who_leaves_can_come_back_to_the_same_seat(visit):
    one, two = both(visit)

    services.leave(two)
    assert [p["role"] for p in told(one, "roster")[-1]["participants"]] == ["clerk"]

    back = services.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True)
    assert back.seat == 2


def presence(client, base, token, **fields):
    return client.post(f"{base}/presence", data={"csrf_token": token, **fields})


def test_both_sides_join_and_exchange_over_http(app, visit, clerk):
    home = town.base(visit.town)
    citizen, desk = app.test_client(), app.test_client()
    town.enter(desk, clerk)
    citizens, clerks = (
        f"{home}/ca/visits/{visit.code}/room",
        f"{home}/desk/visits/{visit.code}/room",
    )
    token = town.token_in(citizen.get(f"{home}/ca/visits/{visit.code}/wait").text)
    desk_token = town.token_in(desk.get(f"{home}/desk/visits/{visit.code}").text)

    first = presence(desk, clerks, desk_token, event="join").json
    second = presence(citizen, citizens, token, event="join", camera="off").json

    assert [p["id"] for p in second["roster"]["participants"]] == [
        first["participant"],
        second["participant"],
    ]
    assert second["roster"]["participants"][1]["camera"] is False
    sent = citizen.post(
        f"{citizens}/signals",
        json={
            "participant": second["participant"],
            "incarnation": second["incarnation"],
            "signals": [{"to": first["participant"], "seq": 1, "description": OFFER}],
        },
        headers={"X-CSRFToken": token},
    )
    assert (sent.status_code, sent.json) == (200, {"accepted": 1})

    replaced = presence(citizen, citizens, token, event="join").json
    stale = presence(
        citizen,
        citizens,
        token,
        event="state",
        participant=second["participant"],
        incarnation=second["incarnation"],
    )
    assert replaced["incarnation"] == 2
    assert stale.status_code == 409

    ended = desk.post(f"{clerks}/end", data={"csrf_token": desk_token})
    assert ended.json == {"next": f"/desk/visits/{visit.code}"}


def test_a_batch_that_is_too_large_is_refused(client, visit):
    home = f"{town.base(visit.town)}/ca/visits/{visit.code}"
    token = town.token_in(client.get(f"{home}/wait").text)
    joined = presence(client, f"{home}/room", token, event="join").json

    answer = client.post(
        f"{home}/room/signals",
        json={"participant": joined["participant"], "incarnation": 1, "signals": ["x" * 70_000]},
        headers={"X-CSRFToken": token},
    )

    assert answer.status_code == 413


def test_a_colleague_has_no_seat_in_somebody_elses_call(app, visit):
    stranger = town.a_clerk(name="Another")
    desk = app.test_client()
    town.enter(desk, stranger)
    home = town.base(visit.town)
    token = town.token_in(desk.get(f"{home}/desk/").text)

    answer = presence(desk, f"{home}/desk/visits/{visit.code}/room", token, event="join")

    assert answer.status_code == 404


def test_a_citizen_cannot_end_the_call_of_the_desk(client, visit):
    home = town.base(visit.town)
    token = town.token_in(client.get(f"{home}/ca/visits/{visit.code}/wait").text)

    answer = client.post(f"{home}/desk/visits/{visit.code}/room/end", data={"csrf_token": token})

    assert answer.status_code == 401
    assert visit.status is Status.CALLED


def test_a_call_that_goes_on_by_telephone_is_the_same_visit(app, visit, clerk):
    one, two = both(visit)
    desk = app.test_client()
    town.enter(desk, clerk)
    page = f"{town.base(visit.town)}/desk/visits/{visit.code}"
    token = town.token_in(desk.get(page).text)

    answer = desk.post(f"{page}/room/telephone", data={"csrf_token": token})

    assert answer.json == {"next": f"/desk/visits/{visit.code}"}
    assert visit.status is Status.IN_SERVICE
    assert visit.channel == "phone"
    assert told(one, "bye") == told(two, "bye") == [{"reason": "phone"}]
    assert f"tel:{visit.phone}" in desk.get(page).text


def test_whoever_looks_at_the_visit_hears_that_its_way_has_changed(visit):
    services.go_on_by_telephone(visit)

    said = sa.select(StreamMessage.payload).where(
        StreamMessage.channel == services.room_of(visit), StreamMessage.name == "state"
    )
    assert db.session.scalars(said).all()[-1] == {"status": "called", "channel": "phone"}


def test_an_offer_brought_along_reaches_whoever_sat_down_first(client, visit):
    one = services.join(visit, Part.CLERK, "Ana Pi", camera=True, microphone=True)
    db.session.commit()
    home = f"{town.base(visit.town)}/ca/visits/{visit.code}"
    token = town.token_in(client.get(f"{home}/wait").text)

    joined = presence(client, f"{home}/room", token, event="join", offer=json.dumps(OFFER)).json

    signals = told(one, "signal")
    assert joined["offered_to"] == one.code
    assert [(signal["seq"], signal["description"]) for signal in signals] == [(1, OFFER)]
    assert signals[0]["incarnation"] == joined["incarnation"]


def test_an_offer_that_nobody_is_there_to_take_is_not_kept(client, visit):
    home = f"{town.base(visit.town)}/ca/visits/{visit.code}"
    token = town.token_in(client.get(f"{home}/wait").text)

    joined = presence(client, f"{home}/room", token, event="join", offer=json.dumps(OFFER))

    assert (joined.status_code, joined.json["offered_to"]) == (200, None)


@pytest.mark.parametrize(
    ("offer", "status"),
    [
        ("nonsense", 400),
        ("[" * 30_000, 400),
        ('{"type": "answer", "sdp": "v=0"}', 400),
        ('{"type": "offer", "sdp": 7}', 400),
        (json.dumps({"type": "offer", "sdp": "x" * 70_000}), 413),
    ],
)
def test_an_impossible_offer_leaves_nobody_in_the_room(client, visit, offer, status):
    home = f"{town.base(visit.town)}/ca/visits/{visit.code}"
    token = town.token_in(client.get(f"{home}/wait").text)

    answer = presence(client, f"{home}/room", token, event="join", offer=offer)

    assert answer.status_code == status
    assert queries.roster(visit)["participants"] == []


def test_a_window_hears_what_is_told_to_it_before_and_after_it_has_a_seat(visit):
    window = "w" * 24
    seat = services.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True, window=window)

    assert services.channel_of(seat) == queries.window_channel(visit.id, Part.CITIZEN, window)


def test_entering_again_in_the_same_window_does_not_send_it_away(visit):
    window = "w" * 24
    words = {"camera": True, "microphone": True, "window": window}
    services.join(visit, Part.CITIZEN, "Pere", **words)

    again = services.join(visit, Part.CITIZEN, "Pere", **words)

    assert (again.incarnation, told(again, "bye")) == (2, [])


def test_a_window_with_an_impossible_name_is_refused(client, visit):
    home = f"{town.base(visit.town)}/ca/visits/{visit.code}"
    token = town.token_in(client.get(f"{home}/wait").text)

    answer = presence(client, f"{home}/room", token, event="join", window="../../etc")

    assert answer.status_code == 400
    assert client.get(f"{home}/room/stream?window=%00").status_code == 400


def test_who_sends_more_than_a_call_needs_is_asked_to_wait(visit, time_machine):
    one, two = both(visit)
    time_machine.move_to(clock.now(), tick=False)  # all of it within one second
    for number in range(1, 31):
        services.pass_on(two, [{"to": one.code, "seq": number, "candidates": []}])

    with pytest.raises(TooFast):
        services.pass_on(two, [{"to": one.code, "seq": 31, "candidates": []}])

    assert len(told(one, "signal")) == 30


def test_sparing_data_and_a_shared_screen_are_shown_to_the_others(visit):
    one, two = both(visit)

    services.change_state(two, camera=False, microphone=True, screen=True, saving=True)

    shown = told(one, "roster")[-1]["participants"][1]
    assert (shown["camera"], shown["screen"], shown["saving"]) == (False, True, True)


def test_a_second_citizen_takes_the_place_of_the_first(visit):
    both(visit)

    services.join(visit, Part.CITIZEN, "Another", camera=True, microphone=True)

    present = [person["role"] for person in queries.roster(visit)["participants"]]
    assert present == ["clerk", "citizen"]


def test_what_the_room_refuses_stands_in_the_log_without_its_words(client, visit):
    home = f"{town.base(visit.town)}/ca/visits/{visit.code}"
    token = town.token_in(client.get(f"{home}/wait").text)
    joined = presence(client, f"{home}/room", token, event="join").json

    with structlog.testing.capture_logs() as log:
        client.post(
            f"{home}/room/signals",
            json={
                "participant": joined["participant"],
                "incarnation": 1,
                "signals": [{"to": "x", "seq": 1, "description": {"type": "secret"}}],
            },
            headers={"X-CSRFToken": token},
        )

    assert [(line["why"], line["part"]) for line in log] == [("Garbled", "citizen")]
    assert "secret" not in str(log)


def ringing(visit):
    one = services.join(visit, Part.CLERK, "Ana Pi", camera=True, microphone=True)
    two = services.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True, rings=True)
    return one, two


def test_while_it_rings_the_line_is_made_ready_and_nobody_is_in_yet(visit):
    one, two = ringing(visit)

    assert services.offer_first(two, OFFER) == one.code
    services.pass_on(one, [{"to": two.code, "seq": 1, "description": OFFER}])

    assert [len(told(seat, "signal")) for seat in (one, two)] == [1, 1]
    assert [person["role"] for person in queries.roster(visit)["participants"]] == ["clerk"]
    assert [person["role"] for person in told(one, "roster")[-1]["door"]] == ["citizen"]
    assert visit.status is Status.CALLED


def test_entering_keeps_the_line_that_was_made_ready(visit):
    one, two = ringing(visit)

    services.enter(two, camera=False, microphone=True)
    services.enter(two, camera=False, microphone=True)

    last = told(one, "roster")[-1]
    assert [person["incarnation"] for person in last["participants"]] == [1, 1]
    assert (last["door"], last["participants"][1]["camera"]) == ([], False)
    assert visit.status is Status.IN_SERVICE


def test_who_rings_reaches_the_clerk_and_no_guest(visit, clerk):
    _, two = ringing(visit)
    made, _ = services.invite(visit, Part.COMPANION, "Joan", None, clerk)
    guest = services.join(
        visit, Part.COMPANION, "Joan", camera=True, microphone=True, invitation=made
    )
    services.admit(guest)

    for sender, other in ((two, guest), (guest, two)):
        with pytest.raises(NotInTheRoom):
            services.pass_on(sender, [{"to": other.code, "seq": 1, "candidates": []}])


def test_who_is_put_back_in_the_line_does_not_enter(visit):
    _, two = ringing(visit)
    visit.go(Status.WAITING)

    with pytest.raises(NotCalledYet):
        services.enter(two, camera=True, microphone=True)


def test_a_guest_does_not_enter_by_the_citizens_way(visit, clerk):
    made, _ = services.invite(visit, Part.COMPANION, "Joan", None, clerk)
    guest = services.join(
        visit, Part.COMPANION, "Joan", camera=True, microphone=True, invitation=made
    )

    with pytest.raises(NotYours):
        services.enter(guest, camera=True, microphone=True)


def test_ringing_in_a_second_window_disturbs_nobody(visit):
    _, two = ringing(visit)
    words = {"camera": True, "microphone": True, "rings": True}
    first = services.channel_of(two)

    services.join(visit, Part.CITIZEN, "Pere", **words)
    names = sa.select(StreamMessage.name).where(StreamMessage.channel == first)
    assert "bye" not in db.session.scalars(names).all()

    services.enter(two, camera=True, microphone=True)
    with pytest.raises(Replaced):
        services.join(visit, Part.CITIZEN, "Pere", **words)


def test_whoever_it_rings_at_learns_that_the_clerk_has_sat_down(visit):
    two = services.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True, rings=True)

    services.join(visit, Part.CLERK, "Ana Pi", camera=True, microphone=True)

    assert [person["role"] for person in told(two, "roster")[-1]["participants"]] == ["clerk"]


def test_who_goes_while_it_rings_has_never_been_there(visit):
    _, two = ringing(visit)

    services.leave(two)

    names = db.session.scalars(sa.select(AuditEntry.name)).all()
    assert "ParticipantLeft" not in names
    assert not two.is_present
