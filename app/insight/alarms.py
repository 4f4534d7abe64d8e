"""What rings by itself on the board: delays, the line, messages, stamps of the record, acts."""

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext

from app.acts import queries as acts
from app.audit import queries as audit
from app.booking import queries as booking
from app.booking.models import Status, Visit
from app.core import clock
from app.core.alarms import Alarm
from app.core.db import db
from app.insight.queries.board import TARGET
from app.kiosks import queries as kiosks
from app.kiosks.models import Kiosk
from app.messaging import queries as messages
from app.recordings import queries as recordings

# From so many people past the target on, it is no bad luck of one.
LATE_PEOPLE = 3
SMS_LOOKED_BACK = timedelta(hours=1)
SMS_FEWEST, SMS_SHARE = 3, 0.2


def of_the_house() -> Iterator[Alarm]:
    """In the town spoken for."""
    if delays := [one for one in booking.latest_delays() if one.is_alarm]:
        text = ngettext(
            "%(num)s procedure has its first free time too far away.",
            "%(num)s procedures have their first free time too far away.",
            len(delays),
        )
        yield Alarm("delay", text, delays[0].measured_at, "/office/waits")
    yield from _of_the_line()
    if silent := _silent_kiosks():
        names = ", ".join(sorted(one.name for one in silent))
        yield Alarm("kiosk", _("Nothing is heard of these kiosks: %(names)s.", names=names))
    if silent_films := recordings.alarmed():
        text = ngettext(
            "%(num)s recording has stopped arriving. Who records has been told.",
            "%(num)s recordings have stopped arriving. Who records has been told.",
            len(silent_films),
        )
        yield Alarm("recording", text, silent_films[0].heard_at)
    if stuck := acts.stuck():
        text = ngettext(
            "%(num)s record of a visit does not get its seal or its time stamp.",
            "%(num)s records of visits do not get their seal or their time stamp.",
            len(stuck),
        )
        yield Alarm("acts", text, stuck[0].asked_at, "/office/acts/")
    failed, count = messages.failing(SMS_LOOKED_BACK)
    if failed >= SMS_FEWEST and failed >= SMS_SHARE * count:
        text = _(
            "Of %(count)s messages in the last hour, %(failed)s did not arrive.",
            count=count,
            failed=failed,
        )
        yield Alarm("sms", text)
    if missed := audit.unstamped():
        text = _("The authority that stamps the time does not answer. The record waits for it.")
        yield Alarm("stamps", text, missed.made_at, "/office/audit/")


def _silent_kiosks() -> list[Kiosk]:
    """Those that are enrolled and have missed three heartbeats."""
    question = sa.select(Kiosk).where(
        Kiosk.key_digest.is_not(None),
        Kiosk.removed_at.is_(None),
        Kiosk.seen_at < kiosks.unheard_since(),
    )
    return list(db.session.scalars(question))


def _of_the_line() -> Iterator[Alarm]:
    before = clock.now() - TARGET
    late = db.session.execute(
        sa.select(sa.func.count(Visit.id), sa.func.min(Visit.waiting_at)).where(
            Visit.status == Status.WAITING,
            Visit.waiting_at < before,
            sa.or_(Visit.is_walk_in, Visit.starts_at < before),
        )
    ).one()
    if late[0] >= LATE_PEOPLE:
        text = ngettext(
            "%(num)s person waits longer than they should.",
            "%(num)s people wait longer than they should.",
            late[0],
        )
        yield Alarm("queue", text, late[1], "/office/board")
