"""What every answer carries, where a form may come from, where a link may lead, who must wait."""

import json
import re

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app import create_app
from app.audit.models import AuditEntry
from app.core.db import db
from app.core.limits import network
from app.core.security import own_address
from tests import town
from tests.redis import a_redis

SENSORS = {
    *("desk.visit", "devices.check", "invited.join", "portal.room", "portal.wait", "kiosks.call"),
    *("papers.listed", "desk_papers.listed"),  # a paper is photographed there
}
PASSKEYS = {"identity.sign_in", "identity.enrol"}
CODES = {"booking.new", "booking.ask", "me.code", "me.phone_code", "copies.prove", "requests.asked"}


@pytest.fixture
def place():
    return town.a_town()


def filled(rule):
    """An address of that rule: its language, and a name that nothing has."""
    path = rule.rule.replace("<lang:lang>", "ca")
    return re.sub(r"<[^>]+>", "x" * 12, re.sub(r"<int:[^>]+>", "999999", path))


def allowed(headers):
    """What the page may ask the device for."""
    said = dict(part.split("=") for part in headers["Permissions-Policy"].split(", "))
    assert set(said.values()) <= {"()", "(self)"}
    return {name for name, who in said.items() if who == "(self)"}


def test_every_answer_of_every_route_is_dressed(app, client, place):
    for rule in app.url_map.iter_rules():
        method = "GET" if "GET" in rule.methods else "POST"
        answer = client.open(town.base(place) + filled(rule), method=method)
        headers = answer.headers
        policy = headers["Content-Security-Policy"].split("; ")
        assert policy[0] == "default-src 'none'", rule
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
        assert "form-action 'self'" in policy
        assert "script-src 'self'" in policy
        assert not re.search(r"unsafe|\*|https?:", headers["Content-Security-Policy"])
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "no-store" in headers["Cache-Control"], rule
        assert "Strict-Transport-Security" not in headers
        assert "Server" not in headers
        assert "X-Powered-By" not in headers
        assert answer.status_code < 500


def test_each_page_asks_the_device_for_what_it_needs_and_no_more(app, client, place):
    seen = {}
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods:
            headers = client.get(town.base(place) + filled(rule)).headers
            seen[rule.endpoint] = allowed(headers)
            assert "geolocation=()" in headers["Permissions-Policy"]

    def who_may(sensor):
        return {endpoint for endpoint, sensors in seen.items() if sensor in sensors}

    assert who_may("camera") == who_may("microphone") == who_may("display-capture") == SENSORS
    assert who_may("publickey-credentials-get") >= PASSKEYS
    assert who_may("publickey-credentials-create") == who_may("publickey-credentials-get")
    assert who_may("publickey-credentials-get") & {"portal.home", "portal.help_page"} == set()
    assert who_may("otp-credentials") == CODES


def test_behind_tls_browsers_are_told_to_stay_there(tmp_path):
    made = create_app(
        TESTING=True,
        INSTANCE=str(tmp_path),
        SECRET_KEY="k" * 32,
        PUBLIC_SCHEME="https",
        TRUSTED_PROXIES=1,
    )

    answer = made.test_client().get("/robots.txt", headers={"X-Forwarded-Proto": "https"})

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert made.config["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert made.config["SESSION_COOKIE_SECURE"]
    assert made.config["SESSION_COOKIE_HTTPONLY"]
    with made.app_context():
        db.engine.dispose()


def test_a_file_of_the_browser_is_dressed_too(app, client):
    answer = client.get(f"{app.config['ASSET_PREFIX']}js/main.js")

    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    answer.close()


# Where a form may come from


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},  # a sister town
    {"Sec-Fetch-Site": "odd"},
    {"Origin": "http://elsewhere.example"},
    {"Origin": "http://etxalde.localhost"},
    {"Origin": "https://vilaclara.localhost"},  # the same name by another scheme
    {"Origin": "http://vilaclara.localhost.elsewhere.example"},
    {"Origin": "http://vilaclara.localhost:81"},
    {"Origin": "null"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "vilaclara.localhost"},
    {"Origin": "x", "Sec-Fetch-Site": "same-origin"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda headers: str(headers))
