"""Invitations to a call: links for one person, the door, and what each role may do."""

import pytest

from app.booking import services as booking
from app.booking.models import Status
from app.calls import queries, services
from app.calls.errors import (
    InvitationOver,
    InvitationTaken,
    NotInTheRoom,
    NotYours,
    RoomFull,
    TooManyInvitations,
)
from app.calls.models import MAY, Part, Right
from app.core import clock
from app.core.db import db
from tests import town
from tests.calls.test_room import both, presence, told

NAMES = {Part.INTERPRETER: "Marta Roca", Part.COMPANION: "Joan", Part.COLLEAGUE: "Eva Mas"}


@pytest.fixture
def home(visit):
    return town.base(visit.town)


@pytest.fixture
def desk(app, clerk):
    signed_in = app.test_client()
    town.enter(signed_in, clerk)
    return signed_in


def an_invitation(visit, clerk, part=Part.INTERPRETER, phone=None):
    made, link = services.invite(visit, part, NAMES.get(part, "Nobody"), phone, clerk)
    db.session.commit()
    return made, link.split("localhost:8000")[-1]


def knock(visit, invitation):
    return services.join(
        visit,
        invitation.part,
        invitation.name,
        camera=True,
        microphone=True,
        invitation=invitation,
    )


def opened(client, home, path):
    """Somebody opens the link in this browser and presses the button. The token of the call."""
    token = town.token_in(client.get(home + path).text)
    assert client.post(home + path, data={"csrf_token": token}).status_code == 303
    return town.token_in(client.get(home + path).text)


def test_the_table_of_roles():
    """One look: who may what. A line that changes here changes for everybody."""
    may = {part.value: sorted(right.value for right in rights) for part, rights in MAY.items()}

    assert may == {
        "citizen": ["keep_text", "see_visit", "share_screen", "write_early"],
        "clerk": sorted(right.value for right in Right),
        "colleague": ["keep_text", "see_visit", "share_screen"],
        "interpreter": [],
        "companion": ["keep_text"],
    }


def test_an_invitation_goes_by_sms_in_the_language_of_the_visit(desk, home, visit):
    page = f"{home}/desk/visits/{visit.code}/room/invitations"

    answer = town.send(desk, page, part="interpreter", name="Marta Roca", phone="611 22 33 44")

    [message] = town.sent_to("+34611223344")
    assert answer.status_code == 200
    assert "Marta Roca" in answer.text
    assert f"{visit.town.host}:8000/join/" in message


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"phone": "12"}, "phone"),
        ({"part": "citizen"}, "part"),
        ({"part": "clerk"}, "part"),
    ],
)
def test_a_wrong_invitation_comes_back_with_what_to_do(desk, home, visit, fields, told):
    page = f"{home}/desk/visits/{visit.code}/room/invitations"

    answer = town.send(desk, page, **{"part": "companion", "name": "Joan", **fields})

    assert answer.status_code == 422
    assert f'id="{told}-error"' in answer.text or "choices" in answer.text
    assert queries.invitations(visit) == []


def test_there_is_no_invitation_for_a_second_citizen_or_clerk(visit, clerk):
    for part in (Part.CITIZEN, Part.CLERK):
        with pytest.raises(NotYours):
            services.invite(visit, part, "Somebody", None, clerk)


def test_only_whoever_attends_may_invite(app, home, visit):
    stranger = app.test_client()
    town.enter(stranger, town.a_clerk(name="Another"))

    assert stranger.get(f"{home}/desk/visits/{visit.code}/room/invitations").status_code == 404


