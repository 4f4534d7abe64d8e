"""The archive in the back office: what is kept, until when, for whom. Nobody looks without why."""

import io
import re
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.archive import jobs, queries
from app.archive import services as archive
from app.archive.models import StoredFile
from app.archive.words import reading_reason
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db
from tests import town

VISIT = "bcdfghjkmnpq"
OWNER = f"visit:{VISIT}"


@pytest.fixture
def keeper(client, place):
    person = town.a_supervisor("Núria Keeper", Role.ADMINISTRATOR)
    town.enter(client, person)
    return person


def kept(content: bytes = b"a paper", owner: str = OWNER, **told) -> StoredFile:
    named = {"name": "DNI.pdf", "media_type": "application/pdf", "purpose": "paper", **told}
    file = archive.keep(io.BytesIO(content), owner=owner, **named)
    db.session.commit()
    return file


def at(place, path: str = "") -> str:
    return f"{town.base(place)}/office/archive{path}"


def again(file: StoredFile) -> StoredFile:
    with sees_blocked():
        db.session.expire_all()
        return db.session.get_one(StoredFile, file.id)


def test_only_who_keeps_the_data_enters(client, place):
    for role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
        town.enter(client, town.a_supervisor(role.value, role))
        expected = 200 if role is Role.ADMINISTRATOR else 403
        assert client.get(at(place)).status_code == expected


def test_an_empty_archive_says_what_will_appear(client, place, keeper):
    page = client.get(at(place)).text

    assert "Nothing is kept yet" in page
    assert "a folder of this house" in page
    assert "The newest key closes every envelope." in page


def test_what_is_kept_is_listed_without_its_name(client, place, keeper):
    paper, film = kept(), kept(b"x" * 2_500_000, purpose="recording", owner="visit:zzzzzzzzzzzz")

    page = client.get(at(place)).text

    assert "2 files" in page
    assert paper.id in page
    assert film.id in page
    assert "2.5 MB" in page
    assert "DNI.pdf" not in page


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("", {"open", "blocked", "held", "damaged"}),
        ("state=open", {"open", "held", "damaged"}),
        ("state=blocked", {"blocked"}),
        ("state=held", {"held"}),
        ("state=damaged", {"damaged"}),
        ("state=ended", {"ended"}),
        ("purpose=recording", {"blocked"}),
        ("purpose=other", {"damaged"}),
        (f"visit={VISIT}", {"open"}),
        ("since=2999-01-01", set()),
        ("until=2020-01-01", set()),
        ("state=nonsense", {"open", "blocked", "held", "damaged"}),
    ],
)
def test_one_finds_what_one_looks_for(client, place, keeper, question, wanted):
    files = {
        "open": kept(),
        "blocked": kept(owner="visit:2", purpose="recording"),
        "held": kept(owner="visit:3", purpose="act"),
        "damaged": kept(owner="visit:4", purpose="drawing"),
        "ended": kept(owner="visit:5"),
    }
    files["blocked"].blocked_at = clock.now()
    archive.hold("visit:3", reference="DP 1/2026")
    files["damaged"].problem = "changed"
    archive.delete(files["ended"])
    db.session.commit()

    page = client.get(f"{at(place)}?{question}").text

    assert {name for name, file in files.items() if file.id in page} == wanted


@pytest.mark.parametrize(
    "question",
    ["visit=x", "since=yesterday", "since=2026-02-31", "since=2026-02-02&until=2026-01-01"],
)
def test_a_question_that_cannot_be_understood_is_said(client, place, keeper, question):
    answer = client.get(f"{at(place)}?{question}")

    assert answer.status_code == 422
    assert "Error:" in answer.text


def test_many_files_are_turned_over_page_by_page(client, place, keeper):
    for n in range(53):
        kept(b"x", owner=f"visit:{n}")

    first, second = client.get(at(place)).text, client.get(f"{at(place)}?page=2").text

    ids = [set(re.findall(r'id="file-(\w+)"', page)) for page in (first, second)]
    assert [len(one) for one in ids] == [50, 3]
    assert not ids[0] & ids[1]


# --- one file ------------------------------------------------------------------------------------


