"""Every screen as it is sent, without a browser: what can be read in it is checked in seconds."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import brotli
from flask import Flask
from lxml import html
from lxml.html import HtmlElement
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from app.booking import services as booking
from app.booking.models import Status, Visit
from app.core.db import db
from app.core.i18n import LANGUAGES
from app.desk import services as desk
from app.desk.services import Words
from app.queue import services as queue
from app.towns.models import Town
from tests import town
from tests.screens import Screen, Things, ask, client_of, screens, things_of

CONTROLS = (
    "self::a[@href] or self::button or self::select or self::textarea or self::summary"
    " or self::input[not(@type='hidden')]"
)
POST = "translate(@method, 'POST', 'post') = 'post'"
WRITTEN = (
    ".//textarea | .//input[not(@type) or @type='text' or @type='tel' or @type='email'"
    " or @type='date' or @type='time' or @type='number' or @type='url']"
)
TWO_MONTHS = 60 * 24 * 60
HEADERS_OF_A_FILE = 350  # bytes; measured with a browser


@dataclass(frozen=True)
class Rendered:
    """One screen in one language, as it was sent and as it is read."""

    screen: Screen
    lang: str
    sent: bytes  # compressed
    headers: int  # their bytes
    files: "Files"

    @cached_property
    def text(self) -> str:
        return str(brotli.decompress(self.sent).decode())

    @cached_property
    def tree(self) -> HtmlElement:
        return html.document_fromstring(self.text)

    def all(self, path: str) -> list[HtmlElement]:
        return list(self.tree.xpath(path))

    @property
    def called(self) -> str:
        return f"{self.screen.name} in {self.lang}"

    @property
    def styles(self) -> list[str]:
        return list(self.tree.xpath("//link[@rel='stylesheet']/@href"))

    @property
    def scripts(self) -> list[str]:
        return list(self.tree.xpath("//script/@src"))

    @property
    def first_flight(self) -> int:
        """Bytes of HTML and CSS, with headers."""
        return len(self.sent) + self.headers + sum(map(self.files.size, self.styles))

    @property
    def named(self) -> int:
        """Bytes of the page and of all that its HTML names."""
        icons = self.tree.xpath("//link[@rel='icon']/@href")
        return self.first_flight + sum(map(self.files.size, [*self.scripts, *icons]))


@dataclass(frozen=True)
class Files:
    """What the browser fetches beside the page, compressed as it is kept on the shelf."""

    folder: Path
    prefix: str

    def size(self, address: str) -> int:
        file = self.folder / address.removeprefix(self.prefix)
        small = file.with_name(file.name + ".br")
        return (small if small.exists() else file).stat().st_size + HEADERS_OF_A_FILE


def files_of(app: Flask) -> Files:
    prefix = app.config["ASSET_PREFIX"]
    return Files(Path(os.environ["VENTANILLA_ASSETS"]) / prefix.split("/")[2], prefix)


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
    files = files_of(everything.app)
    for number, screen in enumerate(everything.screens):
        lang = langs[number % len(langs)]
        answer = sent(everything, screen, lang)
        if answer.status_code == 200:
            yield Rendered(screen, lang, answer.data, weight_of_headers(answer), files)


def sent(everything: Everything, screen: Screen, lang: str, **headers: str) -> TestResponse:
    small = {"Accept-Encoding": "br", **headers}
    return ask(everything.app, everything.things, screen, lang, **small)


def weight_of_headers(answer: TestResponse) -> int:
    return sum(len(f"{name}: {value}\r\n") for name, value in answer.headers.items()) + 17


@dataclass(frozen=True)
class Refused:
    """A form that was sent with nothing written in it, and came back."""

    called: str
    tree: HtmlElement


def sent_empty(everything: Everything, langs: tuple[str, ...]) -> Iterator[Refused]:
    """Each form in which something is written, sent as it is when nobody wrote anything."""
    for number, screen in enumerate(everything.screens):
        lang = langs[number % len(langs)]
        client = client_of(everything.app, everything.things, screen)
        path, base = screen.in_language(lang), f"http://{everything.things.host}"
        page = client.get(path, base_url=base)
        if page.status_code != 200:
            continue
        for form in html.document_fromstring(page.text).xpath(f"//form[@hx-post or {POST}]"):
            if not form.xpath(WRITTEN) or form.get("enctype"):
                continue
            form.make_links_absolute(base + path)
            fields = [(name, value) for name, value in form.fields.items() if value is not None]
            written = {one.get("name") for one in form.xpath(WRITTEN)}
            data = [(name, "" if name in written else value) for name, value in fields]
            answer = client.post(form.get("action"), data=MultiDict(data))
            if answer.status_code == 422:
                yield Refused(
                    f"{form.get('action')} of {screen.name} in {lang}",
                    html.document_fromstring(answer.text),
                )
            assert answer.status_code < 500, f"{form.get('action')} answered {answer.status_code}"
