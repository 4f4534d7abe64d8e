"""One real thing for every parameter of an address, so that a new route is walked by itself.

The name of an example is what stands before the parameter in the rule, with the parameter:
`visits/<code>` in `/desk/visits/<code>/call`. A rule with a parameter that has no example fails
`tests/core/test_who_may_enter.py`: write here how to make one, in the town spoken for.
"""

import re
import secrets
from collections.abc import Callable
from datetime import date, time
from typing import Any

from app.accounts import services as accounts
from app.accounts.models import MAY, Account, Power, Role
from app.booking import services as booking
from app.booking.models import Visit, WaitlistEntry
from app.core.db import db, new_code
from app.desk import services as desk
from app.messaging.models import Message
from app.privacy import services as privacy
from app.privacy.models import Blocking, BlockReason, HoldReason, RequestKind
from app.schedule.models import Resource, ResourceKind, Shift
from app.towns.models import Closure, Season, Town
from tests import town

PARAMETER = re.compile(r"(?P<before>[\w.-]*)/<(?:\w+(?:\([^)]*\))?:)?(?P<name>\w+)>")

Make = Callable[[Town], Any]
EXAMPLES: dict[str, tuple[Make, Callable[[], Any]]] = {}


def example(name: str, missing: Callable[[], Any]) -> Callable[[Make], Make]:
    """How to make the thing of that name; `missing`: something as long that never existed."""

    def register(make: Make) -> Make:
        EXAMPLES[name] = (make, missing)
        return make

    return register


def names_in(rule: str) -> dict[str, str]:
    """The examples that a rule needs, by its parameters. The language is not one of them."""
    return {
        found["name"]: f"{found['before']}/<{found['name']}>"
        for found in PARAMETER.finditer(rule)
        if found["name"] != "lang"
    }


@example("procedures/<slug>", lambda: "nothing")
def a_procedure(place: Town) -> str:
    return town.the_procedure("padron").slug


@example("visits/<code>", new_code)
def a_visit(place: Town) -> str:
    return the_visit(place).code


@example("waitlist/<code>", new_code)
def an_entry(place: Town) -> str:
    found = db.session.query(WaitlistEntry).filter_by(town_id=place.id).first()
    return (found or booking.join(the_visit(place))).code


@example("enrol/<token>", lambda: secrets.token_urlsafe(24))
def an_invitation(place: Town) -> str:
    return accounts.invite(the_person(Role.CLERK))


@example("agenda/<token>", lambda: secrets.token_urlsafe(24))
def a_calendar(place: Town) -> str:
    return desk.open_feed(the_person(Role.CLERK))


@example("requests/<code>", new_code)
def a_request(place: Town) -> str:
    person = the_person(Role.CITIZEN)
    return privacy.receive(RequestKind.ACCESS, person, place).code


@example("blocked/<code>", new_code)
@example("erased/<code>", new_code)
def a_blocking(place: Town) -> str:
    found = db.session.query(Blocking).filter_by(town_id=place.id).first()
    person = accounts.know_citizen("+34600555444", "ca", "Lluc")
    return (found or privacy.block(person, place, BlockReason.ASKED)).code


@example("holds/<code>", new_code)
def a_hold(place: Town) -> str:
    by, person = the_person(Role.ADMINISTRATOR), the_person(Role.CITIZEN)
    return privacy.place_hold(person.id, by, HoldReason.COURT, "DP 1/2026").code


@example("hours/<code>", new_code)
@example("people/<code>", new_code)
def a_counter(place: Town) -> str:
    code = town.counter_of(the_person(Role.CLERK)).code
    assert code
    return code


@example("shifts/<shift_id>", lambda: 999_999)
def a_shift(place: Town) -> int:
    return db.session.query(Shift).filter_by(town_id=place.id).first().id


@example("days/<day>", lambda: "2031-12-31")
def a_day(place: Town) -> str:
    return "2031-01-01"


@example("closed/<closure_id>", lambda: 999_999)
def a_closed_day(place: Town) -> int:
    return kept(Closure(day=date(2031, 1, 2), reason="Festa"))


@example("seasons/<season_id>", lambda: 999_999)
def a_season(place: Town) -> int:
    first, last = date(2031, 7, 1), date(2031, 7, 31)
    return kept(Season(first_day=first, last_day=last, opens=time(9), closes=time(13)))


@example("twilio/<way>", lambda: "call")
def a_way(place: Town) -> str:
    return "sms"


@example("/<code>", new_code)
def a_message(place: Town) -> str:
    the_visit(place)
    return db.session.query(Message).filter_by(town_id=place.id).first().code


def kept(row: Any) -> int:
    db.session.add(row)
    db.session.flush()
    return int(row.id)


def the_visit(place: Town) -> Visit:
    """A booked one of that town: made once."""
    found = db.session.query(Visit).filter_by(town_id=place.id).first()
    return found or town.a_visit(
        town.a_wish(place, town.the_procedure("padron")), town.tomorrow_at(10)
    )


def the_person(role: Role) -> Account:
    """Somebody with that role in the town spoken for: made once."""
    found = db.session.query(Account).filter_by(role=role).first()
    if found:
        return found
    if role is Role.CITIZEN:
        return accounts.know_citizen("+34600999888", "ca", "Rosa")
    person = accounts.employ(f"A {role.value}", role, ["ca", "es"])
    if Power.SEE_DAY in MAY[role]:
        db.session.add(Resource(kind=ResourceKind.CLERK, name=person.name, account_id=person.id))
        db.session.flush()
    return person
