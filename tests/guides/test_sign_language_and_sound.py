"""A page in sign language or aloud: brought by an administrator, watched by whoever needs it."""

import io
import shutil
import subprocess

import pytest

from app.accounts.models import Role
from app.archive.models import StoredFile
from app.core.db import db
from app.guides import looking, services
from app.guides.errors import (
    BrokenFile,
    NeedsCaptions,
    NeedsWords,
    NotASound,
    NotAVideo,
    TooLarge,
    WrongCaptions,
)
from app.guides.models import Guide, Kind
from tests import town
from tests.examples import the_person
from tests.guides.films import CAPTIONS, MP3, SILENT, SPOKEN, VOICE

OFFICE = "/office/guides/"


@pytest.fixture
def place():
    made = town.a_town()
    town.a_procedure()
    db.session.commit()
    return made


@pytest.fixture
def administrator(place, client):
    person = the_person(Role.ADMINISTRATOR)
    town.enter(client, person)
    return person


def bring(client, place, **fields):
    """Send the form of the back office; files are pairs of bytes and a name."""
    url = f"{town.base(place)}{OFFICE}"
    token = town.token_in(client.get(url).text)
    files = {
        name: (io.BytesIO(what[0]), what[1])
        for name, what in fields.items()
        if isinstance(what, tuple)
    }
    words = {name: what for name, what in fields.items() if not isinstance(what, tuple)}
    defaults = {"about": "page:home", "kind": "lse", "language": "es"}
    return client.post(url, data={"csrf_token": token, **defaults, **words, **files})


def a_guide(person, kind=Kind.LSE, language="es", **about):
    sent = services.Sent(SILENT if kind.is_film else MP3, CAPTIONS, "Buenos días.\nAdiós.")
    made = services.add(
        services.check(kind, sent), kind=kind, language=language, by=person, **about
    )
    db.session.commit()
    return made


def test_where_the_town_has_recorded_nothing_there_is_no_button(client, place):
    for path in ("", "help", "privacy", "accessibility", "procedures/padron"):
        page = client.get(f"{town.base(place)}/es/{path}").text

        assert "/watch/" not in page


def test_a_film_with_sound_and_captions_appears_on_its_page_and_can_be_watched(
    client, place, administrator
):
    answer = bring(client, place, file=(SPOKEN, "hola.mp4"), captions=(CAPTIONS, "hola.vtt"))

    assert answer.status_code == 303
    guide = db.session.query(Guide).one()
    home = client.get(f"{town.base(place)}/es/").text
    assert f'href="/es/watch/{guide.code}"' in home
    assert "Ver en lengua de signos española" in home
    player = client.get(f"{town.base(place)}/es/watch/{guide.code}").text
    assert f'src="/guides/{guide.code}/film"' in player
    assert f'kind="captions" default src="/guides/{guide.code}/captions" srclang="es-ES"' in player
    captions = client.get(f"{town.base(place)}/guides/{guide.code}/captions")
    assert captions.content_type == "text/vtt; charset=utf-8"
    assert captions.data == CAPTIONS


def test_a_player_may_ask_for_a_part_of_the_film(client, place):
    guide = a_guide(the_person(Role.ADMINISTRATOR), page="help")
    url = f"{town.base(place)}/guides/{guide.code}/film"

    whole = client.get(url)
    part = client.get(url, headers={"Range": "bytes=4-7"})

    assert (whole.data, whole.content_type) == (SILENT, "video/mp4")
    assert (part.status_code, part.data) == (206, b"ftyp")
    assert "sandbox" in whole.headers["Content-Security-Policy"]


def test_a_voice_is_offered_in_its_own_language_with_its_words_below(client, place):
    person = the_person(Role.ADMINISTRATOR)
    guide = a_guide(person, Kind.AUDIO, "gl", procedure=town.the_procedure("padron"))

    spanish = client.get(f"{town.base(place)}/es/procedures/padron").text
    galician = client.get(f"{town.base(place)}/gl/procedures/padron").text

    assert "/watch/" not in spanish
    assert f"/gl/watch/{guide.code}" in galician
    page = client.get(f"{town.base(place)}/gl/watch/{guide.code}").text
    assert "<audio" in page
    assert "<p>Adiós.</p>" in page


