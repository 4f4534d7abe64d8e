"""Four layers say which days are closed, and the nearest has the last word."""

from datetime import date, timedelta

import pytest

from app.towns.models import Layer
from app.towns.queries.closed import ClosedDay, Row, closed_days, days_between, regions

TOWN = None  # the office of a row about the whole town
OFFICE, OTHER_OFFICE = 3, 4
EASTER_MONDAY = date(2027, 3, 29)


def closed_in(region, first, last, *rows, **more):
    return closed_days(region, rows, first, last, **more)


def is_closed(region, day, *rows, **more):
    return day in closed_in(region, day, day, *rows, **more)


def shut(day, office=TOWN, reason="Fira"):
    return Row(office, day, reason, is_open=False)


def opened(day, office=TOWN):
    return Row(office, day, "", is_open=True)


@pytest.mark.parametrize(
    ("day", "where"),
    [
        (EASTER_MONDAY, {"CT", "PV", "VC"}),
        (date(2026, 4, 6), {"CT", "PV", "VC"}),
        (date(2027, 3, 25), {"PV", "GA", "MD"}),  # Maundy Thursday
        (date(2026, 4, 2), {"PV", "GA", "MD"}),
        (date(2027, 3, 26), {"CT", "PV", "GA", "VC", "MD"}),  # Good Friday
        (date(2027, 3, 19), {"PV", "VC", "MD"}),  # Saint Joseph
        (date(2026, 3, 19), {"PV", "GA", "VC"}),
        (date(2027, 6, 24), {"CT", "VC"}),  # Saint John
        (date(2026, 6, 24), {"CT", "GA", "VC"}),
        (date(2027, 9, 11), {"CT"}),
        (date(2027, 10, 9), {"VC"}),
        (date(2027, 5, 17), {"GA"}),
        (date(2026, 5, 17), set()),  # a Sunday, and so no holiday of work
        (date(2026, 7, 25), {"PV", "GA"}),
        (date(2027, 12, 6), {"CT", "PV", "GA", "VC", "MD"}),  # the Constitution
        (date(2026, 12, 6), set()),  # the same, on a Sunday
        (date(2026, 12, 7), {"MD"}),  # where the Monday after it is kept
        (date(2027, 11, 1), {"CT", "PV", "GA", "VC", "MD"}),
        (date(2026, 11, 2), {"MD"}),
        (date(2027, 3, 30), set()),
    ],
)
def test_each_region_keeps_its_own_calendar_of_each_year(day, where):
    assert {region for region in ("CT", "PV", "GA", "VC", "MD") if is_closed(region, day)} == where


def test_a_closed_day_says_who_closes_it_and_why():
    first, last = date(2027, 3, 25), date(2027, 3, 31)
    own = (shut(date(2027, 3, 30)), shut(date(2027, 3, 31), OFFICE, "Obres"))

    found = closed_in("CT", first, last, *own, office_id=OFFICE)

    assert list(found.values()) == [
        ClosedDay(date(2027, 3, 26), Layer.NATIONAL, "Viernes Santo"),
        ClosedDay(EASTER_MONDAY, Layer.REGIONAL, "Lunes de Pascua"),
        ClosedDay(date(2027, 3, 30), Layer.LOCAL, "Fira"),
        ClosedDay(date(2027, 3, 31), Layer.OFFICE, "Obres"),
    ]


def test_the_names_are_in_the_language_of_who_reads_when_the_calendar_knows_it():
    def name(language):
        found = closed_in("CT", EASTER_MONDAY, EASTER_MONDAY, language=language)
        return found[EASTER_MONDAY].reason

    assert name("ca") == "Dilluns de Pasqua"
    assert name("es") == name("eu") == "Lunes de Pascua"


def test_days_come_in_order_and_none_from_outside():
    first, last = date(2026, 12, 8), date(2027, 1, 6)

    found = closed_in("CT", first, last, shut(date(2026, 12, 7)), shut(date(2026, 12, 15)))

    assert list(found) == [
        date(2026, 12, 8),
        date(2026, 12, 15),
        date(2026, 12, 25),
        date(2026, 12, 26),
        date(2027, 1, 1),
        date(2027, 1, 6),
    ]


