"""Every route with every role: what the label says is what happens, and strangers learn nothing."""

import re
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.accounts.models import MAY, Power, Role, who_may
from app.core.db import db
from app.identity.models import SessionKind
from app.towns.tenant import town_of
from tests import town
from tests.examples import EXAMPLES, names_in, the_person

NOBODY = "nobody"
STRANGER = "staff of another town"
OPEN = ("everyone", "provider")
# What each answer says of its own: the moment and the visitor, never the thing asked for.
PASSING = {"Date", "Content-Length", "Set-Cookie"}


@dataclass(frozen=True)
class Place:
    """A town as its visitors know it: requests come and go, and rows of the register with them."""

    id: int
    host: str


@dataclass(frozen=True)
class House:
    """Two towns with the same things; `here` is the one asked."""

    here: Place
    there: Place
    things: dict[int, dict[str, object]]  # by town: everything is made before anybody enters

    def values(self, rule: Rule, place: Place) -> dict[str, object]:
        """A real thing of that town for each parameter."""
        return {name: self.things[place.id][of] for name, of in names_in(rule.rule).items()}


@pytest.fixture
def house(app, monkeypatch) -> House:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)  # who may enter, not from where
    for name in ("WRITES", "MISSES", "CODE_REQUESTS", "FORGERIES"):  # nor how fast
        monkeypatch.setitem(app.config, f"{name}_PER_MINUTE", 100_000)
    places, things = [], {}
    for slug in ("vilaclara", "etxalde"):
        made = town.a_town(slug)
        places.append(Place(made.id, made.host))
        town.a_clerk(town.a_procedure(), name=f"Clerk of {slug}")
        things[made.id] = {name: make(made) for name, (make, _) in EXAMPLES.items()}
    db.session.commit()
    return House(*places, things)


def rules(app) -> list[tuple[Rule, str]]:
    """Every rule with each of its methods."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]


def label_of(app, rule: Rule) -> object:
    return app.view_functions[rule.endpoint].who_may_enter


def is_another_door(who: Role, label: tuple[Role, ...]) -> bool:
    """A citizen's session is none at the desk, nor the reverse: they are asked to sign in."""
    return SessionKind.of(who) not in {SessionKind.of(role) for role in label}


def ask(
    client: FlaskClient, place: Place, rule: Rule, method: str, values: dict[str, object]
) -> TestResponse:
    """Press the button or open the page, as a browser on that town's host does."""
    builder = client.application.url_map.bind(place.host)
    path = builder.build(rule.endpoint, {"lang": "ca", **values}, method=method)
    return client.open(f"http://{place.host}{path}", method=method)


def come_in(client: FlaskClient, place: Place, who: Role | str, other: Place) -> None:
    """Sign in there as somebody with that role; a stranger brings the cookie of another town."""
    for name in ("ventanilla", *(f"ventanilla-{kind}" for kind in SessionKind)):
        client.delete_cookie(name, domain=place.host)
    if isinstance(who, Role):
        with town_of(place.id):
            town.enter(client, the_person(who))
    elif who == STRANGER:
        with town_of(other.id):
            town.enter(client, the_person(Role.ADMINISTRATOR))
        cookie = client.get_cookie("ventanilla-staff", domain=other.host)
        assert cookie
        client.set_cookie("ventanilla-staff", cookie.value, domain=place.host)


def test_every_parameter_of_a_route_has_an_example(app):
    wanted = {name for rule, _ in rules(app) for name in names_in(rule.rule).values()}

    assert wanted - EXAMPLES.keys() == set(), "write in tests/examples.py how to make one"


