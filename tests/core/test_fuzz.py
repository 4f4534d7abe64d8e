"""Whatever is sent to whatever route: no mistake of ours, and bad input changes nothing.

The routes are those of the map of the application, so that a new one is tried without being told.
"""

import hashlib
import os
import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.accounts import services as accounts
from app.booking import services as booking
from app.booking.forms import written_start
from app.core.db import Base, db
from app.towns.tenant import speak_for
from tests import town

# For each route; FUZZ_EXAMPLES=500 looks deeper.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))

# What a refused request may still write: that it was tried.
COUNTS_OF_TRIES = {"audit_entry", "phone_code", "challenge"}

NAMES = (
    *("phone", "name", "token", "code", "starts", "channel", "needs", "consent", "way", "hold"),
    *("procedure", "also", "entry", "day", "ended", "outcome", "next_steps", "then", "next"),
    *("csrf_token", "lang", "q", "_method", "participant", "incarnation", "signals", "id", "rawId"),
    *("response", "type", "MessageSid", "MessageStatus", "AccountSid", "CallSid", "CallStatus"),
)
ODD = (
    *("", " ", "0", "-1", "1e999", "NaN", "null", "true", "[]", "{}", "\x00", "é" * 50, "٣" * 6),
    *("\r\nX-Injected: yes", "%0d%0aX-Injected: yes", "\u202e600123456", "🙂" * 30, "\ufffe"),
    *("9" * 400, "x" * 70_000, "' OR 1=1 --", "<script>alert(1)</script>", "{{ 7*7 }}", "../.."),
    *("600123456", "+34 600 12 34 56", "+33612345678", "972202020", "806123456", "123456"),
    *("video", "phone", "in_person", "call", "sms", "padron", "served", "no_show", "lse"),
    *("99991231T2359Z", "00010101T0000Z", "2026-02-31", "//elsewhere.example", "/desk//x"),
)
HEADERS = (
    {},
    {"HX-Request": "true"},
    {"Accept": "application/json"},
    {"Accept-Language": "xx,;q=,eu;q=9" * 20},
    {"Cookie": "ventanilla=.eJx.odd; lang=../..; ventanilla=x"},
    {"Content-Type": "multipart/form-data; boundary="},
    {"Content-Type": "application/x-www-form-urlencoded; charset=utf-7"},
    {"X-CSRFToken": "x" * 5000},
    {"Last-Event-ID": "9" * 40, "If-None-Match": '"', "Range": "bytes=9-1"},
    {"X-Twilio-Signature": "á"},
)


@pytest.fixture
def world(app, client, monkeypatch):
    """Two towns with everything a route can name, and a clerk of the first one signed in."""
    for name in ("WRITES", "MISSES", "CODE_REQUESTS", "FORGERIES"):
        monkeypatch.setitem(app.config, f"{name}_PER_MINUTE", 10**6)
    theirs = a_town_with_everything("etxalde", client)
    ours = a_town_with_everything("vilaclara", client)
    return World(app, client, ours, theirs)


def a_town_with_everything(slug, client):
    """The names of its things, by what a route calls them."""
    place = town.a_town(slug)
    padron = town.a_procedure()
    clerk = town.a_clerk(padron, name=f"Clerk of {slug}")
    wish = town.a_wish(place, padron)
    booked = [town.a_visit(wish, town.tomorrow_at(hour)) for hour in (9, 11)]
    hold = town.a_hold(wish, town.tomorrow_at(13))
    entry = booking.join(booked[1])
    invitation = accounts.invite(clerk)
    db.session.commit()
    with client.session_transaction(base_url=town.base(place)) as session:
        session["account"], session["epoch"] = clerk.id, clerk.session_epoch
        session["hold"], session["entry"] = hold.code, entry.code
    names = [visit.code for visit in booked] + [hold.code, entry.code, invitation]
    return place, names, written_start(town.tomorrow_at(15))


