"""How layers, kinds, reasons and lengths of time are called on the screens of the back office."""

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_day_names
from flask import Flask
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from app.office.queries import Action, Promise
from app.schedule.models import ResourceKind
from app.schedule.queries import Why, Window
from app.towns.models import Layer, Recording, Stage

# Each by the name that it gives itself.
REGIONS = {
    "AN": "Andalucía",
    "AR": "Aragón",
    "AS": "Asturias",
    "CB": "Cantabria",
    "CE": "Ceuta",
    "CL": "Castilla y León",
    "CM": "Castilla-La Mancha",
    "CN": "Canarias",
    "CT": "Catalunya",
    "EX": "Extremadura",
    "GA": "Galicia",
    "IB": "Illes Balears",
    "MC": "Región de Murcia",
    "MD": "Comunidad de Madrid",
    "ML": "Melilla",
    "NC": "Navarra",
    "PV": "Euskadi",
    "RI": "La Rioja",
    "VC": "Comunitat Valenciana",
}


def init_app(app: Flask) -> None:
    for word in (
        layer_name,
        kind_name,
        why_name,
        length_of,
        day_name,
        action_name,
        recording_name,
        content_said,
        stage_name,
        change_of,
        times_of,
        hours_said,
        hours_of_window,
    ):
        app.add_template_global(word, word.__name__)
    app.add_template_filter(part_name)


def day_name(weekday: int) -> str:
    """0 is Monday."""
    return str(get_day_names("wide", "stand-alone", get_locale() or "es")[weekday])


def layer_name(layer: Layer) -> str:
    return {
        Layer.NATIONAL: _("The whole country"),
        Layer.REGIONAL: _("The region"),
        Layer.LOCAL: _("The town"),
        Layer.OFFICE: _("One office"),
    }[layer]


def kind_name(kind: ResourceKind) -> str:
    return {
        ResourceKind.CLERK: _("Clerk"),
        ResourceKind.DESK: _("Desk"),
        ResourceKind.BOOTH: _("Booth"),
        ResourceKind.INTERPRETER: _("Interpreter"),
    }[kind]


def why_name(promise: Promise) -> str:
    name = promise.without
    return {
        Why.INACTIVE: _("%(name)s is no longer here.", name=name),
        Why.SKILL: _("%(name)s does not attend this any more.", name=name),
        Why.AWAY: _("%(name)s is away at that time.", name=name),
        Why.CLOSED: _("It is a closed day."),
        Why.DUTY: _("%(name)s does not work at that time.", name=name),
    }[promise.why]


def action_name(action: Action) -> str:
    """What was done, to count it."""
    return {
        Action.GIVE: _("Given to somebody else"),
        Action.MOVE: _("Moved to another time"),
        Action.CANCEL: _("Cancelled"),
        Action.KEEP: _("Kept as it is"),
    }[action]


def recording_name(rule: Recording) -> str:
    return {
        Recording.NONE: _("Never"),
        Recording.MAY: _("When clerk and citizen agree"),
        Recording.MUST: _("Always, once the citizen agrees"),
    }[rule]


def stage_name(stage: Stage) -> str:
    return {
        Stage.DRAFT: _("Not on offer yet"),
        Stage.OFFERED: _("On offer"),
        Stage.ARCHIVED: _("Archived"),
    }[stage]


def part_name(column: str) -> str:
    """What of a procedure it is, as the pages call it."""
    times = _("Times and rules")
    return {
        **dict.fromkeys(("name", "summary", "purpose", "afterwards", "keywords"), _("Texts")),
        **dict.fromkeys(("papers", "outcomes", "script"), _("Papers, results and script")),
        "requests": _("What clerks may ask"),
        **dict.fromkeys(("recording", "recording_reason", "recording_spoken"), _("Recording")),
        **dict.fromkeys(("assurance", "assurance_reason", "act"), _("Identifying people")),
    }.get(column, times)


def content_said(value: Any) -> str:
    """Whatever an edition kept, in a cell of a table."""
    if isinstance(value, dict):
        return " · ".join(f"{key}: {content_said(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return " | ".join(content_said(one) for one in value)
    return "–" if value in (None, "") else str(value)


def length_of(minutes: int) -> str:
    """`45 min`, `2 h`, `2 h 30 min`."""
    hours, rest = divmod(abs(minutes), 60)
    parts = [f"{hours} h"] if hours else []
    if rest or not hours:
        parts.append(f"{rest} min")
    return " ".join(parts)


def change_of(minutes: int) -> str:
    """What a change means for those who look for a time."""
    if minutes == 0:
        return ""
    if minutes < 0:
        return _("In the next 14 days there is %(time)s less to attend.", time=length_of(minutes))
    return _("In the next 14 days there is %(time)s more to attend.", time=length_of(minutes))


def times_of(times: int) -> str:
    """What a change means for next week, in visits of the usual length."""
    if times == 0:
        return _("This change leaves next week as it is.")
    if times < 0:
        return ngettext(
            "This change removes %(num)s time next week.",
            "This change removes %(num)s times next week.",
            -times,
        )
    return ngettext(
        "This change adds %(num)s time next week.",
        "This change adds %(num)s times next week.",
        times,
    )


def hours_said(starts: time, ends: time) -> str:
    """`9:00–14:00`; midnight at the end of a day is 24:00."""
    return f"{starts:%-H:%M}–{'24:00' if ends == time() else f'{ends:%-H:%M}'}"


def hours_of_window(window: Window, zone: str) -> str:
    here = ZoneInfo(zone)
    return hours_said(window.opens.astimezone(here).time(), window.closes.astimezone(here).time())
