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
from app.assurance import queries as assurance
from app.assurance.services import authorise
from app.booking import services as booking
from app.booking.models import Visit, WaitlistEntry
from app.core import clock
from app.core.db import db, new_code
from app.desk import services as desk
from app.identity import services as identity
from app.identity.models import Passkey
from app.messaging import services as messaging
from app.messaging.models import Message
from app.schedule import services as schedule
from app.schedule.models import Resource, ResourceKind
from app.schedule.services import Hours
from app.towns import services as towns
from app.towns.models import Town
from tests import town

PARAMETER = re.compile(r"(?P<before>[\w.-]*)/<(?:\w+(?:\([^)]*\))?:)?(?P<name>\w+)>")

Make = Callable[[Town], Any]
TODAY = date(2030, 12, 31)
HOURS = Hours(time(9), time(12), ("video",))
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


@example("identity/<row>", new_code)
def an_identification(place: Town) -> str:
    return assurance.rows_of(the_visit(place))[0].code


@example("clerks/<code>", new_code)
def an_authorised_clerk(place: Town) -> str:
    clerk, today = the_person(Role.CLERK), clock.today(place.time_zone)
    entries = assurance.entries_of(clerk)
    return (entries or [authorise(clerk, today, None, reference="", by=None)])[0].code


@example("with/<name>", lambda: "nothing")
@example("eid/<name>", lambda: "nothing")
def a_provider(place: Town) -> str:
    """None is configured, so none exists."""
    return "anything"


@example("recover/<token>", lambda: secrets.token_urlsafe(24))
def a_recovery(place: Town) -> str:
    return accounts.offer_recovery(the_person(Role.CITIZEN), reason="video")


@example("twilio/<way>", lambda: "sms")
def a_way(place: Town) -> str:
    return "sms"


@example("/<code>", new_code)
def a_message(place: Town) -> str:
    found = db.session.query(Message).filter_by(town_id=place.id).first()
    return (found or messaging.send_later("+34600999888", "Bon dia", key="example")).code


@example("passkeys/<code>", new_code)
def a_passkey(place: Town) -> str:
    key = Passkey(
        account_id=the_person(Role.SUPERVISOR).id,
        credential_id=secrets.token_bytes(16),
        user_handle=secrets.token_bytes(64),
        public_key=b"-",
    )
    db.session.add(key)
    db.session.flush()
    return key.code


@example("sessions/<code>", new_code)
def a_session(place: Town) -> str:
    return identity.open_session(the_person(Role.SUPERVISOR), "passkey")[0].code


@example("kept/<code>", new_code)
def some_answers(place: Town) -> str:
    return identity.keep_answers(the_person(Role.SUPERVISOR).id, "/desk/", [("a", "b")]).code


@example("access/<code>", new_code)
def a_person(place: Town) -> str:
    return the_person(Role.CLERK).code


@example("people/<code>", new_code)
@example("hours/<code>", new_code)
def a_resource(place: Town) -> str:
    return the_resource().code


@example("shifts/<shift_id>", lambda: 999_999)
def a_shift(place: Town) -> int:
    return schedule.add_shifts(the_resource(), [0], HOURS)[0].id


@example("days/<day>", lambda: "2031-01-02")
def a_day(place: Town) -> str:
    return "2031-01-01"


@example("closed/<closure_id>", lambda: 999_999)
def a_closure(place: Town) -> int:
    return towns.set_day(date(2031, 1, 1), "A feast", office=None, today=TODAY).id


@example("seasons/<season_id>", lambda: 999_999)
def a_season(place: Town) -> int:
    july = date(2031, 7, 1), date(2031, 7, 31)
    return towns.add_season(
        *july, time(9), time(13), reason="Summer", is_yearly=False, office=None
    ).id


def the_resource() -> Resource:
    """A desk of the town spoken for: made once."""
    found = db.session.query(Resource).filter_by(name="A desk").first()
    return found or schedule.add_resource(ResourceKind.DESK, "A desk")


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
    if Power.ATTEND in MAY[role]:
        db.session.add(Resource(kind=ResourceKind.CLERK, name=person.name, account_id=person.id))
        db.session.flush()
    return person
