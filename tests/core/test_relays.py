"""Relays: who may use one, and whom it may reach. The relay is coturn, as it is shipped."""

import subprocess

import pytest

from app.core import relays
from tests import relay as coturn
from tests.counter import a_free_port

if not coturn.is_installed():
    pytest.skip(
        "COTURN IS NOT INSTALLED: relays were NOT tried (apt-packages.txt)", allow_module_level=True
    )


@pytest.fixture(scope="module")
def open_relay(tmp_path_factory):
    with coturn.a_relay(tmp_path_factory.mktemp("relay")) as opened:
        yield opened


@pytest.fixture(scope="module")
def shipped_relay(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shipped")
    with coturn.a_relay(folder, reaches_loopback=False) as opened:
        yield opened


@pytest.fixture
def settings(app):
    before = {name: app.config[name] for name in ("ICE_SERVERS", "TURN_SERVERS", "TURN_MINUTES")}
    yield app.config
    app.config.update(before)


@pytest.fixture
def echo():
    port = a_free_port()
    process = subprocess.Popen(["turnutils_peer", "-L", "127.0.0.1", "-p", str(port)])
    yield port
    process.kill()
    process.wait()


def credentials(settings, relay, person="k3m9", **more):
    settings.update({"TURN_SERVERS": [{"urls": relay.url, "secret": relay.secret}], **more})
    return relays.servers_for(person)[0]


def test_what_the_counter_hands_out_opens_the_relay(settings, open_relay, echo):
    server = credentials(settings, open_relay)

    passed, said = coturn.through(open_relay, server["username"], server["credential"], echo)

    assert passed, said
    assert server["urls"] == [open_relay.url]
    assert server["username"].endswith(":k3m9")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda name, word: (name.replace("k3m9", "other"), word),
        lambda name, word: (f"9{name}", word),  # a later expiry
        lambda name, word: (name, "AAAA" + word[4:]),
    ],
)
def test_a_name_or_word_that_was_changed_opens_nothing(settings, open_relay, echo, spoil):
    server = credentials(settings, open_relay)

    passed, said = coturn.through(
        open_relay, *spoil(server["username"], server["credential"]), echo
    )

    assert not passed
    assert "Cannot complete Allocation" in said


def test_credentials_end_by_themselves(settings, open_relay, echo):
    server = credentials(settings, open_relay, TURN_MINUTES=-1)

    passed, said = coturn.through(open_relay, server["username"], server["credential"], echo)

    assert not passed
    assert "Cannot complete Allocation" in said


def test_the_shipped_relay_is_no_door_to_its_own_network(settings, shipped_relay, echo):
    server = credentials(settings, shipped_relay)

    passed, said = coturn.through(shipped_relay, server["username"], server["credential"], echo)

    assert not passed
    assert "403 (Forbidden IP)" in said


def test_several_relays_each_get_their_own_word(settings):
    settings["TURN_SERVERS"] = [
        {"urls": ["turn:one.test:3478", "turns:one.test:443"], "secret": "first"},
        {"urls": ["turn:two.test:3478"], "secret": "second"},
    ]

    one, two = relays.servers_for("k3m9")

    assert one["username"] == two["username"]
    assert one["credential"] != two["credential"]
    assert len(one["urls"]) == 2


def test_a_relay_without_its_secret_is_left_out_and_the_others_stay(settings):
    settings["ICE_SERVERS"] = [{"urls": ["stun:one.test"]}]
    settings["TURN_SERVERS"] = [
        {"urls": ["turn:one.test"], "secret": ""},
        {"urls": ["turn:two.test"], "secret": "second"},
    ]

    urls = [server["urls"] for server in relays.servers_for("k3m9")]

    assert urls == [["stun:one.test"], ["turn:two.test"]]
    assert relays.is_there_one()


def test_whoever_opens_a_counter_without_a_relay_is_told(settings):
    from app.core.cli import welcome

    settings["TURN_SERVERS"] = []
    without = welcome()
    settings["TURN_SERVERS"] = [{"urls": ["turn:one.test"], "secret": "first"}]

    assert "No relay is set" in without
    assert "No relay is set" not in welcome()
