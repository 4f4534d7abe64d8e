"""Whatever is sent to whatever route: no mistake of ours, and bad input changes nothing.

The routes are those of the map of the application, so that a new one is tried without being told.
"""

import hashlib
import os
import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.accounts.models import Role
from app.booking.forms import written_start
from app.core.db import Base, db
from app.towns.tenant import town_of
from tests import town
from tests.examples import EXAMPLES, names_in, the_person

# For each route; FUZZ_EXAMPLES=500 looks deeper.
TRIES = int(os.environ.get("FUZZ_EXAMPLES", "5"))

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
    *("9" * 400, "x" * 2_000, "' OR 1=1 --", "<script>alert(1)</script>", "{{ 7*7 }}", "../.."),
    *("600123456", "+34 600 12 34 56", "+33612345678", "972202020", "806123456", "123456"),
    *("video", "phone", "in_person", "call", "sms", "padron", "served", "no_show", "lse"),
    *("99991231T2359Z", "00010101T0000Z", "2026-02-31", "//elsewhere.example", "/desk//x"),
)
# Bodies of one sign, and how long they are: nested without end, large, and too large.
LONG = {b"[": 40_000, b"y": 300_000, b"z": 2 * 1024 * 1024 + 1}
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
    """Two towns with everything a route can name, and people of the first one who come in."""
    for name in ("WRITES", "MISSES", "CODE_REQUESTS", "FORGERIES"):
        monkeypatch.setitem(app.config, f"{name}_PER_MINUTE", 10**6)
    theirs = a_town_with_everything("etxalde")
    ours = a_town_with_everything("vilaclara")
    return World(app, client, ours, theirs)


def a_town_with_everything(slug):
    """The names of its things, and when there is a free time."""
    place = town.a_town(slug)
    padron = town.a_procedure()
    town.a_clerk(padron, name=f"Clerk of {slug}")
    things = {name: str(make(place)) for name, (make, _) in EXAMPLES.items()}
    hold = town.a_hold(town.a_wish(place, padron), town.tomorrow_at(13))
    return place, things, hold.code


class World:
    """What a fuzz needs to know: where to send, whose names exist, and what the register holds."""

    def __init__(self, app, client, ours, theirs):
        self.app, self.client = app, client
        (self.place, things, hold), (_, self.foreign, _) = ours, theirs
        self.names = sorted({*things.values(), *self.foreign.values(), hold})
        self.shared = set(things.values()) & set(self.foreign.values())
        self.town_id, self.host = self.place.id, self.place.host
        self.start = written_start(town.tomorrow_at(15))
        with client.session_transaction(base_url=town.base(self.place)) as session:
            session["hold"] = hold

    def come_in(self, role):
        """Somebody with that role of our town, or nobody."""
        for kind in ("staff", "citizen"):
            self.client.delete_cookie(f"ventanilla-{kind}", domain=self.host)
        if role:
            with town_of(self.town_id):
                town.enter(self.client, the_person(role))

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
        return self.client.post(f"http://{self.host}{path}", **request)


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
    raw = st.one_of(st.binary(max_size=60), st.sampled_from([*LONG, b"%%%=&&&=%ED%A0%80"]))
    return st.one_of(
        forms.map(lambda form: {"data": form}),
        shapes.map(lambda shape: {"json": shape}),
        raw.map(lambda text: {"data": text, "content_type": "application/json"}),
        raw.map(lambda text: {"data": text, "content_type": "application/x-www-form-urlencoded"}),
    )


def filled(rule, names):
    """An address of that rule, with one name in all its places or each in its own."""
    path = rule.rule.replace("<lang:lang>", "ca")
    each = names if isinstance(names, dict) else dict.fromkeys(rule.arguments, names)
    return re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: quote(each[found[1]], safe=""), path)


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
    label = world.app.view_functions[rule.endpoint].who_may_enter
    people = [None, Role.CITIZEN] if label in ("everyone", "provider") else [None, *label]
    names = st.one_of(
        st.sampled_from([*world.names, "x" * 12, "..", "a" * 900, "\r\nX: y"]),
        st.text(min_size=1, max_size=12),
    )

    @settings(
        max_examples=TRIES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # the first mistake is enough: making it smaller takes minutes
    )
    @given(
        names, queries(), bodies(), st.sampled_from(HEADERS), st.booleans(), st.sampled_from(people)
    )
    def any_request(name, query, body, headers, has_token, role):
        world.app.config["WTF_CSRF_ENABLED"] = not has_token
        if query.get("starts") == "":
            query["starts"] = world.start
        world.come_in(role)
        before = world.digest()

        sent = body.get("data")
        if isinstance(sent, bytes):  # what is long is named by one sign, so a report stays short
            body = {**body, "data": sent * LONG.get(sent, 1)}

        answer = world.send(filled(rule, name), query_string=query, headers=headers, **body)

        assert answer.status_code < 500, rule
        assert "X-Injected" not in answer.headers
        if answer.status_code >= 400:
            assert world.digest() == before, (rule, answer.status_code)

    try:
        any_request()
    finally:
        world.app.config["WTF_CSRF_ENABLED"] = True


def test_a_thing_of_another_town_is_never_changed_from_ours(world, monkeypatch):
    """Every route that takes names, with the other town's own, by somebody who may enter ours."""
    monkeypatch.setitem(world.app.config, "WTF_CSRF_ENABLED", False)
    named = [rule for rule in world.rules() if names_in(rule.rule)]

    for rule in named:
        label = world.app.view_functions[rule.endpoint].who_may_enter
        world.come_in(None if label in ("everyone", "provider") else label[0])
        theirs = {name: world.foreign[thing] for name, thing in names_in(rule.rule).items()}
        if set(theirs.values()) & world.shared:
            continue  # a procedure or a day that every town has
        before = world.digest()

        answer = world.send(filled(rule, theirs), data={"starts": world.start, "way": "call"})

        assert answer.status_code < 500, rule
        assert world.digest() == before, rule

    assert len(named) >= 15
