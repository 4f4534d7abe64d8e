"""A file that is kept, the envelope with its key, who asked to keep it, and who looked."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.core import clock
from app.core.blocking import Personal
from app.core.db import Base, new_code, stored
from app.towns.models import OfTown

OPEN_ENVELOPE = sa.text("shredded_at IS NULL")


class Envelope(OfTown, Base):
    """The key of everything that one owner has, closed by a key of the installation.

    Shredded, only the row is left: what the key opened is noise from then on.
    """

    __tablename__ = "envelope"
    __table_args__ = (
        sa.Index(
            "uq_envelope_town_owner",
            *("town_id", "owner"),
            unique=True,
            sqlite_where=OPEN_ENVELOPE,
            postgresql_where=OPEN_ENVELOPE,
        ),
        sa.CheckConstraint("(shredded_at IS NULL) = (wrapped IS NOT NULL)", name="shredded"),
    )

    id: Mapped[str] = mapped_column(sa.String(16), primary_key=True, default=new_code)
    owner: Mapped[str] = mapped_column(sa.String(60))
    key_id: Mapped[str] = mapped_column(sa.String(16), index=True)
    wrapped: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    shredded_at: Mapped[datetime | None]

    @property
    def is_shredded(self) -> bool:
        return self.wrapped is None


class StoredFile(Personal, OfTown, Base):
    """Something that is kept. Its `id` is public and nobody can guess it.

    `place` is its key in the store. Destroyed, the row stays without name and digest until its
    bytes are away, and says that there was something.
    """

    __tablename__ = "stored_file"
    __table_args__ = (
        sa.Index("ix_stored_file_town_owner", "town_id", "owner"),
        sa.Index("ix_stored_file_town_kept", "town_id", "kept_at"),
        sa.Index("ix_stored_file_destroyed", "destroyed_at", "away_at"),
    )

    id: Mapped[str] = mapped_column(sa.String(16), primary_key=True, default=new_code)
    owner: Mapped[str] = mapped_column(sa.String(60))
    purpose: Mapped[str] = mapped_column(sa.String(24))
    name: Mapped[str] = mapped_column(sa.String(120))
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    envelope_id: Mapped[str] = mapped_column(sa.ForeignKey(Envelope.id), index=True)
    place: Mapped[str] = mapped_column(sa.String(120), unique=True)
    sealed_size: Mapped[int] = mapped_column(sa.BigInteger)
    sealed_sha256: Mapped[str] = mapped_column(sa.String(64))
    kept_at: Mapped[datetime] = mapped_column(default=clock.now)
    locked_until: Mapped[datetime | None]  # what the store has promised
    destroyed_at: Mapped[datetime | None]
    away_at: Mapped[datetime | None]  # when its bytes were found to be gone from the store
    problem: Mapped[str] = mapped_column(sa.String(40), default="")  # found by the last check

    envelope: Mapped[Envelope] = relationship()

    @property
    def code(self) -> str:
        return self.id

    @property
    def is_destroyed(self) -> bool:
        return self.destroyed_at is not None


class Stranger(Base):
    """Bytes in the store of which no row speaks, since when that is known. Of every town."""

    __tablename__ = "stranger"

    place: Mapped[str] = mapped_column(sa.String(1000), primary_key=True)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    came_at: Mapped[datetime]
    noted_at: Mapped[datetime] = mapped_column(default=clock.now)


class HoldReason(enum.StrEnum):
    """Who may need files that would otherwise be destroyed."""

    COURT = "court"
    PROSECUTOR = "prosecutor"
    AUTHORITY = "authority"
    CLAIM = "claim"


class FileHold(OfTown, Base):
    """Nothing of this owner is destroyed while it stands (RD 203/2021, article 54.2).

    `source`: empty when somebody placed it here; else whoever places and lifts it by themselves.
    """

    __tablename__ = "file_hold"
    __table_args__ = (sa.Index("ix_file_hold_town_owner", "town_id", "owner"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    owner: Mapped[str] = mapped_column(sa.String(60))
    reason: Mapped[HoldReason] = mapped_column(stored(HoldReason, name="fileholdreason"))
    reference: Mapped[str] = mapped_column(sa.String(40), default="")
    source: Mapped[str] = mapped_column(sa.String(20), default="")
    placed_at: Mapped[datetime] = mapped_column(default=clock.now)
    placed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))
    lifted_at: Mapped[datetime | None]

    @property
    def stands(self) -> bool:
        return self.lifted_at is None


class FileReading(OfTown, Base):
    """Somebody looked at a file, and said why."""

    __tablename__ = "file_reading"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[str] = mapped_column(sa.ForeignKey(StoredFile.id), index=True)
    reader: Mapped[str] = mapped_column(sa.String(40))
    why: Mapped[str] = mapped_column(sa.String(120))
    read_at: Mapped[datetime] = mapped_column(default=clock.now)


class FileTerm(OfTown, Base):
    """For how long this town keeps files of one purpose, when it is not the usual term."""

    __tablename__ = "file_term"
    __table_args__ = (
        sa.UniqueConstraint("town_id", "purpose"),
        sa.CheckConstraint("days > 0 AND blocked_days >= 0", name="days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(sa.String(24))
    days: Mapped[int]
    blocked_days: Mapped[int]
