"""One line for each thing that happened in a town, chained by its digest to the line before."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base
from app.towns.models import OfTown


class AuditEntry(OfTown, Base):
    """Who did what, when. `digest` covers this line and the digest of the one before it."""

    __tablename__ = "audit_entry"
    __table_args__ = (sa.UniqueConstraint("town_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]  # 1, 2, 3… in each town, without gaps
    happened_at: Mapped[datetime] = mapped_column(default=clock.now)
    author: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(60))
    facts: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(sa.String(64))
    digest: Mapped[str] = mapped_column(sa.String(64))
