"""Every screen as it is sent, without a browser: what can be read in it is checked in seconds."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from flask import Flask
from lxml import html
from lxml.html import HtmlElement

from app.booking import services as booking
from app.booking.models import Status, Visit
from app.core.db import db
from app.core.i18n import LANGUAGES
from app.desk import services as desk
from app.desk.services import Words
from app.queue import services as queue
from app.towns.models import Town
from tests import town
from tests.screens import Screen, Things, ask, screens, things_of

CONTROLS = (
    "self::a[@href] or self::button or self::select or self::textarea or self::summary"
    " or self::input[not(@type='hidden')]"
)
TWO_MONTHS = 60 * 24 * 60


@dataclass(frozen=True)
class Rendered:
    """One screen in one language, read."""

    screen: Screen
    lang: str
    text: str

    @cached_property
    def tree(self) -> HtmlElement:
        return html.document_fromstring(self.text)

    def all(self, path: str) -> list[HtmlElement]:
        return list(self.tree.xpath(path))

    @property
    def called(self) -> str:
        return f"{self.screen.name} in {self.lang}"


@dataclass
class Everything:
    """The screens of a town with one of all that addresses name."""

    app: Flask
    things: Things
    screens: list[Screen]
    left_out: dict[str, str]
    seen: list[Rendered] = field(default_factory=list)


def a_town_with_everything(app: Flask) -> Everything:
    place = town.a_town(
        "sobreira", LANGUAGES, early_minutes=TWO_MONTHS, eid_providers=[], late_minutes=5
    )
    _a_visit_in_each_state(place)
    things = things_of(place)
    db.session.commit()
    found, left_out = screens(app, things)
    return Everything(app, things, found, left_out)


def _a_visit_in_each_state(place: Town) -> None:
    padron = town.a_procedure(slug="padron")
    clerks = [town.a_clerk(padron, name=f"Clerk {n}", languages=LANGUAGES) for n in range(4)]
    wish = town.a_wish(place, padron)
    for number, status in enumerate(
        (Status.BOOKED, Status.WAITING, Status.CANCELLED, Status.CALLED, Status.IN_SERVICE)
        + (Status.SERVED, Status.NO_SHOW)
    ):
        visit = town.a_visit(wish, town.tomorrow_at(8 + number), phone=f"+3460012340{number}")
        if status is Status.CANCELLED:
            booking.cancel(visit, by="citizen")
        elif status is not Status.BOOKED:
            _live(visit, status, clerks[number - 3])
        db.session.commit()


def _live(visit: Visit, status: Status, clerk: town.Account) -> None:
    queue.arrive(visit)
    if status is Status.WAITING:
        return
    queue.call(clerk, visit)
    if status is Status.NO_SHOW:
        queue.give_up(visit)
    elif status is not Status.CALLED:
        queue.begin(visit)
        if status is Status.SERVED:
            desk.close(visit, status, Words(outcome="Done."))


def rendered(everything: Everything, langs: tuple[str, ...]) -> Iterator[Rendered]:
    """Each screen once, in one of the languages; whoever is signed in reads their own."""
    for number, screen in enumerate(everything.screens):
        lang = langs[number % len(langs)]
        answer = ask(everything.app, everything.things, screen, lang)
        if answer.status_code == 200:
            yield Rendered(screen, lang, answer.text)
