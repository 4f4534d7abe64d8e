"""A file goes out whole or in part, and is never taken for a page."""

import io
import os

import pytest
from flask import Flask

from app.archive import queries, serving
from app.archive import services as archive
from app.core.db import db

CONTENT = os.urandom(200_000)


def kept(**told):
    named = {"name": "vídeo «1».webm", "media_type": "video/webm", "purpose": "recording", **told}
    file = archive.keep(io.BytesIO(CONTENT), owner="visit:bcdfghjkmnpq", **named)
    db.session.commit()
    return file


@pytest.fixture
def ask(app: Flask, place):
    """Ask for a file as a browser does; the answer as a whole."""

    def asked(file, *, is_shown=False, method="GET", **headers):
        with app.test_request_context(
            base_url=f"http://{place.host}", headers=headers, method=method
        ):
            response = serving.answer(file, reader="account:7", why="a test", is_shown=is_shown)
            response.get_data()
            response.close()
            return response

    return asked


def test_a_file_goes_out_whole(ask):
    answer = ask(kept())

    assert answer.status_code == 200
    assert answer.data == CONTENT
    assert answer.headers["Content-Length"] == "200000"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Type"] == "video/webm"


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-", 0, 200_000),
        ("bytes=0-0", 0, 1),
        ("bytes=65530-65545", 65_530, 65_546),
        ("bytes=199999-", 199_999, 200_000),
        ("bytes=-10", 199_990, 200_000),
        ("bytes=100-9999999", 100, 200_000),
    ],
)
def test_a_part_of_it_goes_out(ask, wanted, start, stop):
    answer = ask(kept(), Range=wanted)

    assert answer.status_code == 206
    assert answer.data == CONTENT[start:stop]
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/200000"
    assert answer.headers["Content-Length"] == str(stop - start)


def test_a_part_that_is_none_is_refused(ask):
    answer = ask(kept(), Range="bytes=200000-")

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */200000"


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-9", "lines=1-2", "bytes=9-2", "nonsense"])
def test_what_cannot_be_understood_is_answered_with_all_of_it(ask, wanted):
    answer = ask(kept(), Range=wanted)

    assert answer.status_code == 200
    assert answer.data == CONTENT


def test_it_is_shown_only_when_it_is_a_picture_or_a_film(ask):
    film, page = kept(), kept(name="a.html", media_type="text/html")
    drawing = kept(name="a.svg", media_type="image/svg+xml")

    assert ask(film, is_shown=True).headers["Content-Disposition"].startswith("inline;")
    assert ask(film).headers["Content-Disposition"].startswith("attachment;")
    for file in (page, drawing):
        answer = ask(file, is_shown=True)
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["Content-Type"] == "application/octet-stream"


def test_no_script_of_it_could_run_and_nobody_keeps_it(ask):
    headers = ask(kept()).headers

    assert "sandbox" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in headers["Cache-Control"]


def test_its_name_is_read_by_every_browser_and_cannot_add_a_header(ask):
    name = ask(kept()).headers["Content-Disposition"]

    assert name == (
        "attachment; filename=\"v_deo _1_.webm\"; filename*=UTF-8''v%C3%ADdeo%20%C2%AB1%C2%BB.webm"
    )
    odd = serving.disposition('a"; filename="b.exe\r\nX: y')
    assert odd.count('"') == 2
    assert "\n" not in ask(kept(name='x"\r\nSet-Cookie: a=b')).headers["Content-Disposition"]


def test_a_player_that_asks_in_parts_looked_once(ask):
    file = kept()

    for start in range(0, 200_000, 50_000):
        ask(file, Range=f"bytes={start}-{start + 49_999}")

    assert [(one.reader, one.why) for one in queries.readings_of(file)] == [("account:7", "a test")]


def test_an_empty_file_is_answered_too(ask, place):
    file = archive.keep(io.BytesIO(), owner="visit:bcd", name="a.txt", media_type="text/plain")
    db.session.commit()

    assert ask(file, Range="bytes=0-").data == b""
