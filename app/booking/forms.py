"""Reading what people type: a code, and what stands in a link: a time, a day, needs."""

import re
from collections.abc import Collection
from datetime import UTC, datetime

from flask_wtf import FlaskForm

from app.booking.models import Need
from app.ui.forms import CodeForm

__all__ = ["CodeForm", "ConfirmForm", "needs_of", "start_of", "written_start"]

STARTS = "%Y%m%dT%H%MZ"


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
