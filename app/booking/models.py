"""A visit: one attention of one citizen, from the first hold to its end."""

import enum
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.accounts.models import Account
from app.booking.errors import VisitChanged
from app.core import clock
from app.core.blocking import Personal
from app.core.db import Base, new_code, stored
from app.schedule.models import Resource
from app.towns import queries as towns
from app.towns.models import Channel, OfTown, Procedure, Town


class Status(enum.StrEnum):
    """Where a visit is in its life."""

    HELD = "held"
    BOOKED = "booked"
    WAITING = "waiting"
    CALLED = "called"
    IN_SERVICE = "in_service"
    SERVED = "served"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    LEFT = "left"


# From each state, the states a visit may go to. Ends go nowhere.
PATHS: dict[Status, frozenset[Status]] = {
    Status.HELD: frozenset({Status.BOOKED, Status.WAITING, Status.EXPIRED, Status.CANCELLED}),
    Status.BOOKED: frozenset({Status.WAITING, Status.CALLED, Status.CANCELLED, Status.NO_SHOW}),
    Status.WAITING: frozenset({Status.BOOKED, Status.CALLED, Status.CANCELLED, Status.LEFT}),
    Status.CALLED: frozenset(
        {Status.IN_SERVICE, Status.WAITING, Status.SERVED, Status.NO_SHOW, Status.LEFT}
    ),
    Status.IN_SERVICE: frozenset({Status.WAITING, Status.SERVED, Status.NO_SHOW, Status.LEFT}),
}

LIVE = (Status.BOOKED, Status.WAITING, Status.CALLED, Status.IN_SERVICE)
OVER = (Status.SERVED, Status.EXPIRED, Status.CANCELLED, Status.NO_SHOW, Status.LEFT)


class Need(enum.StrEnum):
    """What somebody may need. Asked, never guessed."""

    MORE_TIME = "more_time"
    LSE = "lse"
    LSC = "lsc"
    COMPANION = "companion"


SIGN_LANGUAGES = (Need.LSE, Need.LSC)


class OfficeReason(enum.StrEnum):
    """Why the office changed or cancelled a visit, said to the citizen in their language."""

    CLERK_AWAY = "clerk_away"
    CLOSED = "closed"
    TECHNICAL = "technical"
    ASKED = "asked"


class PriorityReason(enum.StrEnum):
    """Why somebody goes first. Only that is written down, nothing else about them."""

    AGE = "age"
    PREGNANCY = "pregnancy"
    DISABILITY = "disability"
    CHILDREN = "children"
    URGENT = "urgent"
    OUR_MISTAKE = "our_mistake"


class VisitProcedure(OfTown, Base):
    """What else is done in the same visit, after its first procedure."""

    __tablename__ = "visit_procedure"

    visit_id: Mapped[int] = mapped_column(sa.ForeignKey("visit.id"), primary_key=True)
    procedure_id: Mapped[int] = mapped_column(sa.ForeignKey(Procedure.id), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)


