"""Every screen of the product, as one list: what each address shows, to whom, in which state.

Whoever checks screens asks here, so that a new route is looked at without being told. An address
that shows no page when it is just opened says in `left_out.py` why, and where its screens are
looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.accounts.models import Account, Role
from app.booking.models import Status, Visit
from app.core.db import db
from app.identity import services as identity
from app.towns.models import Channel, Town
from tests.examples import EXAMPLES, names_in, the_person

AT_THE_COUNTER = (Role.CLERK, Role.SUPERVISOR, Role.ADMINISTRATOR)
OPEN = ("everyone", "provider")
ON_THEIR_OWN = ("/<lang:lang>/me", "/<lang:lang>/data")
PIECE = {"HX-Request": "true", "HX-Request-Type": "partial"}


@dataclass(frozen=True)
class Screen:
    """A page as somebody sees it. `path` may hold `<lang>`."""

    name: str
    path: str
    who: Role | None
    rule: str = ""

    def in_language(self, lang: str) -> str:
        return self.path.replace("<lang>", lang)


@dataclass(frozen=True)
class Cookie:
    name: str
    value: str


@dataclass(frozen=True)
class Things:
    """One of all that addresses name, and the cookie of somebody of each role."""

    host: str
    examples: dict[str, object]
    visits: dict[str, str]
    cookies: dict[Role, Cookie]


def things_of(town: Town) -> Things:
    """Made in the town spoken for; whoever calls commits."""
    examples = {name: make(town) for name, (make, _) in EXAMPLES.items()}
    cookies = {role: cookie_of(the_person(role)) for role in Role}
    return Things(town.host, examples, visits_by_state(), cookies)


def cookie_of(person: Account) -> Cookie:
    made, value = identity.open_session(person, "passkey")
    return Cookie(f"ventanilla-{made.kind.value}", value)


def visits_by_state() -> dict[str, str]:
    """The code of one visit by video in each state that the register has."""
    rows = db.session.execute(
        sa.select(Visit.status, sa.func.min(Visit.code))
        .where(Visit.booked_at.is_not(None), Visit.channel == Channel.VIDEO)
        .group_by(Visit.status)
    ).all()
    return {Status(status).value: code for status, code in rows}


def screens(app: Flask, things: Things) -> tuple[list[Screen], dict[str, str]]:
    """What each address that can be opened shows, a page of a visit once for each of its states;
    and the addresses that show no page, with what they answer.
    """
    found: list[Screen] = []
    left_out: dict[str, str] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        if "GET" not in (rule.methods or ()):
            continue
        who = _who(app, rule)
        shown, why = 0, ""
        for state, values in _values(rule, things):
            screen = Screen(
                f"{rule.rule} {state}".strip(),
                _path(app, rule, things.host, values),
                who,
                rule.rule,
            )
            why = _why_not(app, things, screen)
            if not why:
                found.append(screen)
                shown += 1
        if not shown:
            left_out[rule.rule] = why
    return found, left_out


def ask(app: Flask, things: Things, screen: Screen, lang: str, **headers: str) -> TestResponse:
    """What that screen answers in that language, without a browser."""
    address = f"http://{things.host}"
    client = client_of(app, things, screen)
    return client.get(screen.in_language(lang), base_url=address, headers=headers)


def client_of(app: Flask, things: Things, screen: Screen) -> FlaskClient:
    """A browser of whoever looks at that screen."""
    client = app.test_client()
    if screen.who:
        cookie = things.cookies[screen.who]
        client.set_cookie(cookie.name, cookie.value, domain=things.host)
    return client


def _values(rule: Rule, things: Things) -> Iterator[tuple[str, dict[str, object]]]:
    names = names_in(rule.rule)
    values = {name: things.examples[of] for name, of in names.items()}
    own = next((name for name, of in names.items() if of == "visits/<code>"), None)
    if own is None:
        yield "", values
        return
    for state, code in things.visits.items():
        yield state, {**values, own: code}


def _path(app: Flask, rule: Rule, host: str, values: dict[str, object]) -> str:
    """With the language left open, which the builder would escape."""
    language = {"lang": "gl"} if "<lang" in rule.rule else {}
    path = app.url_map.bind(host).build(rule.endpoint, {**language, **values}, method="GET")
    return path.replace("/gl", "/<lang>", 1) if language else path


def _who(app: Flask, rule: Rule) -> Role | None:
    """Who looks: a clerk where clerks may, else the first whom the label names."""
    label = app.view_functions[rule.endpoint].who_may_enter  # type: ignore[attr-defined]
    if label in OPEN:
        # Pages of one's own are open to all, who are asked to sign in: look at what is inside.
        return Role.CITIZEN if rule.rule.startswith(ON_THEIR_OWN) else None
    return next((role for role in AT_THE_COUNTER if role in label), label[0])


def _why_not(app: Flask, things: Things, screen: Screen) -> str:
    """Why this address shows no page; nothing when it does."""
    if screen.path.endswith("/stream") or screen.path.startswith("/static"):
        return "not a page"
    answer = ask(app, things, screen, "gl")
    if answer.status_code != 200:
        return f"answers {answer.status_code}"
    return "" if answer.mimetype == "text/html" else f"is {answer.mimetype}"
