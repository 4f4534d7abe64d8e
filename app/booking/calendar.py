"""A visit as a calendar file (RFC 5545): the same UID for ever, a SEQUENCE that rises."""

from datetime import timedelta

from flask_babel import gettext as _
from icalendar import Alarm, Calendar, Event

from app.booking.models import Status, Visit
from app.booking.queries import link_of
from app.booking.words import names_of
from app.core import clock


def written(visit: Visit) -> bytes:
    """The file. A cancelled visit says so, and calendars that had it take it away."""
    calendar = Calendar()
    calendar.add("prodid", "-//Ventanilla//ES")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event = Event()
    event.add("uid", f"{visit.code}@{visit.town.host}")
    event.add("sequence", max(0, visit.version - 1))
    event.add("dtstamp", clock.now())
    event.add("dtstart", visit.starts_at)
    event.add("dtend", visit.ends_at)
    everything = names_of((visit.procedure, *visit.also))
    event.add("summary", f"{everything} · {visit.town.name}")
    event.add("description", _("Everything about your visit: %(link)s", link=link_of(visit)))
    event.add("url", link_of(visit))
    cancelled = visit.status is Status.CANCELLED
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if not cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", everything)
        alarm.add("trigger", timedelta(hours=-1))
        event.add_component(alarm)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
