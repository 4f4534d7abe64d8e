"""Several processes of one house: woken through Redis, and none the worse when it is gone."""

import threading
import time

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from app import create_app
from app.core import jobs, stream
from app.core.db import db, transaction
from tests import postgres
from tests.redis import a_redis

NEVER = 3600.0


@pytest.fixture
def redis(tmp_path):
    with a_redis(tmp_path) as running:
        yield running


@pytest.fixture
def houses(tmp_path, redis, an_empty_house):
    """Two processes of one installation, as far as each of them can tell."""
    one = an_empty_house(tmp_path, REDIS_URL=redis.address, STREAM_PING_SECONDS=0.2)
    same = {name: one.config[name] for name in ("DATABASE_URL", "REDIS_URL", "STREAM_PING_SECONDS")}
    made = [one, create_app(TESTING=True, INSTANCE=str(tmp_path), **same)]
    yield made
    for house in made:
        house.extensions["bell"].close()
        hub = house.extensions["stream"]
        hub.close()
        if hub.thread:
            hub.thread.join(timeout=5)
        with house.app_context():
            db.session.remove()
            db.engine.dispose()


def until(is_so, seconds=20):
    """Waits for what comes by itself."""
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    return is_so()


def say(house, number):
    with house.app_context():
        with transaction():
            stream.tell("a", "count", {"n": number})
        db.session.remove()


class Listener(threading.Thread):
    """Somebody with a live connection to one of the processes."""

    def __init__(self, house):
        super().__init__(daemon=True)
        self.house, self.heard, self.is_joined = house, [], threading.Event()
        self.start()
        assert self.is_joined.wait(20)

    def run(self):
        with self.house.test_request_context("/"):
            flow = stream.listen("a").response
            for piece in flow:
                self.is_joined.set()
                if piece.startswith("id:"):
                    self.heard.append(int(piece.rpartition(":")[2].strip(" }\n")))
                if self.heard[-1:] == [0]:
                    break
            flow.close()

    def has_heard(self, *numbers):
        return until(lambda: self.heard == list(numbers))


def is_heard(*houses):
    return until(lambda: all(house.extensions["bell"].is_heard for house in houses))


def ready(house):
    with house.app_context():
        return house.test_client().get("/health/ready").json


def test_news_of_another_process_wakes_who_listens(houses, monkeypatch):
    monkeypatch.setattr(stream, "SURE_GLANCE_SECONDS", NEVER)  # nobody looks by the clock
    one, other = houses
    listener = Listener(one)
    assert ready(other) == {"status": "ready", "redis": "here"}
    assert is_heard(one, other)

    say(other, 1)
    assert listener.has_heard(1)

    say(other, 0)
    assert listener.has_heard(1, 0)


def test_without_redis_the_news_arrive_all_the_same_and_whoever_watches_is_told(houses, redis):
    one, other = houses
    listener = Listener(one)
    assert ready(one)["redis"] == ready(other)["redis"] == "here"
    assert is_heard(one, other)

    redis.kill()
    say(other, 1)
    assert listener.has_heard(1)
    assert ready(one) == ready(other) == {"status": "ready", "redis": "away"}
    shown = one.test_client().get("/metrics").text
    assert "ventanilla_redis_away 1.0" in shown
    say(other, 2)
    assert listener.has_heard(1, 2)

    redis.start()
    assert is_heard(one, other)
    assert ready(one) == {"status": "ready", "redis": "here"}
    say(other, 0)
    assert listener.has_heard(1, 2, 0)


def test_a_redis_that_hangs_keeps_no_news_back(houses, redis):
    one, other = houses
    listener = Listener(one)
    assert ready(other)["redis"] == "here"
    assert is_heard(one, other)

    redis.stop_answering()
    say(other, 1)
    say(other, 2)
    assert listener.has_heard(1, 2)
    assert ready(one)["redis"] == "away"
    assert until(lambda: not one.extensions["bell"].is_heard)

    redis.answer_again()
    assert is_heard(one, other)
    say(other, 0)
    assert listener.has_heard(1, 2, 0)


def test_without_the_setting_nobody_looks_for_redis(app, client):
    assert app.extensions["bell"].ear is None
    assert client.get("/health/ready").json == {"status": "ready"}
    assert "ventanilla_redis_away 0.0" in client.get("/metrics").text


@pytest.fixture
def errand(monkeypatch):
    """An errand of the tests' own, alone."""
    done = []
    made = jobs.Errand("errand", NEVER, lambda: done.append(1), called_by="work")
    monkeypatch.setattr(jobs, "_errands", {"errand": made})
    return made, done


def test_a_worker_is_called_by_the_process_that_left_something_to_do(houses, errand):
    worker, web = houses
    made, done = errand
    with worker.app_context():
        wake = threading.Event()
        called = jobs.come_when_called(wake)
        assert is_heard(worker)
        jobs.run_due(1.0)
        wake.clear()

    with web.app_context():
        with transaction():
            jobs.call("work")
        db.session.remove()
    assert wake.wait(20)

    with worker.app_context():
        jobs.answer(called)
        jobs.run_due(2.0)
    assert len(done) == 2


def test_whoever_changes_their_mind_calls_nobody(app, register, errand):
    called = threading.Event()
    app.extensions["bell"].listen("jobs:work", called)

    def change_of_mind():
        with transaction():
            db.session.execute(sa.text("SELECT 1"))
            jobs.call("work")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_of_mind()
    with transaction():
        jobs.call("other")
    assert not called.is_set()

    with transaction():
        with db.session.begin_nested():
            jobs.call("work")
        assert not called.is_set()
    assert called.is_set()


def test_two_workers_never_do_one_errand_at_the_same_time(houses, errand):
    one, other = houses
    made, done = errand
    with one.app_context(), jobs.turn_of(made) as is_ours:
        assert is_ours
        with other.app_context():
            assert jobs.run_due(1.0) == 0
            made.by_many = True  # each takes what is its own
            assert jobs.run_due(NEVER * 2) == 1
            made.by_many = False

    with other.app_context():
        assert jobs.run_due(NEVER * 4) == 1
    assert len(done) == 2


@pytest.fixture
def on_postgresql(tmp_path):
    if postgres.programs() is None:
        pytest.skip("POSTGRESQL IS NOT INSTALLED: the order of news was NOT tried on it")
    with postgres.a_server() as address:
        made = create_app(TESTING=True, INSTANCE=str(tmp_path), DATABASE_URL=address)
        with made.app_context():
            upgrade()
        yield made
        with made.app_context():
            db.session.remove()
            db.engine.dispose()


def test_who_commits_later_stands_later_in_the_stream(on_postgresql):
    """Else whoever had read the later number would never see the earlier one."""

    def quickly():
        with on_postgresql.app_context():
            with transaction():
                stream.tell("a", "quick", {})
            db.session.remove()

    with on_postgresql.app_context():
        with transaction():
            stream.tell("a", "slow", {})
            db.session.flush()  # it has the smaller number, and is not committed yet
            other = threading.Thread(target=quickly)
            other.start()
            other.join(timeout=20)
            seen = stream.cursor()

        question = sa.select(stream.StreamMessage.name, stream.StreamMessage.id).order_by("id")
        order = db.session.execute(question).all()
        assert [row.name for row in order] == ["quick", "slow"]
        assert order[0].id <= seen < order[1].id