def test_a_form_of_another_site_is_refused_even_with_a_good_token(client, place, headers):
    url, token = sign_out_form(client, place)

    answer = client.post(url, data={"csrf_token": token}, headers=headers)

    assert answer.status_code == 403
    (line,) = db.session.scalars(sa.select(AuditEntry)).all()
    assert (line.name, line.facts["refusal"]) == ("EntryRefused", "FromElsewhere")
    assert line.facts["door"] == "/desk/sign-out"
    assert "elsewhere.example" not in str(line.facts)
    assert client.post(url, data={"csrf_token": token}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://vilaclara.localhost"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},  # a page without referrer
    ],
    ids=lambda headers: str(headers),
)
def test_a_form_of_our_own_is_taken(client, place, headers):
    url, token = sign_out_form(client, place)

    assert client.post(url, data={"csrf_token": token}, headers=headers).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "x" * 10_000, "á\x00", None])
def test_a_form_without_a_good_token_is_refused(client, place, token):
    url, _ = sign_out_form(client, place)

    answer = client.post(url, data={"csrf_token": token} if token is not None else {})

    assert answer.status_code == 400
    assert "<main" in answer.text


def test_a_token_of_another_browser_is_refused(app, client, place):
    url, _ = sign_out_form(client, place)
    _, foreign = sign_out_form(app.test_client(), place)

    assert client.post(url, data={"csrf_token": foreign}).status_code == 400


def test_every_route_that_writes_asks_for_the_token_unless_it_asks_for_a_signature(
    app, client, place, monkeypatch
):
    for name in ("WRITES", "MISSES", "CODE_REQUESTS", "FORGERIES"):  # not how fast it is asked
        monkeypatch.setitem(app.config, f"{name}_PER_MINUTE", 100_000)
    asked = set()
    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods:
            status = client.post(town.base(place) + filled(rule)).status_code
            signed = app.view_functions[rule.endpoint].who_may_enter == "provider"
            assert status in ((400, 401, 403, 404) if signed else (400, 404)), rule
            asked.add(rule.endpoint)

    assert len(asked) > 25


def test_nothing_is_changed_by_looking(app, client, place, statements):
    """GET and HEAD write nothing, whatever the address."""
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods:
            client.get(town.base(place) + filled(rule))

    written = [one for one in statements if re.match(r"(INSERT|UPDATE|DELETE)", one)]
    assert written == []


def sign_out_form(client, place):
    url = f"{town.base(place)}/desk/sign-out"
    page = client.get(f"{town.base(place)}/desk/sign-in").text
    return url, town.token_in(page)


# Where a link may lead


