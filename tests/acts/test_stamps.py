"""Without an authority the seal says that it has no stamp; it gets one later, and then another."""

import pytest
import time_machine

from app.acts import queries, sealing, services
from app.acts.manifest import digest_of
from app.acts.sealing import keys
from app.acts.services import making
from app.audit import queries as audit
from app.core import clock, timestamps
from app.core.db import db
from tests.audit.authority_stand_in import an_authority

MISBEHAVIOUR = [
    *("another_question", "with_a_page", "with_a_page_in_disguise", "no", "nothing"),
    *("with_an_error", "elsewhere", "without_end", "by_drops", "never"),
]


def asked(served):
    act = services.ask(served)
    db.session.commit()
    return act


@pytest.mark.parametrize("manner", MISBEHAVIOUR)
def test_whatever_an_authority_does_the_seal_is_there_and_says_what_it_lacks(
    app, served, tmp_path, monkeypatch, manner
):
    act = asked(served)
    monkeypatch.setitem(app.config, "TIMESTAMP_TIMEOUT_SECONDS", 0.3)
    with an_authority(tmp_path, f"answer_{manner}".removeprefix("answer_")) as entry:
        monkeypatch.setitem(app.config, "TIMESTAMP_AUTHORITIES", [entry])
        services.go_on(act)

        assert act.is_sealed
        assert not act.edition.is_stamped
        assert not act.edition.is_qualified
        assert act.problem
        content = making.read(act.edition)
        assert not sealing.check(content, keys.roots(), needs_stamp=False).is_stamped
        with pytest.raises(sealing.Altered, match="no stamp"):
            sealing.check(content, keys.roots())


def test_an_authority_whose_certificate_has_ended_is_not_believed(
    app, served, tmp_path, monkeypatch
):
    act = asked(served)
    with time_machine.travel(clock.now().replace(year=2012)):
        timestamps.make_development(tmp_path / "authority-well")  # good for ten years
    with an_authority(tmp_path) as entry:
        monkeypatch.setitem(app.config, "TIMESTAMP_AUTHORITIES", [entry])
        services.go_on(act)

    assert act.is_sealed
    assert not act.edition.is_stamped
    assert "verifying certificates" in act.problem


def test_the_missing_stamp_comes_by_itself_and_both_files_are_the_same_act(
    app, served, tmp_path, monkeypatch
):
    act = asked(served)
    with an_authority(tmp_path, "with_an_error") as entry:
        monkeypatch.setitem(app.config, "TIMESTAMP_AUTHORITIES", [entry])
        services.go_on(act)
    monkeypatch.setitem(app.config, "TIMESTAMP_AUTHORITIES", ())
    assert services.stamp_all() == 0  # its time to try again has not come

    with time_machine.travel(clock.now().timestamp() + 70, tick=True):
        assert services.stamp_all() == 1

    assert act.edition.number == 2
    assert act.edition.is_stamped
    assert act.problem == ""
    content = making.read(act.edition)
    assert sealing.check(content, keys.roots()).is_stamped
    before = making.read(act.editions[0])
    assert queries.with_digest(digest_of(before)).act is act
    assert sealing.manifest_in(content) == sealing.manifest_in(before)


def test_an_authority_that_is_still_away_is_asked_later_and_later(
    app, served, tmp_path, monkeypatch
):
    act = asked(served)
    with an_authority(tmp_path, "with_an_error") as entry:
        monkeypatch.setitem(app.config, "TIMESTAMP_AUTHORITIES", [entry])
        services.go_on(act)
        first = act.try_at - clock.now()
        with time_machine.travel(act.try_at.timestamp() + 1, tick=True):
            services.stamp_all()
            second = act.try_at - clock.now()

    assert second > first
    assert len(act.editions) == 1


def test_before_the_certificate_of_the_last_stamp_ends_there_is_another_over_it(act):
    assert list(queries.in_want_of_a_stamp()) == []
    act.edition.good_until = clock.now() + queries.RENEW_BEFORE / 2
    db.session.commit()

    assert services.stamp_all() == 1

    assert act.edition.number == 2
    first, second = (making.read(one) for one in act.editions)
    assert second.startswith(first)
    assert sealing.check(second, keys.roots()).is_stamped


def test_the_record_tells_what_was_sealed_and_stamped(act):
    act.edition.good_until = clock.now()
    db.session.commit()
    services.stamp_all()

    told = [line.name for line in audit.found(audit.Search(), limit=99)]
    assert {"ActAsked", "ActSealed", "ActStamped"} <= set(told)


def test_a_file_that_was_changed_in_the_archive_is_not_stamped_again(act, monkeypatch):
    act.edition.good_until = clock.now()
    act.edition.sha256 = "0" * 64
    db.session.commit()

    services.stamp_all()

    assert act.edition.number == 1
    assert "not the one that was kept" in act.problem
