"""A whole town as one file: round trip, differences, and every mistake with its line."""

import json
from datetime import time, timedelta

import pytest

from app.accounts import services as accounts
from app.accounts.models import Account, Role
from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.core.i18n import speaking
from app.demo import services as demo
from app.office import services
from app.office.services import NotApplied
from app.office.town_file import document, read, written
from app.schedule import queries as schedule
from app.schedule import services as schedule_rules
from app.schedule.models import Resource, ResourceKind, Shift
from app.schedule.services import Hours
from app.towns import queries as towns
from app.towns import services as town_rules
from app.towns.models import Closure, Media, Procedure, Town
from app.towns.tenant import town_of
from tests import town


@pytest.fixture
def place():
    made = town.a_town(region="CT")
    padron = town.a_procedure()
    clerk = town.counter_of(town.a_clerk(padron, hours=(time(9), time(14))))
    day = clock.today(made.time_zone) + timedelta(days=20)
    town_rules.set_day(day, "Festa major", office=padron.office, today=day)
    town_rules.add_season(
        *(day, day + timedelta(days=30), time(9), time(13)),
        reason="Estiu",
        is_yearly=True,
        office=None,
    )
    desk = schedule_rules.add_resource(ResourceKind.DESK, "Taula 1", office_id=padron.office_id)
    schedule_rules.change_resource(clerk, desk_id=desk.id)
    windows = [Hours(time(16), time(18), ("video",))]
    schedule_rules.set_day(clerk, day, windows, "Tarda", today=day)
    town.a_supervisor()
    db.session.commit()
    return made


def text_of(place: Town) -> str:
    with town_of(place.id):
        return written(document(place))


def changed(text: str, before: str, after: str) -> str:
    assert before in text
    return text.replace(before, after, 1)


def test_what_is_written_and_loaded_again_changes_nothing(place):
    text = text_of(place)

    look = services.look_at_file(read(text))

    assert look.faults == []
    assert look.changes == []
    services.load(read(text))
    assert text_of(place) == text


def test_a_town_taken_to_another_house_is_the_same_town(place):
    text = text_of(place)
    other = text.replace('slug = "vilaclara"', 'slug = "other"')

    made = services.load(read(other))

    assert made.host == "other.localhost"
    assert text_of(made) == other
    assert services.look_at_file(read(other)).changes == []


def test_the_way_of_its_calls_travels_with_a_town(place):
    place.media = Media.JANUS
    text = text_of(place)

    made = services.load(read(text.replace('slug = "vilaclara"', 'slug = "other"')))
    mended = read(changed(text, 'media = "janus"', 'media = "pigeons"'))

    assert made.media is Media.JANUS
    assert "janus" in services.look_at_file(mended).faults[0].text


def test_every_town_of_the_demonstration_makes_the_round_trip(app):
    demo.load()
    db.session.flush()
    for place in towns.all_towns():
        text = text_of(place)

        look = services.look_at_file(read(text))

        assert (look.faults, look.changes) == ([], []), place.slug


def test_what_would_change_is_said_and_nothing_is_done(place):
    text = changed(text_of(place), "grid_minutes = 10", "grid_minutes = 20")
    spoken = 'name = "Ana Pi"\nlocale = "ca"\nlanguages = ["ca"'
    text = changed(text, spoken + ', "es"]', spoken + "]")

    look = services.look_at_file(read(text))

    assert [(one.section, one.word, one.before, one.after) for one in look.changes] == [
        ("town", "grid_minutes", "10", "20"),
        ("people", "languages", "ca, es", "ca"),
    ]
    db.session.refresh(place)
    assert place.grid_minutes == 10


def test_what_is_not_in_the_file_is_not_deleted(place):
    padron = town.the_procedure("padron")
    visit = town.a_visit(town.a_wish(place, padron), None)
    text = text_of(place)
    head, _, rest = text.partition("[[procedures]]")
    short = head + "[[people]]" + rest.partition("[[people]]")[2]
    short = short.replace('skills = ["padron"]', "skills = []")

    services.load(read(short))

    assert db.session.get(Procedure, padron.id)
    assert db.session.get(Visit, visit.id)


