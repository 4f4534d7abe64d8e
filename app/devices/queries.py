"""Questions about the device of a visit."""

import sqlalchemy as sa

from app.booking.models import Visit
from app.core.db import first_or_none
from app.devices.browsers import family_of
from app.devices.models import DeviceCheck

__all__ = ["check_of", "family_of"]


def check_of(visit: Visit) -> DeviceCheck | None:
    """The last test of the device for that visit; None when nobody tested."""
    found: DeviceCheck | None = first_or_none(
        sa.select(DeviceCheck).where(DeviceCheck.visit_id == visit.id)
    )
    return found
