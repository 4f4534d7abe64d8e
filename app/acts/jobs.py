"""What was asked for gets its seal, what has no stamp gets one, and none runs out."""

from app.acts import services
from app.core.jobs import every


@every(2, called_by="acts")
def seal_what_was_asked() -> int:
    """Returns how many were looked at. Whatever stopped an act, here it goes on."""
    return services.seal_all()


@every(30)
def stamp_what_has_no_stamp() -> int:
    return services.stamp_all()
