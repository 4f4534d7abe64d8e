"""Town, office, procedure, closed days, seasons; `OfTown` is what every row inherits."""

import enum
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship, validates

from app.core.db import Base, new_code, stored
from app.core.i18n import in_language
from app.towns.tenant import current_town_id


class Channel(enum.StrEnum):
    """How a citizen is attended."""

    VIDEO = "video"
    PHONE = "phone"
    IN_PERSON = "in_person"


class Media(enum.StrEnum):
    """What carries sound and picture between the people of a call."""

    MESH = "mesh"  # nothing: everybody sends to everybody
    JANUS = "janus"  # a media server of the installation, in the middle


class Identification(enum.StrEnum):
    """What a procedure needs to know of the citizen when the visit is booked."""

    NONE = "none"
    PHONE = "phone"


class Level(enum.StrEnum):
    """How surely we know who somebody is, from not at all to surest."""

    NONE = "none"
    PHONE = "phone"  # holds the telephone: a code by SMS
    PASSKEY = "passkey"  # holds a key that was enrolled after a check
    CHECKED = "checked"  # a clerk compared face and document (Ley 39/2015, art. 12.2)
    EID = "eid"  # a national identity says so

    @property
    def rank(self) -> int:
        return list(Level).index(self)

    def reaches(self, wanted: "Level") -> bool:
        return self.rank >= wanted.rank


class Moment(enum.StrEnum):
    """When a procedure must know who somebody is."""

    BOOK = "book"
    ENTER = "enter"  # into the waiting room and the call
    ACT = "act"  # during the visit, before a certain act


class Recording(enum.StrEnum):
    """Whether the meeting of a procedure is recorded, once everybody in it has agreed."""

    NONE = "none"
    MAY = "may"
    MUST = "must"


class Stage(enum.StrEnum):
    """Whether a procedure is on offer. What has visits is archived, never deleted."""

    DRAFT = "draft"
    OFFERED = "offered"
    ARCHIVED = "archived"


class DocumentRule(enum.StrEnum):
    """What a town keeps of the number of an identity document."""

    NOTHING = "nothing"
    MASKED = "masked"  # four digits, as LOPDGDD, additional provision 7, publishes them
    DIGEST = "digest"  # nobody reads it, but the same number is recognised
    FULL = "full"  # for some days, then masked