@pytest.mark.parametrize("who", [NOBODY, STRANGER, *Role])
def test_every_route_opens_to_whom_its_label_says(app, client, house, who):
    wrong = []
    for rule, method in rules(app):
        come_in(client, house.here, who, house.there)
        label = label_of(app, rule)
        if rule.rule.endswith("/stream") and (label in OPEN or who in label):
            method = "HEAD"  # whoever may listen would listen for ever
        status = ask(client, house.here, rule, method, house.values(rule, house.here)).status_code
        if label in OPEN:
            is_right = status < 500 and (label == "provider" or status != 401)
        elif not isinstance(who, Role) or is_another_door(who, label):
            is_right = status == (303 if method == "GET" else 401)
        elif who in label:
            is_right = status not in (401, 403) and status < 500
        else:
            is_right = status == 403
        if not is_right:
            wrong.append(f"{who}: {method} {rule.rule} ({label}) answered {status}")

    assert wrong == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_provinces_own_host_has_nothing_of_a_town(app, client, house, method):
    province = Place(0, "localhost")
    wrong = []
    for rule, way in rules(app):
        if way == method and not rule.rule.endswith("/stream"):
            answer = ask(client, province, rule, way, house.values(rule, house.here))
            if answer.status_code >= 500:
                wrong.append(f"{way} {rule.rule} answered {answer.status_code}")

    assert wrong == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_thing_answers_exactly_like_a_missing_one(app, client, house, method):
    told, compared = [], 0
    for rule, way in rules(app):
        names = names_in(rule.rule)
        if way != method or not names:
            continue
        foreign = house.values(rule, house.there)
        missing = {name: EXAMPLES[of][1]() for name, of in names.items()}
        if any(EXAMPLES[of][0].__name__ == "a_procedure" for of in names.values()):
            continue  # every town names its procedures itself: the same name is here too
        for who in [NOBODY] if label_of(app, rule) in OPEN else label_of(app, rule):
            come_in(client, house.here, who, house.there)
            answers = []
            for values in (foreign, missing):
                answer = ask(client, house.here, rule, way, values)
                answers.append(plain(answer, values))
            compared += 1
            if answers[0] != answers[1] or answers[1][0] < 400:
                told.append((rule.rule, answers))

    assert told == []
    assert compared > 10


def plain(answer: TestResponse, values: dict[str, object]) -> tuple[int, str, list[str]]:
    """Status, body and headers, without what was asked for and without the visitor's own marks."""
    body = re.sub(r'(name="csrf[-_]token"[^>]*(?:value|content)=")[^"]+', r"\1", answer.text)
    headers = "\n".join(f"{name}: {text}" for name, text in answer.headers if name not in PASSING)
    asked = [f"/{value}" for value in values.values()]
    for value in [answer.request.path, *sorted(asked, key=len, reverse=True)]:
        body, headers = body.replace(value, "/…"), headers.replace(value, "/…")
    return answer.status_code, body, sorted(headers.splitlines())


def test_a_visit_on_a_colleagues_counter_is_as_missing_as_none(app, client, house):
    with town_of(house.here.id):
        clerk = the_person(Role.CLERK)
        colleague = town.a_clerk(town.the_procedure("padron"), name="Biel Mas")
    answers = {}
    for rule, method in rules(app):
        if method != "POST" or not re.search(r"/desk/visits/<code>/(again|outcome)$", rule.rule):
            continue
        for who in (clerk, colleague):
            town.enter(client, who)
            values = house.values(rule, house.here)
            for asked in (values, {"code": "bcdfghjkmnpq"}):
                answer = ask(client, house.here, rule, method, asked)
                answers.setdefault((rule.rule, who.name), []).append(plain(answer, asked))

    assert len(answers) == 4
    not_theirs = [pair for pair in answers.values() if pair[0] == pair[1]]
    assert len(not_theirs) >= 2


def test_nobody_of_the_public_enters_the_desk_or_the_office(app):
    for rule in app.url_map.iter_rules():
        label = label_of(app, rule)
        if label in OPEN:
            continue
        if rule.rule.startswith(("/desk", "/office")):
            assert not {Role.CITIZEN, Role.KIOSK} & set(label), rule.rule


@pytest.mark.parametrize(
    ("below", "powers"),
    [
        ("/desk/visits", {Power.ATTEND}),
        ("/office/audit", {Power.READ_AUDIT}),
        ("/office/requests", {Power.KEEP_DATA}),
        ("/office/retention", {Power.KEEP_DATA}),
        ("/office/blocked", {Power.KEEP_DATA}),
        ("/office/holds", {Power.KEEP_DATA}),
        ("/office/hours", {Power.PLAN}),
    ],
)
def test_a_label_says_no_more_than_the_table_of_powers(app, below, powers):
    for rule in app.url_map.iter_rules():
        label = label_of(app, rule)
        if rule.rule.startswith(below) and label not in OPEN:
            for role in label:
                assert MAY[role] & powers, f"{rule.rule} opens to {role}"


def test_every_role_may_do_something_and_every_power_is_somebodys():
    assert set(MAY) == set(Role)
    for power in Power:
        assert who_may(power), power
    for role in Role:
        assert MAY[role], role


def test_who_keeps_the_record_attends_nobody():
    for role in who_may(Power.READ_AUDIT):
        assert Power.ATTEND not in MAY[role]