class Visit(Personal, OfTown, Base):
    """One attention. Its code is the citizen's only key, so nobody must be able to guess it."""

    __tablename__ = "visit"
    __table_args__ = (
        sa.UniqueConstraint("town_id", "form_token"),
        sa.Index("ix_visit_town_status_starts", "town_id", "status", "starts_at"),
        sa.Index("ix_visit_status_procedure", "status", "procedure_id"),  # who is here now
        sa.Index("ix_visit_town_counted", "town_id", "is_counted"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    procedure_id: Mapped[int] = mapped_column(sa.ForeignKey(Procedure.id), index=True)
    citizen_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id), index=True)
    clerk_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Resource.id), index=True)
    channel: Mapped[Channel] = mapped_column(stored(Channel))
    status: Mapped[Status] = mapped_column(stored(Status), default=Status.HELD)
    language: Mapped[str] = mapped_column(sa.String(2))  # in which they will be attended
    reads: Mapped[str] = mapped_column(sa.String(2))  # in which they read pages and messages
    phone: Mapped[str] = mapped_column(sa.String(20), index=True)
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    name_plain: Mapped[str] = mapped_column(sa.String(160), default="")  # to be found by
    needs: Mapped[list[str]] = mapped_column(default=list)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=0)  # rises with every change of what was told
    form_token: Mapped[str] = mapped_column(sa.String(64))
    host: Mapped[str] = mapped_column(sa.String(260), default="")
    held_at: Mapped[datetime] = mapped_column(default=clock.now)
    hold_until: Mapped[datetime | None]
    booked_at: Mapped[datetime | None]
    waiting_at: Mapped[datetime | None]
    called_at: Mapped[datetime | None]
    in_service_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.String(20))
    outcome: Mapped[str] = mapped_column(sa.Text, default="")
    next_steps: Mapped[str] = mapped_column(sa.Text, default="")
    outcome_code: Mapped[str] = mapped_column(sa.String(40), default="")  # one of its procedure's
    note: Mapped[str] = mapped_column(sa.Text, default="")  # for the office alone
    office_reason: Mapped[str] = mapped_column(sa.String(200), default="")  # why it was changed
    priority_reason: Mapped[str] = mapped_column(sa.String(20), default="")
    is_walk_in: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=0)  # higher is called before
    calls: Mapped[int] = mapped_column(default=0)  # how often they were called
    wants_sms: Mapped[bool] = mapped_column(default=False)  # away: tell them when it is nearly time
    warned_at: Mapped[datetime | None]  # when they were told
    booth_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Resource.id))  # the kiosk they use
    asked_clerk_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Resource.id))  # nobody else
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))  # staff who booked it
    follows_id: Mapped[int | None] = mapped_column(sa.ForeignKey("visit.id"))  # an earlier visit
    is_counted: Mapped[bool] = mapped_column(default=False)  # is in the figures of its day

    # Not loaded with the visit: the messages of a call ask for it often and need none of these.
    town: Mapped[Town] = relationship()
    procedure: Mapped[Procedure] = relationship()
    also: Mapped[list[Procedure]] = relationship(
        secondary="visit_procedure", order_by="VisitProcedure.position", viewonly=True
    )
    citizen: Mapped[Account | None] = relationship(foreign_keys=citizen_id)
    clerk: Mapped[Resource | None] = relationship(foreign_keys=clerk_id)

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    @property
    def is_held(self) -> bool:
        return self.status is Status.HELD

    @property
    def is_waiting(self) -> bool:
        return self.status is Status.WAITING

    @property
    def is_being_attended(self) -> bool:
        return self.status in (Status.CALLED, Status.IN_SERVICE)

    @property
    def can_be_cancelled(self) -> bool:
        return self.status in (Status.BOOKED, Status.WAITING)

    @property
    def can_be_moved(self) -> bool:
        return self.status is Status.BOOKED and self.ends_at > clock.now()

    @property
    def is_in_person(self) -> bool:
        return self.channel is Channel.IN_PERSON

    @property
    def procedure_ids(self) -> frozenset[int]:
        """All that is done in it."""
        return frozenset({self.procedure_id, *(one.id for one in self.also)})

    @property
    def purpose(self) -> str:
        """What a code sent to its telephone is good for."""
        return f"visit:{self.code}"

    @property
    def is_by_video(self) -> bool:
        return self.channel is Channel.VIDEO

    @property
    def hold_seconds_left(self) -> int:
        if not self.hold_until:
            return 0
        return max(0, int((self.hold_until - clock.now()).total_seconds()))

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def clerk_name(self) -> str:
        return self.clerk.name if self.clerk else ""

    @validates("name")
    def _find_by(self, key: str, name: str) -> str:
        """People search without accents."""
        self.name_plain = towns.plain(name or "")
        return name

    def go(self, status: Status) -> None:
        """The next step of its life, with its time."""
        if status not in PATHS.get(self.status, frozenset()):
            raise VisitChanged(f"a visit cannot go from {self.status} to {status}")
        self.status = status
        at = "ended_at" if status in OVER else f"{status.value}_at"
        first_time_only = status in (Status.BOOKED, Status.WAITING)
        if not (first_time_only and getattr(self, at)):
            setattr(self, at, clock.now())


class WaitlistState(enum.StrEnum):
    """Where a wish for an earlier time is in its life."""

    UNCONFIRMED = "unconfirmed"  # the telephone has not been shown yet
    OPEN = "open"
    OFFERED = "offered"  # a time is held for them until `offer_until`
    TAKEN = "taken"
    CLOSED = "closed"


class WaitlistEntry(Personal, OfTown, Base):
    """Somebody who wants a time when one becomes free, earlier than the visit they have, if any."""

    __tablename__ = "waitlist_entry"
    __table_args__ = (sa.Index("ix_waitlist_entry_town_state", "town_id", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    state: Mapped[WaitlistState] = mapped_column(stored(WaitlistState))
    visit_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    procedure_id: Mapped[int] = mapped_column(sa.ForeignKey(Procedure.id))
    channel: Mapped[Channel] = mapped_column(stored(Channel))
    reads: Mapped[str] = mapped_column(sa.String(2))
    phone: Mapped[str] = mapped_column(sa.String(20), index=True)
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    needs: Mapped[list[str]] = mapped_column(default=list)
    host: Mapped[str] = mapped_column(sa.String(260), default="")
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_day: Mapped[date]  # nothing later is of use
    offers: Mapped[int] = mapped_column(default=0)
    offered_starts_at: Mapped[datetime | None]
    offer_until: Mapped[datetime | None]
    passed_over: Mapped[list[str]] = mapped_column(default=list)  # starts offered before

    town: Mapped[Town] = relationship()
    procedure: Mapped[Procedure] = relationship()
    visit: Mapped[Visit | None] = relationship()

    @property
    def purpose(self) -> str:
        """What a code sent to their telephone is good for."""
        return f"waitlist:{self.code}"

    @property
    def is_open(self) -> bool:
        return self.state in (WaitlistState.OPEN, WaitlistState.OFFERED)

    @property
    def has_offer(self) -> bool:
        return (
            self.state is WaitlistState.OFFERED
            and self.offer_until is not None
            and clock.now() < self.offer_until
        )

    @property
    def claim(self) -> str:
        """Under which name the offered time is held in the schedule."""
        return f"offer:{self.code}"