@pytest.mark.parametrize(
    "target",
    [
        *("http://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "\\\\x"),
        *("/desk//elsewhere.example", "/desk/..//x", "/desk/../ca/", "/desk/./../x", "/deskx"),
        *("/desk/\r\nSet-Cookie: a=b", "/desk/\tx", " /desk/", "/desk/%2e%2e/", "/desk/%0d%0a"),
        *("javascript:alert(1)", "desk/", "", "/", "/ca/", "/desk/é", "/desk\x00", None),
    ],
)
def test_a_link_from_elsewhere_never_chooses_where_one_lands(target):
    assert own_address(target, below=("/desk/",)) == "/desk/"


@pytest.mark.parametrize(
    "target", ["/desk/", "/desk", "/desk/visits/abc", "/desk/?a=b&c=http://x/", "/desk/x#part"]
)
def test_a_page_of_ours_is_where_one_lands(target):
    assert own_address(target, below=("/desk/",)) == target


@given(st.text(alphabet=st.characters(), max_size=40), st.sampled_from(["", "/desk/", "/desk"]))
def test_whatever_is_asked_one_lands_below_the_desk(text, before):
    landed = own_address(before + text, below=("/desk/",))

    assert re.fullmatch(r"/desk(/[^\\\s]*|[?#][^\\\s]*)?", landed)
    assert not landed.startswith("//")


@pytest.mark.parametrize("target", ["//elsewhere.example", "/desk//x", "/desk/\r\nX: y"])
def test_the_page_to_sign_in_never_names_another_site(client, place, target):
    page = client.get(f"{town.base(place)}/desk/sign-in", query_string={"next": target}).text

    assert 'data-finish-url="/desk/sign-in/finish?next=/desk/"' in page.replace("%2F", "/")


@pytest.mark.parametrize(
    "header", ["X-Forwarded-Host", "X-Forwarded-For", "X-Host", "X-Original-URL", "X-Rewrite-URL"]
)
def test_a_header_of_a_proxy_that_we_do_not_have_changes_nothing(client, place, header):
    plain = client.get(f"{town.base(place)}/ca/")
    answer = client.get(f"{town.base(place)}/ca/", headers={header: "elsewhere.example"})

    assert answer.status_code == 200
    assert "elsewhere.example" not in answer.text
    assert len(answer.text) == len(plain.text)


# Who must wait


def test_who_asks_for_pages_that_do_not_exist_without_end_is_told_to_wait(
    app, client, place, monkeypatch
):
    monkeypatch.setitem(app.config, "MISSES_PER_MINUTE", 5)
    url = f"{town.base(place)}/en/visits/"

    answers = [client.get(f"{url}{number:012d}").status_code for number in range(8)]

    assert answers == [404] * 5 + [429] * 3
    refused = client.get(f"{url}x")
    assert int(refused.headers["Retry-After"]) in range(1, 62)
    assert "Please wait" in refused.text
    assert place.phone.replace(" ", "\u00a0") in refused.text
    other = client.get(f"{url}x", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert other.status_code == 404


def test_who_writes_without_end_is_told_to_wait_and_may_still_look(app, client, place, monkeypatch):
    monkeypatch.setitem(app.config, "WRITES_PER_MINUTE", 3)
    url, token = sign_out_form(client, place)

    answers = [client.post(url, data={"csrf_token": token}).status_code for _ in range(5)]

    assert answers[-2:] == [429, 429]
    assert client.get(f"{town.base(place)}/ca/").status_code == 200


def test_a_program_is_told_to_wait_in_its_own_words(app, client, place, monkeypatch):
    monkeypatch.setitem(app.config, "MISSES_PER_MINUTE", 1)
    url = f"{town.base(place)}/en/visits/x"
    client.get(url)

    refused = client.get(url, headers={"Accept": "application/json"})

    assert refused.status_code == 429
    assert refused.headers["Retry-After"]
    assert json.loads(refused.text)["error"]


@pytest.mark.parametrize(
    ("address", "is_one_with"),
    [("2001:db8::1", "2001:db8::ffff:1"), ("192.0.2.1", "192.0.2.1"), ("odd", "odd")],
)
def test_a_network_of_one_person_is_one_asker(address, is_one_with):
    assert network(address) == network(is_one_with)
    assert network("2001:db8::1") != network("2001:db8:0:1::1")
    assert network("192.0.2.1") != network("192.0.2.2")


@pytest.fixture
def redis(tmp_path):
    with a_redis(tmp_path) as running:
        yield running


def an_app(folder, url):
    return create_app(
        TESTING=True,
        INSTANCE=str(folder),
        SECRET_KEY="k" * 32,
        REDIS_URL=url,
        MISSES_PER_MINUTE=4,
        DATABASE_URL=f"sqlite:///{folder}/limits.db",
    )


def misses(made, count):
    """Asks for the desk of a province that has none."""
    client = made.test_client()
    return [client.get("/desk/sign-in").status_code for _ in range(count)]


def test_processes_count_together_in_redis_and_alone_when_it_is_gone(tmp_path, redis):
    one, other = an_app(tmp_path, redis.address), an_app(tmp_path, redis.address)

    assert misses(one, 2) + misses(other, 4) == [404] * 4 + [429] * 2

    redis.kill()

    assert misses(one, 6) == [404] * 4 + [429] * 2
    for made in (one, other):
        with made.app_context():
            db.engine.dispose()


def test_without_redis_each_process_counts_for_itself(tmp_path):
    one, other = an_app(tmp_path, ""), an_app(tmp_path, "")

    assert misses(one, 5) + misses(other, 5) == ([404] * 4 + [429]) * 2
    for made in (one, other):
        with made.app_context():
            db.engine.dispose()
