"""How figures, the pieces of the board and the states of news are called on screens."""

import math
from datetime import date

from babel.dates import format_date
from flask import Flask
from flask_babel import get_locale
from flask_babel import gettext as _

from app.core.i18n import in_language, language_name
from app.core.keys import keyed
from app.insight.charts import Chart, Series
from app.insight.models import Posted, Scope
from app.insight.queries import By, Figures, Of
from app.towns import queries as towns
from app.towns.models import Channel

NOTHING = "–"


def init_app(app: Flask) -> None:
    for word in (by_name, of_name, scope_name, state_of_here, quality_name, posted_name, said):
        app.add_template_global(word, word.__name__)


def pseudonym(visit_id: int) -> str:
    """One visit for other machines: always the same, and no way back to the person."""
    return keyed(f"visit:{visit_id}")[:24]


def by_name(by: By) -> str:
    return {By.DAY: _("Day"), By.WEEK: _("Week"), By.MONTH: _("Month")}[by]


def of_name(of: Of) -> str:
    return {
        Of.TOWN: _("The whole town"),
        Of.OFFICE: _("Office"),
        Of.PROCEDURE: _("Procedure"),
        Of.CHANNEL: _("Channel"),
        Of.LANGUAGE: _("Language"),
    }[of]


def scope_name(scope: str) -> str:
    return {
        Scope.CATALOGUE.value: _("Procedures and their texts"),
        Scope.FIGURES.value: _("Figures"),
        Scope.VISITS.value: _("Visits, without names or telephones"),
    }[scope]


def posted_name(state: Posted) -> str:
    return {
        Posted.QUEUED: _("Waiting to leave"),
        Posted.SENDING: _("On its way"),
        Posted.SENT: _("Arrived"),
        Posted.FAILED: _("Given up"),
        Posted.DROPPED: _("Withdrawn"),
    }[state]


def state_of_here(state: str) -> str:
    return {
        "open": _("At the counter"),
        "on_duty": _("On duty"),
        "paused": _("Away for a moment"),
        "closed": _("Counter closed"),
        "off": _("Not on duty"),
    }[state]


def quality_name(quality: str) -> str:
    return {
        "good": _("Good line"),
        "poor": _("Poor line"),
        "unknown": _("Not measured yet"),
        "none": "",
    }[quality]


def short_period(day: date, by: By) -> str:
    """What fits under a bar: `26/11`, or `nov 26` for a month."""
    return format_date(day, "LLL yy", get_locale()) if by is By.MONTH else f"{day.day}/{day.month}"


def names_of_keys(of: Of) -> dict[str, str]:
    """What each key is called in the language spoken now."""
    if of is Of.CHANNEL:
        return {one.value: channel_said(one) for one in Channel}
    if of is Of.PROCEDURE:
        return {one.slug: one.name_in() for one in towns.procedures()}
    if of is Of.OFFICE:
        return {one.slug: str(in_language(one.name)) for one in towns.offices()}
    return {}


def key_name(of: Of, key: str, names: dict[str, str]) -> str:
    if of is Of.LANGUAGE:
        return language_name(key)
    return names.get(key, key)


def channel_said(channel: Channel) -> str:
    return {
        Channel.VIDEO: _("By video call"),
        Channel.PHONE: _("By telephone"),
        Channel.IN_PERSON: _("At the town hall"),
    }[channel]


def said(value: float | None, kind: str = "") -> str:
    """A value as one reads it: `12`, `45 %`, `7 min`; a dash when there is nothing to tell."""
    if value is None:
        return NOTHING
    if isinstance(value, float) and math.isinf(value):
        return _("none")
    if kind == "share":
        return f"{100 * value:.0f} %"
    number = f"{value:.0f}" if float(value).is_integer() or value >= 10 else f"{value:.1f}"
    return f"{number} {kind}" if kind else number


# Every column of the sheet: its name for machines, its name for people, what it is, its unit.
def columns() -> list[tuple[str, str, str]]:
    return [
        ("demand", _("Visits asked for"), ""),
        ("walk_ins", _("Without an appointment"), ""),
        ("served", _("Attended"), ""),
        ("no_shows", _("Did not come"), ""),
        ("no_show_share", _("Did not come, of those expected"), "share"),
        ("cancelled", _("Cancelled"), ""),
        ("cancelled_by_office", _("Cancelled by the office"), ""),
        ("left", _("Left the waiting room"), ""),
        ("capacity", _("Minutes of clerks on duty"), "min"),
        ("taken", _("Minutes kept for visits"), "min"),
        ("fill", _("How full it is"), "share"),
        ("days_to_first", _("Days to the first free time"), ""),
        ("wait_p50", _("Wait: half wait less"), "min"),
        ("wait_p90", _("Wait: nine of ten wait less"), "min"),
        ("told_p50", _("Wait told: half"), "min"),
        ("told_p90", _("Wait told: nine of ten"), "min"),
        ("length_p50", _("Attention: half take less"), "min"),
        ("length_p90", _("Attention: nine of ten take less"), "min"),
        ("channel_changes", _("Went on another way"), ""),
        ("answers", _("Answers to the two questions"), ""),
        ("understood", _("Understood it all"), "share"),
        ("solved", _("Solved, they say"), "share"),
        ("first_contact", _("Done at the first visit"), "share"),
        ("calls", _("Video calls measured"), ""),
        ("good_calls", _("Calls with a picture to the end"), "share"),
        ("picture_p50", _("Seconds to the first picture"), "s"),
        ("journeys_saved", _("Journeys saved"), ""),
    ]


# Charts: name, title, the columns in them, unit, whether as lines.
def _plans() -> list[tuple[str, str, tuple[str, ...], str, bool]]:
    return [
        ("demand", _("Visits asked for and attended"), ("demand", "served"), "", False),
        ("capacity", _("Hours on duty and hours kept"), ("capacity", "taken"), "h", False),
        ("first", _("Days to the first free time"), ("days_to_first",), "", True),
        ("waits", _("Minutes in the line"), ("wait_p50", "wait_p90", "told_p90"), "min", True),
        ("lengths", _("Minutes of an attention"), ("length_p50", "length_p90"), "min", True),
        ("lost", _("Visits that came to nothing"), ("no_shows", "cancelled", "left"), "", False),
        ("said", _("What people say"), ("understood", "solved", "first_contact"), "%", True),
        ("calls", _("Calls with a picture to the end"), ("good_calls",), "%", True),
        ("journeys", _("Journeys saved"), ("journeys_saved", "channel_changes"), "", False),
    ]


def charts_of(rows: list[Figures], by: By, of: Of) -> list[Chart]:
    """Over time for the whole town; otherwise side by side, of the last period that is there."""
    titles = {name: title for name, title, _kind in columns()}
    names = names_of_keys(of)
    if of is Of.TOWN:
        labels = [short_period(row.period, by) for row in rows]
    else:
        last = max((row.period for row in rows), default=None)
        rows = [row for row in rows if row.period == last]
        labels = [key_name(of, row.key, names) for row in rows]
    return [
        Chart(
            name=name,
            title=title,
            labels=labels,
            series=[
                Series(titles[column], [_scaled(getattr(row, column), unit) for row in rows])
                for column in shown
            ],
            unit=unit,
            is_lines=as_lines and of is Of.TOWN,
        )
        for name, title, shown, unit, as_lines in _plans()
    ]


def _scaled(value: float | None, unit: str) -> float | None:
    if value is None:
        return None
    return value / 60 if unit == "h" else 100 * value if unit == "%" else float(value)
