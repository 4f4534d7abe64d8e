"""A counter with everything in it: the demonstration, and one of all that addresses name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from app import create_app
from app.accounts.models import Account, Role
from app.booking.models import Status, Visit
from app.core.db import db, transaction
from app.demo import services as demo
from app.identity import services as identity
from app.towns.models import Channel, Town
from app.towns.tenant import every_town, town_of
from tests.counter import Counter, close_counter, open_counter
from tests.examples import EXAMPLES, names_in, the_person

PLACE = "sobreira"  # it speaks the seven languages
AT_THE_COUNTER = (Role.CLERK, Role.SUPERVISOR, Role.ADMINISTRATOR)
OPEN = ("everyone", "provider")


@dataclass(frozen=True)
class Screen:
    """A page as somebody sees it. `path` may hold `<lang>`."""

    name: str
    path: str
    who: Role | None

    def in_language(self, lang: str) -> str:
        return self.path.replace("<lang>", lang)


@dataclass(frozen=True)
class Cookie:
    name: str
    value: str


@dataclass
class House:
    """A running counter, its screens, and the cookie of somebody of each role."""

    counter: Counter
    app: Flask
    screens: list[Screen]
    left_out: dict[str, str]  # rules that show no page, and why
    cookies: dict[Role, Cookie]

    def at(self, path: str) -> str:
        return self.counter.at(PLACE, path)

    def speak(self, lang: str) -> None:
        """Everybody who is signed in reads in that language from now on."""
        change = sa.update(Account).values(locale=lang)
        with self.app.app_context(), every_town(), transaction():
            db.session.execute(change.execution_options(synchronize_session=False))


@contextmanager
def open_house(folder: Path, **settings: str) -> Iterator[House]:
    counter, process = open_counter(folder, **settings)
    try:
        app = create_app(INSTANCE=str(folder), DEMO=True)
        with app.app_context():
            town = db.session.scalars(sa.select(Town).where(Town.slug == PLACE)).one()
            with town_of(town.id), transaction():
                things = {name: make(town) for name, (make, _) in EXAMPLES.items()}
                cookies = {role: _cookie(the_person(role)) for role in Role}
                assert demo.somebody_waits(town, "gl")
                visits = _visits()
            host = town.host
        screens, left_out = _screens(app, host, things, visits, cookies)
        yield House(counter, app, screens, left_out, cookies)
        with app.app_context():
            db.engine.dispose()
    finally:
        close_counter(process)


def _cookie(person: Account) -> Cookie:
    made, value = identity.open_session(person, "passkey")
    return Cookie(f"ventanilla-{made.kind.value}", value)


def _visits() -> dict[str, str]:
    """The code of one visit by video in each state that the demonstration has."""
    rows = db.session.execute(
        sa.select(Visit.status, sa.func.min(Visit.code))
        .where(Visit.booked_at.is_not(None), Visit.channel == Channel.VIDEO)
        .group_by(Visit.status)
    ).all()
    return {Status(status).value: code for status, code in rows}


def _screens(
    app: Flask,
    host: str,
    things: dict[str, object],
    visits: dict[str, str],
    cookies: dict[Role, Cookie],
) -> tuple[list[Screen], dict[str, str]]:
    """What each address that can be opened shows; a page of a visit once for each of its states."""
    found: list[Screen] = []
    left_out: dict[str, str] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        if "GET" not in (rule.methods or ()):
            continue
        who = _who(app, rule)
        shown, why = 0, ""
        for state, values in _values(rule, things, visits):
            path = _path(app, rule, host, values)
            why = _why_not(
                app, host, path.replace("<lang>", "gl"), cookies.get(who) if who else None
            )
            if not why:
                found.append(Screen(f"{rule.rule} {state}".strip(), path, who))
                shown += 1
        if not shown:
            left_out[rule.rule] = why
    return found, left_out


def _values(
    rule: Rule, things: dict[str, object], visits: dict[str, str]
) -> Iterator[tuple[str, dict[str, object]]]:
    names = names_in(rule.rule)
    values = {name: things[of] for name, of in names.items()}
    own = next((name for name, of in names.items() if of == "visits/<code>"), None)
    if own is None:
        yield "", values
        return
    for state, code in visits.items():
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
        return (
            Role.CITIZEN if rule.rule.startswith(("/<lang:lang>/me", "/<lang:lang>/data")) else None
        )
    return next((role for role in AT_THE_COUNTER if role in label), label[0])


def _why_not(app: Flask, host: str, path: str, cookie: Cookie | None) -> str:
    """Why this address shows no page; nothing when it does."""
    if path.endswith("/stream") or path.startswith("/static"):
        return "not a page"
    client = app.test_client()
    if cookie:
        client.set_cookie(cookie.name, cookie.value, domain=host)
    answer = client.get(path, base_url=f"http://{host}")
    if answer.status_code != 200:
        return f"answers {answer.status_code}"
    return "" if answer.mimetype == "text/html" else f"is {answer.mimetype}"