def test_a_new_film_takes_the_place_of_the_older_one_whose_bytes_go(place):
    person = the_person(Role.ADMINISTRATOR)
    older = a_guide(person, page="home").file_id

    newer = a_guide(person, page="home")

    assert db.session.query(Guide).one().code == newer.code
    assert db.session.get(StoredFile, older).is_destroyed


def test_what_is_removed_is_no_longer_shown_or_kept(client, place, administrator):
    guide = a_guide(administrator, page="home")
    code, file = guide.code, guide.file_id

    answer = town.send(
        client,
        f"{town.base(place)}{OFFICE}{code}/remove",
        page=f"{town.base(place)}{OFFICE}",
    )

    assert answer.status_code == 303
    assert client.get(f"{town.base(place)}/es/watch/{code}").status_code == 404
    assert client.get(f"{town.base(place)}/guides/{code}/film").status_code == 404
    assert db.session.get(StoredFile, file).is_destroyed


def test_another_town_finds_nothing(client, place):
    guide = a_guide(the_person(Role.ADMINISTRATOR), page="home")
    other = town.a_town("benimar")
    db.session.commit()

    assert client.get(f"{town.base(other)}/es/watch/{guide.code}").status_code == 404
    assert client.get(f"{town.base(other)}/guides/{guide.code}/film").status_code == 404


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Elija el archivo"),
        ({"file": (b"%PDF-1.7", "a.mp4")}, "No es un vídeo MP4 o WebM"),
        ({"file": (SILENT[:-9], "a.mp4")}, "no está entero"),
        ({"file": (SPOKEN, "a.mp4")}, "Este vídeo tiene sonido"),
        ({"file": (SILENT, "a.mp4"), "captions": (b"1\n00:00", "a.srt")}, "WebVTT"),
        ({"file": (MP3, "a.mp3"), "kind": "audio"}, "Escriba lo que se dice"),
        ({"file": (SILENT, "a.mp4"), "kind": "dance"}, "Elija cómo se cuenta"),
        ({"file": (SILENT, "a.mp4"), "about": "page:office"}, "Elija una página"),
        ({"file": (SILENT, "a.mp4"), "language": "xx"}, "Elija uno de los idiomas"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_sentence_and_nothing_is_kept(
    client, place, administrator, fields, sentence
):
    administrator.locale = "es"
    db.session.commit()

    answer = bring(client, place, **fields)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert db.session.query(Guide).count() == 0
    assert db.session.query(StoredFile).count() == 0


def test_files_are_known_by_their_bytes():
    assert looking.film(SILENT) == looking.film(SPOKEN) == "video/mp4"
    assert looking.sound(VOICE) == "audio/mp4"
    assert looking.sound(MP3) == "audio/mpeg"
    assert looking.has_sound(SPOKEN)
    assert not looking.has_sound(SILENT)
    with pytest.raises(BrokenFile):
        looking.film(VOICE)
    with pytest.raises(NotAVideo):
        looking.film(MP3)
    with pytest.raises(NotASound):
        looking.sound(b"RIFF....WAVE")
    for wrong in (b"\xff\xfeW", b"WEBVTT", b"WEBVTTX\n\n00:00.000 --> 00:01.000\nA"):
        with pytest.raises(WrongCaptions):
            looking.captions(wrong)


def test_sizes_and_what_must_go_with_a_file():
    with pytest.raises(TooLarge):
        services.check(Kind.LSC, services.Sent(SILENT + bytes(services.LARGEST)))
    with pytest.raises(NeedsCaptions):
        services.check(Kind.LSC, services.Sent(SPOKEN))
    with pytest.raises(NeedsWords):
        services.check(Kind.AUDIO, services.Sent(MP3))


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="NO FFMPEG: real films were NOT looked at")
@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("a.mp4", ("-an",), ("video/mp4", False)),
        ("a.mp4", ("-c:a", "aac"), ("video/mp4", True)),
        ("a.webm", ("-an",), ("video/webm", False)),
        ("a.webm", ("-c:a", "libopus"), ("video/webm", True)),
    ],
)
def test_real_films_are_what_they_are(tmp_path, name, options, expected):
    file = tmp_path / name
    sources = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5", "-f", "lavfi", "-i", "sine")
    subprocess.run(["ffmpeg", "-v", "error", *sources, "-t", "1", *options, str(file)], check=True)
    content = file.read_bytes()

    assert (looking.film(content), looking.has_sound(content)) == expected
