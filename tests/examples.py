"""One real thing for every parameter of an address, so that a new route is walked by itself.

The name of an example is what stands before the parameter in the rule, with the parameter:
`visits/<code>` in `/desk/visits/<code>/call`. A rule with a parameter that has no example fails
`tests/core/test_who_may_enter.py`: write here how to make one, in the town spoken for.
"""

import re
import secrets
from collections.abc import Callable
from typing import Any

from app.accounts import services as accounts
from app.accounts.models import MAY, Account, Power, Role
from app.booking import services as booking
from app.booking.models import Visit, WaitlistEntry
from app.calls import services as calls
from app.calls.models import Part
from app.core.db import db, new_code
from app.desk import services as desk
from app.schedule.models import Resource, ResourceKind
from app.towns.models import Town
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


@example("join/<token>", lambda: secrets.token_urlsafe(16))
def a_call_to_join(place: Town) -> str:
    who = the_person(Role.CLERK)
    link = calls.invite(the_visit(place), Part.COMPANION, "Joan", None, who)[1]
    return link.rsplit("/", 1)[1]


@example("invitations/<invitation>", new_code)
def an_invited_person(place: Town) -> str:
    who = the_person(Role.CLERK)
    return calls.invite(the_visit(place), Part.COMPANION, "Joan", None, who)[0].code


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