def test_hours_and_closed_days_are_as_the_file_says(place):
    text = text_of(place)
    without = text[: text.index("[[closures]]")] + text[text.index("[[seasons]]") :]
    without = changed(without, "starts = 09:00:00", "starts = 10:00:00")

    services.load(read(without))

    assert db.session.query(Closure).count() == 0
    assert time(10) in {one.starts for one in db.session.query(Shift)}


def test_somebody_new_comes_without_a_way_in(place):
    text = text_of(place) + (
        '\n[[people]]\nrole = "clerk"\nname = "Biel Mas"\nlanguages = ["ca"]\n'
        '\n[[resources]]\nkind = "clerk"\nname = "Biel Mas"\nperson = "Biel Mas"\n'
        'skills = ["padron"]\n'
    )

    services.load(read(text))

    biel = db.session.query(Account).filter_by(name="Biel Mas").one()
    counter = db.session.query(Resource).filter_by(account_id=biel.id).one()
    assert schedule.skills_of(counter.id) == {town.the_procedure("padron").id}


def test_two_people_with_one_name_stay_two(place):
    accounts.employ("Ana Pi", Role.CLERK, ["es"])
    db.session.flush()
    text = text_of(place)

    assert 'name = "Ana Pi #2"' in text
    assert services.look_at_file(read(text)).changes == []


@pytest.mark.parametrize(
    ("before", "after", "marked", "says"),
    [
        ("format = 1", "format = 2", "format = 2", "version"),
        ("format = 1", 'format = "x"', "format =", "version"),
        ("grid_minutes = 10", "grid_minutes = 7", "grid_minutes = 7", ""),
        ("grid_minutes = 10", 'grid_minutes = "10"', "grid_minutes =", "whole number"),
        ("grid_minutes = 10", "grid_minutes = true", "grid_minutes =", "whole number"),
        ("grid_minutes = 10", "grid_minute = 10", "grid_minute =", "grid_minute"),
        ('languages = ["ca", "es"]', 'languages = ["xx"]', 'languages = ["xx"]', "Languages"),
        ('languages = ["ca", "es"]', "languages = [1]", "languages = [1]", "another kind"),
        ('slug = "padron"', "slug = 5", "slug = 5", "quotation"),
        ('skills = ["padron"]', 'skills = ["nothing"]', 'skills = ["nothing"]', "nothing"),
        ('kind = "desk"', 'kind = "throne"', 'kind = "throne"', "one of these"),
        ("starts = 09:00:00", "starts = 15:00:00", "ends = 14:00:00", ""),
        ("starts = 09:00:00", 'starts = "nine"', 'starts = "nine"', "date or a time"),
        ('person = "Ana Pi"', 'person = "Nobody"', 'person = "Nobody"', "Nobody"),
        ("video = 20", "video = 2", "[[procedures]]", ""),
        ('slug = "vilaclara"', 'slug = "../etc"', 'slug = "../etc"', "hyphens"),
    ],
)
def test_each_mistake_is_said_with_its_line(place, before, after, marked, says):
    text = text_of(place)
    text = changed(text, before, after)
    digest = text_of(place)

    with speaking("en"):
        look = services.look_at_file(read(text))
        said = [(fault.line, str(fault.text)) for fault in look.faults]

    assert said
    lines = [n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(marked)]
    assert any(line in lines and says in text for line, text in said)
    db.session.expire_all()
    assert text_of(place) == digest, "nothing was changed"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("\x00", 1),
        ("format = 1\ntown = 3\n", 1),
        ("format = 1\n[town]\nname = 'x\n", 3),
        ("format = 1\n\n[town]\n[[town]]\n", 1),
        ("[" * 50_000, 1),
        ("format = 1\noffices = 5\n[town]\n", 2),
        ("a" * (2 * 1024 * 1024 + 1), 1),
    ],
)
def test_what_is_no_file_of_a_town_is_said(text, line):
    draft = read(text)

    assert draft.faults
    assert min(fault.line for fault in draft.faults) >= 1
    assert line in {fault.line for fault in draft.faults} or line == 1


