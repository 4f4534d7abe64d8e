"""Two web servers and two workers behind nginx, on one PostgreSQL and one Redis."""

import subprocess
import threading
from collections import Counter as Tally
from datetime import timedelta
from http.client import HTTPConnection

import pytest

from tests import fleet as houses
from tests import postgres, town
from tests.storm import Person, a_place, all_at_once

pytestmark = pytest.mark.storm


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    if postgres.programs() is None:
        pytest.skip("POSTGRESQL IS NOT INSTALLED: several servers were NOT tried")
    with houses.a_fleet(tmp_path_factory.mktemp("fleet")) as (opened, _):
        yield opened


@pytest.fixture(scope="module")
def place(fleet):
    door = fleet.second_door()
    with door.errand():
        made, _, _ = a_place("fleet", 6, padron=20)
    yield made
    door.close()


def times(count):
    return [town.tomorrow_at(8) + timedelta(minutes=20) * number for number in range(count)]


def test_news_written_at_one_server_reach_who_listens_at_the_other(fleet, place):
    one, other = fleet.counters
    door = fleet.second_door()
    with door.errand(place):
        wish = town.a_wish(place, town.the_procedure("padron"))
        visit = town.a_visit(wish, town.tomorrow_at(18))
    line = HTTPConnection("127.0.0.1", one.port, timeout=30)
    path = f"/ca/visits/{visit.code}/asked/stream"
    line.request("GET", path, headers={"Host": f"{place.slug}.localhost:{one.port}"})
    news = line.getresponse()
    assert news.status == 200
    assert news.readline() == b"retry: 500\n"

    person = Person(other, place.slug).ready_to(f"/ca/visits/{visit.code}/cancel")
    person.press()
    person.line.close()

    told = [news.readline() for _ in range(12)]
    news.close()
    line.close()
    door.close()
    assert b"event: state\n" in told


def test_two_workers_send_each_message_once(fleet, place):
    people = [
        Person(fleet.counters[number % 2], place.slug, 100 + number).ready_to_book("padron", at)
        for number, at in enumerate(times(16))
    ]

    all_at_once(people)

    assert Tally(person.status for person in people) == {303: 16}
    phones = {person.phone for person in people}
    door = fleet.second_door()
    assert houses.until(lambda: phones <= {form["To"] for form in fleet.twilio.received})
    door.close()
    sent = Tally(form["To"] for form in fleet.twilio.received if form["To"] in phones)
    assert set(sent.values()) == {1}


def test_a_rolling_restart_refuses_nobody(fleet, place, tmp_path):
    """People read and book by the front door while each server leaves, starts again and returns."""
    over = threading.Event()
    heard: Tally[int] = Tally()

    def read(number):
        person = houses.Neighbour(fleet.counters[0], place.slug, number, proxy.port)
        while not over.is_set():
            heard[person.ask("GET", "/ca/")] += 1

    def book(number, starts):
        for count, at in enumerate(starts):
            if over.is_set():
                return
            who = 500 + 50 * number + count
            person = houses.Neighbour(fleet.counters[0], place.slug, who, proxy.port)
            person.ready_to_book("padron", at).press()
            heard[person.status] += 1

    with houses.a_proxy(tmp_path, fleet.ports) as proxy:
        starts = [at + timedelta(days=1) for at in times(30)]
        threads = [threading.Thread(target=read, args=(number,)) for number in range(2)]
        threads += [threading.Thread(target=book, args=(number, starts)) for number in range(2)]
        for thread in threads:
            thread.start()
        try:
            done = restarted(fleet, proxy, tmp_path)
        finally:
            over.set()
            for thread in threads:
                thread.join()

    assert done.returncode == 0, done.stderr
    assert [line.split()[-1] for line in done.stdout.splitlines()] == ["leaves", "back"] * 2
    assert set(heard) == {200, 303}
    assert heard[303] > 10


def restarted(fleet, proxy, folder):
    """`deploy/rolling-restart`, with a restart that asks us to do it."""
    wishes = [folder / f"restart{number}" for number in range(2)]
    over = threading.Event()

    def serve():
        while not over.wait(0.1):
            for number, wish in enumerate(wishes):
                if wish.exists():
                    fleet.restart(number)
                    wish.unlink()

    helper = threading.Thread(target=serve)
    helper.start()
    errands = [
        f"127.0.0.1:{port}=touch {wish}; while [ -e {wish} ]; do sleep 0.1; done"
        for port, wish in zip(fleet.ports, wishes, strict=True)
    ]
    try:
        return subprocess.run(
            [houses.DEPLOY / "rolling-restart", proxy.servers, *errands],
            env={"PATH": "/usr/sbin:/usr/bin:/bin", "RELOAD": proxy.reload, "DRAIN_SECONDS": "3"},
            capture_output=True,
            text=True,
            timeout=480,
        )
    finally:
        over.set()
        helper.join()


def test_the_only_server_is_never_taken_out(tmp_path):
    servers = tmp_path / "servers.conf"
    servers.write_text("server 127.0.0.1:8000;\n")

    done = subprocess.run(
        [houses.DEPLOY / "rolling-restart", servers, "127.0.0.1:8000=true"],
        env={"PATH": "/usr/bin:/bin", "RELOAD": "false"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 2
    assert "only one" in done.stderr
    assert servers.read_text() == "server 127.0.0.1:8000;\n"


def test_a_server_that_does_not_come_back_stays_out_and_the_others_are_left_alone(tmp_path):
    servers = tmp_path / "servers.conf"
    servers.write_text("server 127.0.0.1:1;\nserver 127.0.0.1:2;\n")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "sleep").symlink_to("/bin/true")

    done = subprocess.run(
        [houses.DEPLOY / "rolling-restart", servers, "127.0.0.1:1=true", "127.0.0.1:2=false"],
        env={"PATH": f"{bin_}:/usr/bin:/bin", "RELOAD": "true"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert "does not come back" in done.stderr
    assert servers.read_text() == "# out: server 127.0.0.1:1;\nserver 127.0.0.1:2;\n"
