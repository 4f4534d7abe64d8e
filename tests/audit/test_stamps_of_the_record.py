"""The last line is stamped every day: so a tail that is cut, or a record written anew, is seen."""

from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from app.audit import jobs, queries, services
from app.audit.models import AuditAnchor, AuditCheck, AuditEntry
from app.core import clock, timestamps
from app.core.chain import FIRST
from app.core.db import db
from app.towns.models import Town
from tests import town
from tests.audit.authority_stand_in import an_authority


@pytest.fixture
def place() -> Town:
    """A town with ten lines, of which the sixth was the last when it was stamped."""
    made = town.a_town()
    for number in range(6):
        services.write("Something", {"n": number})
    services.ask_for_stamp()
    db.session.commit()
    assert services.stamp_due() == 1
    for number in range(4):
        services.write("Something", {"n": number})
    db.session.commit()
    return made


def found() -> list[str]:
    db.session.expire_all()
    return [str(fault) for fault in services.verify().faults]


def write_anew(first: int) -> None:
    """As somebody with the whole register in their hands would: every digest made again."""
    previous = FIRST
    for entry in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number)):
        if entry.number == first:
            entry.name = "Invented"
        entry.previous = previous
        entry.digest = previous = queries.line_of(entry).digest_as(entry.number)
    db.session.flush()


def test_a_stamped_record_is_whole(place):
    report = services.verify()

    assert report.is_whole
    assert (report.lines, report.stamps) == (10, 1)


@pytest.mark.parametrize(("last", "says"), [(5, "cut: line 6"), (3, "cut: 4 to 6")])
def test_a_tail_that_was_cut_is_seen(place, last, says):
    db.session.execute(sa.delete(AuditEntry).where(AuditEntry.number > last))

    assert found() == [says]


def test_lines_after_the_last_stamp_are_known_to_nobody_yet(place):
    db.session.execute(sa.delete(AuditEntry).where(AuditEntry.number > 6))

    assert found() == []


@pytest.mark.parametrize("first", [1, 4, 6])
def test_a_record_written_anew_is_seen(place, first):
    write_anew(first)

    assert found() == ["rewritten: 1 to 6"]


def test_which_stamps_it_was_written_anew_between_is_said(place):
    services.ask_for_stamp()
    db.session.commit()
    services.stamp_due()

    write_anew(8)

    assert found() == ["rewritten: 7 to 10"]


def test_a_cut_that_was_covered_with_new_lines_is_seen(place):
    db.session.execute(sa.delete(AuditEntry).where(AuditEntry.number > 3))
    for number in range(9):
        services.write("Since", {"n": number})

    assert found() == ["rewritten: 1 to 6"]


def test_stamps_that_were_taken_away_with_the_lines_are_missed(place):
    """A copy of each stamp is kept outside the register."""
    db.session.execute(sa.delete(AuditEntry).where(AuditEntry.number > 4))
    db.session.execute(sa.delete(AuditAnchor))

    assert found() == ["stamp: line 6"]


def test_a_stamp_that_was_changed_is_seen(place):
    anchor = queries.newest_stamp()
    assert anchor
    anchor.token = (anchor.token or b"")[:-1] + b"x"
    db.session.flush()

    assert found() == ["stamp: line 6"]


def test_the_record_of_another_town_has_other_stamps(place):
    other = timestamps.check(queries.newest_stamp().token, services.message_of(place.id, 6, line()))

    assert other.authority == "development"
    with pytest.raises(timestamps.WrongStamp):
        timestamps.check(queries.newest_stamp().token, services.message_of(place.id + 1, 6, line()))


def line() -> str:
    return db.session.scalars(sa.select(AuditEntry.digest).where(AuditEntry.number == 6)).one()


def test_every_day_it_is_checked_and_stamped_once():
    town.a_town()
    services.write("Something", {})
    db.session.commit()

    with time_machine.travel(clock.now(), tick=False) as hands:
        counts = []
        for hours in (0, 1, 1, 21, 2, 0):
            hands.shift(hours * 3600)
            services.write("Something", {})
            db.session.commit()
            counts.append(jobs.check_and_ask_for_stamps())

    assert counts == [1, 0, 0, 0, 1, 0]
    assert db.session.scalars(sa.select(AuditCheck.lines).order_by(AuditCheck.id)).all() == [2, 6]


