"""What a telephone must fetch for a call: few bytes, all of them ours."""

import re
from posixpath import join, normpath

import pytest
import sqlalchemy as sa

from app.core.db import db
from app.queue import services as queue
from app.towns.models import Procedure, Recording
from tests import town

MOST = 60_000  # bytes
# What our web server adds to each answer of ours.
ADDED = "Server: gunicorn\r\nDate: Thu, 26 Nov 2026 10:00:00 GMT\r\nConnection: keep-alive\r\n"
FILE = re.compile(r'<(?:link|script)\b[^>]*?\b(?:href|src)="(/static/[^"]+)"')
STRANGER = re.compile(r'\b(?:src|href|action)="(?:https?:)?//(?!vilaclara\.localhost)')
MODULE = re.compile(r'data-module="([\w-]+)"')
# `import … from './room.js'` and `import('./room.js')`, but not what a comment says of types
IMPORT = re.compile(r"""^import [^'"]*['"](\.[^'"]+)['"]""", re.M)
LATER = re.compile(r"""\bimport\(['"](\.[^'"]+)['"]\)""")
# For a few towns or moments only, and fetched then: the server in the middle, a recording at work.
SELDOM = re.compile(r"calls/janus|recordings/(?!recording-screen)")


@pytest.fixture
def waiting(place, clerk):
    """Before a visit that may be recorded, of which most is on the page."""
    padron = db.session.scalars(sa.select(Procedure)).one()
    padron.recording = Recording.MAY
    padron.recording_reason = town.texts("So that it can be shown later what was said.")
    made = town.a_visit(town.a_wish(place, padron))
    queue.arrive(made)
    db.session.commit()
    return made


class Wire:
    """What a browser has asked for: each once. `bodies` and `heads` are bytes by address."""

    def __init__(self, client, home):
        self.client, self.home = client, home
        self.bodies, self.heads = {}, {}

    def fetch(self, url):
        packed = {"Accept-Encoding": "br"}
        with self.client.get(self.home + url, headers=packed, buffered=True) as answer:
            assert answer.status_code == 200, url
            assert answer.headers["Content-Encoding"] == "br", url
            self.bodies[url] = len(answer.data)
            self.heads[url] = len("HTTP/1.1 200 OK\r\n" + str(answer.headers) + ADDED)
        with self.client.get(self.home + url, buffered=True) as plain:
            return plain.text

    def follow(self, app, page, *, later):
        """The page with its sheets and scripts; `later`: and what a call comes to need."""
        html = self.fetch(page)
        main = f"{app.config['ASSET_PREFIX']}js/main.js"
        known = dict(re.findall(r"'?([\w-]+)'?: \(\) => import\('([^']+)'\)", self.fetch(main)))
        asked = set(FILE.findall(html)) | {
            normpath(join(main, "..", known[name])) for name in MODULE.findall(html)
        }
        asked.add(normpath(join(main, "..", "core/mount.js")))
        while asked - self.bodies.keys():
            file = (asked - self.bodies.keys()).pop()
            text = self.fetch(file)
            if file.endswith(".js") and "/vendor/" not in file:
                found = IMPORT.findall(text) + (LATER.findall(text) if later else [])
                named = {normpath(join(file, "..", name)) for name in found}
                asked |= {name for name in named if not SELDOM.search(name)}
        return html


@pytest.fixture
def wire(client, place):
    return Wire(client, town.base(place))


def test_the_whole_call_weighs_less_than_sixty_kilobytes(app, waiting, wire):
    html = wire.follow(app, f"/ca/visits/{waiting.code}/wait", later=True)

    names = {url.rsplit("/", 1)[-1] for url in wire.bodies}
    assert {"pair.js", "text.js", "captions.js", "figures.js", "options-screen.js"} <= names
    assert not STRANGER.search(html)
    assert sum(wire.bodies.values()) <= MOST, wire.bodies


def test_the_waiting_room_weighs_less_with_all_headers(app, waiting, wire):
    wire.follow(app, f"/ca/visits/{waiting.code}/wait", later=False)

    names = {url.rsplit("/", 1)[-1] for url in wire.bodies}
    assert "pair.js" in names
    assert "text-screen.js" not in names, "it comes when somebody writes"
    assert sum(wire.bodies.values()) + sum(wire.heads.values()) <= MOST, wire.bodies


def test_what_is_asked_for_before_the_page_is_read_is_what_a_call_begins_with(app, waiting, wire):
    html = wire.fetch(f"/ca/visits/{waiting.code}/wait")
    early = {url for url in FILE.findall(html) if "/js/calls/" in url}
    root = f"{app.config['ASSET_PREFIX']}js/calls/"

    needed, waiting_for = set(), {f"{root}call-screen.js"}
    while waiting_for:
        file = waiting_for.pop()
        needed.add(file)
        found = IMPORT.findall(wire.fetch(file))
        waiting_for |= {normpath(join(file, "..", name)) for name in found} - needed

    assert early == {file for file in needed if file.startswith(root)} - {f"{root}here.js"}