def test_a_file_with_faults_is_not_loaded_half(place):
    text = changed(text_of(place), 'kind = "desk"', 'kind = "booth"')
    text = changed(text, "buffer_minutes", "buffer_minutes") if "buffer_minutes" in text else text
    text = changed(text, "grid_minutes = 10", "grid_minutes = 20")
    text = changed(text, "video = 20", "video = 2000")
    before = text_of(place)

    draft = read(text)
    with pytest.raises(NotApplied), db.session.begin_nested():
        services.load(draft)

    db.session.expire_all()
    assert text_of(place) == before


def test_the_command_says_what_changes_and_then_does_it(app, place, tmp_path):
    file = tmp_path / "town.toml"
    run = app.test_cli_runner()
    db.session.commit()

    first = run.invoke(args=["towns", "export", "vilaclara", str(file)])
    same = run.invoke(args=["towns", "load", str(file)])
    file.write_text(changed(file.read_text(), "grid_minutes = 10", "grid_minutes = 20"))
    look = run.invoke(args=["towns", "load", str(file)])
    done = run.invoke(args=["towns", "load", str(file), "--apply"])
    again = run.invoke(args=["towns", "load", str(file), "--apply"])

    assert first.exit_code == 0, first.output
    assert "Nothing would change" in same.output
    assert "grid_minutes: 10 → 20" in look.output
    assert "1 changes" in done.output
    assert "Nothing would change" in again.output


def test_the_command_names_the_line_of_a_mistake(app, place, tmp_path):
    file = tmp_path / "town.toml"
    text = changed(text_of(place), 'kind = "desk"', 'kind = "throne"')
    file.write_text(text)
    line = next(n for n, one in enumerate(text.splitlines(), 1) if "throne" in one)

    answer = app.test_cli_runner().invoke(args=["towns", "load", str(file), "--apply"])

    assert answer.exit_code == 1
    assert f"town.toml:{line}:" in answer.output


def test_visits_that_could_not_be_kept_stop_the_command(app, place, tmp_path):
    padron = town.the_procedure("padron")
    town.a_visit(town.a_wish(place, padron))
    file = tmp_path / "town.toml"
    file.write_text(changed(text_of(place), 'skills = ["padron"]', "skills = []"))
    run = app.test_cli_runner()

    stopped = run.invoke(args=["towns", "load", str(file), "--apply"])
    kept = run.invoke(args=["towns", "load", str(file), "--apply", "--keep-visits"])

    assert stopped.exit_code == 1
    assert "could not be kept" in stopped.output
    assert kept.exit_code == 0, kept.output


def test_the_page_shows_the_difference_and_then_does_it(client, place):
    import io

    town.enter(client, town.a_supervisor("Roc"))
    page = f"{town.base(place)}/office/town/file"
    text = client.get(f"{town.base(place)}/office/town/file.toml").text
    wanted = changed(text, "grid_minutes = 10", "grid_minutes = 20")
    token = town.token_in(client.get(page).text)

    look = client.post(
        page, data={"csrf_token": token, "file": (io.BytesIO(wanted.encode()), "t.toml")}
    )
    assert look.status_code == 200
    assert "grid_minutes" in look.text
    assert db.session.get(Town, place.id).grid_minutes == 10

    fields = {name: town.field_in(look.text, name) for name in ("packed", "seen")}
    done = client.post(page, data={"csrf_token": token, **fields})
    assert done.status_code == 303
    db.session.expire_all()
    assert db.session.get(Town, place.id).grid_minutes == 20

    late = client.post(page, data={"csrf_token": token, **fields})
    assert late.status_code in (303, 409)


def test_a_file_of_another_town_is_refused_on_the_page(client, place):
    import io

    text = text_of(place).replace('slug = "vilaclara"', 'slug = "etxalde"')
    town.enter(client, town.a_supervisor("Roc"))
    page = f"{town.base(place)}/office/town/file"
    token = town.token_in(client.get(page).text)

    answer = client.post(
        page, data={"csrf_token": token, "file": (io.BytesIO(text.encode()), "t.toml")}
    )

    assert answer.status_code == 422
    assert db.session.query(Town).count() == 1


@pytest.mark.parametrize("packed", ["", "x", "AAAA", json.dumps({}), "é"])
def test_a_packed_file_that_is_none_is_said(client, place, packed):
    town.enter(client, town.a_supervisor("Roc"))
    page = f"{town.base(place)}/office/town/file"

    assert town.send(client, page, page, packed=packed, seen="x").status_code == 422
