"""Town, office, procedure and closure; and `OfTown`, what every row of a town inherits."""

import enum
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship, validates

from app.core.db import Base, stored
from app.core.i18n import in_language
from app.towns.tenant import current_town_id


class Channel(enum.StrEnum):
    """How a citizen is attended."""

    VIDEO = "video"
    PHONE = "phone"
    IN_PERSON = "in_person"


class Identification(enum.StrEnum):
    """What a procedure needs to know of the citizen when the visit is booked."""

    NONE = "none"
    PHONE = "phone"


class Town(Base):
    """A tenant: one town hall with its host name, languages and colours."""

    __tablename__ = "town"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(40), unique=True)
    host: Mapped[str] = mapped_column(sa.String(253), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    languages: Mapped[list[str]]
    accent: Mapped[str] = mapped_column(sa.String(12), default="teal")
    dir3: Mapped[str] = mapped_column(sa.String(9))
    time_zone: Mapped[str] = mapped_column(sa.String(40), default="Europe/Madrid")
    phone: Mapped[str] = mapped_column(sa.String(20))
    council: Mapped[dict[str, str]] = mapped_column(default=dict)
    welcome: Mapped[dict[str, str]] = mapped_column(default=dict)
    phone_countries: Mapped[list[str]] = mapped_column(default=lambda: ["ES"])
    grid_minutes: Mapped[int] = mapped_column(default=15)
    notice_minutes: Mapped[int] = mapped_column(default=0)
    horizon_days: Mapped[int] = mapped_column(default=30)
    early_minutes: Mapped[int] = mapped_column(default=30)
    late_minutes: Mapped[int] = mapped_column(default=15)
    has_plain_sms: Mapped[bool] = mapped_column(default=False)  # write á as a, to pay one message

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class OfTown:
    """Rows of one town. The tenant is part of every question asked about them (tenancy.py)."""

    @declared_attr
    def town_id(cls) -> Mapped[int]:
        return mapped_column(sa.ForeignKey(Town.id), index=True, default=current_town_id)


class Office(OfTown, Base):
    """A place of the town hall, with its address, telephone and opening hours in words."""

    __tablename__ = "office"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[dict[str, str]]
    address: Mapped[str] = mapped_column(sa.String(160))
    phone: Mapped[str] = mapped_column(sa.String(20))
    hours: Mapped[dict[str, str]] = mapped_column(default=dict)


class Procedure(OfTown, Base):
    """What a citizen comes for, with its texts in every language the town has written."""

    __tablename__ = "procedure"
    __table_args__ = (sa.UniqueConstraint("town_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(60))
    icon: Mapped[str] = mapped_column(sa.String(20), default="info")
    office_id: Mapped[int] = mapped_column(sa.ForeignKey(Office.id))
    minutes: Mapped[dict[str, Any]]
    identification: Mapped[Identification] = mapped_column(
        stored(Identification), default=Identification.PHONE
    )
    name: Mapped[dict[str, str]]
    summary: Mapped[dict[str, str]]
    purpose: Mapped[dict[str, str]] = mapped_column(default=dict)
    afterwards: Mapped[dict[str, str]] = mapped_column(default=dict)
    papers: Mapped[list[dict[str, str]]] = mapped_column(default=list)
    keywords: Mapped[dict[str, Any]] = mapped_column(default=dict)
    position: Mapped[int] = mapped_column(default=0)

    office: Mapped[Office] = relationship()

    @validates("minutes")
    def _positive(self, key: str, minutes: dict[str, int]) -> dict[str, int]:
        if not minutes or any(length <= 0 for length in minutes.values()):
            raise ValueError("a procedure lasts some minutes on at least one channel")
        return {Channel(channel).value: int(length) for channel, length in minutes.items()}

    @property
    def channels(self) -> list[Channel]:
        return [channel for channel in Channel if channel.value in self.minutes]

    def allows(self, channel: str) -> bool:
        return channel in self.minutes

    def name_in(self, slug: str | None = None) -> str:
        return str(in_language(self.name, slug))


class Closure(OfTown, Base):
    """A day on which the town's offices are closed, and why."""

    __tablename__ = "closure"
    __table_args__ = (sa.UniqueConstraint("town_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(120), default="")
