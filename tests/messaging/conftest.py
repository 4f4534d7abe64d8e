"""A Twilio on this machine, for whoever sends through it."""

from collections.abc import Iterator

import pytest

from tests.messaging.twilio_stand_in import StandIn


@pytest.fixture
def twilio() -> Iterator[StandIn]:
    with StandIn() as twilio:
        yield twilio
    assert not twilio.faults
