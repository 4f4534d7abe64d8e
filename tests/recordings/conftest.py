"""A call whose procedure may be recorded, and what the browser of the clerk sends."""

import hashlib
import subprocess
from functools import cache

import pytest
import sqlalchemy as sa

from app.calls import services as calls
from app.calls.models import Part
from app.core import clock
from app.core.db import db
from app.core.storage import Folder
from app.queue import services as queue
from app.recordings import services
from app.recordings.models import PieceKind
from app.recordings.services import Sent
from app.towns.models import Procedure, Recording
from tests import town

WEBM = 'video/webm;codecs="vp8,opus"'


@pytest.fixture(autouse=True)
def a_folder(app, tmp_path, monkeypatch):
    """A store of files of each test's own."""
    monkeypatch.setitem(app.extensions, "storage", Folder(tmp_path / "files"))
    return tmp_path / "files"


@pytest.fixture
def place():
    return town.a_town(languages=("ca", "es"))


@pytest.fixture
def clerk(place):
    procedure = town.a_procedure(
        recording=Recording.MAY,
        recording_reason=town.texts("So that it can be shown later what was said."),
    )
    return town.a_clerk(procedure, name="Ana Pi")


@pytest.fixture
def visit(place, clerk):
    """Called by the clerk and not yet in the call."""
    padron = db.session.scalars(sa.select(Procedure)).one()
    made = town.a_visit(town.a_wish(place, padron))
    queue.arrive(made)
    queue.call_next(clerk)
    db.session.commit()
    return made


@pytest.fixture
def people(visit):
    """The clerk and the citizen, both in the call."""
    both = (
        calls.join(visit, Part.CLERK, "Ana Pi", camera=True, microphone=True),
        calls.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True),
    )
    db.session.commit()
    return both


@pytest.fixture
def asked(visit, clerk, people):
    segment = services.ask(visit, clerk)
    db.session.commit()
    return segment


@pytest.fixture
def running(asked, clerk, people):
    """Everybody has agreed and it runs."""
    agree(asked, people[1])
    services.start(asked, clerk, "Chrome/150")
    db.session.commit()
    return asked


@pytest.fixture
def take(running):
    made = services.begin_take(running, WEBM, now_ms())
    db.session.commit()
    return made


def now_ms() -> int:
    return round(clock.now().timestamp() * 1000)


def agree(segment, person, *, is_yes=True):
    consent = next(one for one in segment.consents if one.participant_id == person.id)
    return services.answer(segment, person, is_yes, consent.text.digest)


def sent_as(take, number, body, *, kind=PieceKind.MEDIA, starts=None, length=2000, head=None):
    """A piece, announced as an honest browser would."""
    starts = (number - 1) * 2000 if starts is None else starts
    digest = hashlib.sha256(body).hexdigest()
    head = services.next_head(head or take.head, number, kind.value, starts, length, digest)
    return Sent(number, kind, starts, length, digest, head)


def send(segment, take, body, **how):
    """The next piece."""
    sent = sent_as(take, take.pieces + 1, body, **how)
    piece = services.receive(segment, take, sent, body)
    db.session.commit()
    return piece


def send_film(segment, take, film, *, starts=0, seconds=4):
    """A film in pieces of two seconds, as MediaRecorder cuts it: anywhere."""
    count = max(1, seconds // 2)
    size = -(-len(film) // count)
    for index in range(count):
        part = film[index * size : (index + 1) * size]
        send(segment, take, part, starts=starts + index * 2000)


def end_take(segment, take):
    services.finish_take(segment, take, take.pieces, take.head, now_ms())
    db.session.commit()


@cache
def a_film(seconds=4, note=440) -> bytes:
    """What a browser would record: VP8 and Opus in a WebM without a length."""
    command = [
        *("ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc=s=160x90:r=10:d={seconds}"),
        *("-f", "lavfi", "-i", f"sine=frequency={note}:duration={seconds}"),
        *("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "100k"),
        *("-c:a", "libopus", "-b:a", "32k", "-f", "webm", "-"),
    ]
    return subprocess.run(command, check=True, capture_output=True).stdout