def test_a_file_says_what_it_is_and_who_looked(client, place, keeper):
    file = kept()
    archive.tell_reading(file, reader="account:999", why="the visit")
    archive.tell_reading(file, reader="", why="their own link")
    db.session.commit()

    page = client.get(at(place, f"/files/{file.id}")).text

    for text in (file.sha256, VISIT, "Person 999", "the visit", "Somebody with a link"):
        assert text in page
    assert "DNI.pdf" not in page


def test_it_is_opened_with_a_reason_and_the_page_then_says_who(client, place, keeper):
    file = kept()
    page = at(place, f"/files/{file.id}")

    answer = town.send(client, f"{page}/look", page, reason="person", reference="GDPR 3/2026")

    assert answer.data == b"a paper"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    after = client.get(page).text
    assert "Núria Keeper" in after
    assert "The person asked for it: GDPR 3/2026" in after


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reason": "person"},
        {"reason": "curiosity", "reference": "DP 1"},
        {"reason": "person", "reference": "because of <b>"},
    ],
)
def test_without_a_reason_it_stays_closed(client, place, keeper, fields):
    file = kept()
    page = at(place, f"/files/{file.id}")

    answer = town.send(client, f"{page}/look", page, **fields)

    assert answer.status_code == 422
    assert answer.data != b"a paper"
    assert not queries.readings_of(file)


def test_what_is_blocked_opens_only_for_whom_the_law_names(client, place, keeper):
    file = kept()
    file.blocked_at = clock.now()
    db.session.commit()
    page = at(place, f"/files/{file.id}")

    curious = town.send(client, f"{page}/look", page, reason="person", reference="GDPR 3/2026")
    judge = town.send(client, f"{page}/look", page, reason="court", reference="DP 3/2026")

    assert curious.status_code == 422
    assert judge.data == b"a paper"


def test_what_was_destroyed_opens_for_nobody(client, place, keeper):
    file = kept()
    page = at(place, f"/files/{file.id}")
    token = town.token_in(client.get(page).text)
    archive.delete(file)
    db.session.commit()

    for errand in ("look", "hold"):
        fields = {"csrf_token": token, "reason": "court", "reference": "DP 1"}
        assert client.post(f"{page}/{errand}", data=fields).status_code == 410
    assert "Destroyed" in client.get(page).text


def test_a_damaged_file_is_not_shown(client, place, keeper, store):
    file = kept()
    store.delete(file.place)
    page = at(place, f"/files/{file.id}")

    answer = town.send(client, f"{page}/look", page, reason="court", reference="DP 3/2026")

    assert answer.status_code == 409


def test_what_is_held_stays_and_what_is_released_may_end(client, place, keeper):
    file = kept()
    page = at(place, f"/files/{file.id}")
    fields = {"hold-reason": "prosecutor", "hold-reference": "DIP 4/2026"}

    assert town.send(client, f"{page}/hold", page).status_code == 422
    assert town.send(client, f"{page}/hold", page, **fields).status_code == 303
    after = client.get(page).text
    assert "The public prosecutor" in after
    assert "DIP 4/2026" in after
    held = queries.holds_of(OWNER)[0]
    assert held.placed_by_id == keeper.id

    town.send(client, f"{page}/release/{held.code}", page)
    assert not queries.is_on_hold(OWNER)


def test_a_hold_of_another_visit_is_not_lifted_here(client, place, keeper):
    file, other = kept(), kept(owner="visit:zzzzzzzzzzzz")
    held = archive.hold(other.owner, reference="DP 1/2026")
    mine = archive.hold(file.owner, reference="DP 2/2026", source="person")
    db.session.commit()
    page = at(place, f"/files/{file.id}")

    for one in (held, mine):
        town.send(client, f"{page}/release/{one.code}", page)

    assert held.stands
    assert mine.stands


# --- for how long --------------------------------------------------------------------------------


def fields_of(page: str) -> dict[str, str]:
    return dict(
        re.findall(r'<input class="field__input" id="([\w-]+)" name="[\w-]+" value="(\d+)"', page)
    )


def test_a_town_decides_for_how_long(client, place, keeper):
    page = at(place, "/terms")
    fields = fields_of(client.get(page).text)
    assert fields["paper"] == "365"

    changed = {**fields, "paper": "90", "paper-blocked": "200"}
    assert town.send(client, page, **changed).status_code == 303

    assert queries.terms()["paper"] == (90, 200)
    assert queries.terms()["act"] == (1825, 1095)
    assert fields_of(client.get(page).text) == changed


