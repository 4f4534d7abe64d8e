"""What a kiosk reads aloud where there is a voice or a recording; nothing where there is none."""

import re
import shutil
import subprocess
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.core.i18n import clock_time, speaking
from app.kiosks import prompts
from app.kiosks.prompts import Part, text_of
from app.kiosks.spelling import in_valencian
from app.queue import queries as line_of
from app.queue import services as queue
from tests import town
from tests.kiosks.device import a_device, open_browser

HOME = "http://vilaclara.localhost"


@pytest.fixture
def place():
    return town.a_town(early_minutes=24 * 60)


@pytest.fixture
def clips(app):
    """Nothing is spoken before, nor after."""
    spoken = prompts.folder()
    own = Path(app.instance_path) / "prompts"
    for folder in (spoken, own):
        shutil.rmtree(folder, ignore_errors=True)
    yield own
    for folder in (spoken, own):
        shutil.rmtree(folder, ignore_errors=True)


def spoken_of(slug: str, *said: str | Part) -> list[str]:
    """The words of the clips, one after the other."""
    return [part.text for one in said for part in prompts._parts(slug, one)]


def render(slug: str, *keys: str) -> int:
    return prompts.render_parts(slug, [Part(key, text_of(slug, key)) for key in keys])


def test_where_there_is_a_voice_the_screen_can_be_heard(client, place, clips):
    assert render("ca", "start", "idle") == 2
    open_browser(client, a_device(place))

    page = client.get(f"{HOME}/ca/kiosk/").text

    assert 'id="listen"' in page
    clip = re.search(r'data-clips="(\S+\.opus)"', page)[1]
    answer = client.get(HOME + clip)
    assert answer.content_type == "audio/ogg"
    assert answer.data.startswith(b"OggS")
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("slug", ["gl", "oc"])
def test_where_there_is_no_voice_nobody_elses_is_heard(client, place, clips, slug):
    assert render(slug, "start", "idle") == 0
    open_browser(client, a_device(place))

    page = client.get(f"{HOME}/{slug}/kiosk/")

    assert page.status_code == 200
    assert 'id="listen"' not in page.text
    assert 'data-clips=""' in page.text


def test_recordings_of_the_town_are_heard_on_the_screens_that_they_are_whole_for(
    client, place, clips, tmp_path
):
    sound = tmp_path / "start.opus"
    tone = ("-f", "lavfi", "-i", "sine=duration=0.2", "-c:a", "libopus")
    subprocess.run(["ffmpeg", "-loglevel", "error", *tone, str(sound)], check=True)
    (clips / "gl").mkdir(parents=True)
    shutil.copy(sound, clips / "gl/start.opus")
    assert render("gl", "start", "phone") == 1
    open_browser(client, a_device(place))

    page = client.get(f"{HOME}/gl/kiosk/").text

    assert 'id="listen"' in page
    clip = re.search(r'data-clips="(\S+\.opus)"', page)[1]
    assert client.get(HOME + clip).data == sound.read_bytes()
    assert 'id="listen"' not in client.get(f"{HOME}/gl/kiosk/appointment/phone").text


def test_a_recording_is_preferred_to_a_voice(app, place, clips, tmp_path):
    (clips / "ca").mkdir(parents=True)
    (clips / "ca/start.opus").write_bytes(b"OggS of somebody of the town")
    render("ca", "start")

    with app.test_request_context(base_url=HOME), speaking("ca"):
        [address] = prompts.clips_for(["start"])

    clip = prompts.folder() / address.rpartition("/")[2]
    assert clip.read_bytes() == b"OggS of somebody of the town"


def test_whoever_records_is_told_the_files_and_the_words(app, place, clips):
    (clips / "gl").mkdir(parents=True)
    (clips / "gl/start.opus").write_bytes(b"OggS")
    town.a_procedure()
    db.session.commit()

    told = app.test_cli_runner().invoke(args=["kiosks", "sentences", "gl"]).output

    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in told.splitlines()}
    assert rows["start.opus"][0] == "recorded"
    assert rows["idle.opus"][0] == "to record"
    assert rows["month11.opus"][1] == "de novembro"
    assert rows["procedure-padron.opus"][1] == town.the_procedure("padron").name_in("gl")


