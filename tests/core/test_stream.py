"""News reaches who listens, once, in order, and is not lost by a line that breaks."""

import json
import threading
import time
from datetime import timedelta

import pytest
from flask import g

from app.core import clock, stream
from app.core.db import db, transaction


@pytest.fixture
def house(tmp_path, an_empty_house):
    """An application on a file of its own: listeners live in threads, as in a server."""
    made = an_empty_house(tmp_path, STREAM_PING_SECONDS=0.2)
    with made.app_context():
        yield made
        made.extensions["stream"].close()
        if made.extensions["stream"].thread:
            made.extensions["stream"].thread.join(timeout=2)
        db.session.remove()
        db.engine.dispose()


def heard(house, channel, count, *, after=None, meanwhile=lambda: None):
    """The first `count` pieces of news of that channel, pings apart."""
    news = []
    with house.test_request_context("/"):
        flow = stream.listen(channel, after=after).response
        threading.Thread(target=meanwhile).start()
        until = time.monotonic() + 5
        for piece in flow:
            if piece.startswith("id:"):
                lines = dict(line.split(": ", 1) for line in piece.strip().splitlines())
                news.append((lines["event"], json.loads(lines["data"])))
            if len(news) >= count or time.monotonic() > until:
                break
        flow.close()
    return news


def say(house, channel, *numbers):
    def run():
        with house.app_context():
            for number in numbers:
                with transaction():
                    stream.tell(channel, "count", {"n": number})
            db.session.remove()

    return run


def test_news_reaches_who_listens_in_order(house):
    got = heard(house, "a", 3, meanwhile=say(house, "a", 1, 2, 3))

    assert got == [("count", {"n": 1}), ("count", {"n": 2}), ("count", {"n": 3})]


def test_news_of_other_channels_is_not_heard(house):
    def both():
        say(house, "b", 9)()
        say(house, "a", 1)()

    assert heard(house, "a", 1, meanwhile=both) == [("count", {"n": 1})]


def test_who_comes_back_misses_nothing(house):
    say(house, "a", 1)()
    place = stream.cursor()
    say(house, "a", 2, 3)()

    got = heard(house, "a", 3, after=place, meanwhile=say(house, "a", 4))

    assert [data["n"] for _, data in got] == [2, 3, 4]


def test_what_is_not_committed_is_not_told(house):
    def change_of_mind():
        with house.app_context():
            try:
                with transaction():
                    stream.tell("a", "count", {"n": 0})
                    raise ZeroDivisionError
            except ZeroDivisionError:
                db.session.remove()
        say(house, "a", 1)()

    assert heard(house, "a", 1, meanwhile=change_of_mind) == [("count", {"n": 1})]


def test_a_listener_gets_a_sign_of_life(house):
    with house.test_request_context("/"):
        flow = stream.listen("a").response
        assert [next(flow), next(flow)] == ["retry: 500\n\n", "event: ping\ndata: {}\n\n"]
        flow.close()


def test_old_news_is_forgotten_and_its_number_is_never_used_again(house, monkeypatch):
    say(house, "a", 1)()
    last = stream.cursor()
    db.session.rollback()
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    with transaction():
        assert stream.forget_old() == 1
    say(house, "a", 2)()

    assert stream.cursor() > last
    db.session.rollback()


@pytest.mark.parametrize("place", ["99999999999999999999", "-1", "x", "1e5", "٣", ""])
def test_a_strange_place_in_the_stream_leaks_no_listener(house, place):
    with house.test_request_context("/", headers={"Last-Event-ID": place}):
        answer = stream.listen("a")
        answer.close()

    assert house.extensions["stream"].listeners == {}


def test_who_reads_nothing_is_let_go_and_comes_back_to_all_of_it(house, monkeypatch):
    monkeypatch.setattr(stream, "MOST_UNREAD", 3)
    hub, numbers = house.extensions["stream"], range(1, 11)
    with house.test_request_context("/"):
        place = stream.cursor()
        stuck, busy = stream.listen("a", "b").response, stream.listen("c").response
        say(house, "a", *numbers)()
        until = time.monotonic() + 30
        while "a" in hub.listeners and time.monotonic() < until:
            time.sleep(0.01)
        left = dict(hub.listeners)
        pieces = list(stuck)  # ends by itself
        busy.close()

    assert set(left) == {"c"}
    assert pieces == ["retry: 500\n\n"]
    again = heard(house, "a", len(numbers), after=place)
    assert [data["n"] for _, data in again] == list(numbers)


def test_who_only_asks_for_the_headers_is_no_listener(house):
    with house.test_request_context("/", method="HEAD"):
        assert stream.listen("a").status_code == 200

    assert house.extensions["stream"].listeners == {}


def test_the_hub_stumbles_and_goes_on(house, monkeypatch):
    hub = house.extensions["stream"]
    real, broken = hub.share_out, []

    def stumble():
        if len(broken) < 2:
            broken.append(1)
            raise RuntimeError("a line that broke")
        real()

    monkeypatch.setattr(hub, "share_out", stumble)

    assert heard(house, "a", 2, meanwhile=say(house, "a", 1, 2))[-1] == ("count", {"n": 2})


def _broken():
    raise ConnectionError


def test_who_cannot_begin_to_listen_leaves_no_listener(house, monkeypatch):
    with house.test_request_context("/"):
        monkeypatch.setattr(db.session, "remove", _broken)
        with pytest.raises(ConnectionError):
            stream.listen("a")
        monkeypatch.undo()

    assert house.extensions["stream"].listeners == {}


def pieces_with_a_leave(house, answers, meanwhile=lambda: None):
    """All that is heard on channel a by a leave that holds as `answers` say, until hung up."""
    with house.test_request_context("/"):
        g.leave_to_listen = stream.Leave("leave", lambda: answers.pop(0))
        flow = stream.listen("a").response
        threading.Thread(target=meanwhile).start()
        return [piece.split("\n")[0] for piece in flow if not piece.startswith("retry")]


def test_who_has_no_leave_any_more_hears_nothing_else(house):
    def meanwhile():
        say(house, "leave", 1)()  # perhaps it has ended: not yet
        say(house, "leave", 2)()  # now it has
        say(house, "a", 3)()

    assert pieces_with_a_leave(house, [True, True, False], meanwhile)[-1] == "event: over"


def test_a_leave_that_ends_by_itself_is_found_out_at_the_next_ping(house):
    assert pieces_with_a_leave(house, [True, False]) == ["event: ping", "event: over"]


def test_a_leave_that_cannot_be_looked_up_does_not_hold(house):
    def broken():
        raise ValueError

    with house.test_request_context("/"):
        g.leave_to_listen = stream.Leave("leave", broken)
        assert list(stream.listen("a").response) == ["retry: 500\n\n", stream.OVER]
