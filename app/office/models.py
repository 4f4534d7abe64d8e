"""How each procedure was, before each change of it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.core import clock
from app.core.db import Base
from app.towns.models import OfTown, Procedure


class Edition(OfTown, Base):
    """A procedure as it was until the next change; nobody is named for what was there first."""

    __tablename__ = "procedure_edition"
    __table_args__ = (sa.UniqueConstraint("procedure_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    procedure_id: Mapped[int] = mapped_column(sa.ForeignKey(Procedure.id), index=True)
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    changed: Mapped[list[str]] = mapped_column(default=list)  # names of what is other than before
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))

    procedure: Mapped[Procedure] = relationship()
    by: Mapped[Account | None] = relationship()
