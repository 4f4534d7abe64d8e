"""Who is in the room of a visit, who is invited to it, and what each of them may do there."""

import enum
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.booking.models import Visit
from app.core import clock
from app.core.blocking import Personal
from app.core.db import Base, new_code, stored
from app.messaging.models import Delivery
from app.towns.models import Media, OfTown

# Everybody sends to everybody: more than five would ask too much of an old telephone.
PLACES = 5


class Part(enum.StrEnum):
    """What somebody is in a call."""

    CITIZEN = "citizen"
    CLERK = "clerk"
    COLLEAGUE = "colleague"
    INTERPRETER = "interpreter"
    COMPANION = "companion"

    @property
    def is_invited(self) -> bool:
        """Whether they come by an invitation and knock before they enter."""
        return self not in (Part.CITIZEN, Part.CLERK)


class Right(enum.StrEnum):
    """What somebody may see or do in a call, besides seeing, hearing, speaking and writing."""

    SEE_VISIT = "see_visit"  # whose visit it is and what for
    SHARE_SCREEN = "share_screen"
    KEEP_TEXT = "keep_text"  # take home what was written
    WRITE_EARLY = "write_early"  # through the server, before anybody else is there
    LET_IN = "let_in"  # invite, admit, refuse, send away
    END = "end"  # for everybody, or go on by telephone


# The table of roles. An interpreter is bound to secrecy, so nothing of it leaves with them.
MAY: dict[Part, frozenset[Right]] = {
    Part.CITIZEN: frozenset(
        {Right.SEE_VISIT, Right.SHARE_SCREEN, Right.KEEP_TEXT, Right.WRITE_EARLY}
    ),
    Part.CLERK: frozenset(Right),
    Part.COLLEAGUE: frozenset({Right.SEE_VISIT, Right.SHARE_SCREEN, Right.KEEP_TEXT}),
    Part.INTERPRETER: frozenset(),
    Part.COMPANION: frozenset({Right.KEEP_TEXT}),
}


class RoomInvitation(OfTown, Base):
    """A link by which one person comes to one call. Only its digest is kept."""

    __tablename__ = "room_invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    part: Mapped[Part] = mapped_column(stored(Part))
    name: Mapped[str] = mapped_column(sa.String(80))
    phone: Mapped[str | None] = mapped_column(sa.String(20))
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]  # opened: from then on it belongs to one browser
    revoked_at: Mapped[datetime | None]

    visit: Mapped[Visit] = relationship()

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and clock.now() < self.expires_at