class Town(Base):
    """A tenant: one town hall with its host name, languages and colours.

    Towns with the same `pool` lend each other clerks: a skill of one may name a clerk of another.
    `region` is the autonomous community by its ISO 3166-2:ES letters, for its holidays.
    """

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
    pool: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    region: Mapped[str | None] = mapped_column(sa.String(2))
    visits_per_phone: Mapped[int] = mapped_column(default=5)  # still to come, of all procedures
    trade_minutes: Mapped[int] = mapped_column(default=0)  # a cancelled time rests, then is free
    calls_before_no_show: Mapped[int] = mapped_column(default=3)
    alarm_days: Mapped[int] = mapped_column(default=7)  # more until a first free time is an alarm
    document_rule: Mapped[DocumentRule] = mapped_column(
        stored(DocumentRule), default=DocumentRule.MASKED
    )
    document_days: Mapped[int] = mapped_column(default=30)  # for which a full number is kept
    media: Mapped[Media] = mapped_column(stored(Media), default=Media.MESH)
    eid_providers: Mapped[list[str]] = mapped_column(default=list)  # by name, in order

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
    __table_args__ = (sa.Index("uq_office_town_id_slug", "town_id", "slug", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(60), default=new_code)  # of the screen in its hall
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
    buffers: Mapped[dict[str, Any]] = mapped_column(default=dict)  # channel: [before, after]
    notice_minutes: Mapped[int | None]  # None: as the town
    horizon_days: Mapped[int | None]  # None: as the town
    same_day_percent: Mapped[int] = mapped_column(default=0)  # opened on the day itself
    staff_percent: Mapped[int] = mapped_column(default=0)  # only staff book it, on the phone
    walk_in_percent: Mapped[int] = mapped_column(default=0)  # for whoever comes without a time
    more_time_percent: Mapped[int] = mapped_column(default=50)  # how much longer with that need
    interpreter_percent: Mapped[int] = mapped_column(default=50)
    visits_per_phone: Mapped[int | None]  # still to come, of this procedure; None: any
    takes_walk_ins: Mapped[bool] = mapped_column(default=True)
    alarm_days: Mapped[int | None]  # None: as the town
    assurance: Mapped[dict[str, str]] = mapped_column(default=dict)  # moment: level
    assurance_reason: Mapped[dict[str, str]] = mapped_column(default=dict)  # why, in words
    act: Mapped[dict[str, str]] = mapped_column(default=dict)  # what `Moment.ACT` comes before
    outcomes: Mapped[dict[str, Any]] = mapped_column(default=dict)  # code: names; empty: the usual
    recording: Mapped[Recording] = mapped_column(stored(Recording), default=Recording.NONE)
    recording_reason: Mapped[dict[str, str]] = mapped_column(default=dict)  # why, in words
    script: Mapped[dict[str, Any]] = mapped_column(default=dict)  # steps, phrases, papers: texts
    requests: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # what the clerk may ask
    retention_days: Mapped[int | None]  # for which its visits are kept; None: as the town
    recording_spoken: Mapped[bool] = mapped_column(default=False)  # agreed to aloud as well
    stage: Mapped[Stage] = mapped_column(stored(Stage), default=Stage.OFFERED)
    edition: Mapped[int] = mapped_column(default=1)  # rises with every change of the procedure

    office: Mapped[Office] = relationship()

    @validates("buffers")
    def _not_negative(self, key: str, buffers: dict[str, list[int]]) -> dict[str, list[int]]:
        if any(len(pair) != 2 or min(pair) < 0 for pair in buffers.values()):
            raise ValueError("a buffer is two lengths in minutes, before and after")
        return {Channel(channel).value: list(pair) for channel, pair in buffers.items()}

    @validates("assurance")
    def _known_words(self, key: str, assurance: dict[str, str]) -> dict[str, str]:
        return {Moment(moment).value: Level(level).value for moment, level in assurance.items()}

    @validates("minutes")
    def _positive(self, key: str, minutes: dict[str, int]) -> dict[str, int]:
        if not minutes or any(length <= 0 for length in minutes.values()):
            raise ValueError("a procedure lasts some minutes on at least one channel")
        return {Channel(channel).value: int(length) for channel, length in minutes.items()}

    def needs_to(self, moment: Moment) -> Level:
        """How surely we must know who it is by then. What was needed before is needed still."""
        until = list(Moment)[: list(Moment).index(moment) + 1]
        asked = [Level(self.assurance[one.value]) for one in until if one.value in self.assurance]
        return max(asked, key=lambda level: level.rank, default=Level.NONE)

    @property
    def channels(self) -> list[Channel]:
        return [channel for channel in Channel if channel.value in self.minutes]

    def allows(self, channel: str) -> bool:
        return channel in self.minutes

    def buffer(self, channel: str) -> tuple[int, int]:
        """Minutes that the clerk needs before and after an attention on that channel."""
        before, after = self.buffers.get(channel, (0, 0))
        return before, after

    def name_in(self, slug: str | None = None) -> str:
        return str(in_language(self.name, slug))


class Layer(enum.StrEnum):
    """Who says that a day is closed, from far to near. The nearest has the last word."""

    NATIONAL = "national"
    REGIONAL = "regional"
    LOCAL = "local"
    OFFICE = "office"


class Closure(OfTown, Base):
    """A day on which the town, or one office of it, is closed; or open although it is a holiday.

    National and regional holidays are not written here: they come from the calendar of the
    region, and a row with `is_open` takes one away.
    """

    __tablename__ = "closure"
    __table_args__ = (
        sa.Index(
            "uq_closure_town_day",
            "town_id",
            "day",
            unique=True,
            sqlite_where=sa.text("office_id IS NULL"),
            postgresql_where=sa.text("office_id IS NULL"),
        ),
        sa.UniqueConstraint("office_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    office_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Office.id))
    day: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(120), default="")
    is_open: Mapped[bool] = mapped_column(default=False)

    @property
    def layer(self) -> Layer:
        return Layer.LOCAL if self.office_id is None else Layer.OFFICE


class Season(OfTown, Base):
    """Shorter hours for some weeks, as in summer: nobody is on duty outside them.

    With `is_yearly` the year of the two dates does not count.
    """

    __tablename__ = "season"
    __table_args__ = (
        sa.CheckConstraint("first_day <= last_day", name="order"),
        sa.CheckConstraint("opens < closes", name="hours"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    office_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Office.id))
    first_day: Mapped[date]
    last_day: Mapped[date]
    is_yearly: Mapped[bool] = mapped_column(default=True)
    opens: Mapped[time]
    closes: Mapped[time]
    reason: Mapped[str] = mapped_column(sa.String(120), default="")

    def covers(self, day: date) -> bool:
        if not self.is_yearly:
            return self.first_day <= day <= self.last_day
        first, last, this = ((one.month, one.day) for one in (self.first_day, self.last_day, day))
        if self.first_day.year == self.last_day.year:
            return first <= this <= last
        return this >= first or this <= last  # over the end of the year
