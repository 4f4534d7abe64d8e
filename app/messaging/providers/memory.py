"""A provider that only remembers: tests look into it; the demonstration shows the outbox itself."""

from app.messaging.providers import Parcel


class RememberingSender:
    """Keeps what it was given, newest last."""

    KEEP = 200

    def __init__(self) -> None:
        self.sent: list[Parcel] = []

    def send(self, parcel: Parcel) -> str | None:
        self.sent = [*self.sent[-self.KEEP :], parcel]
        return None