class Participant(Personal, OfTown, Base):
    """Somebody with a seat in the room. A reload takes the seat again under a new incarnation."""

    __tablename__ = "participant"
    __table_args__ = (
        sa.Index(
            "uq_participant_visit_side",
            "visit_id",
            "part",
            unique=True,
            sqlite_where=sa.text("part IN ('citizen', 'clerk')"),
            postgresql_where=sa.text("part IN ('citizen', 'clerk')"),
        ),
        sa.UniqueConstraint("visit_id", "seat"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    part: Mapped[Part] = mapped_column(stored(Part))
    invitation_id: Mapped[int | None] = mapped_column(sa.ForeignKey(RoomInvitation.id), unique=True)
    seat: Mapped[int]  # in order of arrival; in each pair the lower one is impolite
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    window: Mapped[str] = mapped_column(sa.String(32), default="")  # where their news go
    incarnation: Mapped[int] = mapped_column(default=0)
    last_seq: Mapped[int] = mapped_column(default=0)
    counted_at: Mapped[int] = mapped_column(default=0)  # the second in which messages are counted
    counted: Mapped[int] = mapped_column(default=0)
    has_camera: Mapped[bool] = mapped_column(default=True)
    has_microphone: Mapped[bool] = mapped_column(default=True)
    shares_screen: Mapped[bool] = mapped_column(default=False)
    saves_data: Mapped[bool] = mapped_column(default=False)
    media: Mapped[Media] = mapped_column(stored(Media), default=Media.MESH)
    media_session: Mapped[int | None] = mapped_column(sa.BigInteger)  # at the media server
    is_present: Mapped[bool] = mapped_column(default=False)
    joined_at: Mapped[datetime] = mapped_column(default=clock.now)
    admitted_at: Mapped[datetime | None]  # None: at the door
    left_at: Mapped[datetime | None]

    visit: Mapped[Visit] = relationship()

    @property
    def is_inside(self) -> bool:
        return self.is_present and self.admitted_at is not None

    @property
    def is_at_the_door(self) -> bool:
        return self.is_present and self.admitted_at is None

    def reaches(self, other: "Participant") -> bool:
        """Whether their browsers may find each other. Who rings reaches the clerk alone."""
        if self.is_inside and other.is_inside:
            return True
        sides = {self.part, other.part} == {Part.CITIZEN, Part.CLERK}
        return sides and self.is_present and other.is_present


class Ending(enum.StrEnum):
    """How somebody's part in a call came to its end."""

    ONGOING = "ongoing"
    HUNG_UP = "hung_up"  # they pressed the button
    ENDED = "ended"  # the clerk ended it for everybody
    REPLACED = "replaced"  # another window took the seat
    CLOSED = "closed"  # the window went away: a reload, a lock, a crash of ours
    LOST = "lost"  # the line did not come back


class CallFigures(OfTown, Base):
    """How the call went for one window of one person, as that browser measured it. No content."""

    __tablename__ = "call_figures"
    __table_args__ = (
        sa.UniqueConstraint("participant_id", "incarnation"),
        sa.Index("ix_call_figures_began_at", "began_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(sa.ForeignKey(Participant.id))
    incarnation: Mapped[int]
    began_at: Mapped[datetime] = mapped_column(default=clock.now)
    seconds: Mapped[int] = mapped_column(default=0)  # with somebody to be seen or heard
    picture_ms: Mapped[int | None]  # from pressing the button to the first picture
    sent_kbits: Mapped[int | None]  # per second, over the whole call
    received_kbits: Mapped[int | None]
    loss: Mapped[float | None]  # per cent of what should have arrived
    round_trip_ms: Mapped[int | None]
    frames: Mapped[float | None]  # seen per second
    height: Mapped[int | None]  # of the picture seen, in lines
    mends: Mapped[int] = mapped_column(default=0)  # times a line had to be looked for again
    is_relayed: Mapped[bool | None]
    ending: Mapped[Ending] = mapped_column(stored(Ending), default=Ending.ONGOING)

    participant: Mapped[Participant] = relationship()


class Bridging(enum.StrEnum):
    """Where two telephones that are to be joined have got to."""

    NEAR_RINGS = "near_rings"  # the clerk's own
    FAR_RINGS = "far_rings"  # the citizen's
    TALKING = "talking"
    OVER = "over"
    NEAR_MISSED = "near_missed"
    FAR_MISSED = "far_missed"
    GIVEN_UP = "given_up"  # the clerk put down before the citizen was there
    REFUSED = "refused"  # the provider will not ring that number
    NOT_NOW = "not_now"  # the provider does not answer


class Bridge(OfTown, Base):
    """Two telephones joined for a visit, the clerk's and the citizen's, by the message provider."""

    __tablename__ = "bridge"
    __table_args__ = (sa.Index("ix_bridge_by_id_asked_at", "by_id", "asked_at"),)

    RINGS = timedelta(minutes=2)  # after this nobody is picking up any more
    LASTS = timedelta(hours=2)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id))
    phone: Mapped[str] = mapped_column(sa.String(20))  # the clerk's own
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    joined_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    near: Mapped[Delivery | None] = mapped_column(stored(Delivery, name="near"))
    near_id: Mapped[str | None] = mapped_column(sa.String(64))  # of the provider
    far: Mapped[Delivery | None] = mapped_column(stored(Delivery, name="far"))
    far_id: Mapped[str | None] = mapped_column(sa.String(64))
    trouble: Mapped[Bridging | None] = mapped_column(stored(Bridging))  # why nothing rang

    visit: Mapped[Visit] = relationship()

    @property
    def state(self) -> Bridging:
        if self.trouble:
            return self.trouble
        if self.far is Delivery.UNDELIVERED:
            return Bridging.FAR_MISSED
        if self.near is Delivery.UNDELIVERED:
            return Bridging.NEAR_MISSED
        if self.near is Delivery.DELIVERED:
            return Bridging.OVER if self.joined_at else Bridging.GIVEN_UP
        if self.far is Delivery.DELIVERED:
            return Bridging.OVER
        if self.joined_at:
            return Bridging.TALKING
        return Bridging.FAR_RINGS if self.near is Delivery.HANDED_OVER else Bridging.NEAR_RINGS

    @property
    def goes_on(self) -> bool:
        """Whether they ring or talk. What the provider forgot to tell does not last for ever."""
        going = {Bridging.NEAR_RINGS: self.RINGS, Bridging.FAR_RINGS: self.RINGS}
        going[Bridging.TALKING] = self.LASTS
        return clock.now() < self.asked_at + going.get(self.state, timedelta())
