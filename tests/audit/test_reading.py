"""Whoever looks after the house reads the record, in their own language, and leaves a line."""

import csv
import io
import re

import pytest
import sqlalchemy as sa

from app.accounts import services as accounts
from app.accounts.models import Account, Role
from app.audit import services
from app.audit.models import AuditEntry
from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.towns.models import Town
from tests import town


@pytest.fixture
def place() -> Town:
    made = town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron)
    town.a_visit(town.a_wish(made, padron), town.tomorrow_at(10))
    town.a_visit(town.a_wish(made, padron), town.tomorrow_at(11), phone="+34600777888", name="Mar")
    return made


@pytest.fixture
def administrator(client, place) -> Account:
    person = accounts.employ("Àger Soler", Role.ADMINISTRATOR, ["ca"])
    db.session.commit()
    town.enter(client, person)
    return person


def lines(page: str) -> list[str]:
    return re.findall(r"<tr[^>]*>\s*<td[^>]*>(\d+)</td>", page)


def read(client, place: Town, query: str = "", status: int = 200) -> str:
    answer = client.get(f"{town.base(place)}/office/audit?{query}")
    assert answer.status_code == status
    return answer.text


def test_the_newest_line_comes_first_in_the_readers_language(client, place, administrator):
    page = read(client, place)

    assert [int(number) for number in lines(page)] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert "ha reservat una cita" in page
    assert 'lang="ca"' in page


def test_that_somebody_looked_is_a_line_itself(client, place, administrator):
    read(client, place, "person=600+777+888&since=2026-01-01")

    entry = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number.desc())).first()
    assert entry.name == "AuditRead"
    assert entry.author == f"account:{administrator.id}"
    assert entry.facts["about"] == "2026-01-01 person"
    assert "600" not in str(entry.facts)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=VisitBooked", 2),
        ("person=600777888", 3),
        ("person=%C3%80ger", 2),  # coming in, and this very reading
        ("person=nobody+at+all", 0),
        ("person=600111222", 0),
        ("visit={code}", 3),
        ("visit={number}", 3),
        ("visit=bcdfghjkmnpq", 0),
        ("since=2020-01-01&until=2020-12-31", 0),
        ("since={today}&until={today}", 8),
        ("kind=VisitHeld&visit={code}", 1),
        ("person=%E2%80%AE600777888", 3),
        ("kind=%27+OR+1=1+--", 0),
        ("page=99999&kind=VisitBooked", 2),
        ("page=-1&kind=VisitBooked", 2),
    ],
)
def test_looking_for_something_finds_it(client, place, administrator, query, expected):
    visit = db.session.scalars(sa.select(Visit).where(Visit.name == "Mar")).one()
    today = clock.today(place.time_zone).isoformat()

    page = read(client, place, query.format(code=visit.code, number=visit.id, today=today))

    assert len(lines(page)) == expected


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=2026-13-45", "since=2026-02-02&until=2026-01-01"]
)
def test_a_day_that_is_none_is_said(client, place, administrator, query):
    page = read(client, place, query, status=422)

    assert 'class="field__error"' in page
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 7


def test_fifty_lines_a_page(client, place, administrator):
    for number in range(120):
        services.write("Something", {"n": number})
    db.session.commit()

    assert len(lines(read(client, place, "kind=Something"))) == 50
    assert len(lines(read(client, place, "kind=Something&page=3"))) == 20


def test_a_downloaded_line_is_never_a_formula(client, place, administrator):
    services.write("=cmd|' /C calc'!A0", {"said": "x"})
    services.write("+1", {"said": "y"})
    db.session.commit()

    answer = client.get(f"{town.base(place)}/office/audit/lines.csv")

    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 11
    for row in rows[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row), row
    assert "'=cmd" in rows[2][4] or "'=cmd" in rows[3][4]


def test_a_download_is_written_down(client, place, administrator):
    client.get(f"{town.base(place)}/office/audit/lines.csv?kind=VisitBooked")

    entry = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number.desc())).first()
    assert (entry.name, entry.facts["lines"]) == ("AuditDownloaded", 2)


def test_checking_says_what_it_found(client, place, administrator):
    home = f"{town.base(place)}/office/audit"

    town.send(client, f"{home}/verify", home)
    assert 'notice--done" id="check-result"' in read(client, place)

    db.session.execute(sa.update(AuditEntry).where(AuditEntry.number == 2).values(name="Nothing"))
    db.session.commit()
    town.send(client, f"{home}/verify", home)
    page = read(client, place)
    assert 'notice--refusal" id="check-result"' in page
    assert "línia 2" in page


def test_that_stamps_are_not_qualified_is_said(client, place, administrator):
    assert 'id="not-qualified"' in read(client, place)


@pytest.mark.parametrize("role", [Role.CLERK, Role.SUPERVISOR, Role.INTERPRETER, Role.CITIZEN])
def test_nobody_else_reads_it(client, place, role):
    person = (
        accounts.know_citizen("+34600999888", "ca")
        if role is Role.CITIZEN
        else accounts.employ("Nil Roca", role, ["ca"])
    )
    db.session.commit()
    town.enter(client, person)

    refused = 303 if role is Role.CITIZEN else 403  # a citizen's session opens no door of the staff
    for path in ("", "/lines.csv"):
        assert client.get(f"{town.base(place)}/office/audit{path}").status_code == refused


def test_another_towns_record_is_not_in_it(client, place, administrator):
    other = town.a_town("etxalde")
    services.write("ElsewhereOnly", {})
    db.session.commit()

    assert "Elsewhere" not in read(client, place)
    assert other.id != place.id
