"""A guide: one film or recording about one page or one procedure."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.archive.models import StoredFile
from app.core import clock
from app.core.db import Base, new_code, stored
from app.towns.models import OfTown, Procedure

OF_A_PAGE = sa.text("procedure_id IS NULL")
OF_A_PROCEDURE = sa.text("procedure_id IS NOT NULL")


class Kind(enum.StrEnum):
    """Two sign languages, and the voice."""

    LSE = "lse"
    LSC = "lsc"
    AUDIO = "audio"

    @property
    def is_film(self) -> bool:
        return self is not Kind.AUDIO


class Guide(OfTown, Base):
    """`language`: of its captions and of what is said; sign languages have no other."""

    __tablename__ = "guide"
    __table_args__ = (
        sa.CheckConstraint("(procedure_id IS NULL) = (page <> '')", name="about"),
        sa.CheckConstraint("kind <> 'audio' OR transcript <> ''", name="words"),
        sa.Index(
            "uq_guide_page",
            *("town_id", "page", "kind", "language"),
            unique=True,
            sqlite_where=OF_A_PAGE,
            postgresql_where=OF_A_PAGE,
        ),
        sa.Index(
            "uq_guide_procedure",
            *("town_id", "procedure_id", "kind", "language"),
            unique=True,
            sqlite_where=OF_A_PROCEDURE,
            postgresql_where=OF_A_PROCEDURE,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    page: Mapped[str] = mapped_column(sa.String(20), default="")
    procedure_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Procedure.id), index=True)
    kind: Mapped[Kind] = mapped_column(stored(Kind, name="guidekind"))
    language: Mapped[str] = mapped_column(sa.String(2))
    file_id: Mapped[str] = mapped_column(sa.ForeignKey(StoredFile.id), index=True)
    captions: Mapped[str] = mapped_column(sa.Text, default="")
    transcript: Mapped[str] = mapped_column(sa.Text, default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id), index=True)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)

    procedure: Mapped[Procedure | None] = relationship()
    file: Mapped[StoredFile] = relationship()
