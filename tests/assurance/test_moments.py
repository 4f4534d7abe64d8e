"""Each procedure says how surely it must know who it is, and when; it is asked at that moment."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.assurance import queries, services
from app.assurance.errors import IdentifyFirst, NotSureEnough
from app.assurance.models import DocumentKind, Method
from app.assurance.services.checks import Seen
from app.audit.models import AuditEntry
from app.booking import services as booking
from app.booking.forms import written_start
from app.booking.models import Status, Visit
from app.calls import services as calls
from app.calls.models import Part
from app.core import clock
from app.core.db import db
from app.queue import services as queue
from app.towns.models import Level, Moment
from tests import town


def base(visit, path=""):
    return f"{town.base(visit.town)}/en/visits/{visit.code}{path}"


def needs(procedure, **assurance):
    procedure.assurance = assurance
    db.session.commit()


def known(visit, level=Level.CHECKED):
    method = {Level.EID: Method.EID, Level.CHECKED: Method.CLERK}[level]
    row = services.identify(visit, method, level, evidence={})
    db.session.commit()
    return row


# --- levels ---------------------------------------------------------------------------------


def test_levels_have_an_order():
    assert [level.value for level in sorted(Level, key=lambda level: level.rank)] == [
        "none",
        "phone",
        "passkey",
        "checked",
        "eid",
    ]


def test_a_code_shows_a_telephone_and_the_surest_row_counts(visit, clerk):
    assert queries.level_of(visit) is Level.PHONE

    row = known(visit, Level.EID)
    known(visit, Level.CHECKED)

    assert queries.level_of(visit) is Level.EID
    services.undo(row, clerk, "it was another person")
    assert queries.level_of(visit) is Level.CHECKED


def test_whom_the_staff_booked_for_has_shown_nothing(place, padron, clerk):
    wish = town.a_wish(place, padron)
    from app.schedule import queries as schedule

    start = schedule.first_free(wish).starts_at
    visit = booking.book_for(
        clerk, wish, start, phone=town.PHONE, name="", reads="ca", needs=[], form_token="t" * 24
    )

    assert queries.level_of(visit) is Level.NONE


def test_what_was_needed_before_is_needed_still(padron):
    padron.assurance = {"book": "checked", "act": "phone"}

    assert padron.needs_to(Moment.BOOK) is Level.CHECKED
    assert padron.needs_to(Moment.ENTER) is Level.CHECKED
    assert padron.needs_to(Moment.ACT) is Level.CHECKED


@pytest.mark.parametrize("wrong", [{"book": "king"}, {"later": "phone"}])
def test_a_word_that_is_none_is_no_rule(padron, wrong):
    with pytest.raises(ValueError, match="is not a valid"):
        padron.assurance = wrong


# --- to book --------------------------------------------------------------------------------


@pytest.fixture
def hold(client, place, padron, clerk):
    """Somebody who has typed their number and not yet the code."""
    needs(padron, book="eid")
    assert town.a_wish(place, padron)
    starts = written_start(town.tomorrow_at(10))
    url = f"{town.base(place)}/en/visits/new?procedure=padron&channel=video&starts={starts}"
    page = client.get(url).text
    fields = {"phone": "600 12 34 56", "name": "", "token": town.field_in(page, "token")}
    client.post(url, data={"csrf_token": town.token_in(page), **fields})
    return db.session.scalars(sa.select(Visit)).one()


def type_the_code(client, hold):
    url = f"{town.base(hold.town)}/en/visits/new?hold={hold.code}"
    code = town.digits_sent(town.sent_to(hold.phone)[-1])
    return town.send(client, url, code=code)


def test_a_code_alone_does_not_book_what_needs_more(client, hold):
    answer = type_the_code(client, hold)

    assert answer.location.endswith(f"/en/visits/{hold.code}/identify")
    assert hold.status is Status.HELD
    page = client.get(base(hold, "/identify")).text
    assert "Before we book this visit" in page
    assert 'id="identify-clerk"' in page
    assert 'id="timeout-dialog"' in page
    new = f"{town.base(hold.town)}/en/visits/new?hold={hold.code}"
    assert client.get(new).location.endswith("/identify")


def test_who_leaves_it_to_the_clerk_has_booked(client, hold):
    type_the_code(client, hold)

    answer = town.send(client, base(hold, "/identify"))

    assert answer.location.endswith("?done=1")
    assert hold.status is Status.BOOKED
    assert queries.standing(hold).left.moment is Moment.BOOK


def test_who_is_identified_goes_on_and_has_booked(client, hold):
    type_the_code(client, hold)
    known(hold, Level.EID)

    town.send(client, base(hold, "/identify/on"), base(hold, "/identify"))

    assert hold.status is Status.BOOKED


def test_going_on_without_being_identified_books_nothing(client, hold):
    type_the_code(client, hold)

    answer = town.send(client, base(hold, "/identify/on"), base(hold, "/identify"))

    assert answer.status_code == 409
    assert hold.status is Status.HELD


def test_what_another_browser_holds_is_missing(citizen, client, hold):
    type_the_code(client, hold)

    assert citizen.get(base(hold, "/identify")).status_code == 404
    for path in ("/identify", "/identify/on", "/identify/me"):
        page = f"{town.base(hold.town)}/en/help"
        assert town.send(citizen, base(hold, path), page).status_code == 404
    assert hold.status is Status.HELD


def test_a_hold_that_ran_out_meanwhile_is_taken_again_or_refused(client, hold):
    type_the_code(client, hold)

    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        answer = town.send(client, base(hold, "/identify"))

    assert answer.status_code == 303
    assert hold.status is Status.BOOKED


# --- to enter -------------------------------------------------------------------------------


def test_the_waiting_room_asks_first_and_says_why(client, visit, padron):
    padron.assurance_reason = {"en": "Because the register is about you."}
    needs(padron, enter="checked")

    answer = town.send(client, base(visit, "/wait"), base(visit))

    assert answer.location.endswith("/identify")
    assert visit.status is Status.BOOKED
    page = client.get(base(visit, "/identify")).text
    assert "Before you come in" in page
    assert "Because the register is about you." in page


def test_who_leaves_it_to_the_clerk_comes_in_and_the_clerk_sees_it(client, visit, padron, clerk):
    needs(padron, enter="checked")

    answer = town.send(client, base(visit, "/identify"))

    assert answer.location.endswith("/wait")
    assert visit.status is Status.WAITING
    assert client.get(base(visit, "/wait")).status_code == 200
    queue.call(clerk, visit)
    clerk.locale = "en"
    db.session.commit()
    town.enter(client, clerk)
    page = client.get(f"{town.base(visit.town)}/desk/visits/{visit.code}").text
    assert "They leave it to you" in page


def test_who_is_identified_comes_straight_in(client, visit, padron):
    needs(padron, enter="checked")
    known(visit)

    answer = town.send(client, base(visit, "/wait"), base(visit))

    assert visit.status is Status.WAITING
    assert answer.location.endswith("/wait")


def test_the_call_itself_does_not_open_by_the_back_door(client, visit, padron, clerk):
    needs(padron, enter="checked")
    queue.arrive(visit)
    queue.call(clerk, visit)
    db.session.commit()

    room = base(visit, "/room/presence")
    answer = town.send(client, room, f"{town.base(visit.town)}/en/help", event="join")

    assert answer.status_code == 409
    with pytest.raises(IdentifyFirst):
        calls.join(visit, Part.CITIZEN, "", camera=True, microphone=True)
    assert client.get(base(visit, "/wait")).location.endswith("/identify")
    assert "we are calling you" in client.get(base(visit, "/identify")).text
    services.leave_to_clerk(visit)
    assert calls.join(visit, Part.CITIZEN, "", camera=True, microphone=True)


def test_a_procedure_that_asks_nothing_more_stops_nobody(client, visit):
    town.send(client, base(visit, "/wait"), base(visit))

    assert visit.status is Status.WAITING


def test_the_surest_of_several_procedures_counts(place, padron, clerk):
    other = town.a_procedure("licencia", assurance={"enter": "checked"})
    from app.schedule.models import Skill

    db.session.add(Skill(resource_id=town.counter_of(clerk).id, procedure_id=other.id))
    from app.booking import queries as visits

    wish = visits.wish_for(place, padron, "video", "ca", also=[other])
    visit = town.a_visit(wish)

    assert queries.is_asked(visit, Moment.ENTER)


def test_before_its_day_who_is_identified_goes_back_to_the_visit(client, place, visit, padron):
    place.early_minutes = 0
    needs(padron, enter="checked")

    answer = town.send(client, base(visit, "/identify"))

    assert answer.location.endswith(f"/visits/{visit.code}")
    assert visit.status is Status.BOOKED


# --- before the act -------------------------------------------------------------------------


def act(desk, visit):
    panel = f"{town.base(visit.town)}/desk/visits/{visit.code}/identity/"
    return town.send(desk, panel + "act", panel)


def test_the_act_is_refused_until_somebody_is_known(desk, attended, padron, clerk):
    padron.act = {"ca": "Signar l’alta"}
    needs(padron, act="checked")
    page = desk.get(f"{town.base(attended.town)}/desk/visits/{attended.code}").text
    assert "Signar l’alta" in page
    assert 'id="identity-act"' not in page

    assert act(desk, attended).status_code == 409
    assert queries.standing(attended).act is None
    row = known(attended)
    assert act(desk, attended).status_code == 303

    done = queries.standing(attended).act
    assert (done.level, done.assurance_id, done.by_id) == (Level.CHECKED, row.id, clerk.id)
    told = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.name == "ActDone")).one()
    assert told.facts["level"] == "checked"


def test_an_act_is_written_down_once(desk, attended, padron):
    needs(padron, act="checked")
    known(attended)

    act(desk, attended)
    first = queries.standing(attended).act.done_at
    act(desk, attended)

    assert queries.standing(attended).act.done_at == first


def test_an_identification_that_is_undone_does_not_carry_the_act(attended, padron, clerk):
    needs(padron, act="checked")
    services.undo(known(attended), clerk, "it was another person")

    with pytest.raises(NotSureEnough):
        services.do_the_act(attended, clerk)


def test_left_to_the_clerk_a_check_is_enough_unless_the_act_asks_more(attended, padron, clerk):
    needs(padron, enter="eid")
    services.leave_to_clerk(attended)
    with pytest.raises(NotSureEnough):
        services.refuse_unless(attended, Moment.ACT)
    known(attended, Level.CHECKED)

    services.refuse_unless(attended, Moment.ACT)

    needs(padron, enter="eid", act="eid")
    with pytest.raises(NotSureEnough):
        services.refuse_unless(attended, Moment.ACT)


def test_the_citizen_is_told_during_the_call_what_is_needed(client, attended, padron):
    needs(padron, act="checked")

    page = client.get(base(attended, "/card")).text

    assert "Before we do this for you" in page
    assert "identity document" in page


def test_a_check_reaches_what_the_act_needs(attended, padron, clerk):
    needs(padron, act="checked")
    check = services.ask_to_check(attended, clerk, text="sha-256:x", version="v")
    services.agree(check, True)
    services.finish_check(check, clerk, Seen(DocumentKind.DNI, "Pere Roig"), text="sha-256:x")

    assert services.do_the_act(attended, clerk).level is Level.CHECKED


def test_another_towns_visit_is_missing(client, visit):
    other = town.a_town("etxalde")
    db.session.commit()

    for path in ("identify", "identity", "card"):
        address = f"{town.base(other)}/en/visits/{visit.code}/{path}"
        assert client.get(address).status_code == 404
