"""What figures need and no visit keeps; the keys of other machines, and what they are told."""

import enum
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.booking.models import Visit
from app.core import clock
from app.core.db import Base, new_code, stored
from app.schedule.models import Resource
from app.towns.models import OfTown


class DutyDay(OfTown, Base):
    """How long a clerk was on duty on a day that is over, and for what.

    Rules of then are changed and forgotten; what there was to give is written down each night.
    """

    __tablename__ = "duty_day"
    __table_args__ = (sa.UniqueConstraint("resource_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    resource_id: Mapped[int] = mapped_column(sa.ForeignKey(Resource.id))
    minutes: Mapped[int]
    by_channel: Mapped[dict[str, Any]]  # minutes
    languages: Mapped[list[str]]
    procedures: Mapped[list[str]]  # by slug
    offices: Mapped[list[str]]  # of those procedures, by slug


class PastVisit(OfTown, Base):
    """What figures say of a visit that is not there any more: its day, and no name, number or code.

    Written when the visit is blocked, so that last year's figures do not shrink with every term.
    """

    __tablename__ = "past_visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    office: Mapped[str] = mapped_column(sa.String(60))  # slugs: both may end too
    procedure: Mapped[str] = mapped_column(sa.String(60))
    channel: Mapped[str] = mapped_column(sa.String(16))
    language: Mapped[str] = mapped_column(sa.String(8))
    status: Mapped[str] = mapped_column(sa.String(16))
    ended_by: Mapped[str] = mapped_column(sa.String(20))
    kept: Mapped[int]  # minutes, as all that follow
    is_walk_in: Mapped[bool]
    waited: Mapped[float | None]
    told: Mapped[int | None]
    took: Mapped[float | None]
    changes: Mapped[int]
    understood: Mapped[str | None] = mapped_column(sa.String(8))
    solved: Mapped[str | None] = mapped_column(sa.String(8))
    comes_back: Mapped[bool]
    picture_ms: Mapped[int | None]
    is_call: Mapped[bool]
    is_lost: Mapped[bool]


class ChannelChange(OfTown, Base):
    """A visit went on another way while it waited or was attended."""

    __tablename__ = "channel_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    before: Mapped[str] = mapped_column(sa.String(16))
    after: Mapped[str] = mapped_column(sa.String(16))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)


class Scope(enum.StrEnum):
    """What a key of another machine opens."""

    CATALOGUE = "catalogue"
    FIGURES = "figures"
    VISITS = "visits"


class ApiKey(OfTown, Base):
    """Another machine of the town hall. What signs is made from `salt` and shown once."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    name: Mapped[str] = mapped_column(sa.String(80))
    scopes: Mapped[list[str]]
    salt: Mapped[str] = mapped_column(sa.String(64))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class ApiNonce(OfTown, Base):
    """A request that was heard: the same one again is refused."""

    __tablename__ = "api_nonce"
    __table_args__ = (sa.UniqueConstraint("key_id", "nonce"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[int] = mapped_column(sa.ForeignKey(ApiKey.id))
    nonce: Mapped[str] = mapped_column(sa.String(64))
    heard_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


class Webhook(OfTown, Base):
    """An address of the town hall's that is told what happens to visits."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    address: Mapped[str] = mapped_column(sa.String(300))
    salt: Mapped[str] = mapped_column(sa.String(64))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]


class Posted(enum.StrEnum):
    """Where a piece of news is on its way to a webhook."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"  # its webhook has ended


class WebhookPost(OfTown, Base):
    """One piece of news for one webhook, written in the transaction of the fact."""

    __tablename__ = "webhook_post"
    __table_args__ = (sa.Index("ix_webhook_post_due", "state", "try_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    webhook_id: Mapped[int] = mapped_column(sa.ForeignKey(Webhook.id), index=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    facts: Mapped[dict[str, Any]]
    state: Mapped[Posted] = mapped_column(stored(Posted), default=Posted.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    written_at: Mapped[datetime] = mapped_column(default=clock.now)
    try_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(sa.String(200), default="")

    webhook: Mapped[Webhook] = relationship()


class SetupLink(Base):
    """The one-time link by which an empty installation is set up. Only its digest is kept."""

    __tablename__ = "setup_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