def test_a_quiet_town_is_not_stamped_again():
    town.a_town()
    services.write("Something", {})
    db.session.commit()
    jobs.check_and_ask_for_stamps()

    with time_machine.travel(clock.now().replace(year=2030)):
        assert jobs.check_and_ask_for_stamps() == 0


def test_an_authority_that_is_down_is_asked_again_later_and_it_is_seen(app, tmp_path, monkeypatch):
    town.a_town()
    services.write("Something", {})
    services.ask_for_stamp()
    db.session.commit()
    with an_authority(tmp_path) as entry:
        down = {**entry, "url": "http://127.0.0.1:9/", "name": "the one that is down"}
        monkeypatch.setitem(app.config, "TIMESTAMP_AUTHORITIES", (down,))
        assert services.stamp_due() == 0
        waiting = queries.unstamped()
        assert waiting
        assert "the one that is down" in waiting.problem
        monkeypatch.setitem(app.config, "TIMESTAMP_AUTHORITIES", (down, entry))
        assert services.stamp_due() == 0, "not before its pause is over"
        waiting.try_at = clock.now()
        db.session.commit()

        assert services.stamp_due() == 1
        assert queries.unstamped() is None
        assert queries.newest_stamp().is_qualified
        assert services.verify().is_whole


def test_the_command_says_it_of_every_town(app, place):
    town.a_town("etxalde")
    runner = app.test_cli_runner()

    whole = runner.invoke(args=["audit", "verify"])
    stamped = runner.invoke(args=["audit", "stamp"])

    assert whole.exit_code == stamped.exit_code == 0
    assert "vilaclara: whole, 10 lines, 1 time stamps" in whole.output
    assert "etxalde: whole, 0 lines" in whole.output
    assert "NOT QUALIFIED" in whole.output
    assert "vilaclara: line 10 at" in stamped.output


def test_the_command_fails_when_a_line_was_changed(app, place):
    db.session.execute(sa.update(AuditEntry).where(AuditEntry.number == 2).values(name="Nothing"))
    db.session.commit()

    result = app.test_cli_runner().invoke(args=["audit", "verify"])

    assert result.exit_code == 1
    assert "vilaclara: CHANGED" in result.output
    assert "edited: line 2" in result.output


def test_old_lines_are_destroyed_up_to_a_stamp_and_the_rest_still_fits(place):
    count = services.shorten(clock.now())
    db.session.commit()

    assert count == 6
    assert found() == []
    assert queries.last_line()[0] == 11
    services.write("Since", {})
    assert found() == []


def test_without_a_stamp_nothing_is_destroyed():
    town.a_town()
    services.write("Something", {})

    assert services.shorten(clock.now()) == 0


def test_a_beginning_that_was_cut_without_being_written_down_is_seen(place):
    services.shorten(clock.now())
    db.session.execute(
        sa.update(AuditEntry).where(AuditEntry.name == "AuditShortened").values(name="Nothing")
    )

    assert "missing: 1 to 6" in found()


def test_even_a_record_destroyed_to_its_end_goes_on_where_it_was(place):
    services.ask_for_stamp()
    db.session.commit()
    services.stamp_due()

    services.shorten(clock.now())

    assert [entry.number for entry in queries.found(queries.Search(), limit=9)] == [11]
    assert found() == []


def test_a_copy_of_a_stamp_that_was_cut_short_is_none(place, monkeypatch):
    """The process ended, or the disk was full, in the middle of it: nobody changed the record."""
    services.ask_for_stamp()
    db.session.commit()
    write = Path.write_bytes

    def cut_short(file, content):
        if "audit" not in file.parts:
            return write(file, content)
        write(file, content[:100])
        raise OSError("no space left")

    with monkeypatch.context() as street:
        street.setattr(Path, "write_bytes", cut_short)
        with pytest.raises(OSError, match="no space"):
            services.stamp_due()
    assert found() == []

    services.stamp_due()
    assert services.verify().stamps == 2
    assert found() == []