def test_the_link_opens_in_one_browser_and_not_in_a_second(app, home, visit, clerk):
    _, path = an_invitation(visit, clerk)
    first, second = app.test_client(), app.test_client()

    page = first.get(home + path).text
    assert "Marta Roca" in page
    assert "Ana Pi" in page  # who attends: proof for whoever is invited
    assert second.get(home + path).status_code == 200  # looking takes nothing
    opened(first, home, path)

    assert second.get(home + path).status_code == 409
    token = town.token_in(second.get(f"{home}/ca/help").text)
    answer = second.post(f"{home}{path}/room/presence", data={"csrf_token": token, "event": "join"})
    assert answer.status_code in (400, 409)
    assert 'data-role="interpreter"' in first.get(home + path).text


def test_who_took_it_may_open_it_again_and_nobody_else(visit, clerk):
    made, _ = an_invitation(visit, clerk)
    services.take(made, is_mine=False)

    services.take(made, is_mine=True)
    with pytest.raises(InvitationTaken):
        services.take(made, is_mine=False)


def test_a_link_that_is_wrong_foreign_expired_or_withdrawn_opens_nothing(client, visit, clerk):
    home = town.base(visit.town)
    made, path = an_invitation(visit, clerk)
    other = town.a_town("etxalde", ("eu", "es"))
    db.session.commit()

    assert client.get(f"{home}/join/nonsense").status_code == 404
    assert client.get(f"{town.base(other)}{path}").status_code == 404

    assert client.get(home + path).status_code == 200
    town_of(visit)
    due, made.expires_at = made.expires_at, clock.now()
    db.session.commit()
    assert client.get(home + path).status_code == 404
    town_of(visit)
    made.expires_at = due
    services.revoke(made)
    db.session.commit()
    assert client.get(home + path).status_code == 404


def town_of(visit):
    from app.towns.tenant import speak_for

    speak_for(visit.town_id)


def test_the_link_ends_with_the_visit(visit, clerk):
    made, path = an_invitation(visit, clerk)

    booking.move_on(visit, Status.SERVED)

    with pytest.raises(InvitationOver):
        queries.invitation_or_404(path.rsplit("/", 1)[1])


def test_a_visit_has_no_end_of_invitations(visit, clerk):
    for _ in range(8):
        an_invitation(visit, clerk)

    with pytest.raises(TooManyInvitations):
        an_invitation(visit, clerk)


def test_who_is_invited_knocks_and_only_the_clerk_hears_it(visit, clerk):
    one, two = both(visit)
    made, _ = an_invitation(visit, clerk)

    guest = knock(visit, made)

    assert guest.is_at_the_door
    assert [person["name"] for person in told(one, "roster")[-1]["door"]] == ["Marta Roca"]
    assert "door" not in told(two, "roster")[-1]
    assert told(guest, "roster") == []
    assert len(queries.roster(visit)["participants"]) == 2


def test_somebody_at_the_door_gets_no_message_through(visit, clerk):
    one, _ = both(visit)
    made, _ = an_invitation(visit, clerk)
    guest = knock(visit, made)

    with pytest.raises(NotInTheRoom):
        services.pass_on(guest, [{"to": one.code, "seq": 1, "candidates": []}])
    assert services.offer_first(guest, {"type": "offer", "sdp": "v=0"}) is None


def test_let_in_once_they_need_not_knock_again(app, desk, home, visit, clerk):
    one, _ = both(visit)
    _, path = an_invitation(visit, clerk)
    guest = app.test_client()
    token = opened(guest, home, path)
    knocked = presence(guest, f"{home}{path}/room", token, event="join").json
    assert (knocked["is_inside"], "roster" in knocked) == (False, False)

    page = f"{home}/desk/visits/{visit.code}"
    desk_token = town.token_in(desk.get(page).text)
    answer = desk.post(
        f"{page}/room/people",
        data={
            "csrf_token": desk_token,
            "participant": knocked["participant"],
            "action": "admit",
        },
    )
    assert answer.status_code == 204
    inside = presence(guest, f"{home}{path}/room", token, event="join").json
    assert [person["role"] for person in inside["roster"]["participants"]] == [
        "clerk",
        "citizen",
        "interpreter",
    ]
    assert "written" not in inside
    town_of(visit)
    assert told(one, "roster")[-1]["participants"][2]["name"] == "Marta Roca"


