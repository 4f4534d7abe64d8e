"""What is told of calls."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ParticipantJoined(Event):
    town_id: int
    visit_id: int
    part: str
    incarnation: int


@dataclass(frozen=True, kw_only=True)
class ParticipantKnocked(Event):
    """Somebody invited is at the door."""

    town_id: int
    visit_id: int
    part: str


@dataclass(frozen=True, kw_only=True)
class ParticipantAdmitted(Event):
    town_id: int
    visit_id: int
    part: str


@dataclass(frozen=True, kw_only=True)
class ParticipantSentAway(Event):
    """Refused at the door, or asked to leave."""

    town_id: int
    visit_id: int
    part: str


@dataclass(frozen=True, kw_only=True)
class ParticipantLeft(Event):
    town_id: int
    visit_id: int
    part: str


@dataclass(frozen=True, kw_only=True)
class RoomInvitationMade(Event):
    town_id: int
    visit_id: int
    part: str
    by_id: int


@dataclass(frozen=True, kw_only=True)
class RoomInvitationRevoked(Event):
    town_id: int
    visit_id: int
    part: str


@dataclass(frozen=True, kw_only=True)
class CallEnded(Event):
    town_id: int
    visit_id: int


@dataclass(frozen=True, kw_only=True)
class BridgeAsked(Event):
    """A clerk's own telephone rings, and then the citizen's."""

    town_id: int
    visit_id: int
    by_id: int


@dataclass(frozen=True, kw_only=True)
class BridgeJoined(Event):
    """The citizen has picked up."""

    town_id: int
    visit_id: int


@dataclass(frozen=True, kw_only=True)
class BridgeEnded(Event):
    """`state`: how, of Bridging."""

    town_id: int
    visit_id: int
    state: str