@pytest.mark.parametrize(
    "wrong",
    [{"paper": "5"}, {"paper": "x"}, {"act": "365"}, {"paper-blocked": "0"}, {"paper": "99999"}],
)
def test_no_term_is_outside_its_bounds(client: FlaskClient, place, keeper, wrong):
    page = at(place, "/terms")
    fields = fields_of(client.get(page).text)

    answer = town.send(client, page, **{**fields, **wrong})

    assert answer.status_code == 422
    assert "Error:" in answer.text
    assert queries.terms()["paper"] == (365, 1095)


def test_files_are_in_use_then_blocked_then_destroyed(place, store):
    paper, act = kept(), kept(owner="visit:zzzzzzzzzzzz", purpose="act")
    begun = clock.now()

    with time_machine.travel(begun + timedelta(days=366)):
        jobs.keep_to_the_terms()
        assert again(paper).blocked_at is not None
        assert again(act).blocked_at is None
    with time_machine.travel(begun + timedelta(days=366 + 1096)):
        assert jobs.keep_to_the_terms() == 1
        jobs.take_away_what_ended()
        assert again(paper).is_destroyed
        assert not store.exists(paper.place)
        assert not again(act).is_destroyed
        assert not again(paper).envelope.is_shredded  # days of grace
    with time_machine.travel(begun + timedelta(days=366 + 1100)):
        jobs.keep_to_the_terms()
        assert again(paper).envelope.is_shredded
        assert not again(act).envelope.is_shredded


def test_what_is_held_or_locked_outlives_its_term(place, app, monkeypatch):
    monkeypatch.setitem(app.config, "ARCHIVE_LOCKED", ("recording",))
    held, locked = kept(), kept(owner="visit:zzzzzzzzzzzz", purpose="recording")
    archive.hold(OWNER, reference="DP 1/2026")
    locked.locked_until = clock.now() + timedelta(days=5000)
    db.session.commit()

    for days in (366, 2000):
        with time_machine.travel(clock.now() + timedelta(days=days)):
            jobs.keep_to_the_terms()
            assert not again(held).is_destroyed
            assert not again(locked).is_destroyed
    archive.release(OWNER)
    db.session.commit()
    with time_machine.travel(clock.now() + timedelta(days=2000)):
        jobs.keep_to_the_terms()
        assert again(held).is_destroyed


def test_what_the_house_locks_is_promised_by_the_store_while_it_is_in_use(
    place, app, monkeypatch, store
):
    from app.core.storage import KeptUntil

    monkeypatch.setitem(app.config, "ARCHIVE_LOCKED", ("act",))
    act, paper = kept(purpose="act"), kept()

    assert act.locked_until
    assert abs((act.locked_until - clock.now()).days - 1825) <= 1
    assert paper.locked_until is None
    with pytest.raises(KeptUntil):
        store.delete(act.place)
    with pytest.raises(KeptUntil):
        archive.shred(OWNER)


def test_who_looked_is_forgotten_long_after(place):
    file = kept(purpose="act")
    archive.tell_reading(file, reader="account:7", why="the visit")
    db.session.commit()

    with time_machine.travel(clock.now() + timedelta(days=1820)):
        jobs.keep_to_the_terms()
        assert queries.readings_of(again(file))
    with time_machine.travel(clock.now() + timedelta(days=1830)):
        jobs.keep_to_the_terms()
        assert not queries.readings_of(again(file))


def test_a_draft_whose_key_was_destroyed_meanwhile_is_refused(place):
    from app.archive.errors import FileGone

    envelope = archive.envelope_for(OWNER)
    db.session.commit()
    named = {"name": "a", "media_type": "text/plain", "purpose": "paper"}
    draft = archive.seal(io.BytesIO(b"late"), envelope, **named)
    archive.shred(OWNER)
    db.session.commit()

    with pytest.raises(FileGone):
        archive.keep(draft)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("check by its code", "Checked with its code"),
        ("paper together", "Looked at together"),
        ("court: DP 1/2026", "A judge: DP 1/2026"),
        ("for her appeal", "for her appeal"),
    ],
)
def test_why_a_file_was_read_is_said_in_words(app, why, said):
    with app.test_request_context("/en/"):
        assert reading_reason(why) == said