def test_who_is_turned_away_or_taken_out_does_not_come_back(visit, clerk):
    both(visit)
    made, path = an_invitation(visit, clerk)
    refused = knock(visit, made)

    services.send_away(refused)

    assert told(refused, "bye") == [{"reason": "turned-away"}]
    with pytest.raises(InvitationOver):
        queries.invitation_or_404(path.rsplit("/", 1)[1])

    other, _ = an_invitation(visit, clerk, Part.COMPANION)
    inside = knock(visit, other)
    services.admit(inside)
    services.send_away(inside)
    assert told(inside, "bye") == [{"reason": "removed"}]
    assert len(queries.roster(visit)["participants"]) == 2


def test_nobody_sends_the_citizen_away_by_that_door(visit):
    _, two = both(visit)

    with pytest.raises(NotYours):
        services.send_away(two)


def test_withdrawing_an_invitation_takes_its_person_out(visit, clerk):
    both(visit)
    made, _ = an_invitation(visit, clerk)
    guest = knock(visit, made)
    services.admit(guest)

    services.revoke(made)

    assert told(guest, "bye") == [{"reason": "removed"}]
    assert not guest.is_present


def test_five_have_a_place_and_a_sixth_hears_why_not(visit, clerk):
    both(visit)
    for part in (Part.INTERPRETER, Part.COMPANION, Part.COLLEAGUE):
        services.admit(knock(visit, an_invitation(visit, clerk, part)[0]))
    assert len(queries.roster(visit)["participants"]) == 5

    with pytest.raises(RoomFull):
        knock(visit, an_invitation(visit, clerk, Part.COMPANION)[0])

    again = services.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True)
    assert again.incarnation == 2  # who has a place keeps it


def test_an_interpreter_shares_no_screen(visit, clerk):
    both(visit)
    guest = knock(visit, an_invitation(visit, clerk)[0])
    services.admit(guest)

    with pytest.raises(NotYours):
        services.change_state(guest, camera=True, microphone=True, screen=True)


def test_the_screen_of_each_role_shows_what_it_may(app, home, visit, clerk):
    pages = {}
    for part in (Part.INTERPRETER, Part.COMPANION, Part.COLLEAGUE):
        guest = app.test_client()
        path = an_invitation(visit, clerk, part)[1]
        opened(guest, home, path)
        pages[part] = guest.get(home + path).text
        town_of(visit)

    assert [part for part, page in pages.items() if 'id="call-share"' in page] == [Part.COLLEAGUE]
    assert [part for part, page in pages.items() if 'id="call-keep"' in page] == [
        Part.COMPANION,
        Part.COLLEAGUE,
    ]
    assert all('data-part="door"' not in page for page in pages.values())
    assert all(visit.phone not in page for page in pages.values())


def test_what_a_guest_does_at_another_room_is_refused(app, home, visit, clerk):
    """A link opens the room of its own visit, and a seat of another room is nobody's here."""
    one, _ = both(visit)
    _, path = an_invitation(visit, clerk)
    guest = app.test_client()
    token = opened(guest, home, path)

    answer = guest.post(
        f"{home}{path}/room/signals",
        json={"participant": one.code, "incarnation": 1, "signals": []},
        headers={"X-CSRFToken": token},
    )

    assert answer.status_code == 404
    assert guest.post(f"{home}{path}/room/text", json={}).status_code in (400, 404)


def test_when_the_clerk_closes_the_visit_guests_hear_that_the_call_is_over(visit, clerk):
    both(visit)
    made, _ = an_invitation(visit, clerk)
    guest = knock(visit, made)
    services.admit(guest)

    booking.move_on(visit, Status.SERVED)

    assert told(guest, "bye") == [{"reason": "ended"}]
    assert queries.invitations(visit) == []