@pytest.mark.parametrize(
    ("slug", "said", "heard"),
    [
        ("es", "time:9:30", ["9", "30"]),
        ("es", "time:17:05", ["17", "0", "5"]),
        ("en", "time:10:00", ["10", "o’clock"]),
        ("es", "day:2026-11-26", ["jueves", "26", "de noviembre"]),
        ("ca", "day:2026-04-01", ["dimecres", "1", "d’abril"]),
        ("eu", "day:2026-11-26", ["azaroaren", "26a", "osteguna"]),
        ("en", "day:2026-11-26", ["Thursday", "26", "November"]),
        ("es", "digits:1234 5078", ["12", "34", "50", "78"]),
        ("es", "digits:900 000 011", ["9", *"000000", "11"]),
        ("va", "digits:17 88", ["desset", "huitanta-huit"]),
    ],
)
def test_what_changes_is_joined(app, place, slug, said, heard):
    with app.test_request_context(base_url=HOME):
        told = spoken_of(slug, said)

    assert told == heard


def test_the_minutes_of_a_wait_are_said_with_their_word(app, place):
    with app.test_request_context(base_url=HOME):
        assert spoken_of("es", "wait:1")[-1] == "1 minuto"
        assert spoken_of("es", "wait:25")[-1] == "25 minutos"
        assert spoken_of("es", "wait:200")[-1] == "60 minutos"


def test_every_number_of_valencian_has_its_word():
    words = [in_valencian(number) for number in range(100)]

    assert len(set(words)) == 100
    assert (words[8], words[18], words[28]) == ("huit", "díhuit", "vint-i-huit")
    assert (words[81], words[90]) == ("huitanta-un", "noranta")


def test_everything_that_may_be_joined_is_rendered(app, place):
    """Each hour, day, number and wait is made of clips that the rendering makes."""
    known = set(prompts.all_keys())
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(366)]
    said = [
        *(f"day:{day}" for day in days),
        *(f"time:{hour}:{minute:02}" for hour in range(24) for minute in range(60)),
        *(f"ahead:{count}" for count in (0, 1, 99, 1000)),
        *(f"wait:{minutes}" for minutes in (0, 1, 60, 240)),
        *(f"digits:{number:08}" for number in range(0, 10**8, 999_331)),
    ]

    with app.test_request_context(base_url=HOME):
        keys = {part.key for one in said for part in prompts._parts("eu", one)}

    assert keys <= known


def test_appointments_are_read_with_their_hour_and_name(client, place, clips):
    town.a_clerk(town.a_procedure())
    made = town.a_visit(town.a_wish(place, town.the_procedure("padron")))
    noon = datetime.combine(clock.today(place.time_zone), time(13, 30), place.zone)
    made.starts_at = noon.astimezone(UTC)
    db.session.commit()
    open_browser(client, a_device(place))
    town.send(client, f"{HOME}/ca/kiosk/appointment/phone", phone="600 123 456")
    code = town.digits_sent(town.sent_to(town.PHONE)[-1])
    town.send(client, f"{HOME}/ca/kiosk/appointment/code", code=code)
    assert 'id="listen"' not in client.get(f"{HOME}/ca/kiosk/mine").text

    today = clock.today(place.time_zone)
    at = clock_time(made.starts_at, place.time_zone)
    said = ("mine", "today", f"day:{today}", f"time:{at}")
    parts = [part for one in said for part in prompts._parts("ca", one)]
    prompts.render_parts("ca", [*parts, prompts.name_of(made.procedure, "ca")])

    page = client.get(f"{HOME}/ca/kiosk/mine").text
    names = re.search(r'data-clips="([^"]+)"', page)[1].split()
    name = prompts._name("ca", prompts.name_of(made.procedure, "ca"))
    assert names[-1].endswith(name)


def test_the_line_is_heard_as_it_is_now_and_not_as_it_was(client, place, clips):
    clerk = town.a_clerk(town.a_procedure())
    db.session.commit()
    open_browser(client, a_device(place))
    town.send(client, f"{HOME}/ca/kiosk/now", page=f"{HOME}/ca/kiosk/")
    longest = line_of.place_of(db.session.query(Visit).one()).longest
    wait = ("wait", f"m{longest}") if longest else ()
    render("ca", "waiting", "next", "ringing", *wait)
    line = re.compile(r'id="line"[^>]*data-clips="([^"]+)"')
    first = line.search(client.get(f"{HOME}/ca/kiosk/call").text)[1]

    queue.call_next(clerk)
    db.session.commit()
    then = client.get(f"{HOME}/ca/kiosk/call", headers={"HX-Request": "true"}).text

    with client.application.test_request_context(base_url=HOME), speaking("ca"):
        ringing = prompts.clips_for(["ringing"])
    assert line.search(then)[1].split() == ringing
    assert first.split() != ringing
