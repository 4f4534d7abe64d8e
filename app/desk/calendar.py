"""A clerk's agenda for the calendar of their telephone: when, what and how, but never who."""

from collections.abc import Iterable

from flask import render_template
from icalendar import Calendar, Event

from app.booking.models import Status, Visit
from app.core import clock
from app.core.i18n import language_name
from app.towns import queries as towns


def written(visits: Iterable[Visit]) -> bytes:
    """The file (RFC 5545). The address travels through calendars of others: no name, no number."""
    calendar = Calendar()
    calendar.add("prodid", "-//Ventanilla//ES")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Ventanilla")
    calendar.add("refresh-interval;value=duration", "PT15M")
    for visit in visits:
        event = Event()
        event.add("uid", f"desk-{visit.code}@{visit.town.host}")
        event.add("sequence", max(0, visit.version - 1))
        event.add("dtstamp", clock.now())
        event.add("dtstart", visit.starts_at)
        event.add("dtend", visit.ends_at)
        event.add("summary", render_template("desk/feed_line.txt", visit=visit))
        event.add("description", f"{visit.town.name} · {language_name(visit.language)}")
        event.add("url", towns.address_of(visit.town, f"/desk/visits/{visit.code}"))
        is_off = visit.status in (Status.CANCELLED, Status.NO_SHOW, Status.LEFT)
        event.add("status", "CANCELLED" if is_off else "CONFIRMED")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
