"""Reading what people type: a code, and what stands in a link: a time, a day, needs."""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import ValidationError

from app.booking.models import Need

STARTS = "%Y%m%dT%H%MZ"


class CodeForm(FlaskForm):
    """The six digits of the message."""

    code = StringField(_l("The code we sent you"))

    def validate_code(self, field: StringField) -> None:
        digits = [sign for sign in field.data or "" if sign.isdecimal()]
        if not digits:
            raise ValidationError(_l("Write the six digits of the message."))
        if len(digits) != 6:
            raise ValidationError(_l("The code has six digits. Look at the message again."))


class ConfirmForm(FlaskForm):
    """Nothing but the proof that it came from our page."""


def needs_of(values: Collection[str]) -> list[str]:
    """The needs we know, each once, in our own order."""
    return [need.value for need in Need if need.value in values]


def written_start(starts_at: datetime) -> str:
    """An instant as it stands in a link: `20261124T0930Z`."""
    return starts_at.astimezone(UTC).strftime(STARTS)


def start_of(text: str | None) -> datetime | None:
    """The instant of a link; None for anything else."""
    if not text or not re.fullmatch(r"20[0-9]{6}T[0-9]{4}Z", text):
        return None
    try:
        return datetime.strptime(text, STARTS).replace(tzinfo=UTC)
    except ValueError:
        return None


def day_of(text: str | None) -> date | None:
    if not text or not re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
