"""Closed days, shorter hours, rules of a procedure and limits of a town are changed with sense."""

from datetime import date, time

import pytest
import sqlalchemy as sa

from app.audit.models import AuditEntry
from app.core.db import db
from app.towns import queries, services
from app.towns.errors import (
    DayMarked,
    DayOver,
    LengthsMissing,
    NumberUnfit,
    RegionUnknown,
    SeasonBackwards,
    SeasonClosed,
    SharesTooLarge,
    StepUnfit,
)
from tests import town

TODAY = date(2026, 11, 30)
FAIR = date(2027, 1, 17)


@pytest.fixture
def place():
    return town.a_town(region="CT")


@pytest.fixture
def padron(place):
    return town.a_procedure()


def told():
    question = sa.select(AuditEntry).where(AuditEntry.name == "RuleChanged").order_by(AuditEntry.id)
    return [(row.facts["rule"], row.facts["about"]) for row in db.session.scalars(question)]


def test_a_day_is_closed_and_then_as_usual(place):
    closure = services.set_day(FAIR, "Sant Antoni", office=None, today=TODAY)

    assert [(one.day, one.reason) for one in queries.closures()] == [(FAIR, "Sant Antoni")]
    services.forget_day(closure)
    assert queries.closures() == []
    assert told() == [("closed_on", "2027-01-17"), ("day_as_usual", "2027-01-17")]


def test_a_holiday_is_opened_all_the_same(place):
    services.set_day(date(2026, 12, 25), "", office=None, today=TODAY, is_open=True)

    assert told() == [("opened_on", "2026-12-25")]


def test_a_day_that_is_over_is_not_closed_any_more(place):
    with pytest.raises(DayOver):
        services.set_day(date(2026, 11, 29), "", office=None, today=TODAY)

    assert (list(queries.closures()), told()) == ([], [])


def test_a_day_is_marked_once_for_the_town_and_once_for_each_office(place, padron):
    services.set_day(FAIR, "Sant Antoni", office=None, today=TODAY)
    services.set_day(FAIR, "Obres", office=padron.office, today=TODAY)

    for office in (None, padron.office):
        with pytest.raises(DayMarked):
            services.set_day(FAIR, "", office=office, today=TODAY)

    assert [one.reason for one in queries.closures()] == ["Sant Antoni", "Obres"]


def test_summer_hours_are_added_and_removed(place):
    season = services.add_season(
        date(2027, 6, 15),
        date(2027, 9, 15),
        time(8),
        time(13),
        reason="Estiu",
        is_yearly=True,
        office=None,
    )

    services.forget_season(season)

    assert queries.seasons() == []
    assert [rule for rule, _ in told()] == ["season_added", "season_removed"]


@pytest.mark.parametrize(
    ("first", "last", "opens", "closes", "refusal"),
    [
        (date(2027, 9, 15), date(2027, 6, 15), time(8), time(13), SeasonBackwards),
        (date(2027, 6, 15), date(2027, 9, 15), time(13), time(8), SeasonClosed),
        (date(2027, 6, 15), date(2027, 9, 15), time(8), time(8), SeasonClosed),
    ],
)
def test_a_season_that_makes_no_sense_is_refused(place, first, last, opens, closes, refusal):
    with pytest.raises(refusal) as refused:
        services.add_season(first, last, opens, closes, reason="", is_yearly=False, office=None)

    assert (refused.value.status, list(queries.seasons())) == (422, [])


def test_the_rules_of_a_procedure_are_changed_and_only_what_changed_is_told(padron):
    services.change_procedure(padron, minutes={"video": 30}, same_day_percent=20, horizon_days=None)
    services.change_procedure(padron, minutes={"video": 30}, same_day_percent=20)

    assert (padron.minutes, padron.same_day_percent) == ({"video": 30}, 20)
    assert told() == [("procedure_changed", "padron: minutes, same_day_percent")]


@pytest.mark.parametrize(
    ("fields", "refusal", "field"),
    [
        ({"minutes": {}}, LengthsMissing, "video"),
        ({"minutes": {"video": 0}}, NumberUnfit, "video"),
        ({"minutes": {"video": -5}}, NumberUnfit, "video"),
        ({"minutes": {"phone": 481}}, NumberUnfit, "phone"),
        ({"buffers": {"video": [0, 121]}}, NumberUnfit, "video_before"),
        ({"buffers": {"video": [-1, 0]}}, NumberUnfit, "video_before"),
        ({"notice_minutes": -1}, NumberUnfit, "notice_minutes"),
        ({"horizon_days": 366}, NumberUnfit, "horizon_days"),
        ({"more_time_percent": 301}, NumberUnfit, "more_time_percent"),
        ({"interpreter_percent": -1}, NumberUnfit, "interpreter_percent"),
        ({"visits_per_phone": 0}, NumberUnfit, "visits_per_phone"),
        ({"alarm_days": -1}, NumberUnfit, "alarm_days"),
        ({"walk_in_percent": 96}, NumberUnfit, "walk_in_percent"),
        (
            {"same_day_percent": 50, "staff_percent": 30, "walk_in_percent": 20},
            SharesTooLarge,
            "same_day_percent",
        ),
    ],
)
def test_rules_that_nobody_could_keep_are_refused(padron, fields, refusal, field):
    with pytest.raises(refusal) as refused:
        services.change_procedure(padron, **fields)

    assert (refused.value.status, refused.value.field) == (422, field)
    assert padron.minutes["video"] == 20
    assert told() == []


def test_the_limits_of_the_town_are_changed(place):
    services.change_town(place, region="GA", grid_minutes=15, calls_before_no_show=2)

    assert (place.region, place.grid_minutes, place.calls_before_no_show) == ("GA", 15, 2)
    assert told() == [
        ("town_changed", "vilaclara: calls_before_no_show, grid_minutes, region"),
    ]


def test_a_town_may_keep_no_calendar(place):
    services.change_town(place, region=None)

    assert place.region is None


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"region": "ZZ"}, RegionUnknown),
        ({"grid_minutes": 7}, StepUnfit),
        ({"grid_minutes": 0}, StepUnfit),
        ({"calls_before_no_show": 0}, NumberUnfit),
        ({"trade_minutes": -1}, NumberUnfit),
        ({"visits_per_phone": 0}, NumberUnfit),
        ({"horizon_days": 400}, NumberUnfit),
        ({"late_minutes": 241}, NumberUnfit),
        ({"alarm_days": -1}, NumberUnfit),
    ],
)
def test_limits_that_make_no_sense_are_refused(place, fields, refusal):
    with pytest.raises(refusal) as refused:
        services.change_town(place, **fields)

    assert refused.value.field in fields
    assert (place.region, place.grid_minutes, told()) == ("CT", 10, [])
