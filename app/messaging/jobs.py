"""The postman."""

from app.core.jobs import every
from app.messaging import services


@every(0.25, called_by="post", by_many=True)
def deliver_due() -> int:
    """Send what is due. Returns how many were handed over."""
    return services.deliver_due()


@every(60)
def forget_what_is_over() -> int:
    """What calls kept to tell goes once it is no longer true. Returns of how many."""
    return services.forget_what_is_over()
