"""What a clerk asks of a citizen during a visit, with its answer; and the steps of the script."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.booking.models import Visit
from app.core import clock
from app.core.blocking import Personal
from app.core.db import Base, new_code, stored
from app.towns.models import OfTown


class Kind(enum.StrEnum):
    """What is asked."""

    PAPER = "paper"  # send a paper
    TEXT = "text"  # accept a text
    DATA = "data"  # confirm or correct some data
    IDENTIFY = "identify"  # show who you are
    SIGN = "sign"  # accept a text and confirm it with a code, or at the town's signing page
    PAY = "pay"  # at the town's gateway


class State(enum.StrEnum):
    """Where a request is in its life. The first answer counts; ends go nowhere."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"  # by the citizen, who may
    WITHDRAWN = "withdrawn"  # by the clerk
    EXPIRED = "expired"  # nobody answered in time


class Way(enum.StrEnum):
    """How somebody shows who they are, or signs."""

    SMS = "sms"
    PASSKEY = "passkey"
    EID = "eid"
    CLERK = "clerk"  # shows themselves to the clerk
    LINK = "link"  # at the town's signing page


class Request(Personal, OfTown, Base):
    """One thing that is asked in one visit, in the very words that the citizen reads.

    The words never change: `text_digest` is theirs, and an answer says to which it belongs.
    `expires_at` is empty while others are before it: the citizen sees one at a time.
    """

    __tablename__ = "visit_request"
    __table_args__ = (
        sa.UniqueConstraint("visit_id", "form_token"),
        sa.CheckConstraint("(state = 'asked') = (answered_at IS NULL)", name="answered"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id))
    kind: Mapped[Kind] = mapped_column(stored(Kind))
    way: Mapped[Way | None] = mapped_column(stored(Way))
    state: Mapped[State] = mapped_column(stored(State), default=State.ASKED)
    language: Mapped[str] = mapped_column(sa.String(2))  # in which it is written
    title: Mapped[str] = mapped_column(sa.String(200))
    body: Mapped[str] = mapped_column(sa.Text, default="")
    fields: Mapped[list[dict[str, str]]] = mapped_column(default=list)  # label and value of data
    cents: Mapped[int | None]  # to pay
    text_version: Mapped[str] = mapped_column(sa.String(40))  # of what its procedure defines
    text_digest: Mapped[str] = mapped_column(sa.String(64))
    answer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
    repeats_id: Mapped[int | None] = mapped_column(sa.ForeignKey("visit_request.id"))
    form_token: Mapped[str] = mapped_column(sa.String(64), default=new_code)

    visit: Mapped[Visit] = relationship()
    by: Mapped[Account] = relationship()

    @property
    def is_open(self) -> bool:
        return self.state is State.ASKED

    @property
    def is_late(self) -> bool:
        return self.is_open and self.expires_at is not None and clock.now() >= self.expires_at

    @property
    def is_told(self) -> bool:
        """Whether the citizen reads of it after the visit: they answered."""
        return self.state in (State.DONE, State.REFUSED)

    @property
    def can_be_repeated(self) -> bool:
        return self.state in (State.REFUSED, State.WITHDRAWN, State.EXPIRED)

    @property
    def answer_state(self) -> str:
        """For whoever asks what we hold about them."""
        return f"request_{self.state.value}"

    @property
    def purpose(self) -> str:
        """What a code sent for it is good for."""
        return f"request:{self.code}"

    @property
    def is_signed_by_sms(self) -> bool:
        return self.kind is Kind.SIGN and self.way is Way.SMS


class Tick(OfTown, Base):
    """A step of the script was done. Its sentence is kept: scripts change, visits do not."""

    __tablename__ = "script_tick"

    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    sentence: Mapped[str] = mapped_column(sa.Text)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id))
    ticked_at: Mapped[datetime] = mapped_column(default=clock.now)
