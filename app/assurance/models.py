"""One row for every identification of a visit, and what leads to it: checks and attempts."""

import enum
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.booking.models import Visit
from app.core import clock
from app.core.blocking import Personal
from app.core.db import Base, new_code, stored
from app.towns.models import DocumentRule, Level, Moment, OfTown


class Method(enum.StrEnum):
    """By which means somebody was identified."""

    SMS_CODE = "sms_code"
    PASSKEY = "passkey"
    CLERK = "clerk"
    EID = "eid"


class DocumentKind(enum.StrEnum):
    """What a clerk may be shown, or a provider may name."""

    DNI = "dni"
    NIE = "nie"
    PASSPORT = "passport"
    OTHER = "other"


class ConsentWay(enum.StrEnum):
    """How the citizen agreed: on their own screen, or aloud and written down by the clerk."""

    CLICKED = "clicked"
    SPOKEN = "spoken"


class Assurance(Personal, OfTown, Base):
    """Somebody was identified, once, by one means. A mistake is undone, never deleted.

    `evidence` holds digests and plain facts. A number of a document stands here only as the town's
    rule keeps it; `document_until` is the day on which a full one is masked.
    """

    __tablename__ = "assurance"
    __table_args__ = (
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name="undone"),
        sa.CheckConstraint("(document_until IS NULL) OR document_rule = 'full'", name="until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    method: Mapped[Method] = mapped_column(stored(Method))
    level: Mapped[Level] = mapped_column(stored(Level))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))  # the clerk who checked
    name: Mapped[str] = mapped_column(sa.String(120), default="")  # as the document says
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    text_version: Mapped[str] = mapped_column(sa.String(40), default="")  # that was agreed to
    consent_way: Mapped[ConsentWay | None] = mapped_column(stored(ConsentWay))
    consented_at: Mapped[datetime | None]
    document_kind: Mapped[DocumentKind | None] = mapped_column(stored(DocumentKind))
    document_rule: Mapped[DocumentRule | None] = mapped_column(stored(DocumentRule))
    document: Mapped[str] = mapped_column(sa.String(80), default="")
    document_until: Mapped[date | None] = mapped_column(index=True)
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))
    undone_reason: Mapped[str] = mapped_column(sa.String(300), default="")

    visit: Mapped[Visit] = relationship()
    by: Mapped[Account | None] = relationship(foreign_keys=by_id)
    undone_by: Mapped[Account | None] = relationship(foreign_keys=undone_by_id)

    @property
    def is_valid(self) -> bool:
        return self.undone_at is None

    @property
    def is_by_a_clerk(self) -> bool:
        return self.method is Method.CLERK


class CheckState(enum.StrEnum):
    """Where a clerk's check is."""

    ASKED = "asked"  # the citizen has not answered
    AGREED = "agreed"
    REFUSED = "refused"
    DONE = "done"
    STOPPED = "stopped"


OPEN_CHECKS = (CheckState.ASKED, CheckState.AGREED)


class Check(OfTown, Base):
    """A clerk is identifying somebody: first the citizen agrees, then the clerk compares."""

    __tablename__ = "identity_check"
    __table_args__ = (
        sa.Index(
            "uq_identity_check_open",
            "visit_id",
            unique=True,
            sqlite_where=sa.text("state IN ('asked', 'agreed')"),
            postgresql_where=sa.text("state IN ('asked', 'agreed')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id))
    state: Mapped[CheckState] = mapped_column(stored(CheckState), default=CheckState.ASKED)
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    language: Mapped[str] = mapped_column(sa.String(2))  # in which the text was shown or said
    text_version: Mapped[str] = mapped_column(sa.String(40))
    text_digest: Mapped[str] = mapped_column(sa.String(80))
    consent_way: Mapped[ConsentWay | None] = mapped_column(stored(ConsentWay))
    answered_at: Mapped[datetime | None]

    visit: Mapped[Visit] = relationship()
    by: Mapped[Account] = relationship()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_CHECKS

    @property
    def is_asked(self) -> bool:
        return self.state is CheckState.ASKED

    @property
    def is_agreed(self) -> bool:
        return self.state is CheckState.AGREED


class Leave(OfTown, Base):
    """The citizen leaves it to the clerk, who must look at it before the act."""

    __tablename__ = "left_to_clerk"

    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), primary_key=True)
    moment: Mapped[Moment] = mapped_column(stored(Moment))
    left_at: Mapped[datetime] = mapped_column(default=clock.now)


class Act(OfTown, Base):
    """What the procedure keeps for people who are known was done, on this identification."""

    __tablename__ = "act_done"

    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), primary_key=True)
    level: Mapped[Level] = mapped_column(stored(Level))
    assurance_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Assurance.id))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id))
    done_at: Mapped[datetime] = mapped_column(default=clock.now)


class AuthorisedClerk(OfTown, Base):
    """The register of clerks who may identify people (Ley 39/2015, art. 12.3), with its dates.

    An entry is never deleted: who was authorised on a past day must still be found.
    """

    __tablename__ = "authorised_clerk"
    __table_args__ = (
        sa.CheckConstraint("last_day IS NULL OR first_day <= last_day", name="order"),
        sa.Index("ix_authorised_clerk_town_account", "town_id", "account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id))
    first_day: Mapped[date]
    last_day: Mapped[date | None]
    reference: Mapped[str] = mapped_column(sa.String(120), default="")  # of the resolution
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]  # taken away before its last day

    account: Mapped[Account] = relationship(foreign_keys=account_id)

    def covers(self, day: date) -> bool:
        """Whether it lets them identify people that day."""
        is_over = self.ended_at is not None or (self.last_day is not None and self.last_day < day)
        return self.first_day <= day and not is_over

    def covered(self, at: datetime, time_zone: str) -> bool:
        """Whether it let them identify people at that moment, whatever came of it since."""
        day = at.astimezone(ZoneInfo(time_zone)).date()
        is_over = self.last_day is not None and self.last_day < day
        is_taken_away = self.ended_at is not None and self.ended_at <= at
        return self.first_day <= day and not is_over and not is_taken_away


class AttemptState(enum.StrEnum):
    """Where a visit to a provider of identities is."""

    BEGUN = "begun"
    BACK = "back"  # the answer is being looked at
    NAMED = "named"  # the citizen has still to say that it is them
    ENDED = "ended"


class EidAttempt(OfTown, Base):
    """Somebody was sent to a provider and may come back once, to this visit, in this browser.

    `claims` stands here from their return until they say that it is them, and is emptied then;
    the number in it is already as the town's rule keeps it.
    """

    __tablename__ = "eid_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    provider: Mapped[str] = mapped_column(sa.String(40))
    state: Mapped[AttemptState] = mapped_column(stored(AttemptState), default=AttemptState.BEGUN)
    state_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    browser_digest: Mapped[str] = mapped_column(sa.String(64))
    kept: Mapped[dict[str, str]] = mapped_column(default=dict)  # emptied on return
    reads: Mapped[str] = mapped_column(sa.String(2))
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    claims: Mapped[dict[str, Any]] = mapped_column(default=dict)

    visit: Mapped[Visit] = relationship()

    @property
    def is_expired(self) -> bool:
        return clock.now() >= self.expires_at

    @property
    def is_named(self) -> bool:
        return self.state is AttemptState.NAMED and not self.is_expired