class World:
    """What a fuzz needs to know: where to send, whose names exist, and what the register holds."""

    def __init__(self, app, client, ours, theirs):
        self.app, self.client = app, client
        (self.place, self.names, self.start), (_, self.foreign, _) = ours, theirs

    def rules(self):
        return [rule for rule in self.app.url_map.iter_rules() if "POST" in rule.methods]

    def digest(self):
        """Of every row of every table, but for the counts of tries."""
        found = hashlib.sha256()
        for table in Base.metadata.sorted_tables:
            if table.name not in COUNTS_OF_TRIES:
                rows = db.session.connection().execute(sa.select(table))
                found.update(repr(sorted(map(repr, rows))).encode())
        return found.hexdigest()

    def send(self, path, **request):
        speak_for(None)
        answer = self.client.post(f"{town.base(self.place)}{path}", **request)
        speak_for(self.place.id)
        return answer


def texts():
    return st.one_of(st.sampled_from(ODD), st.text(max_size=20))


def queries():
    return st.dictionaries(st.sampled_from(NAMES), texts(), max_size=4)


def bodies():
    """What is sent: a form, JSON of any shape, or bytes that are nothing."""
    forms = st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=8)), texts())
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts())
    shapes = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
        ),
        max_leaves=10,
    )
    raw = st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            (b"%%%=&&&=%ED%A0%80", b"code=%00&code=1", b"[" * 40_000, b"x=" + b"y" * 300_000)
        ),
        st.just(b"z" * (2 * 1024 * 1024 + 1)),
    )
    return st.one_of(
        forms.map(lambda form: {"data": form}),
        shapes.map(lambda shape: {"json": shape}),
        raw.map(lambda text: {"data": text, "content_type": "application/json"}),
        raw.map(lambda text: {"data": text, "content_type": "application/x-www-form-urlencoded"}),
    )


def filled(rule, name, lang="ca"):
    """An address of that rule, with one name in all its places."""
    path = rule.rule.replace("<lang:lang>", lang)
    return re.sub(r"<[^>]+>", lambda _: quote(name, safe=""), path)


@pytest.mark.parametrize("side", ["desk", "street"])
def test_no_route_makes_a_mistake_and_bad_input_changes_nothing(world, side):
    tried = set()
    for rule in world.rules():
        if rule.rule.startswith("/desk") is not (side == "desk"):
            continue
        tried.add(rule.endpoint)
        fuzz(world, rule)

    assert len(tried) >= 10


def fuzz(world, rule):
    names = st.one_of(
        st.sampled_from([*world.names, *world.foreign, "x" * 12, "..", "a" * 3000, "\r\nX: y"]),
        st.text(min_size=1, max_size=12),
    )

    @settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(names, queries(), bodies(), st.sampled_from(HEADERS), st.booleans())
    def any_request(name, query, body, headers, has_token):
        world.app.config["WTF_CSRF_ENABLED"] = not has_token
        if query.get("starts") == "":
            query["starts"] = world.start
        before = world.digest()

        answer = world.send(filled(rule, name), query_string=query, headers=headers, **body)

        assert answer.status_code < 500, rule
        assert "X-Injected" not in answer.headers
        if answer.status_code >= 400:
            assert world.digest() == before, (rule, answer.status_code)

    try:
        any_request()
    finally:
        world.app.config["WTF_CSRF_ENABLED"] = True


def test_a_name_of_another_town_opens_nothing_and_changes_nothing(world, monkeypatch):
    """Every route that takes a name, with every name of the other town, by who may enter ours."""
    monkeypatch.setitem(world.app.config, "WTF_CSRF_ENABLED", False)
    before = world.digest()
    named = [rule for rule in world.rules() if set(rule.arguments) - {"lang", "way"}]

    for rule in named:
        for name in world.foreign:
            answer = world.send(
                filled(rule, name), data={"starts": world.start, "channel": "phone"}
            )
            assert 400 <= answer.status_code < 500, (rule, answer.status_code)
            assert world.digest() == before, rule

    assert len(named) >= 15