def test_the_last_night_of_the_year_belongs_to_two_calendars():
    eve, new_year = date(2026, 12, 31), date(2027, 1, 1)

    assert list(closed_in("GA", eve, new_year)) == [new_year]
    assert list(closed_in("GA", eve, eve)) == []
    several = closed_in("GA", date(2025, 12, 31), date(2028, 1, 1))
    assert [day.year for day in several if (day.month, day.day) == (1, 1)] == [2026, 2027, 2028]


def test_what_is_asked_of_some_days_is_what_a_whole_year_says_of_them():
    whole = closed_in("VC", date(2027, 1, 1), date(2027, 12, 31))

    for day in days_between(date(2027, 1, 1), date(2027, 12, 31)):
        assert is_closed("VC", day) == (day in whole)


def test_a_town_without_a_region_takes_no_calendar():
    christmas = date(2026, 12, 25)

    assert not is_closed(None, christmas)
    assert is_closed(None, christmas, shut(christmas))


def test_a_region_that_is_none_is_refused():
    with pytest.raises(NotImplementedError):
        is_closed("XX", EASTER_MONDAY)


def test_the_regions_on_offer_are_those_that_a_town_may_write():
    assert len(regions()) == 19  # seventeen communities and two cities
    for region in regions():
        assert is_closed(region, date(2026, 12, 25))


def test_a_town_opens_on_a_holiday_of_the_country_or_the_region():
    good_friday = date(2027, 3, 26)

    assert not is_closed("CT", good_friday, opened(good_friday))
    assert not is_closed("CT", EASTER_MONDAY, opened(EASTER_MONDAY))
    assert is_closed("CT", good_friday, opened(EASTER_MONDAY))


def test_an_office_has_the_last_word_over_its_town():
    day = date(2027, 3, 30)
    local, office, other = shut(day), opened(day, OFFICE), opened(day, OTHER_OFFICE)

    assert not is_closed("CT", day, local, office, office_id=OFFICE)
    assert not is_closed("CT", day, office, local, office_id=OFFICE), "whatever comes first"
    assert is_closed("CT", day, local, other, office_id=OFFICE)
    assert is_closed("CT", day, local, office), "the town itself stays closed"


def test_an_office_closes_where_its_town_opens():
    rows = (opened(EASTER_MONDAY), shut(EASTER_MONDAY, OFFICE, "Obres"))

    found = closed_in("CT", EASTER_MONDAY, EASTER_MONDAY, *rows, office_id=OFFICE)

    assert found[EASTER_MONDAY].layer is Layer.OFFICE
    assert found[EASTER_MONDAY].reason == "Obres"
    assert not is_closed("CT", EASTER_MONDAY, *rows, office_id=OTHER_OFFICE)
    assert not is_closed("CT", EASTER_MONDAY, *rows)


def test_the_nearest_layer_gives_its_reason():
    rows = (shut(EASTER_MONDAY), shut(EASTER_MONDAY, OFFICE, "Obres"))

    def reason(**more):
        return closed_in("CT", EASTER_MONDAY, EASTER_MONDAY, *rows, **more)[EASTER_MONDAY].reason

    assert reason() == "Fira"
    assert reason(office_id=OFFICE) == "Obres"
    assert reason(office_id=OTHER_OFFICE) == "Fira"


def test_opening_a_day_that_was_open_changes_nothing():
    day = date(2027, 3, 30)

    assert closed_in("CT", day, day, opened(day), opened(day, OFFICE), office_id=OFFICE) == {}


def test_days_between_two_are_all_of_them_both_included():
    days = days_between(date(2026, 12, 30), date(2027, 1, 2))

    assert days == [date(2026, 12, 30) + timedelta(days=more) for more in range(4)]
    assert days_between(date(2027, 1, 2), date(2026, 12, 30)) == []
