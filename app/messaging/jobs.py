"""The postman."""

from app.core.jobs import every
from app.messaging import services


@every(0.25, called_by="post", by_many=True)
def deliver_due() -> int:
    """Send what is due. Returns how many were handed over."""
    return services.deliver_due()
