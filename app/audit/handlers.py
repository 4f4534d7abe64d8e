"""Everything that happens in a town is written down."""

from dataclasses import asdict

from app.audit import services
from app.core.events import Event, on


@on(Event)
def write_it_down(event: Event) -> None:
    services.write(type(event).__name__, asdict(event))
